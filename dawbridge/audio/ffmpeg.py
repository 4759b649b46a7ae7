"""What libsndfile does not read, decoded by ffmpeg into a temporary WAV, sample for sample, where ffmpeg is installed.

Lossless files keep their sample format: 32-bit integers never pass through floats of 24 bits. Only local files are
opened, whatever a file refers to, and neither time nor disk is without bound.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.errors import AudioError

Heed = Callable[[], None]
"""Called a few times a second while ffmpeg works; may raise, which ends it."""

PROBE_S = 20.0
"""Seconds after which ffprobe is given up."""
STALL_S = 60.0
"""Seconds without a byte of output after which ffmpeg is given up."""

_CUT_BYTES = 2**20
"""ffmpeg ends this much ahead of its limit, or less."""
_LEAST_SCORE = 26
"""ffprobe's certainty below which a file is not taken for what it guesses, 0..100."""
_HEADER_BYTES = 256
"""A WAV of ffmpeg's that is shorter than this has no samples."""
_POLL_S = 0.05
_LOSSLESS = (
    "alac", "ape", "als", "flac", "mlp", "mp4als", "ralf", "shorten", "tak", "truehd", "tta", "wavpack", "wmalossless",
)  # fmt: skip
_TAGS = {"title": "title", "artist": "artist", "comment": "comment", "date": "date", "album": "album",
         "track": "tracknumber", "genre": "genre", "copyright": "copyright"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What ffprobe says of a file's first audio stream."""

    sample_rate: int
    """In Hz."""
    channels: int
    duration_s: float
    """0 if it does not say."""
    subtype: str
    """`PCM_16`, `PCM_24`, `PCM_32`, `FLOAT` or `DOUBLE` for lossless audio, else `DECODED`."""
    encoder: str
    """ffmpeg's name of the samples that hold these without loss."""
    tags: Mapping[str, str] = field(default_factory=dict)


def is_installed() -> bool:
    """Whether ffmpeg and ffprobe are found."""
    return bool(shutil.which("ffmpeg") and shutil.which("ffprobe"))


def facts_of(path: Path, name: str) -> Facts:
    """Ask ffprobe; `name` is the format for messages. Raises `AudioError`."""
    program = shutil.which("ffprobe")
    if program is None:
        raise AudioError(f"{path}: this is {name}, which needs ffmpeg, and ffmpeg is not installed; install it, or "
                         "bounce as WAV, AIFF or FLAC")  # fmt: skip
    entries = (
        "stream=codec_name,sample_fmt,sample_rate,channels,bits_per_raw_sample,bits_per_sample,duration:stream_tags"
    )
    command = [program, "-v", "error", "-protocol_whitelist", "file", "-select_streams", "a:0"]
    command += ["-show_entries", f"{entries}:format=duration,probe_score:format_tags", "-of", "json", f"file:{path}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_S, check=False)
        found = json.loads(done.stdout or b"{}")
    except subprocess.TimeoutExpired:
        raise AudioError(
            f"{path}: ffprobe found nothing in this {name} file in {PROBE_S:.0f} s; bounce it again"
        ) from None
    except (OSError, ValueError) as error:
        raise AudioError(f"{path}: ffprobe cannot be asked about this {name} file ({error})") from error
    streams, whole = found.get("streams") or [], found.get("format") or {}
    if not streams or int(whole.get("probe_score", 0)) < _LEAST_SCORE:
        raise AudioError(f"{path}: ffmpeg cannot decode this {name} file ({_reason(done.stderr)}); bounce it again")
    return _facts(streams[0], whole)


@contextmanager
def decoded(path: Path, name: str, facts: Facts, heed: Heed | None) -> Iterator[Path]:
    """A temporary WAV of the first audio stream. Raises `AudioError`, and whatever `heed` raises."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(f"{path}: ffmpeg, which this {name} file needs, is not installed; install it")
    with tempfile.TemporaryDirectory(prefix="dawbridge-") as folder:
        copy = Path(folder) / "decoded.wav"
        most = shutil.disk_usage(folder).free // 2  # a small file can hold days of silence
        command = [program, "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i", f"file:{path}"]
        command += ["-map", "0:a:0", "-c:a", facts.encoder, "-f", "wav", "-rf64", "auto", "-map_metadata", "-1"]
        code, words = _run([*command, "-fs", str(most), str(copy)], copy, heed)
        flac = shutil.which("flac") if name == "FLAC" else None
        if flac and (code or not copy.exists() or copy.stat().st_size < _HEADER_BYTES):  # 32 bits, before ffmpeg 6
            code, words = _run([flac, "-d", "-s", "-f", "-o", str(copy), str(path.absolute())], copy, heed, most)
        if code or not copy.exists():
            raise AudioError(f"{path}: ffmpeg cannot decode this {name} file ({_reason(words)}); bounce it again")
        if copy.stat().st_size > most - _CUT_BYTES:
            raise AudioError(f"{path}: decoded, this {name} file needs more than {most / 1e6:.0f} MB, half of what is "
                             f"free in {folder}; make room there, or bounce as FLAC")  # fmt: skip
        yield copy


def _run(command: list[str], output: Path, heed: Heed | None, most: int = sys.maxsize) -> tuple[int, bytes]:
    """Run a decoder until it ends, stalls, writes more than `most` bytes, or `heed` raises.

    Gives its exit status and what it said.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        size, since = -1, time.monotonic()
        try:
            while True:
                try:
                    _, words = process.communicate(timeout=_POLL_S)
                    return process.returncode, words
                except subprocess.TimeoutExpired:
                    pass
                if heed:
                    heed()
                grown = output.stat().st_size if output.exists() else 0
                if grown > most:
                    process.kill()
                    return 0, b""
                if grown != size:
                    size, since = grown, time.monotonic()
                elif time.monotonic() - since > STALL_S:
                    process.kill()
                    return 1, f"nothing came for {STALL_S:.0f} s".encode()
        except BaseException:
            process.kill()
            raise


def _facts(stream: Mapping[str, object], whole: Mapping[str, object]) -> Facts:
    def integer(name: str) -> int:
        text = str(stream.get(name, "0"))
        return int(text) if text.isdigit() else 0

    codec, samples = str(stream.get("codec_name", "")), str(stream.get("sample_fmt", "")).rstrip("p")
    bits = integer("bits_per_raw_sample") or integer("bits_per_sample") or {"s16": 16, "u8": 8}.get(samples, 32)
    subtype, encoder = "DECODED", "pcm_f32le"
    if codec in _LOSSLESS or codec.startswith("pcm_"):
        exact = {
            "u8": ("PCM_16", "pcm_s16le"),
            "s16": ("PCM_16", "pcm_s16le"),
            "s32": ("PCM_24" if bits <= 24 else "PCM_32", "pcm_s32le"),
            "flt": ("FLOAT", "pcm_f32le"),
            "dbl": ("DOUBLE", "pcm_f64le"),
        }
        subtype, encoder = exact.get(samples, ("DECODED", "pcm_f64le"))
    tags = {**_tags(stream.get("tags")), **_tags(whole.get("tags"))}
    return Facts(integer("sample_rate"), integer("channels"), _seconds(stream, whole), subtype, encoder, tags)


def _seconds(*places: Mapping[str, object]) -> float:
    for place in places:
        try:
            return max(0.0, float(str(place["duration"])))
        except (KeyError, ValueError):
            continue
    return 0.0


def _tags(found: object) -> dict[str, str]:
    pairs = found.items() if isinstance(found, dict) else ()
    return {_TAGS[key.lower()]: str(text) for key, text in pairs if key.lower() in _TAGS and text}


def _reason(words: bytes) -> str:
    lines = words.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"
