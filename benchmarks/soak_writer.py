"""The writer of the soak: bounces in every manner that DAWs, copiers and accidents have, chosen at random.

Each manner is one method; `MANNERS` lists them. What they leave is known: `whole` has to get stems, `broken` must not.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 8000
FORMATS = (
    ("WAV", "PCM_16", ".wav"),
    ("WAV", "PCM_24", ".wav"),
    ("AIFF", "PCM_16", ".aif"),
    ("FLAC", "PCM_16", ".flac"),
)
LIVE = (*FORMATS, ("RF64", "PCM_24", ".wav"), ("WAVEX", "PCM_16", ".wav"), ("W64", "PCM_24", ".w64"))
"""What libsndfile writes into the folder itself, header first."""
NAMES = ("song", "Größe", "e\u0301tude", "ミックス 🎤", " lead", "mix.v2", "x" * 200, "100% (final)")
FFMPEG, SOX = b"\xff\xff\xff\xff", b"\x00\xf0\xff\x7f"
"""Sizes that those programs write until they know better."""
LONG_AGO_S = 1_000_000_000.0
"""A modification time that a copier carries over: 2001."""


class Writer:
    """Bounces at random into `folder`; `whole` and `broken` say what has to become of them."""

    def __init__(self, folder: Path, seed: int, pause: Callable[[float], object]) -> None:
        """`pause` is called with seconds, where a real writer would need them."""
        self._folder, self._pause = folder, pause
        self._random = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        self._count = 0
        self.whole: dict[Path, bytes] = {}
        """The bytes of every whole bounce as it lay there last."""
        self.broken: set[Path] = set()
        self.deleted: set[Path] = set()
        """Whole ones that were deleted at once: they may have been separated before that."""
        self.manners: Counter[str] = Counter()
        """How often each manner was used."""

    def bounce(self) -> None:
        """One more, in a manner chosen at random."""
        manner = self._random.choice(MANNERS)
        self.manners[manner.__name__.strip("_")] += 1
        manner(self)

    def rest(self, longest_s: float) -> None:
        """Wait for up to `longest_s`."""
        self._pause(self._random.uniform(0.0, longest_s))

    def _normal(self) -> None:
        path, data = self._next()
        path.write_bytes(data)
        self.whole[path] = data

    def _libsndfile(self) -> None:
        """Ardour, LMMS, csound and many more: sizes are placeholders until the end."""
        container, subtype, suffix = self._random.choice(LIVE)
        path, samples = self._path(suffix), self._samples()
        with soundfile.SoundFile(path, "w", RATE, samples.shape[1], subtype, format=container) as file:
            for part in np.array_split(samples, 3):
                file.write(part)
                file.flush()
                self.rest(0.8)
        self.whole[path] = path.read_bytes()

    def _header_pauses(self) -> None:
        """The header, a pause, then the data."""
        path, data = self._next(".wav")
        with path.open("wb") as stream:
            stream.write(_with_sizes(data, bytes((8, 0, 0, 0)), bytes(4))[:44])
            stream.flush()
            self.rest(1.5)
            self._slowly(stream, data[44:])
            stream.seek(0)
            stream.write(data[:44])
        self.whole[path] = data

    def _ffmpeg(self) -> None:
        """Nothing for a while, then sizes of 0xFFFFFFFF, patched at the end."""
        self._patched(FFMPEG)

    def _sox(self) -> None:
        """Sizes of 0x7FFFF000, patched at the end."""
        self._patched(SOX)

    def _closed_twice(self) -> None:
        """The data without its header's sizes, closed; opened once more for them."""
        path, data = self._next(".wav")
        path.write_bytes(_with_sizes(data, bytes(4), bytes(4)))
        self.rest(1.0)
        with path.open("r+b") as stream:
            stream.write(data[:44])
        self.whole[path] = data

    def _recreated(self) -> None:
        """As csound does: an empty file, closed, deleted, then the bounce."""
        path, data = self._next()
        path.touch()
        self.rest(0.5)
        path.unlink()
        self.rest(0.5)
        path.write_bytes(data)
        self.whole[path] = data

    def _copied_slowly(self) -> None:
        """The header is whole from the start, the body comes late."""
        path, data = self._next()
        with path.open("wb") as stream:
            self._slowly(stream, data)
        self.whole[path] = data

    def _over_a_network(self) -> None:
        """Piece by piece, and at the end the modification time of the original, long ago."""
        path, data = self._next()
        with path.open("wb") as stream:
            for part in range(4):
                stream.write(data[len(data) * part // 4 : len(data) * (part + 1) // 4])
                stream.flush()
                self.rest(0.6)
        os.utime(path, (LONG_AGO_S, LONG_AGO_S + self._count))
        self.whole[path] = data

    def _preallocated(self) -> None:
        """The header and as many zeros as it promises, filled from the front."""
        path, data = self._next(".wav")
        path.write_bytes(data[:44] + bytes(len(data) - 44))
        with path.open("r+b") as stream:
            stream.seek(44)
            self._slowly(stream, data[44:])
        self.whole[path] = data

    def _moved(self) -> None:
        """Written under a hidden name, renamed when it was whole."""
        path, data = self._next()
        part = path.with_name(f".{self._count}.part")
        part.write_bytes(data)
        self.rest(0.3)
        part.replace(path)
        self.whole[path] = data

    def _folder_moved(self) -> None:
        """A whole folder comes at once, made outside."""
        path, data = self._next()
        made = self._folder.parent / f"outside {self._count}"
        made.mkdir()
        (made / path.name).write_bytes(data)
        folder = self._folder / f"came {self._count}"
        made.replace(folder)
        self.whole[folder / path.name] = data

    def _opaque(self) -> None:
        """A format that does not say its length."""
        path, samples = self._path(".ogg"), self._samples()
        with soundfile.SoundFile(path, "w", RATE, samples.shape[1], "VORBIS", format="OGG") as file:
            for part in np.array_split(samples, 2):
                file.write(part)
                file.flush()
                self.rest(0.8)
        self.whole[path] = path.read_bytes()

    def _overwritten(self) -> None:
        """An earlier bounce once more, with other audio."""
        earlier = sorted(path for path in self.whole if path.suffix in (".wav", ".aif", ".flac"))
        path = self._random.choice(earlier) if earlier else self._path(".wav")
        data, suffix = self._audio()
        while suffix != path.suffix:
            data, suffix = self._audio()
        path.write_bytes(data)
        self.whole[path] = data

    def _overwritten_at_once(self) -> None:
        """Bounced again and again, faster than it can be separated."""
        for _ in range(4):
            self._overwritten()
            self.rest(0.7)

    def _twice(self) -> None:
        """The same audio under two names that differ by their suffix or by a word."""
        self._normal()
        path, data = next(reversed(self.whole.items()))
        other = path.with_name(f"{path.stem} again{path.suffix}")
        other.write_bytes(data)
        self.whole[other] = data
        samples, _ = soundfile.read(BytesIO(data), dtype="int16", always_2d=True)
        buffer = BytesIO()
        soundfile.write(buffer, samples, RATE, subtype="PCM_16", format="CAF")
        other = path.with_suffix(".caf")
        other.write_bytes(buffer.getvalue())
        self.whole[other] = buffer.getvalue()

    def _killed(self) -> None:
        """A program that was ended half way: its sizes were never filled in."""
        path, data = self._next(".wav")
        path.write_bytes(_with_sizes(data, bytes((8, 0, 0, 0)), bytes(4))[: len(data) // 2])
        self.broken.add(path)

    def _through_a_pipe(self) -> None:
        """Sizes that are never patched: not taken, but where the folder says so."""
        path, data = self._next(".wav")
        path.write_bytes(_with_sizes(data, FFMPEG, FFMPEG))
        self.broken.add(path)

    def _cut_off(self) -> None:
        """A copy that was ended half way."""
        path, data = self._next()
        path.write_bytes(data[: len(data) // 2])
        self.broken.add(path)

    def _no_audio(self) -> None:
        """Names that promise audio, over nothing and over text."""
        for content in (b"", b"this is a text, whatever its name says"):
            path = self._path(".wav")
            path.write_bytes(content)
            self.broken.add(path)

    def _deleted(self) -> None:
        """Gone before it is done, as a rule: whatever was begun for it leaves nothing."""
        path, data = self._next()
        path.write_bytes(data)
        self.rest(0.3)
        path.unlink()
        self.deleted.add(path)

    def _path(self, suffix: str) -> Path:
        self._count += 1
        folder = self._folder / self._random.choice(("", "", "karaoke", "day 2/late"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self._random.choice(NAMES)} {self._count}{suffix}"

    def _samples(self) -> NDArray[np.float64]:
        """`[frames, channels]`, mono or stereo, up to six seconds."""
        frames = self._random.randrange(50, 6 * RATE)
        return 0.1 * self._noise.standard_normal((frames, self._random.choice((1, 2)))).clip(-3, 3)

    def _audio(self) -> tuple[bytes, str]:
        """A whole file's bytes and its suffix."""
        container, subtype, suffix = self._random.choice(FORMATS)
        buffer = BytesIO()
        soundfile.write(buffer, self._samples(), RATE, subtype=subtype, format=container)
        return buffer.getvalue(), suffix

    def _next(self, wanted: str = "") -> tuple[Path, bytes]:
        """A new name, and audio for it; with the suffix `wanted` where it matters."""
        data, suffix = self._audio()
        while wanted not in ("", suffix):
            data, suffix = self._audio()
        return self._path(suffix), data

    def _patched(self, size: bytes) -> None:
        path, data = self._next(".wav")
        with path.open("wb") as stream:
            self.rest(0.5)
            self._slowly(stream, _with_sizes(data, size, size))
            stream.seek(0)
            stream.write(data[:44])
        self.whole[path] = data

    def _slowly(self, stream: IO[bytes], data: bytes) -> None:
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            stream.write(half)
            stream.flush()
            self.rest(0.8)


_W = Writer
MANNERS: tuple[Callable[[Writer], None], ...] = (
    _W._normal, _W._libsndfile, _W._header_pauses, _W._ffmpeg, _W._sox, _W._closed_twice, _W._recreated,
    _W._copied_slowly, _W._over_a_network, _W._preallocated, _W._moved, _W._folder_moved, _W._opaque, _W._overwritten,
    _W._overwritten_at_once, _W._twice, _W._killed, _W._through_a_pipe, _W._cut_off, _W._no_audio, _W._deleted,
)  # fmt: skip


def _with_sizes(wav: bytes, whole: bytes, data: bytes) -> bytes:
    """A plain WAV with other sizes of RIFF and data, four bytes each."""
    return wav[:4] + whole + wav[8:40] + data + wav[44:]
