"""Match voices and music: in key by the Camelot wheel, in time by their tempi."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.camelot import LONGEST_S, Key, keys_of
from acapellanet.data.library import Library, Track

TEMPI_FILE = "tempi.json"
STRETCH_LIMIT = 1.15
"""Factor by which music is stretched or squeezed at most; if more is needed, its tempo stays."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What makes a voice and a piece of music fit."""

    semitones: int
    """Shift of the voice, -6..5, by reading it faster or slower."""
    stretch: float
    """Factor for the tempo of the music."""


class Matcher:
    """Key and tempo of every track, estimated once and kept next to the decoded audio."""

    def __init__(
        self, library: Library, tracks: list[Track], cache: Path, report: Callable[[int], None] = lambda _: None
    ) -> None:
        """Estimate what is not known yet; `report` is called with the count, up to twice the number of tracks."""
        self._keys = keys_of(library, tracks, cache, report)
        self._tempi_bpm = _tempi_of(library, tracks, cache, lambda count: report(len(tracks) + count))

    def fit(self, voice: Track, music: Track) -> Fit:
        """Find the smallest shift into the music's key or its relative, and the stretch to the voice's new tempo."""
        semitones = _between(self._keys[voice.name], self._keys[music.name])
        sung_bpm = self._tempi_bpm[voice.name] * 2 ** (semitones / 12)
        return Fit(semitones, _stretch(sung_bpm, self._tempi_bpm[music.name]))


def _between(key: Key, other: Key) -> int:
    """Count the semitones from one key's major to the other's: a step on the wheel is a fifth."""
    return ((other.number - key.number) * 7 + 6) % 12 - 6


def _stretch(wanted_bpm: float, bpm: float) -> float:
    """Compute the ratio of tempi, twice and half as fast being the same; 1 if out of reach or unknown."""
    if wanted_bpm <= 0 or bpm <= 0:
        return 1.0
    octaves = math.log2(wanted_bpm / bpm)
    ratio = 2 ** (octaves - round(octaves))
    return ratio if 1 / STRETCH_LIMIT <= ratio <= STRETCH_LIMIT else 1.0


def _tempi_of(library: Library, tracks: list[Track], cache: Path, report: Callable[[int], None]) -> dict[str, float]:
    path = cache / TEMPI_FILE
    kept = _read(path)
    tempi_bpm = {}
    for count, track in enumerate(tracks):
        mark = f"{track.name} {track.frames}"
        if mark not in kept:
            kept[mark] = estimated_tempo_bpm(library, track)
        tempi_bpm[track.name] = kept[mark]
        report(count + 1)
    path.write_text(json.dumps(kept), encoding="utf-8")
    return tempi_bpm


def estimated_tempo_bpm(library: Library, track: Track) -> float:
    """Estimate the beats per minute of 30 s from the middle of a track; 0 if librosa finds none."""
    import librosa

    frames = min(track.frames, LONGEST_S * SAMPLE_RATE)
    mono = library.read(track, (track.frames - frames) // 2, frames).mean(0)
    return float(librosa.feature.tempo(y=mono, sr=SAMPLE_RATE)[0])


def _read(path: Path) -> dict[str, float]:
    try:
        return {str(mark): float(bpm) for mark, bpm in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
