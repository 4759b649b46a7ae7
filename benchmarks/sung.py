"""Test voices for the benchmarks: sung takes, the room around them, and where they stand in the stereo image."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

RATE_HZ = 44100
VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))
NOTES = (57, 60, 62, 64, 67, 64, 62, 60)
NOTE_S, PHRASE_S, REST_S = 0.6, 4.0, 0.8

Wave = npt.NDArray[np.float64]


def take(
    samples: int, seed: int, *, cents: float = 0, late_s: float = 0, transpose: int = 0, legato: float = 0.9
) -> Wave:
    """`[samples]`: one take of a sung line at -20 dBFS, with timing, vibrato, drift and consonants of its own.

    `legato` is the part of each note that is sung.
    """
    random = np.random.default_rng(seed)
    time_s = np.arange(samples) / RATE_HZ - late_s
    count = int(samples / RATE_HZ / NOTE_S) + 2
    onsets = np.arange(count) * NOTE_S + random.normal(0, 0.015, count)
    note = np.clip(np.searchsorted(onsets, time_s) - 1, 0, count - 1)
    since_s = time_s - onsets[note]
    knots = np.arange(0, time_s[-1] + 2, 0.7)
    drift = np.interp(time_s, knots, random.normal(0, 0.06, knots.size))
    vibrato = 0.25 * np.sin(2 * np.pi * (random.uniform(4.8, 6.2) * time_s + random.uniform()))
    steps = np.array(NOTES)[note % len(NOTES)] + transpose + cents / 100 + drift + vibrato
    hz = 440.0 * 2 ** ((np.convolve(np.pad(steps, (2205, 2204), mode="edge"), np.ones(4410) / 4410, "valid") - 69) / 12)
    formants = np.array(VOWELS_HZ)[note % len(VOWELS_HZ)].T * random.uniform(0.97, 1.03)
    voice = harmonics(hz, formants) * np.clip((legato * NOTE_S - since_s) / 0.06, 0, 1) * np.clip(since_s / 0.03, 0, 1)
    sung = (voice + 3 * hiss(samples, random) * np.exp(-((since_s / 0.03) ** 2))) * (
        time_s % (PHRASE_S + REST_S) < PHRASE_S
    )
    return level(sung)


def harmonics(hz: Wave, formants: Wave) -> Wave:
    """Forty partials of a moving pitch `[samples]` through three formants `[3, samples or 1]`."""
    phase = np.cumsum(hz) / RATE_HZ
    wave = np.zeros(hz.size)
    for number in range(1, 41):
        partial = number * hz
        loud = sum(np.exp(-(((partial - formant) / 160) ** 2)) for formant in formants) + 0.02
        wave += loud / number**0.5 * np.sin(2 * np.pi * number * phase) * (partial < 18000)
    return wave


def hiss(samples: int, random: np.random.Generator) -> Wave:
    """Noise from 4 to 9 kHz: an s."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    hz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    return np.fft.irfft(spectrum * ((hz > 4000) & (hz < 9000)), samples)


def level(wave: Wave) -> Wave:
    """At -20 dBFS."""
    return wave * (0.1 / np.sqrt(np.mean(np.square(wave))))


def room(wave: Wave, seed: int, decay_s: float = 1.2, delay_s: float = 0.05) -> Wave:
    """`[2, samples]`: late reverberation of `[samples]`, as loud as it, different in both channels."""
    random = np.random.default_rng(seed)
    time_s = np.arange(int(1.2 * decay_s * RATE_HZ)) / RATE_HZ
    size = 1 << (wave.size + time_s.size).bit_length()
    tails = []
    for _ in range(2):
        echo = random.standard_normal(time_s.size) * np.exp(-6.91 * time_s / decay_s) * (time_s > delay_s)
        tails.append(np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(echo, size), size)[: wave.size])
    tail = np.array(tails)
    return tail * np.sqrt(np.mean(np.square(wave)) / np.mean(np.square(tail)))


def stereo(wave: Wave) -> Wave:
    """In the middle."""
    return np.stack((wave, wave))


def panned(one: Wave, other: Wave, side: float) -> Wave:
    """Two voices, `side` 1 hard left and right, 0 both in the middle; constant power."""
    near, far = np.cos((1 - side) * np.pi / 4), np.sin((1 - side) * np.pi / 4)
    return np.stack((near * one + far * other, far * one + near * other))


def backings(samples: int) -> Iterator[tuple[str, Wave, Wave]]:
    """Name, lead and what is sung at the sides, `[2, samples]` each."""
    lead = stereo(take(samples, 0))
    third, fifth = (
        take(samples, 3, cents=5, late_s=0.02, transpose=4),
        take(samples, 4, cents=-5, late_s=0.02, transpose=7),
    )
    doubles = take(samples, 1, cents=6, late_s=0.02), take(samples, 2, cents=-7, late_s=0.03)
    yield "harmonies, hard left and right, 0 dB", lead, panned(third, fifth, 1)
    yield "harmonies, half-way to the sides, 0 dB", lead, panned(third, fifth, 0.5)
    yield "one harmony, hard left, 0 dB", lead, panned(third, 0 * third, 1)
    yield "lead off the middle by 1 dB, harmonies", lead * [[1.0], [0.89]], panned(third, fifth, 1)
    yield (
        "lead with room, harmonies with room",
        lead + 0.25 * room(lead[0], 9),
        panned(third, fifth, 1) + 0.3 * room(third, 8),
    )
    yield "doubles in unison, hard, -3 dB", lead, 0.7 * panned(*doubles, 1)
