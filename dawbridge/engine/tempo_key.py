"""Tempo and key of a bounce, from a few excerpts, so that an hour costs no more time and memory than four minutes.

Tempo: the onsets' strength is correlated with itself. A tempo is good if it is strong after whole beats; if it is as
strong after half ones, twice the tempo is meant. Between half and double tempo that would both do, a preference for
120 decides, and the confidence says how close it was. The exact figure comes from the peaks many beats later.

Key: the mean chroma against profiles of all 24 keys. Sources: D. Temperley, "What's key for key? The
Krumhansl-Schmuckler key-finding algorithm reconsidered", Music Perception 17 (1999); C. Krumhansl, "Cognitive
Foundations of Musical Pitch" (1990).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio.files import open_source
from dawbridge.engine.music import Key, Tempo, TempoKey

Samples = NDArray[np.float32]
Reader = Callable[[int, int], Samples]
"""`(start, stop) → [channels, stop - start]` in samples."""
Curve = NDArray[np.float64]

EXCERPT_S = 30.0
EXCERPTS = 4
RATE_HZ = 22050
SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
PREFERRED_BPM, SPREAD_OCTAVES = 120.0, 0.8
"""Of equally good tempi the one nearest to this is meant; how far from it a tempo may be and still be likely."""
LEAST_S = 4.0
"""Shorter audio has neither tempo nor key that could be relied on."""

_WINDOW, _HOP = 1024, 256
_BANDS, _MELS = 4, 64
_HIGHEST_HZ = 10000.0
_BEATS = 16
"""Beats over which a tempo must hold."""
_PROFILES = (
    (
        (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
        (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
    ),
    (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
)  # fmt: skip
"""Major and minor by Temperley and by Krumhansl and Kessler, from the tonic upwards."""


def estimate(read: Reader, frames: int, sample_rate: int, check: Callable[[], None] = lambda: None) -> TempoKey:
    """Tempo and key of audio that can be read span by span, `frames` samples at `sample_rate`.

    `check` is called between excerpts, and may raise to end it.
    """
    if frames < LEAST_S * sample_rate:
        return TempoKey()
    correlations, chromas = [], []
    for start, stop in excerpts(frames, sample_rate):
        check()
        mono = _mono(read(start, stop), sample_rate)
        if np.abs(mono).max(initial=0.0) < 1e-4:
            continue
        correlations += [_autocorrelation(curve) for curve in _onsets(mono)]
        chromas.append(_chroma(mono))
    if not correlations:
        return TempoKey()
    longest = max(map(len, correlations))
    summed = np.sum([np.pad(curve, (0, longest - len(curve))) for curve in correlations], axis=0)
    return TempoKey(tempo_of(summed, RATE_HZ / _HOP), key_of(np.sum(chromas, axis=0)))


def of_file(path: Path, check: Callable[[], None] = lambda: None) -> TempoKey:
    """Tempo and key of an audio file; `check` as for `estimate`. Raises `AudioError`."""
    with open_source(path) as source:

        def read(start: int, stop: int) -> Samples:
            return source.read(start, stop - start).astype(np.float32)

        return estimate(read, source.info.frames, source.info.sample_rate, check)


def excerpts(frames: int, sample_rate: int) -> list[tuple[int, int]]:
    """Spans `(start, stop)` in samples: all of short audio, else `EXCERPTS` of it, spread evenly."""
    length = round(EXCERPT_S * sample_rate)
    if frames <= EXCERPTS * length:
        return [
            (start, min(start + length, frames)) for start in range(0, frames, length) if frames - start > length / 4
        ]
    gap = (frames - EXCERPTS * length) / EXCERPTS
    starts = [round((number + 0.5) * gap + number * length) for number in range(EXCERPTS)]
    return [(start, start + length) for start in starts]


def tempo_of(correlation: Curve, frames_per_s: float) -> Tempo | None:
    """The tempo whose beats the onsets' autocorrelation shows; `correlation[0]` is 1 per curve that went into it."""
    if correlation[0] <= 0:
        return None
    correlation = correlation / correlation[0]
    candidates = SLOWEST_BPM * 2 ** np.arange(0, np.log2(FASTEST_BPM / SLOWEST_BPM), 1 / 480)
    likely = np.exp(-0.5 * (np.log2(candidates / PREFERRED_BPM) / SPREAD_OCTAVES) ** 2)
    scores = np.array(
        [_score(correlation, 60 * frames_per_s / bpm, bool(2 * bpm <= FASTEST_BPM)) for bpm in candidates]
    )
    weighted = scores * likely
    best = int(weighted.argmax())
    if scores[best] <= 0:
        return None
    lag = _refined(correlation, 60 * frames_per_s / candidates[best])
    rivals = np.abs(np.log2(candidates / candidates[best])) > 0.05
    rival = weighted[rivals].max(initial=0.0) / weighted[best]
    clear = min(1.0, max(0.0, 2.5 * (1 - rival)))
    strong = min(1.0, scores[best] / 0.25)
    return Tempo(round(float(60 * frames_per_s / lag), 2), round(float(strong * (0.2 + 0.8 * clear)), 2))


def key_of(chroma: Curve) -> Key | None:
    """The key whose profiles correlate best with `[12]` pitch classes from C upwards."""
    if chroma.max(initial=0.0) <= 0 or np.ptp(chroma) < 1e-9:
        return None
    fits = {
        (tonic, minor): float(np.mean([np.corrcoef(chroma, np.roll(pair[minor], tonic))[0, 1] for pair in _PROFILES]))
        for tonic in range(12)
        for minor in (False, True)
    }
    (tonic, minor), second = sorted(fits, key=lambda key: -fits[key])[:2]
    best = fits[tonic, minor]
    confidence = max(0.0, min(1.0, best)) * min(1.0, 0.25 + 6 * (best - fits[second]))
    return Key(tonic, minor, round(confidence, 2))


def _mono(samples: Samples, sample_rate: int) -> Samples:
    import soxr

    mixed = samples.mean(axis=0, dtype=np.float32)
    mixed -= mixed.mean()
    return np.asarray(soxr.resample(mixed, sample_rate, RATE_HZ), np.float32)


def _onsets(mono: Samples) -> Curve:
    """Onset strength in a few bands, `[bands, frames]`, with its slow swell taken off.

    In one band alone the hi-hat, which is in all of it, would hide what kick and snare do.
    """
    windows = np.lib.stride_tricks.sliding_window_view(mono, _WINDOW)[::_HOP] * np.hanning(_WINDOW).astype(np.float32)
    power = (np.abs(np.fft.rfft(windows)) ** 2).T  # [bins, frames]
    loud = 10 * np.log10(np.maximum(_mel() @ power, 1e-10))
    loud = np.maximum(loud, loud.max() - 60)
    rises = np.maximum(np.diff(loud, axis=1), 0.0)
    bands = rises.reshape(_BANDS, -1, rises.shape[1]).mean(axis=1)
    around = 2 * (RATE_HZ // _HOP) + 1
    curves = []
    for band in bands:
        swell = np.convolve(np.pad(band, around // 2, mode="edge"), np.full(around, 1 / around), mode="valid")
        smooth = np.convolve(np.maximum(band - swell[: band.size], 0.0), (0.25, 0.5, 0.25), mode="same")
        curves.append(smooth - smooth.mean())
    return np.asarray(curves, np.float64)


@cache
def _mel() -> Samples:
    """`[_MELS, bins]`: triangles, evenly spaced in mel, each with the same area."""
    mel = np.linspace(0, 2595 * np.log10(1 + _HIGHEST_HZ / 700), _MELS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hz = np.arange(_WINDOW // 2 + 1) * RATE_HZ / _WINDOW
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.clip(np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)), 0, None)
    return np.asarray(triangles * 2 / (high - low), np.float32)


def _autocorrelation(curve: Curve) -> Curve:
    """Of `[frames]`, unbiased: 1 at lag 0, for lags of up to two thirds of the curve."""
    size = 1 << (2 * curve.size).bit_length()
    raw = np.fft.irfft(np.abs(np.fft.rfft(curve, size)) ** 2, size)[: 2 * curve.size // 3]
    if raw[0] <= 0:
        return np.zeros(raw.size)
    return np.asarray(raw / raw[0] * (curve.size / (curve.size - np.arange(raw.size))))


def _score(correlation: Curve, lag: float, may_be_twice_as_fast: bool) -> float:
    """How well the onsets agree after whole beats of `lag` frames.

    Less if they agree after half beats as well, since then the beat is half as long, and less if they agree after
    thirds but not after halves: music in which beats have three parts is rarer than a beat taken one and a half times
    as long.
    """
    beats = np.arange(1, _BEATS + 1, dtype=np.float64)
    whole = _at(correlation, beats * lag)
    if whole.size < 3 or whole.mean() <= 0:
        return 0.0
    half, third = (max(0.0, _at(correlation, (beats - part) * lag).mean() / whole.mean()) for part in (1 / 2, 1 / 3))
    score = whole.mean()
    if may_be_twice_as_fast:
        score *= 1 - 0.35 * min(1.0, half) ** 4
    if third > half:
        score *= 1 - 0.35 * min(1.0, third) ** 2
    return float(score)


def _at(correlation: Curve, lags: Curve) -> Curve:
    inside = lags[lags < correlation.size - 1]
    return np.asarray(np.interp(inside, np.arange(correlation.size), correlation))


def _refined(correlation: Curve, lag: float) -> float:
    """The beat in frames, from the peaks further and further away; each must be where the ones before say."""
    for beats in (1, 2, 4, 8, 16):
        place = round(beats * lag)
        reach = max(1, round(0.08 * lag))
        if place + reach + 2 >= correlation.size:
            break
        around = correlation[place - reach : place + reach + 1]
        peak = int(around.argmax())
        if 0 < peak < around.size - 1 and around[peak] > 0:
            before, at, after = around[peak - 1 : peak + 2]
            lag = (place - reach + peak + 0.5 * (before - after) / (before - 2 * at + after)) / beats
    return lag


def _chroma(mono: Samples) -> Curve:
    """Mean chroma `[12]` from C upwards, each frame counted alike, tuned to the excerpt's own A."""
    size, hop = 8192, 4096
    if mono.size < size:
        return np.zeros(12)
    windows = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop] * np.hanning(size).astype(np.float32)
    power = np.abs(np.fft.rfft(windows)) ** 2  # [frames, bins]
    hz = np.arange(power.shape[1]) * RATE_HZ / size
    audible = (hz > 60) & (hz < 2100)
    steps = 12 * np.log2(hz[audible] / 440.0) + 69
    loud = np.sqrt(power[:, audible])
    peaks = loud * ((loud >= np.roll(loud, 1, 1)) & (loud > np.roll(loud, -1, 1)))
    weights = peaks.sum(axis=0)
    off = float(np.angle((weights * np.exp(2j * np.pi * steps)).sum()) / (2 * np.pi))  # -0.5..0.5 semitones
    classes = np.round(steps - off).astype(int) % 12
    chroma = np.stack([peaks[:, classes == number].sum(axis=1) for number in range(12)], axis=1)
    totals = chroma.sum(axis=1, keepdims=True)
    frames = chroma[totals[:, 0] > 0.02 * totals.max()] / totals[totals[:, 0] > 0.02 * totals.max()]
    return np.asarray(frames.mean(axis=0) if frames.size else np.zeros(12))
