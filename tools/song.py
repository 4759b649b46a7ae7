"""Synthesizes a song: drums, bass, wide chords and a formant voice in the middle, 120 BPM, stereo.

It serves to show and measure dawbridge where no recording is at hand.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

BEAT_S = 0.5
CHORDS_HZ = ((220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (130.81, 164.81, 196.0), (196.0, 246.94, 293.66))
MELODY_HZ = (440.0, 493.88, 523.25, 440.0, 392.0, 440.0, 349.23, 329.63)
VOWELS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (570, 840, 2410), (300, 870, 2240), (270, 2290, 3010))
"""First three formants of five sung vowels (Peterson & Barney 1952, men)."""


def make_song(duration_s: float, sample_rate: int = 44100, seed: int = 2017) -> tuple[Samples, Samples]:
    """Vocals and instrumental, `[2, samples]` each; their sum peaks at -1 dBFS. Every fourth bar is without voice."""
    noise = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * sample_rate)) / sample_rate
    vocals = _voice(time_s, sample_rate)
    music = _drums(time_s, noise) + _bass(time_s) + _chords(time_s)
    scale = 10 ** (-1 / 20) / np.abs(vocals + music).max()
    return vocals * scale, music * scale


def _voice(time_s: Samples, sample_rate: int) -> Samples:
    """Harmonics of a gliding, vibrating pitch under the envelope of three formants; centred."""
    note = (time_s / BEAT_S).astype(int)
    smooth = np.hanning(round(0.06 * sample_rate))
    pitch = np.asarray(MELODY_HZ)[note % len(MELODY_HZ)]
    vibrato = 1 + 0.012 * np.sin(2 * np.pi * 5.5 * time_s) * np.minimum(1, (time_s % BEAT_S) / 0.2)
    pitch = np.convolve(np.pad(pitch, smooth.size // 2, "edge"), smooth / smooth.sum(), "same")
    pitch = pitch[smooth.size // 2 :][: time_s.size] * vibrato / 2
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    formants = np.asarray(VOWELS_HZ)[note % len(VOWELS_HZ)].T
    voice = np.zeros_like(time_s)
    for harmonic in range(1, 24):
        frequency = harmonic * pitch
        envelope = sum(
            1 / (level * (1 + ((frequency - f) / (60 + f / 25)) ** 2)) for level, f in enumerate(formants, 1)
        )
        voice += envelope * np.sin(harmonic * phase) / harmonic**0.3
    sung = ((time_s / (4 * BEAT_S)).astype(int) % 4 != 3) * np.minimum(1, (time_s % BEAT_S) / 0.03)
    gate = np.convolve(sung, smooth / smooth.sum(), "same")
    return np.tile(0.6 * voice * gate, (2, 1))


def _drums(time_s: Samples, noise: np.random.Generator) -> Samples:
    """Kick on the beat, snare on two and four, hats a little to one side."""
    beat = time_s % BEAT_S
    kick = np.sin(2 * np.pi * (50 * beat + 8 * (1 - np.exp(-beat * 30)))) * np.exp(-beat * 12)
    snare = noise.standard_normal(time_s.size) * np.exp(-beat * 25) * ((time_s / BEAT_S).astype(int) % 2)
    hiss = np.diff(noise.standard_normal(time_s.size + 2), 2)
    hats = hiss * np.exp(-(time_s % (BEAT_S / 2)) * 60)
    return np.stack([0.8 * kick + 0.25 * snare + 0.05 * hats, 0.8 * kick + 0.25 * snare + 0.1 * hats])


def _bass(time_s: Samples) -> Samples:
    root = np.asarray([chord[0] for chord in CHORDS_HZ])[(time_s / (4 * BEAT_S)).astype(int) % 4] / 4
    phase = 2 * np.pi * np.cumsum(root) * (time_s[1] - time_s[0] if time_s.size > 1 else 0)
    tone = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.15 * np.sin(3 * phase)
    return np.tile(0.35 * tone * np.exp(-(time_s % (BEAT_S / 2)) * 3), (2, 1))


def _chords(time_s: Samples) -> Samples:
    """Detuned saws, other voices left than right: wide."""
    bar = (time_s / (4 * BEAT_S)).astype(int) % 4
    sides = []
    for detune in (0.997, 1.003):
        side = np.zeros_like(time_s)
        for tone in range(3):
            frequency = np.asarray([chord[tone] for chord in CHORDS_HZ])[bar] * detune ** (tone + 1)
            phase = np.cumsum(frequency) * (time_s[1] - time_s[0] if time_s.size > 1 else 0)
            side += sum(np.sin(2 * np.pi * k * phase + tone + detune * 9) / k for k in range(1, 12))
        sides.append(0.09 * side)
    return np.stack(sides)
