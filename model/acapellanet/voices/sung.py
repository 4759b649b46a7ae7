"""Turn speech into song: the same mouth and consonants, held longer and on the notes of a melody.

The WORLD vocoder (Morise, Yokomori and Ozawa 2016, "WORLD: a vocoder-based high-quality speech synthesis system for
real-time applications") takes speech apart into pitch, spectral envelope and aperiodicity; what is changed here is the
pitch and the pace. It needs the extra `voices`.
"""

from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType

import numpy as np
import numpy.typing as npt
import soxr

from acapellanet.audio import SAMPLE_RATE
from acapellanet.errors import DataError
from acapellanet.extras import extra_module
from acapellanet.voices.contours import sung_along
from acapellanet.voices.manners import NATURAL, Manner, Values, roughened, with_breath
from acapellanet.voices.scales import SCALES

Random = np.random.Generator

FRAME_S = 0.005
LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
"""Range of the pitch of speech."""
SUNG_LOWEST_HZ, SUNG_HIGHEST_HZ = 75.0, 900.0
SHORTEST_SYLLABLE_S, GLIDE_S, VIBRATO_AFTER_S = 0.12, 0.07, 0.25
BEATS = (0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 4.0)
"""How long a syllable may be held, in beats; repeated entries are chosen more often."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """WORLD's analysis of speech, one row per 5 ms."""

    pitch_hz: Values
    """Pitch in Hz, `[frames]`; 0 if a frame is not voiced."""
    envelope: Values
    """Power spectrum, `[frames, bins]`."""
    aperiodicity: Values
    """Share of noise, `[frames, bins]`, 0 (a tone) to 1 (noise)."""


def sung(
    speech: npt.NDArray[np.float32],
    sample_rate: int,
    random: Random,
    manner: Manner = NATURAL,
    contour: Values | None = None,
) -> npt.NDArray[np.float32]:
    """Sing mono `speech` `[samples]` at `sample_rate` Hz; the result is at 44.1 kHz with a peak of 0.7.

    The melody is `contour` (`contours`), or one that `random` makes up. Above what `sample_rate` can hold, the voice
    goes on as noise and weak harmonics, softer with each octave.

    Raises `DataError` if nobody speaks in it, or WORLD is not installed.
    """
    world = extra_module("pyworld", "speech becomes song with WORLD: pip install 'dawbridge[voices]'")
    spoken = _taken_apart(world, speech, sample_rate, random)
    syllables = _syllables(spoken)
    if len(syllables) < 2:
        raise DataError("hears no syllables in it: expected somebody speaking for a second or more")
    places, pitch_hz = _score(spoken, syllables, random, manner, contour)
    song = world.synthesize(
        pitch_hz if manner.breath < 1.0 else np.zeros_like(pitch_hz),
        np.exp(_at(np.log(spoken.envelope + 1e-16), places)),
        np.clip(with_breath(_at(spoken.aperiodicity, places), manner), 1e-3, 1.0),
        SAMPLE_RATE,
        FRAME_S * 1000,
    )
    song = roughened(song, pitch_hz, manner, SAMPLE_RATE)
    return np.asarray(song * (0.7 / (np.abs(song).max() + 1e-9)), dtype=np.float32)


def _taken_apart(world: ModuleType, speech: npt.NDArray[np.float32], sample_rate: int, random: Random) -> Spoken:
    wide = soxr.resample(np.asarray(speech, dtype=np.float64), sample_rate, SAMPLE_RATE)
    wide = np.ascontiguousarray(wide / (np.abs(wide).max() + 1e-9))
    coarse, times_s = world.dio(wide, SAMPLE_RATE, LOWEST_HZ, HIGHEST_HZ, frame_period=FRAME_S * 1000)
    pitch_hz = world.stonemask(wide, coarse, times_s, SAMPLE_RATE)
    envelope = world.cheaptrick(wide, pitch_hz, times_s, SAMPLE_RATE)
    aperiodicity = world.d4c(wide, pitch_hz, times_s, SAMPLE_RATE)
    if sample_rate < 0.9 * SAMPLE_RATE:
        _extend(envelope, aperiodicity, sample_rate, random)
    return Spoken(pitch_hz, envelope, aperiodicity)


def _extend(envelope: Values, aperiodicity: Values, sample_rate: int, random: Random) -> None:
    """Fill in what is missing above the speech's own band, in place, falling from its last octave."""
    bins = envelope.shape[1]
    hz = np.linspace(0, SAMPLE_RATE / 2, bins)
    top_hz = 0.44 * sample_rate
    top = int(np.searchsorted(hz, top_hz))
    last = np.exp(np.log(envelope[:, int(top * 0.75) : top] + 1e-16).mean(1, keepdims=True))
    octaves = np.log2(hz[top:] / top_hz)
    envelope[:, top:] = last * 10 ** (-random.uniform(5, 14) * octaves / 10)
    aperiodicity[:, top:] = np.maximum(aperiodicity[:, top - 1 : top], np.minimum(1.0, 0.5 + octaves))


def _syllables(spoken: Spoken) -> list[tuple[int, int]]:
    """Find syllables, `(start, end)` in frames: from one dip of the loudness to the next, if enough is voiced."""
    loud = np.log(spoken.envelope.mean(1) + 1e-12)
    window = np.hanning(13)[1:-1]  # 55 ms
    smooth = np.convolve(np.pad(loud, 5, mode="edge"), window / window.sum(), mode="valid")
    inner = smooth[1:-1]
    dips = 1 + np.flatnonzero((inner < smooth[:-2]) & (inner <= smooth[2:]))
    borders, shortest = [0], int(SHORTEST_SYLLABLE_S / FRAME_S)
    for dip in [*dips.tolist(), len(loud)]:
        if dip - borders[-1] >= shortest:
            borders.append(dip)
    return [(a, b) for a, b in pairwise(borders) if (spoken.pitch_hz[a:b] > 0).mean() > 0.25]


def _score(
    spoken: Spoken, syllables: list[tuple[int, int]], random: Random, manner: Manner, contour: Values | None
) -> tuple[Values, Values]:
    """Decide where in the speech each sung frame is taken from, and its pitch in Hz, 0 if it is not voiced."""
    voiced = spoken.pitch_hz[spoken.pitch_hz > 0]
    base_hz = float(np.median(voiced)) * 2 ** random.uniform(-0.2, 0.9)
    if contour is None:
        place, semitones = _made_up(spoken, syllables, random, manner)
    else:
        spans = np.concatenate([np.arange(start, end, dtype=np.float64) for start, end in syllables])
        place, semitones = sung_along(contour, spans, random)
        semitones = np.round(semitones) if manner.glide == 0.0 else semitones
    semitones = np.zeros_like(semitones) if manner.monotone else semitones
    pitch_hz = np.clip(base_hz * 2 ** (semitones / 12), SUNG_LOWEST_HZ, SUNG_HIGHEST_HZ)
    is_voiced = _at(np.asarray(spoken.pitch_hz > 0, dtype=np.float64), place) > 0.5
    return place, np.where(is_voiced, pitch_hz, 0.0)


def _made_up(spoken: Spoken, syllables: list[tuple[int, int]], random: Random, manner: Manner) -> tuple[Values, Values]:
    """Make up a melody with a note for each syllable: places in the speech, and semitones, `[frames]` each."""
    beat_s, scale = random.uniform(0.16, 0.45), SCALES[random.integers(len(SCALES))]
    degree, places, notes = int(random.integers(len(scale))), [], []
    for start, end in syllables:
        held = _held(spoken, start, end, random.choice(BEATS) * beat_s)
        degree = int(np.clip(degree + random.integers(-2, 3), -3, len(scale) + 3))
        octave, step = divmod(degree, len(scale))
        places.append(held)
        notes.append(np.full(len(held), 12.0 * octave + scale[step]))
        if random.random() < 0.08:  # a breath
            rest = int(random.uniform(0.2, 1.2) / FRAME_S)
            places.append(np.zeros(rest))
            notes.append(np.full(rest, notes[-1][-1]))
    return np.concatenate(places), _moved(np.concatenate(notes), random, manner)


def _held(spoken: Spoken, start: int, end: int, seconds: float) -> Values:
    """Hold the voiced part of frames `start` to `end`, up to 8 times as long, so that they last `seconds`."""
    voiced = spoken.pitch_hz[start:end] > 0
    wanted = seconds / FRAME_S - (~voiced).sum()
    slow = float(np.clip(wanted / max(1, voiced.sum()), 0.8, 8.0))
    ends = np.cumsum(np.where(voiced, slow, 1.0))
    return start + np.interp(np.arange(int(ends[-1])), np.concatenate(([0.0], ends)), np.arange(end - start + 1))


def _moved(notes: Values, random: Random, manner: Manner) -> Values:
    """Add glides between notes, vibrato on long ones, and a tremble, all in semitones."""
    glide = max(1, int(random.uniform(0.4, 1.6) * manner.glide * GLIDE_S / FRAME_S))
    padded = np.pad(notes, (glide // 2, glide - glide // 2), mode="edge")
    sums = np.cumsum(padded)
    smooth = (sums[glide:] - sums[:-glide])[: len(notes)] / glide
    frames = np.arange(len(notes))
    changes = np.concatenate(([0], 1 + np.flatnonzero(np.diff(notes))))
    since_s = (frames - changes[np.searchsorted(changes, frames, side="right") - 1]) * FRAME_S
    depth = random.uniform(0.1, 0.7) if random.random() < 0.7 else 0.0
    swell = np.clip((since_s - VIBRATO_AFTER_S) / 0.3, 0, 1)
    vibrato = depth * swell * np.sin(2 * np.pi * random.uniform(4.5, 6.8) * frames * FRAME_S)
    drift = np.convolve(random.standard_normal(len(notes) + 20), np.ones(21) / 21, mode="valid")
    return np.asarray(smooth + manner.vibrato * vibrato + manner.drift * random.uniform(0.1, 0.6) * drift)


def _at(values: Values, places: Values) -> Values:
    """Interpolate `values` `[frames]` or `[frames, bins]` at fractional frames."""
    places = np.clip(places, 0, len(values) - 1.001)
    low = places.astype(np.int64)
    part = (places - low).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[low] * (1 - part) + values[np.minimum(low + 1, len(values) - 1)] * part)
