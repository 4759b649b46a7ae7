"""Habits of people and accidents, for the soak: writers that rest or are killed, folders that are renamed, edits.

Each habit is a function of the soak's `Writer`; `HABITS` lists them.
"""

import os
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

if TYPE_CHECKING:
    from benchmarks.soak_writer import Writer

REST_S = 3.0
"""Longer than the quiet time of a whole file."""
STEMS = ("acapella", "instrumental")
FFMPEG, SOX = b"\xff\xff\xff\xff", b"\x00\xf0\xff\x7f"
"""Sizes that those programs write until they know better."""


def rests_with_an_up_to_date_header(writer: "Writer") -> None:
    """csound -R and others: whole by its header at each moment, and still open."""
    path, samples = writer.new_path(".wav"), writer.new_samples()
    with path.open("w+b") as stream:
        for end in (len(samples) // 2, len(samples)):
            buffer = BytesIO()
            soundfile.write(buffer, samples[: max(end, 1)], writer.rate, "PCM_24", format="WAV")
            stream.seek(0)
            stream.write(buffer.getvalue())
            stream.flush()
            writer.rest(REST_S)
    writer.whole[path] = path.read_bytes()


def rests_in_a_preallocated_file(writer: "Writer") -> None:
    """A copy that stalls: the header first, and all of the length."""
    path, data = writer.new_file(".wav")
    with path.open("wb") as stream:
        stream.truncate(len(data))
        stream.write(data[: len(data) // 3])
        stream.flush()
        writer.rest(REST_S)
        stream.write(data[len(data) // 3 :])
    writer.whole[path] = data


def rests_half_encoded(writer: "Writer") -> None:
    """An encoder of a format without a length."""
    buffer = BytesIO()
    soundfile.write(buffer, writer.new_samples(), writer.rate, "VORBIS", format="OGG")
    path, data = writer.new_path(".ogg"), buffer.getvalue()
    with path.open("wb") as stream:
        stream.write(data[: len(data) // 2])
        stream.flush()
        writer.rest(2 * REST_S)
        stream.write(data[len(data) // 2 :])
    writer.whole[path] = data


def renames_the_folder_of_a_song(writer: "Writer") -> None:
    """The song is done: its folder gets another name, with the bounce and its stems in it."""
    path, data = writer.new_file(".wav")
    folder = writer.folder / f"song {writer.count}"
    folder.mkdir()
    path = folder / path.name
    path.write_bytes(data)
    if writer.wait_until(lambda: _finished(path)):
        stems = [stem.read_bytes() for stem in _stems(path)]
        done = folder.with_name(f"{folder.name} (done)")
        folder.rename(done)
        path = done / path.name
        writer.at_rest[path] = dict(zip(_stems(path), stems, strict=True))
    writer.whole[path] = data


def edits_a_stem(writer: "Writer") -> None:
    """A finished stem is edited by hand, then the bounce is written again, with other sound: nothing of the edit may
    be lost."""
    path, data = writer.new_file(".wav")
    path.write_bytes(data)
    if not writer.wait_until(lambda: _finished(path)):
        writer.whole[path] = data
        return
    edited = bytearray(_stems(path)[0].read_bytes())
    edited[-2:] = b"me"
    _stems(path)[0].write_bytes(edited)
    writer.kept[_stems(path)[0]] = bytes(edited)
    again, _ = writer.new_audio()
    while again[:4] != b"RIFF":
        again, _ = writer.new_audio()
    path.write_bytes(again)
    writer.whole[path] = again


def has_a_file_at_the_stems_place(writer: "Writer") -> None:
    """A file of another origin has the name that a stem would get."""
    path, data = writer.new_file(".wav")
    place = _stems(path)[writer.choose(2)]
    place.parent.mkdir(exist_ok=True)
    theirs, _ = writer.new_audio()
    place.write_bytes(theirs)
    writer.kept[place] = theirs
    path.write_bytes(data)
    writer.whole[path] = data


def replaces_by_the_same_size_and_time(writer: "Writer") -> None:
    """Another file of the same length and time is moved over a bounce, perhaps while nobody watches."""
    path, data = writer.new_file(".wav")
    path.write_bytes(data)
    writer.whole[path] = data
    writer.rest(2 * REST_S)
    facts = path.stat()
    other = bytearray(data)
    place = other.index(b"data") + 8
    for index in range(place, len(other), 7):
        other[index] = 0
    outside = writer.folder.parent / f"other {writer.count}.wav"
    outside.write_bytes(other)
    os.utime(outside, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    outside.replace(path)
    writer.whole[path] = bytes(other)


def joins_two_songs(writer: "Writer") -> None:
    """`cat a.ogg b.ogg`: a chained Ogg, of which many readers see the first half alone."""
    parts = []
    for _ in range(2):
        buffer = BytesIO()
        samples = 0.1 * writer.noise.standard_normal((writer.rate, 1)).clip(-3, 3)
        soundfile.write(buffer, samples, writer.rate, "VORBIS", format="OGG")
        parts.append(buffer.getvalue())
    path = writer.new_path(".ogg")
    path.write_bytes(b"".join(parts))
    writer.whole[path] = b"".join(parts)
    writer.sounds[path] = np.concatenate([_samples(part) for part in parts])


def leaves_a_flac_without_a_length(writer: "Writer") -> None:
    """An encoder that wrote into a pipe, or was killed: never taken by itself."""
    buffer = BytesIO()
    soundfile.write(buffer, writer.new_samples(), writer.rate, "PCM_16", format="FLAC")
    data = bytearray(buffer.getvalue())
    packed = int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1)
    data[18:26] = struct.pack(">Q", packed)
    path = writer.new_path(".flac")
    path.write_bytes(data)
    writer.broken.add(path)


def is_killed(writer: "Writer") -> None:
    """A program that was ended half way: its sizes were never filled in."""
    path, data = writer.new_file(".wav")
    path.write_bytes(with_sizes(data, bytes((8, 0, 0, 0)), bytes(4))[: len(data) // 2])
    writer.broken.add(path)


def writes_into_a_pipe(writer: "Writer") -> None:
    """Sizes that are never patched: not taken, but where the folder says so."""
    path, data = writer.new_file(".wav")
    path.write_bytes(with_sizes(data, FFMPEG, FFMPEG))
    writer.broken.add(path)


def is_cut_off(writer: "Writer") -> None:
    """A copy that was ended half way."""
    path, data = writer.new_file()
    path.write_bytes(data[: len(data) // 2])
    writer.broken.add(path)


def holds_no_audio(writer: "Writer") -> None:
    """Names that promise audio, over nothing and over text."""
    for content in (b"", b"this is a text, whatever its name says"):
        path = writer.new_path(".wav")
        path.write_bytes(content)
        writer.broken.add(path)


HABITS: tuple[Callable[["Writer"], None], ...] = (
    rests_with_an_up_to_date_header, rests_in_a_preallocated_file, rests_half_encoded, renames_the_folder_of_a_song,
    edits_a_stem, has_a_file_at_the_stems_place, replaces_by_the_same_size_and_time, joins_two_songs,
    leaves_a_flac_without_a_length, is_killed, writes_into_a_pipe, is_cut_off, holds_no_audio,
)  # fmt: skip


def with_sizes(wav: bytes, whole: bytes, data: bytes) -> bytes:
    """A plain WAV with other sizes of RIFF and data, four bytes each."""
    return wav[:4] + whole + wav[8:40] + data + wav[44:]


def _stems(path: Path) -> list[Path]:
    return [path.parent / "separated" / f"{path.stem}_{stem}.wav" for stem in STEMS]


def _finished(path: Path) -> bool:
    return all(stem.exists() for stem in _stems(path))


def _samples(data: bytes) -> "np.typing.NDArray[np.float64]":
    samples: np.typing.NDArray[np.float64] = soundfile.read(BytesIO(data), dtype="float64", always_2d=True)[0]
    return samples
