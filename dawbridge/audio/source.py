"""Reading a bounce: its facts, its samples in blocks of bounded size, its exact integers, its hash.

The file is opened once. What stems take over from it is read then, and travels in `Bounce`.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dawbridge.audio import decoding
from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import FileBlob
from dawbridge.audio.info import AudioInfo, SampleKind
from dawbridge.audio.loops import marks_loop
from dawbridge.audio.metadata import Metadata
from dawbridge.audio.speakers import from_format
from dawbridge.errors import AudioError

_HASH_FRAMES = 2**17


@dataclass(frozen=True, slots=True)
class Bounce:
    """All that is known of a bounce besides its samples."""

    info: AudioInfo
    metadata: Metadata
    is_loop: bool = False
    """It says of itself that it is a loop."""
    notes: tuple[str, ...] = ()
    """Lines for the user: that it reads only in part."""


class Source:
    """An open bounce. Made by `open_source`; not thread-safe."""

    def __init__(self, file: soundfile.SoundFile, bounce: Bounce, opened: decoding.Opened) -> None:
        self.bounce = bounce
        self.opened = opened
        """The file's own bytes, and what a walk found in them."""
        self.info = bounce.info
        self._file = file

    def read(self, start: int, frames: int) -> NDArray[np.float64]:
        """Samples `[channels, samples]` of the span, full scale ±1; shorter where the file ends.

        `start` is in frames, 0..info.frames. Raises `AudioError`, with the first bad frame, for NaN or Inf in a
        float file, and where the file ends before its header said.
        """
        block = self._read(start, frames, "float64").astype(np.float64, copy=False)
        if self.info.kind is not SampleKind.INTEGER and not np.isfinite(block).all():
            bad = start + int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
            raise AudioError(
                f"{self.info.path}: NaN or infinity at frame {bad}; a plug-in broke there: bounce it again"
            )
        return np.ascontiguousarray(block.T)

    def read_grid(self, start: int, frames: int) -> NDArray[np.int64]:
        """The same span as exact integers `[channels, samples]` on a grid of `info.grid_bits` bits.

        For integer files exact, for lossy ones rounded. Raises `AudioError` for float files too.
        """
        if self.info.kind is SampleKind.FLOAT:
            raise AudioError(f"{self.info.path}: float samples have no integer grid; read them with `read`")
        if self.info.kind is SampleKind.LOSSY:
            return np.rint(self.read(start, frames) * 2.0 ** (self.info.grid_bits - 1)).astype(np.int64)
        block: NDArray[np.int64] = self._read(start, frames, "int32").astype(np.int64)
        return np.ascontiguousarray((block >> (32 - self.info.grid_bits)).T)

    def blocks(self, block_frames: int, start: int = 0) -> Iterator[NDArray[np.float64]]:
        """Blocks `[channels, samples]` from frame `start` to the end, each of `block_frames` but the last."""
        for place in range(start, self.info.frames, block_frames):
            yield self.read(place, block_frames)

    def content_hash(self, on_block: Callable[[], None] = lambda: None) -> str:
        """SHA-256 (64 hex digits) over the decoded samples, the sample rate and the channel count, streamed.

        The same sound gives the same hash in any lossless container and at any bit depth that holds it; names, tags
        and time stamps do not count. `on_block` is called now and then. Raises `AudioError` as `read` does, and
        whatever `on_block` raises.
        """
        digest = hashlib.sha256(f"{self.info.sample_rate} {self.info.channels}\n".encode())
        for block in self.blocks(_HASH_FRAMES):
            on_block()
            digest.update(np.ascontiguousarray((block + 0.0).T, dtype="<f8").data)  # adding 0.0 makes -0.0 plain 0.0
        return digest.hexdigest()

    def _read(self, start: int, frames: int, dtype: str) -> NDArray[np.generic]:
        """`[samples, channels]` as soundfile has them."""
        path, length = self.info.path, self.info.frames
        if not 0 <= start <= length or frames < 0:
            raise AudioError(f"{path}: frames {start}..{start + frames} were asked for; the file has 0..{length}")
        wanted = min(frames, length - start)
        try:
            if self._file.tell() != start:
                self._file.seek(start)
            block: NDArray[np.generic] = self._file.read(wanted, dtype=dtype, always_2d=True)
        except soundfile.LibsndfileError as error:
            raise AudioError(f"{path}: cannot be decoded from frame {start} on ({error.error_string}); "
                             "copy or bounce it again") from error  # fmt: skip
        if len(block) < wanted:
            raise AudioError(f"{path}: ends at frame {start + len(block)} of {length}; copy or bounce it again")
        return block


@contextmanager
def open_source(path: Path | str, heed: Callable[[], None] | None = None) -> Iterator[Source]:
    """Open a bounce for reading.

    In: WAV, RF64, W64, AIFF, CAF, FLAC, Ogg, Opus, MP3 by their first bytes, whatever the suffix; what libsndfile
    refuses or reads only in part is decoded into a temporary file if ffmpeg is installed. `heed` is called while ffmpeg
    works, and may raise to stop it. Raises `AudioError` as `probe` does.
    """
    path = Path(path)
    with decoding.opened(path, heed) as opened:
        yield Source(opened.file, _bounce(path, opened), opened)


def probe(path: Path | str) -> AudioInfo:
    """The file's facts, checked (1..64 channels, 4..768 kHz, 0 < frames < 2**40).

    Raises `AudioError`, with the file's name and what to do, for a file that is missing, not readable, empty, no
    audio (a text named `.wav`), cut off inside its header, or out of range.
    """
    with open_source(path) as source:
        return source.info


def content_hash(path: Path | str, on_block: Callable[[], None] = lambda: None) -> str:
    """As `Source.content_hash`, of a file. Raises `AudioError` as `probe` and `Source.read` do."""
    with open_source(path) as source:
        return source.content_hash(on_block)


def _bounce(path: Path, opened: decoding.Opened) -> Bounce:
    file = opened.file
    through = opened.facts is not None
    subtype = opened.facts.subtype if opened.facts else file.subtype
    container = "FFMPEG" if through else file.format
    info = AudioInfo(path, file.samplerate, file.channels, opened.frames, subtype, container).check()
    metadata = _metadata(opened)
    notes: tuple[str, ...] = ()
    if opened.promised_s:
        notes = (f"{path.name} reads only in part: {info.duration_s:.2f} s of the {opened.promised_s:.2f} s that it "
                 "promises; its stems are as long as what was read",)  # fmt: skip
    return Bounce(info, metadata, marks_loop(metadata.chunks, info.frames), notes)


def _metadata(opened: decoding.Opened) -> Metadata:
    """From the file itself; common tags and speakers from the decoded copy if there is one."""
    container = table.named(opened.found.container)
    metadata = container.metadata(opened.blob, opened.found) if container else Metadata()
    if opened.facts is None or opened.copy is None:
        return metadata.with_common({name: text for name, text in opened.file.copy_metadata().items() if text})
    if metadata.speakers.as_mask() is None and opened.file.channels > 2:
        with opened.copy.open("rb") as stream:
            blob = FileBlob(stream.fileno())
            form = table.walk_blob(blob).find("fmt ")
            metadata = replace(metadata, speakers=from_format(blob.at(form.offset, 64) if form else b""))
    return metadata.with_common(opened.facts.tags)
