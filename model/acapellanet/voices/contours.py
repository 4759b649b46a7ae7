"""Take melodies from real songs: the pitch that somebody sang, with its slides and its vibrato."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from acapellanet.audio import AUDIO_SUFFIXES
from acapellanet.errors import DataError
from acapellanet.extras import extra_module
from acapellanet.voices.manners import Values

FRAME_S = 0.005
SHORTEST_S, LONGEST_S = 3.0, 12.0
VOICED = 0.45
"""Smallest share of a phrase in which a pitch must be found, 0..1."""
HIGHEST_HZ, LOWEST_HZ = 1000.0, 60.0
STRETCH_LEAST, STRETCH_MOST = 0.25, 1.5
"""Fewest and most frames of speech for each sung frame: speech is held up to four times as long, or hurried."""


def contours_of(recordings: Path) -> list[Values]:
    """Extract the phrases of all solo songs in a folder: semitones to their median, one value per 5 ms.

    Raises `DataError` if there are none, or WORLD is not installed.
    """
    paths = sorted(path for path in recordings.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    found = [contour for path in paths for contour in _phrases_of(path)]
    if not found:
        raise DataError(f"{recordings}: no sung phrase of {SHORTEST_S:g} s or more in it")
    return found


def sung_along(contour: Values, frames: Values, random: np.random.Generator) -> tuple[Values, Values]:
    """Fit speech to a contour: which of `frames` sounds at each moment, and the semitones there, both `[moments]`.

    The speech is read evenly; of a contour that is too long for it, a part is taken.
    """
    longest = int(len(frames) / STRETCH_LEAST)
    start = int(random.integers(max(1, len(contour) - longest)))
    semitones = contour[start : start + longest]
    read = min(len(frames), int(len(semitones) * STRETCH_MOST))
    return np.interp(np.linspace(0, read - 1, len(semitones)), np.arange(read), frames[:read]), semitones


def _phrases_of(path: Path) -> Iterator[Values]:
    world = extra_module("pyworld", "the pitch of songs is found with WORLD: pip install 'dawbridge[voices]'")
    try:
        audio, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError:
        return
    mono = np.ascontiguousarray(audio.mean(1))
    coarse, times_s = world.dio(mono, rate, LOWEST_HZ, HIGHEST_HZ, frame_period=FRAME_S * 1000)
    pitch_hz = world.stonemask(mono, coarse, times_s, rate)
    longest = int(LONGEST_S / FRAME_S)
    for start in range(0, len(pitch_hz), longest):
        piece = pitch_hz[start : start + longest]
        voiced = np.flatnonzero(piece > 0)
        if len(piece) >= SHORTEST_S / FRAME_S and len(voiced) >= VOICED * len(piece):
            semitones = 12 * np.log2(piece[voiced] / np.median(piece[voiced]))
            yield np.interp(np.arange(len(piece)), voiced, semitones)
