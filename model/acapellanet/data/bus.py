"""Do to voice and music at once what a mix engineer does: ducking, pumping, a room, bus compression, mastering.

Whatever is computed from the sum is applied to both stems alike, as a gain or a filter, so that they still add up to
the mixture. All functions take and return vocals and music, float32 `[2, samples]`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from acapellanet.audio import Samples
from acapellanet.data.augment import CODEC_FFT, CODEC_HOP, RATE_HZ, Random, compression_gains, db, rms, room
from acapellanet.net.transforms import istft, stft

Stems = tuple[Samples, Samples]
Effect = Callable[[Random, Samples, Samples], Stems]
BLOCK = 441
"""Length of the blocks of an envelope, in samples: 10 ms."""
CEILING = 0.98
SMALLEST = 1e-5


def mixed_as_in_a_studio(
    random: Random, vocals: Samples, music: Samples, effects: Sequence[tuple[float, Effect]] | None = None
) -> Stems:
    """Apply each of `effects` (default: `EFFECTS`) with its chance, in their order."""
    for chance, effect in EFFECTS if effects is None else effects:
        if random.random() < chance:
            vocals, music = effect(random, vocals, music)
    return vocals, music


def duck(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Lower the music by up to 9 dB while the voice sounds."""
    level = _followed(_envelope(vocals), random.uniform(0.05, 0.4))
    depth_db = random.uniform(1.5, 9.0)
    gains = 10.0 ** (-depth_db / 20 * np.clip(level / (level.max() + SMALLEST), 0, 1))
    return vocals, _scaled(music, gains)


def pump(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Let the music, sometimes the voice too, swell between beats of 100 to 150 BPM, as under a kick's side chain."""
    beat = RATE_HZ * 60 / random.uniform(100, 150)
    phase = ((np.arange(music.shape[1]) + random.uniform(0, beat)) % beat) / beat
    floor = db(random.uniform(-15, -3))
    gains = (floor + (1 - floor) * np.clip(phase / random.uniform(0.3, 0.9), 0, 1)).astype(np.float32)
    return (vocals * gains if random.random() < 0.4 else vocals), music * gains


def share_room(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Put voice and music into the same room."""
    samples = vocals.shape[1]
    size = 1 << (samples - 1).bit_length()
    response = np.fft.rfft(room(random, RATE_HZ), size)
    both = (np.fft.irfft(np.fft.rfft(stem, size) * response, size)[:, :samples] for stem in (vocals, music))
    wet_vocals, wet_music = (np.asarray(stem, dtype=np.float32) for stem in both)
    return wet_vocals, wet_music


def compress_bus(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Compress both by what the sum asks for."""
    gains = compression_gains(random, vocals + music)
    return vocals * gains, music * gains


def saturate_bus(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Bend the sum's peaks as tape or a clipper does, both stems by the same factor at every sample."""
    mixture = vocals + music
    drive = np.float32(random.uniform(0.5, 3.0) / (4 * rms(mixture) + 1e-6))
    driven = drive * mixture
    near_zero = np.abs(driven) < 1e-3
    factor = np.where(near_zero, 1.0, np.tanh(driven) / np.where(near_zero, 1.0, driven)).astype(np.float32)
    return vocals * factor, music * factor


def master(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Master to -16 to -8 dBFS over the louder parts, held below full scale by a limiter with a release."""
    mixture = vocals + music
    gain = db(random.uniform(-16, -8)) / (rms(mixture) + 1e-6)
    peaks = _blocks(np.abs(gain * mixture).max(0)).max(1)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(peaks, 1), 3).max(1)  # gains glide between blocks
    held = _followed(np.maximum(around, CEILING), random.uniform(0.03, 0.25))
    gains = np.asarray(gain * CEILING / np.maximum(held, CEILING), dtype=np.float32)
    return _scaled(vocals, gains), _scaled(music, gains)


def encode(random: Random, vocals: Samples, music: Samples) -> Stems:
    """Encode at a low bit rate: nothing above 10 to 18 kHz, and holes where a bin is far below its frame."""
    samples = vocals.shape[1]
    spectra = stft(torch.from_numpy(np.stack((vocals, music))), CODEC_FFT, CODEC_HOP)
    magnitude = spectra.sum(0).abs()
    kept = magnitude >= magnitude.amax(1, keepdim=True) * db(random.uniform(-75, -45))
    kept[:, int(random.uniform(10_000, 18_000) * CODEC_FFT / RATE_HZ) :] = False
    coded = istft(spectra * kept, CODEC_FFT, CODEC_HOP, samples).numpy()
    return coded[0], coded[1]


EFFECTS: tuple[tuple[float, Effect], ...] = (
    *((0.12, duck), (0.08, pump), (0.08, share_room), (0.25, compress_bus), (0.2, saturate_bus)),
    *((0.35, master), (0.12, encode)),
)
"""Chance and effect, in the order in which they are applied."""


def _blocks(wave: Samples) -> Samples:
    """Cut `[samples]` into `[blocks, BLOCK]`, the last one padded with zeros."""
    count = -(-wave.shape[0] // BLOCK)
    return np.pad(wave, (0, count * BLOCK - wave.shape[0])).reshape(count, BLOCK)


def _envelope(audio: Samples) -> Samples:
    """Compute the RMS of each block over both channels."""
    return np.asarray(np.sqrt(_blocks(np.square(audio).mean(0)).mean(1)), dtype=np.float32)


def _followed(levels: Samples, release_s: float) -> Samples:
    """Follow levels upward at once and downward slowly."""
    keep = float(np.exp(-BLOCK / RATE_HZ / release_s))
    held, last = [], 0.0
    for level in levels.tolist():
        last = max(level, keep * last)
        held.append(last)
    return np.asarray(held, dtype=np.float32)


def _scaled(audio: Samples, gains: Samples) -> Samples:
    """Multiply `audio` by gains of its blocks, which glide from the middle of one block to that of the next."""
    middles = (np.arange(len(gains)) + 0.5) * BLOCK
    return np.asarray(audio * np.interp(np.arange(audio.shape[1]), middles, gains), dtype=np.float32)
