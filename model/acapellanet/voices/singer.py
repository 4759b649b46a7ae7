"""Synthesise a singer from nothing: glottal pulses, formants that glide, breath and consonants. Mono, 44.1 kHz.

It serves stress tests whose truth must be known to the sample, and adds throats to training that no recording has. It
needs no licence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from acapellanet.audio import SAMPLE_RATE

Wave = npt.NDArray[np.float64]
"""Mono audio, `[samples]`."""

VOWELS_HZ = ((730, 1090, 2440, 3400), (530, 1840, 2480, 3500), (570, 840, 2410, 3300),
             (300, 870, 2240, 3200), (270, 2290, 3010, 3700))  # fmt: skip
"""Formants of a e o u i (Peterson and Barney 1952, men); the fourth is the singer's."""
BANDWIDTHS_HZ = (80.0, 100.0, 140.0, 200.0)
OPEN_SHARE = 0.6
"""Share of a period in which the glottis is open."""
CONSONANT_S = 0.07
FRAME, HOP = 1024, 256


@dataclass(frozen=True, slots=True)
class Throat:
    """The body that a voice comes from."""

    formant_scale: float = 1.0
    """Factor of all formants: 1 for a man, 1.15 for a woman, 1.3 for a child."""
    breath: float = 0.02
    tilt_db: float = 0.0
    """Change of the source's slope above 500 Hz, in decibels per octave; negative is darker."""


def sing(
    notes_hz: Sequence[float],
    note_s: float,
    seconds: float,
    vibrato: float,
    random: np.random.Generator,
    throat: Throat = Throat(),
) -> Wave:
    """Sing notes of `note_s` again and again, each a syllable; every eighth is a rest. The peak is 1.

    `vibrato`: depth as a fraction of the pitch, 0 for none; it sets in after 0.2 s.
    """
    samples = round(seconds * SAMPLE_RATE)
    time_s = np.arange(samples) / SAMPLE_RATE
    note = (time_s / note_s).astype(int)
    since_s = time_s - note * note_s
    pitch = _pitch(np.asarray(notes_hz)[note % len(notes_hz)], time_s, since_s, vibrato, random)
    is_sung = (note % 8 != 7) & (since_s > CONSONANT_S) & (since_s < note_s - 0.02)
    gate = _smooth(is_sung.astype(float), 0.03)
    pulses, opening = _glottis(pitch)
    breath = throat.breath * random.standard_normal(samples) * (0.3 + opening)
    voiced = _through_formants((pulses + breath) * gate, note % len(VOWELS_HZ), throat)
    voiced /= np.abs(voiced).max() + 1e-12
    whole = voiced + 0.25 * _consonants(note, since_s, random)
    return np.asarray(whole / (np.abs(whole).max() + 1e-12))


def someone(random: np.random.Generator, samples: int) -> Wave:
    """Let somebody sing something, `[samples]`: any throat, from a bass to a child, steady or with vibrato."""
    throat = Throat(
        formant_scale=0.85 + 0.45 * random.random() ** 1.7,  # more men than children, whom the recordings lack
        breath=random.uniform(0.0, 0.08),
        tilt_db=random.uniform(-4.0, 6.0),
    )
    base_hz = 75.0 * 2 ** (random.uniform(0.0, 1.3) + 1.5 * (throat.formant_scale - 0.85) / 0.45)
    notes_hz = base_hz * 2 ** (random.choice((0, 2, 3, 4, 5, 7, 9, 10, 12), 16) / 12)
    if random.random() < 0.3:
        notes_hz[:] = base_hz  # on one note
    vibrato = random.uniform(0.005, 0.035) if random.random() < 0.5 else 0.0
    return sing(notes_hz.tolist(), random.uniform(0.12, 0.9), samples / SAMPLE_RATE, vibrato, random, throat)[:samples]


def _pitch(target_hz: Wave, time_s: Wave, since_s: Wave, vibrato: float, random: np.random.Generator) -> Wave:
    """Compute a pitch with glides of 60 ms between notes, vibrato, and jitter of half a percent."""
    jitter = _smooth(random.standard_normal(time_s.size), 0.02)
    jitter *= 0.005 / (jitter.std() + 1e-12)
    sway = vibrato * np.sin(2 * np.pi * 5.5 * time_s) * np.clip((since_s - 0.2) / 0.2, 0, 1)
    return np.asarray(_smooth(target_hz, 0.06) * (1 + sway + jitter))


def _glottis(pitch_hz: Wave) -> tuple[Wave, Wave]:
    """Compute the flow's derivative after Liljencrants and Fant (1985), and how far the glottis is open, 0..1."""
    phase = np.cumsum(pitch_hz) / SAMPLE_RATE % 1
    open_phase = phase / OPEN_SHARE
    is_open = open_phase < 1
    opening = np.where(is_open, np.sin(np.pi * np.minimum(open_phase, 1)), 0.0)
    rise = np.exp(2.5 * (np.minimum(open_phase, 1) - 1)) * np.sin(1.3 * np.pi * np.minimum(open_phase, 1))
    back = np.sin(1.3 * np.pi) * np.exp(-(phase - OPEN_SHARE) / 0.04)
    return np.where(is_open, rise, back), opening


def _through_formants(source: Wave, vowel: npt.NDArray[np.int64], throat: Throat) -> Wave:
    """Filter each frame of the source by the resonances of its vowel; formants glide over 50 ms."""
    formants = np.asarray(VOWELS_HZ, np.float64)[vowel].T * throat.formant_scale
    tracks = np.stack([_smooth(formant, 0.05) for formant in formants])
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME))
    padded = np.pad(source, (FRAME, 2 * FRAME))
    out = np.zeros_like(padded)
    frequency: Wave = np.asarray(np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE), np.float64)
    tilt = 10 ** (throat.tilt_db * np.log2(np.maximum(frequency, 500.0) / 500.0) / 20)
    for start in range(0, padded.size - FRAME, HOP):
        centre = min(max(start - FRAME // 2, 0), source.size - 1)
        spectrum = np.fft.rfft(padded[start : start + FRAME] * window) * tilt * _envelope(frequency, tracks[:, centre])
        out[start : start + FRAME] += np.fft.irfft(spectrum, FRAME) * window
    return np.asarray(out[FRAME : FRAME + source.size] * HOP * 2 / FRAME)


def _envelope(frequency_hz: Wave, formants_hz: Wave) -> Wave:
    """Compute the gain of each bin: resonances in parallel, each a little weaker than the one below."""
    gains = [
        0.7**place / (1 + ((frequency_hz - formant) / width) ** 2)
        for place, (formant, width) in enumerate(zip(formants_hz, BANDWIDTHS_HZ, strict=True))
    ]
    return np.asarray(np.sqrt(np.sum(gains, axis=0) + 1e-4))


def _consonants(note: npt.NDArray[np.int64], since_s: Wave, random: np.random.Generator) -> Wave:
    """Begin syllables, in turn, with s (a hiss that swells), t (a click and a breath), or nothing."""
    hiss = np.diff(random.standard_normal(note.size + 2), 2) / 2
    is_sung = note % 8 != 7
    swell = np.sin(np.pi * np.clip(since_s / CONSONANT_S, 0, 1)) * 0.5
    burst = np.exp(-since_s / 0.008) * (since_s < CONSONANT_S)
    return np.asarray(hiss * is_sung * np.where(note % 3 == 0, swell, np.where(note % 3 == 1, burst, 0.0)))


def _smooth(values: Wave, seconds: float) -> Wave:
    """Average under a raised cosine of that length, as if the ends continued."""
    kernel = np.hanning(max(3, round(seconds * SAMPLE_RATE)) | 1)
    padded = np.pad(values, kernel.size // 2, "edge")
    size = 1 << int(np.ceil(np.log2(padded.size + kernel.size)))
    spectrum = np.fft.rfft(padded, size) * np.fft.rfft(kernel / kernel.sum(), size)
    return np.asarray(np.fft.irfft(spectrum, size)[kernel.size - 1 :][: values.size])
