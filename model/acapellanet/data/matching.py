"""Voices and music that fit: in key by the Camelot wheel, in time by their tempi."""

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
"""Music is not stretched or squeezed by more than this; beyond it, its tempo stays."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What makes a voice and a piece of music go together."""

    semitones: int
    """-6..5: shift of the voice, by reading it faster or slower."""
    stretch: float
    """Tempo of the music is to be multiplied by this."""


class Matcher:
    """Key and tempo of every track, estimated once and kept beside the decoded audio."""

    def __init__(
        self, library: Library, tracks: list[Track], cache: Path, told: Callable[[int], None] = lambda _: None
    ) -> None:
        """`told` hears how many tracks are known, up to twice their number."""
        self._keys = keys_of(library, tracks, cache, told)
        self._tempi_bpm = _tempi_of(library, tracks, cache, lambda count: told(len(tracks) + count))

    def fit(self, voice: Track, music: Track) -> Fit:
        """The smallest shift into the music's key (or its relative), and the stretch to the shifted voice's tempo."""
        semitones = _between(self._keys[voice.name], self._keys[music.name])
        sung_bpm = self._tempi_bpm[voice.name] * 2 ** (semitones / 12)
        return Fit(semitones, _stretch(sung_bpm, self._tempi_bpm[music.name]))


def _between(key: Key, other: Key) -> int:
    """Semitones from one key's major to the other's: a step on the wheel is a fifth."""
    return ((other.number - key.number) * 7 + 6) % 12 - 6


def _stretch(wanted_bpm: float, bpm: float) -> float:
    """Ratio of tempi, twice and half as fast being the same; 1 where it is out of reach or a tempo unknown."""
    if wanted_bpm <= 0 or bpm <= 0:
        return 1.0
    octaves = math.log2(wanted_bpm / bpm)
    ratio = 2 ** (octaves - round(octaves))
    return ratio if 1 / STRETCH_LIMIT <= ratio <= STRETCH_LIMIT else 1.0


def _tempi_of(library: Library, tracks: list[Track], cache: Path, told: Callable[[int], None]) -> dict[str, float]:
    path = cache / TEMPI_FILE
    kept = _read(path)
    tempi_bpm = {}
    for count, track in enumerate(tracks):
        mark = f"{track.name} {track.frames}"
        if mark not in kept:
            kept[mark] = estimated_tempo_bpm(library, track)
        tempi_bpm[track.name] = kept[mark]
        told(count + 1)
    path.write_text(json.dumps(kept), encoding="utf-8")
    return tempi_bpm


def estimated_tempo_bpm(library: Library, track: Track) -> float:
    """Beats per minute of 30 s from the middle of a track, by librosa; 0 where it hears none."""
    import librosa

    frames = min(track.frames, LONGEST_S * SAMPLE_RATE)
    mono = library.read(track, (track.frames - frames) // 2, frames).mean(0)
    return float(librosa.feature.tempo(y=mono, sr=SAMPLE_RATE)[0])


def _read(path: Path) -> dict[str, float]:
    try:
        return {str(mark): float(bpm) for mark, bpm in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
