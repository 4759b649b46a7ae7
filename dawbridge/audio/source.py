"""Reading a bounce: its facts, its samples in blocks of bounded size, its exact integers, its hash."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dawbridge.audio.chunks import payload, walk
from dawbridge.audio.info import AudioInfo, SampleKind
from dawbridge.audio.readable import opened
from dawbridge.errors import AudioError

_HASH_FRAMES = 2**17


class Source:
    """An open bounce. Made by `open_source`; not thread-safe."""

    def __init__(self, file: soundfile.SoundFile, info: AudioInfo) -> None:
        self.info = info
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

    def tags(self) -> dict[str, str]:
        """Title, artist, comment, date, album, tracknumber, genre, copyright, license, as far as the file has them."""
        return {name: text for name, text in self._file.copy_metadata().items() if text}

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
def open_source(path: Path | str) -> Iterator[Source]:
    """Open a bounce for reading.

    In: WAV, RF64, W64, AIFF, CAF, FLAC, Ogg, Opus, MP3 by magic, whatever the suffix; M4A and the like are decoded
    into a temporary file where ffmpeg is installed. Raises `AudioError` as `probe` does.
    """
    path = Path(path)
    with opened(path) as (file, decoded):
        container, subtype = ("FFMPEG", "DECODED") if decoded else (file.format, file.subtype)
        yield Source(
            file, AudioInfo(path, file.samplerate, file.channels, _frames(path, file), subtype, container).check()
        )


def _frames(path: Path, file: soundfile.SoundFile) -> int:
    """The length. libsndfile takes chunks behind the samples of a W64 for samples; its header knows better."""
    frames = int(file.frames)
    if file.format == "W64":
        layout = walk(path)
        form, data = layout.find("fmt "), layout.audio
        align = int.from_bytes(payload(path, form)[12:14], "little") if form else 0
        if data and data.size and align:
            frames = min(frames, data.size // align)
    return frames


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
