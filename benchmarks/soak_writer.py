"""The writer of the soak: bounces in every manner that DAWs, copiers, accidents and people have, chosen at random.

Each manner is one method, or one function of `soak_habits`; `MANNERS` lists them. What they leave is known: `whole` has
to get stems, `broken` must not, `kept` must stay as it is.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.soak_habits import FFMPEG, HABITS, SOX, with_sizes

RATE = 8000
PATIENCE_S = 60.0
"""How long a habit waits for stems before it goes on without."""
FORMATS = (
    ("WAV", "PCM_16", ".wav"),
    ("WAV", "PCM_24", ".wav"),
    ("AIFF", "PCM_16", ".aif"),
    ("FLAC", "PCM_16", ".flac"),
)
LIVE = (*FORMATS, ("RF64", "PCM_24", ".wav"), ("WAVEX", "PCM_16", ".wav"), ("W64", "PCM_24", ".w64"))
"""What libsndfile writes into the folder itself, header first."""
NAMES = ("song", "Größe", "e\u0301tude", "ミックス 🎤", " lead", "mix.v2", "x" * 200, "100% (final)")
LONG_AGO_S = 1_000_000_000.0
"""A modification time that a copier carries over: 2001."""


class Writer:
    """Bounces at random into `folder`; `whole` and `broken` say what has to become of them."""

    def __init__(self, folder: Path, seed: int, pause: Callable[[float], object]) -> None:
        """`pause` is called with seconds, where a real writer would need them."""
        self.folder, self.rate, self._pause = folder, RATE, pause
        self._random = random.Random(seed)
        self.noise = np.random.default_rng(seed)
        self.count = 0
        """How many names were given so far."""
        self.whole: dict[Path, bytes] = {}
        """The bytes of every whole bounce as it lay there last."""
        self.sounds: dict[Path, NDArray[np.float64]] = {}
        """Their samples `[frames, channels]`, if a reader of them might see only a part."""
        self.at_rest: dict[Path, dict[Path, bytes]] = {}
        """Stems that stay as they are for as long as nobody bounces over their bounce, by bounce."""
        self.kept: dict[Path, bytes] = {}
        """Files that nobody but their owner may change, with their content."""
        self.broken: set[Path] = set()
        self.deleted: set[Path] = set()
        """Whole ones that were deleted at once: they may have been separated before that."""
        self.trouble = ""
        """Why it ended before its time; empty if it did not."""
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

    def choose(self, count: int) -> int:
        """0..count - 1, at random."""
        return self._random.randrange(count)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Wait for something that the daemon is expected to do; False if it took too long, or the soak ends."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline or self._pause(0.2):
                return False
        return True

    def _normal(self) -> None:
        path, data = self.new_file()
        path.write_bytes(data)
        self.whole[path] = data

    def _libsndfile(self) -> None:
        """Ardour, LMMS, csound and many more: sizes are placeholders until the end."""
        container, subtype, suffix = self._random.choice(LIVE)
        path, samples = self.new_path(suffix), self.new_samples()
        with soundfile.SoundFile(path, "w", RATE, samples.shape[1], subtype, format=container) as file:
            for part in np.array_split(samples, 3):
                file.write(part)
                file.flush()
                self.rest(0.8)
        self.whole[path] = path.read_bytes()

    def _header_pauses(self) -> None:
        """The header, a pause, then the data."""
        path, data = self.new_file(".wav")
        with path.open("wb") as stream:
            stream.write(with_sizes(data, bytes((8, 0, 0, 0)), bytes(4))[:44])
            stream.flush()
            self.rest(1.5)
            self.write_slowly(stream, data[44:])
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
        path, data = self.new_file(".wav")
        path.write_bytes(with_sizes(data, bytes(4), bytes(4)))
        self.rest(1.0)
        with path.open("r+b") as stream:
            stream.write(data[:44])
        self.whole[path] = data

    def _recreated(self) -> None:
        """As csound does: an empty file, closed, deleted, then the bounce."""
        path, data = self.new_file()
        path.touch()
        self.rest(0.5)
        path.unlink()
        self.rest(0.5)
        path.write_bytes(data)
        self.whole[path] = data

    def _copied_slowly(self) -> None:
        """The header is whole from the start, the body comes late."""
        path, data = self.new_file()
        with path.open("wb") as stream:
            self.write_slowly(stream, data)
        self.whole[path] = data

    def _over_a_network(self) -> None:
        """Piece by piece, and at the end the modification time of the original, long ago."""
        path, data = self.new_file()
        with path.open("wb") as stream:
            for part in range(4):
                stream.write(data[len(data) * part // 4 : len(data) * (part + 1) // 4])
                stream.flush()
                self.rest(0.6)
        os.utime(path, (LONG_AGO_S, LONG_AGO_S + self.count))
        self.whole[path] = data

    def _preallocated(self) -> None:
        """The header and as many zeros as it promises, filled from the front."""
        path, data = self.new_file(".wav")
        path.write_bytes(data[:44] + bytes(len(data) - 44))
        with path.open("r+b") as stream:
            stream.seek(44)
            self.write_slowly(stream, data[44:])
        self.whole[path] = data

    def _moved(self) -> None:
        """Written under a hidden name, renamed when it was whole."""
        path, data = self.new_file()
        part = path.with_name(f".{self.count}.part")
        part.write_bytes(data)
        self.rest(0.3)
        part.replace(path)
        self.whole[path] = data

    def _folder_moved(self) -> None:
        """A whole folder comes at once, made outside."""
        path, data = self.new_file()
        made = self.folder.parent / f"outside {self.count}"
        made.mkdir()
        (made / path.name).write_bytes(data)
        folder = self.folder / f"came {self.count}"
        made.replace(folder)
        self.whole[folder / path.name] = data

    def _opaque(self) -> None:
        """A format that does not say its length."""
        path, samples = self.new_path(".ogg"), self.new_samples()
        with soundfile.SoundFile(path, "w", RATE, samples.shape[1], "VORBIS", format="OGG") as file:
            for part in np.array_split(samples, 2):
                file.write(part)
                file.flush()
                self.rest(0.8)
        self.whole[path] = path.read_bytes()

    def _overwritten(self) -> None:
        """An earlier bounce once more, with other audio."""
        earlier = sorted(path for path in self.whole if path.suffix in (".wav", ".aif", ".flac"))
        path = self._random.choice(earlier) if earlier else self.new_path(".wav")
        data, suffix = self.new_audio()
        while suffix != path.suffix:
            data, suffix = self.new_audio()
        path.write_bytes(data)
        self.whole[path] = data
        self.at_rest.pop(path, None)

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

    def _deleted(self) -> None:
        """Gone before it is done, as a rule: whatever was begun for it leaves nothing."""
        path, data = self.new_file()
        path.write_bytes(data)
        self.rest(0.3)
        path.unlink()
        self.deleted.add(path)

    def new_path(self, suffix: str) -> Path:
        self.count += 1
        folder = self.folder / self._random.choice(("", "", "karaoke", "day 2/late"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self._random.choice(NAMES)} {self.count}{suffix}"

    def new_samples(self) -> NDArray[np.float64]:
        """`[frames, channels]`, mono or stereo, up to six seconds."""
        frames = self._random.randrange(50, 6 * RATE)
        return 0.1 * self.noise.standard_normal((frames, self._random.choice((1, 2)))).clip(-3, 3)

    def new_audio(self) -> tuple[bytes, str]:
        """A whole file's bytes and its suffix."""
        container, subtype, suffix = self._random.choice(FORMATS)
        buffer = BytesIO()
        soundfile.write(buffer, self.new_samples(), RATE, subtype=subtype, format=container)
        return buffer.getvalue(), suffix

    def new_file(self, wanted: str = "") -> tuple[Path, bytes]:
        """A new name, and audio for it; with the suffix `wanted` where it matters."""
        data, suffix = self.new_audio()
        while wanted not in ("", suffix):
            data, suffix = self.new_audio()
        return self.new_path(suffix), data

    def _patched(self, size: bytes) -> None:
        path, data = self.new_file(".wav")
        with path.open("wb") as stream:
            self.rest(0.5)
            self.write_slowly(stream, with_sizes(data, size, size))
            stream.seek(0)
            stream.write(data[:44])
        self.whole[path] = data

    def write_slowly(self, stream: IO[bytes], data: bytes) -> None:
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            stream.write(half)
            stream.flush()
            self.rest(0.8)


_W = Writer
MANNERS: tuple[Callable[[Writer], None], ...] = (
    _W._normal, _W._libsndfile, _W._header_pauses, _W._ffmpeg, _W._sox, _W._closed_twice, _W._recreated,
    _W._copied_slowly, _W._over_a_network, _W._preallocated, _W._moved, _W._folder_moved, _W._opaque, _W._overwritten,
    _W._overwritten_at_once, _W._twice, _W._deleted,
    *HABITS,
)  # fmt: skip
