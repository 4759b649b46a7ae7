"""Pack training data into a few files, for a slow link to a machine with a GPU: `acapellanet pack`.

A pack is a folder: parts of at most 36 MiB, each some whole tracks as Ogg Opus, and `index.json`, which says what each
track is, where it is, and the checksum of each part. Files that are Opus already are taken as they are. The order is
shuffled, so that every part holds some of everything, and training can begin with the first. Only what is trained on is
packed. Reading needs nothing but numpy and soundfile, so that this module imports no more.
"""

import io
import json
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import soundfile

from acapellanet.audio import SAMPLE_RATE
from acapellanet.errors import DataError

if TYPE_CHECKING:
    from acapellanet.data.library import Library, Track

INDEX_FILE, VERSION = "index.json", 2
PART_BYTES = 36 << 20
QUALITY = 0.82
"""Compression of Opus, 0 (best) to 1 (smallest): about 45 kbit/s a channel."""
HEADROOM = 0.97
CODEC_RATE = 48000
RATE_STEP = 480
"""Samples at `CODEC_RATE` that are a whole number at 44.1 kHz (441)."""
LARGEST = 32767
ENERGY_BLOCK = 4410
"""Length of the blocks of `Pack.energies`, in samples."""
WRITE_FRAMES = 1 << 16
"""libsndfile's encoder keeps a whole write on the stack, so that audio is written in pieces."""


@dataclass(frozen=True, slots=True)
class PackedTrack:
    """One track: what it is, and where its bytes are."""

    name: str
    kind: str
    """Which of `splits.SHARES` it is drawn under; empty for music without voice."""
    speaker: str
    """Bank of a voice; all banks of a kind are drawn equally often."""
    song: str
    """Song of stems that it is half of, or empty."""
    monotone: bool
    frames: int
    channels: int
    part: int
    start: int
    size: int
    peak: float
    """Amplitude that full scale stands for."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Decoded tracks, one after the other in one array."""

    tracks: list[PackedTrack]
    values: npt.NDArray[np.int16]
    """Interleaved samples of all tracks."""
    starts: list[int]
    """First value of each track."""
    energies: list[npt.NDArray[np.float64]]
    """For each track the running sum of its blocks' mean squares, beginning with 0."""

    @property
    def fingerprint(self) -> int:
        """Checksum of the names and lengths of all tracks."""
        return zlib.crc32(json.dumps([[track.name, track.frames] for track in self.tracks]).encode())


def write_pack(
    library: "Library",
    tracks: Sequence["Track"],
    data: Path,
    out: Path,
    report: Callable[[int], None],
    part_bytes: int = PART_BYTES,
) -> list[Path]:
    """Write `tracks` of a library to the folder `out` and return the paths of all files.

    `data`: the folder that the library was made of. `report` is called with the number of tracks that are packed.

    Raises `DataError` if there are none, or if `out` holds other files already.
    """
    from acapellanet.data.splits import is_monotone, share_of

    if not tracks:
        raise DataError("nothing to pack: no audio besides what is held out")
    if out.exists() and any(out.iterdir()) and not (out / INDEX_FILE).exists():
        raise DataError(f"{out}: holds other files; give a new folder")
    out.mkdir(parents=True, exist_ok=True)
    (out / INDEX_FILE).unlink(missing_ok=True)
    parts: list[bytearray] = [bytearray()]
    packed: list[PackedTrack] = []
    shuffled = sorted(tracks, key=lambda track: zlib.crc32((track.bank if track.paired else track.name).encode()))
    with ThreadPoolExecutor() as pool:
        blobs = pool.map(lambda track: _encoded(library, track, data / track.name), shuffled)
        for track, (blob, peak) in zip(shuffled, blobs, strict=True):
            if parts[-1] and len(parts[-1]) + len(blob) > part_bytes:
                parts.append(bytearray())
            kind = share_of(track) if track.role == "vocals" else ""
            song = track.bank if track.paired else ""
            place = (len(parts) - 1, len(parts[-1]), len(blob), peak)
            packed.append(
                PackedTrack(
                    track.name, kind, track.bank, song, is_monotone(track), track.frames, track.channels, *place
                )
            )
            parts[-1] += blob
            report(len(packed))
    paths = [out / f"part-{number:03}.bin" for number in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(part)
    index: dict[str, Any] = {
        "version": VERSION,
        "parts": [{"name": path.name, "crc32": zlib.crc32(part)} for path, part in zip(paths, parts, strict=True)],
        "tracks": [asdict(track) for track in packed],
    }
    index["crc32"] = _index_checksum(index)
    (out / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")
    return [*paths, out / INDEX_FILE]


def parts_there(folder: Path) -> list[int]:
    """Return the numbers of the parts of a pack whose files are there, all or those that have been copied so far.

    Raises `DataError` if `folder` holds no index.
    """
    return [number for number, part in enumerate(_index(folder)["parts"]) if (folder / part["name"]).exists()]


def read_pack(folder: Path, only: Sequence[int] | None = None) -> Pack:
    """Decode a pack, or `only` these parts of it. Raises `DataError` that names what is missing or damaged."""
    index = _index(folder)
    wanted = range(len(index["parts"])) if only is None else only
    try:
        tracks = [PackedTrack(**track) for track in index["tracks"] if track["part"] in wanted]
        parts = {
            number: _checked(folder / index["parts"][number]["name"], index["parts"][number]["crc32"])
            for number in wanted
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(_damaged(folder, error)) from error
    values = np.zeros(sum(track.frames * track.channels for track in tracks), dtype=np.int16)
    starts = _starts(tracks)

    def decode(number: int) -> npt.NDArray[np.float64]:
        track = tracks[number]
        blob = parts[track.part][track.start : track.start + track.size]
        audio, rate = soundfile.read(io.BytesIO(blob), dtype="int16", always_2d=True)
        audio = (audio if rate == SAMPLE_RATE else _resampled(audio))[: track.frames]
        values[starts[number] : starts[number] + audio.size] = audio.reshape(-1)
        return _energy(audio)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        energies = list(pool.map(decode, range(len(tracks))))
    return Pack(tracks, values, starts, energies)


def joined(one: Pack, other: Pack) -> Pack:
    """Return the tracks of both packs as one."""
    tracks = [*one.tracks, *other.tracks]
    return Pack(tracks, np.concatenate((one.values, other.values)), _starts(tracks), [*one.energies, *other.energies])


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
        version = index["version"]
        if not isinstance(index["parts"], list):
            raise TypeError("parts are no list")
        if index.get("crc32", _index_checksum(index)) != _index_checksum(index):
            raise ValueError("checksum differs")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(_damaged(folder, error)) from error
    if version != VERSION:
        raise DataError(f"{folder}: pack of version {version}, this one reads {VERSION}; pack again")
    return index


def _index_checksum(index: dict[str, Any]) -> int:
    """Compute the checksum of what an index says of parts and tracks; older packs have none."""
    return zlib.crc32(json.dumps([index["parts"], index["tracks"]]).encode())


def _damaged(folder: Path, error: Exception) -> str:
    return f"{folder}: no pack, or its {INDEX_FILE} is damaged ({error}); pack or fetch it again"


def _starts(tracks: Sequence[PackedTrack]) -> list[int]:
    sizes = [track.frames * track.channels for track in tracks]
    return [0, *np.cumsum(sizes).tolist()][: len(sizes)]


def _resampled(audio: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Resample `[frames, channels]` from `CODEC_RATE` to 44.1 kHz, by leaving out the spectrum above 22.05 kHz."""
    steps = -(-len(audio) // RATE_STEP)
    steps = -(-steps // 64) * 64  # a length that the transform likes
    frames = steps * SAMPLE_RATE * RATE_STEP // CODEC_RATE
    spectrum = np.fft.rfft(np.ascontiguousarray(audio.T, dtype=np.float32), steps * RATE_STEP)[:, : frames // 2 + 1]
    out = np.fft.irfft(spectrum, frames) * (frames / (steps * RATE_STEP))
    wanted = -(-len(audio) * SAMPLE_RATE // CODEC_RATE)
    return np.clip(np.rint(out[:, :wanted]), -LARGEST, LARGEST).astype(np.int16).T


def _energy(audio: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    blocks = audio[: len(audio) // ENERGY_BLOCK * ENERGY_BLOCK].astype(np.float32)
    means = np.square(blocks).mean(1).reshape(-1, ENERGY_BLOCK).mean(1)
    return np.concatenate(([0.0], np.cumsum(means, dtype=np.float64)))


def _checked(path: Path, checksum: int) -> bytes:
    content = path.read_bytes()
    if zlib.crc32(content) != checksum:
        raise DataError(f"{path}: damaged (checksum differs); fetch it again, or pack again")
    return content


def _encoded(library: "Library", track: "Track", path: Path) -> tuple[bytes, float]:
    """Return a track as Ogg Opus, and the amplitude that full scale stands for."""
    if path.suffix.lower() == ".opus" and soundfile.info(path).channels == track.channels:
        return path.read_bytes(), 1.0
    import soxr

    audio = library.read(track)[: track.channels].T * (HEADROOM / max(track.peak, 1e-9))
    audio = soxr.resample(audio, SAMPLE_RATE, CODEC_RATE)
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", CODEC_RATE, track.channels, "OPUS", format="OGG", compression_level=QUALITY
    ) as file:
        for start in range(0, len(audio), WRITE_FRAMES):
            file.write(audio[start : start + WRITE_FRAMES])
    return buffer.getvalue(), track.peak / HEADROOM
