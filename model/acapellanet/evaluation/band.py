"""Synthesise a band for the stress tests: drums, bass, wide chords, a wall of saws. Stereo `[2, samples]`, 44.1 kHz."""

import numpy as np
import numpy.typing as npt

from acapellanet.audio import SAMPLE_RATE

Wave = npt.NDArray[np.float64]

CHORDS_HZ = ((220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (130.81, 164.81, 196.0), (196.0, 246.94, 293.66))
HIT_S = 0.12
"""How long a hit counts as sounding, in seconds."""


def band(seconds: float, bpm: float, random: np.random.Generator) -> Wave:
    """Play kick, snare, hats, bass and chords."""
    return _drums(seconds, bpm, random) + _bass(seconds, bpm) + 0.7 * chords(seconds, bpm)


def chords(seconds: float, bpm: float) -> Wave:
    """Play four chords of saws, one for each bar, detuned to either side."""
    time_s, bar = _time(seconds), _bar(seconds, bpm)
    sides = [sum(_saw(time_s, _of(tone, bar) * detune, 12) for tone in range(3)) for detune in (0.997, 1.003)]
    return 0.15 * np.stack(sides)


def wall(seconds: float, bpm: float, random: np.random.Generator) -> Wave:
    """Play a drop: seven detuned saws for each tone, a sub, noise, and kicks that duck everything."""
    time_s, bar = _time(seconds), _bar(seconds, bpm)
    beat_s = time_s % (60 / bpm)
    sides = []
    for side in (-1, 1):
        detunes = 1 + side * 0.004 * np.arange(-3, 4) + 0.0007 * random.standard_normal(7)
        sides.append(sum(_saw(time_s, 2 * _of(tone, bar) * d, 24) for tone in range(3) for d in detunes))
    saws = 0.08 * np.stack(sides) + 0.05 * random.standard_normal((2, time_s.size))
    sub = 0.9 * np.sin(2 * np.pi * np.cumsum(_of(0, bar) / 4) / SAMPLE_RATE)
    return (saws + sub) * np.clip(beat_s / 0.15, 0.2, 1) + _kick(beat_s)


def snares_and_clicks(seconds: float, random: np.random.Generator) -> tuple[Wave, npt.NDArray[np.bool_]]:
    """Play snares, claps, rim shots and clicks in turn, one each quarter of a second; also say when one sounds."""
    time_s = _time(seconds)
    hit = (time_s / 0.25).astype(int) % 4
    since_s = time_s % 0.25
    noise = random.standard_normal(time_s.size)
    body = np.sin(2 * np.pi * 190 * since_s) * np.exp(-since_s * 30)
    snare = 0.5 * noise * np.exp(-since_s * 25) + 0.5 * body
    clap = 0.5 * noise * np.exp(-(since_s % 0.012) * 200) * np.exp(-since_s * 30)
    rim = np.sin(2 * np.pi * 1700 * since_s) * np.exp(-since_s * 120)
    click = (since_s < 0.001) * np.sign(np.sin(2 * np.pi * 2500 * since_s))
    mono = 0.6 * np.choose(hit, (snare, click, clap, rim))
    return np.stack((mono, mono)), since_s < HIT_S


def _drums(seconds: float, bpm: float, random: np.random.Generator) -> Wave:
    time_s, beat = _time(seconds), 60 / bpm
    since_s = time_s % beat
    snare = 0.3 * random.standard_normal(time_s.size) * np.exp(-since_s * 25) * ((time_s / beat).astype(int) % 2)
    hats = 0.07 * np.diff(random.standard_normal(time_s.size + 2), 2) * np.exp(-(time_s % (beat / 2)) * 60)
    return np.stack((_kick(since_s) + snare + 0.5 * hats, _kick(since_s) + snare + hats))


def _kick(since_s: Wave) -> Wave:
    return np.asarray(
        0.8 * np.sin(2 * np.pi * (50 * since_s + 4 * (1 - np.exp(-since_s * 30)))) * np.exp(-since_s * 12)
    )


def _bass(seconds: float, bpm: float) -> Wave:
    time_s = _time(seconds)
    tone = _saw(time_s, _of(0, _bar(seconds, bpm)) / 4, 5)
    mono = 0.35 * tone * np.exp(-(time_s % (30 / bpm)) * 3)
    return np.stack((mono, mono))


def _saw(time_s: Wave, hz: Wave, partials: int) -> Wave:
    """Make a band-limited saw of `partials` partials."""
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE
    return np.asarray(sum(np.sin(k * phase + k * k) / k for k in range(1, partials)))


def _of(tone: int, bar: npt.NDArray[np.int64]) -> Wave:
    return np.asarray([chord[tone] for chord in CHORDS_HZ])[bar % len(CHORDS_HZ)]


def _bar(seconds: float, bpm: float) -> npt.NDArray[np.int64]:
    return np.asarray(_time(seconds) * bpm / 240, np.int64)


def _time(seconds: float) -> Wave:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
