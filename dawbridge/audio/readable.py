"""A file that libsndfile can open: the bounce itself, or a temporary copy where it cannot be read as it is.

Two cases need a copy: a PEAK chunk that Adobe Audition wrote and libsndfile refuses (its issue 1046), and formats that
only ffmpeg decodes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

from dawbridge.audio.chunks import read_at, walk
from dawbridge.errors import AudioError, DiskError

_CUT_BYTES = 2**20
"""ffmpeg ends this much ahead of its limit, or less."""
_FOREIGN = {
    b"\x30\x26\xb2\x75": "WMA",
    b"\x1a\x45\xdf\xa3": "Matroska",
    b"MAC ": "Monkey's Audio",
    b"wvpk": "WavPack",
    b"TTA1": "TTA",
    b"ADIF": "AAC",
}


@contextmanager
def opened(path: Path) -> Iterator[tuple[soundfile.SoundFile, bool]]:
    """The open file, and whether ffmpeg decoded it. Raises `AudioError`, saying what the file is instead of audio."""
    head = _head(path)
    foreign = ffmpeg_format(head)
    try:
        if foreign:
            with _decoded(path, foreign) as copy, _open(copy) as file:
                yield file, True
            return
        try:
            file = _open(path)
        except soundfile.LibsndfileError as error:
            with _without_peak(path, error) as copy, _open(copy) as file:
                yield file, False
            return
        with file:
            yield file, False
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: {_trouble(path, head, error)}") from error


def ffmpeg_format(head: bytes) -> str:
    """Name of a format that only ffmpeg reads, by a file's first 12 bytes; empty for all else."""
    if head[4:8] == b"ftyp":
        return "MPEG-4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "AAC"
    return _FOREIGN.get(head[:4], "")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            head = read_at(stream, 0, 64)
    except FileNotFoundError:
        raise AudioError(f"{path}: there is no such file; it was moved, renamed or deleted") from None
    except OSError as error:
        raise DiskError(f"{path}: cannot be read ({error.strerror}); check that its folder is mounted and its "
                         "permissions let this user read it") from error  # fmt: skip
    if not head:
        raise AudioError(f"{path}: the file is empty; bounce it again")
    return head


def _open(path: Path) -> soundfile.SoundFile:
    """Open for reading, whatever bytes the name is made of."""
    if path.suffix.lower() == ".raw":
        raise AudioError(f"{path}: raw samples do not say rate or channels; bounce as WAV, AIFF or FLAC")
    return soundfile.SoundFile(native(path))


def native(path: Path) -> str | bytes:
    """The name as soundfile has to be given it: on POSIX the bytes themselves, which need not be UTF-8."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


def _trouble(path: Path, head: bytes, error: soundfile.LibsndfileError) -> str:
    layout = walk(path)
    blank = not head.strip(b"\0")
    if not layout.container and (blank or all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)):
        what = "zeros" if blank else "text"
        return f"this is no audio file, it begins with {what}: {head[:16]!r}"
    if layout.container and layout.audio is None:
        return f"the {layout.container} header is cut off before the samples begin; copy or bounce it again"
    return f"cannot be read as audio ({error.error_string.rstrip('.')}); export it again as WAV, AIFF or FLAC"


@contextmanager
def _without_peak(path: Path, error: soundfile.LibsndfileError) -> Iterator[Path]:
    """A copy whose PEAK chunks are called JUNK; raises `error` again where there are none."""
    layout = walk(path)
    peaks = [chunk.start for chunk in layout.chunks if chunk.id == "PEAK" and chunk.end <= layout.file_size]
    if not peaks:
        raise error
    with tempfile.TemporaryDirectory(prefix="dawbridge-") as folder:
        copy = Path(folder) / "stripped.wav"
        try:
            shutil.copyfile(path, copy)
            with copy.open("r+b") as stream:
                for start in peaks:
                    stream.seek(start)
                    stream.write(b"JUNK")
        except OSError as failure:
            raise AudioError(f"{path}: its PEAK chunk has to be stepped over in a temporary copy, which cannot be "
                             f"made ({failure.strerror}); make room in {folder}") from failure  # fmt: skip
        yield copy


@contextmanager
def _decoded(path: Path, name: str) -> Iterator[Path]:
    """A float WAV of the first audio stream. Only local files are opened, whatever the file refers to."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(f"{path}: this is {name}, which needs ffmpeg, and ffmpeg is not installed; install it, or "
                         "bounce as WAV, AIFF or FLAC")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="dawbridge-") as folder:
        copy = Path(folder) / "decoded.wav"
        most = shutil.disk_usage(folder).free // 2  # a small file can hold days of silence
        command = [
            program,
            "-nostdin",
            "-v",
            "error",
            "-protocol_whitelist",
            "file",
            "-i",
            f"file:{path}",
            "-map",
            "0:a:0",
        ]
        command += [
            "-c:a",
            "pcm_f32le",
            "-f",
            "wav",
            "-rf64",
            "auto",
            "-map_metadata",
            "-1",
            "-fs",
            str(most),
            str(copy),
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode or not copy.exists():
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise AudioError(f"{path}: ffmpeg cannot decode this {name} file ({reason}); bounce it again")
        if copy.stat().st_size > most - _CUT_BYTES:
            raise AudioError(f"{path}: decoded, this {name} file needs more than {most / 1e6:.0f} MB, half of what is "
                             f"free in {folder}; make room there, or bounce as FLAC")  # fmt: skip
        yield copy
