"""Match acapellas and instrumentals by their keys on the Camelot wheel.

The number comes first in a file's name, as in 2017: `8A - title acapella.wav`, or `8 title.wav`. If a name has
none, the key is estimated: mean chroma against the profiles of Krumhansl and Kessler 1982 in all 24 keys.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.library import Library, Track

KEYS_FILE = "keys.json"
LONGEST_S = 30
_FIRST = re.compile(r"\s*(?:0?(\d{1,2})([ABab])(?=[\s_.-])|([1-9]\d?)(?=\s+\S))")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@dataclass(frozen=True, slots=True)
class Key:
    """A place on the wheel."""

    number: int
    """Number 1..12; neighbours are a fifth apart."""
    letter: str
    """`A` for minor, `B` for major, empty if a name has only the number."""

    def goes_with(self, other: "Key") -> bool:
        """Tell whether two keys match or are neighbours: the same number, or the next one with the same letter."""
        if self.number == other.number:
            return True
        alike = self.letter == other.letter or not (self.letter and other.letter)
        return alike and (self.number - other.number) % 12 in (1, 11)

    def __str__(self) -> str:
        return f"{self.number}{self.letter}"


def key_in_name(name: str) -> Key | None:
    """Read the key that a file's name begins with, if there is one."""
    match = _FIRST.match(name.rsplit("/", 1)[-1])
    if match is None or not 1 <= int(match[1] or match[3]) <= 12:
        return None
    return Key(int(match[1] or match[3]), (match[2] or "").upper())


def key_of_tonic(tonic: int, minor: bool) -> Key:
    """Convert a tonic, 0..11 semitones above C, to a place on the wheel. C major is 8B, A minor 8A."""
    major = (tonic + 3) % 12 if minor else tonic
    return Key((7 * major + 7) % 12 + 1, "A" if minor else "B")


def key_of_chroma(chroma: npt.NDArray[np.float32]) -> Key:
    """Find the key whose profile correlates best with `[12]` pitch classes from C upwards."""
    best, found = -2.0, key_of_tonic(0, False)
    for minor, profile in ((False, _MAJOR), (True, _MINOR)):
        for tonic in range(12):
            likeness = _correlation(chroma, np.roll(profile, tonic))
            if likeness > best:
                best, found = likeness, key_of_tonic(tonic, minor)
    return found


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float64]) -> float:
    first, second = one - one.mean(), other - other.mean()
    return float((first * second).sum() / (np.sqrt((first**2).sum() * (second**2).sum()) + 1e-12))


def estimated_key(library: Library, track: Track) -> Key:
    """Estimate the key of 30 s from the middle of a track."""
    import librosa

    frames = min(track.frames, LONGEST_S * SAMPLE_RATE)
    mono = library.read(track, (track.frames - frames) // 2, frames).mean(0)
    chroma = librosa.feature.chroma_stft(y=mono, sr=SAMPLE_RATE, n_fft=8192, hop_length=4096, tuning=0.0)
    return key_of_chroma(np.asarray(chroma.mean(1), dtype=np.float32))


def keys_of(
    library: Library, tracks: list[Track], cache: Path, report: Callable[[int], None] = lambda _: None
) -> dict[str, Key]:
    """Find the key of each track by name; estimates are kept in `cache`. `report` is called with how many are known."""
    kept = _read(cache / KEYS_FILE)
    keys: dict[str, Key] = {}
    for count, track in enumerate(tracks):
        mark = f"{track.name} {track.frames}"
        known = key_in_name(track.name) or kept.get(mark)
        if known is None:
            known = kept[mark] = estimated_key(library, track)
        keys[track.name] = known
        report(count + 1)
    cache.mkdir(parents=True, exist_ok=True)
    text = json.dumps({mark: [key.number, key.letter] for mark, key in kept.items()})
    (cache / KEYS_FILE).write_text(text, encoding="utf-8")
    return keys


def _read(path: Path) -> dict[str, Key]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {mark: Key(int(number), str(letter)) for mark, (number, letter) in kept.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
