"""Separate by repetition (what repeats is music, the rest is voice): the classic that a network has to beat.

REPET-SIM (Rafii & Pardo 2012, "Music/Voice Separation Using the Similarity Matrix") as librosa's gallery shows
it: each frame is compared with the frames most like it, at least two seconds away; their median is the
music, and a soft mask gives the rest. It has no weights and needs no training.
"""

import librosa
import numpy as np

from acapellanet.audio import SAMPLE_RATE, Samples

FFT_SAMPLES, HOP_SAMPLES = 2048, 512
APART_S = 2.0
VOICE_MARGIN, POWER = 10.0, 2.0
PIECE_S = 60
"""Longest piece, in seconds: the comparison grows with the square of the length."""


def repet(mixture: Samples) -> Samples:
    """Estimate the vocals of `[2, samples]` at 44.1 kHz, in the same shape."""
    pieces = max(1, round(mixture.shape[1] / (PIECE_S * SAMPLE_RATE)))
    return np.concatenate([_piece(piece) for piece in np.array_split(mixture, pieces, axis=1)], axis=1)


def _piece(mixture: Samples) -> Samples:
    samples = mixture.shape[1]
    width = int(librosa.time_to_frames(APART_S, sr=SAMPLE_RATE, hop_length=HOP_SAMPLES))
    if samples // HOP_SAMPLES <= 2 * width:
        return np.zeros_like(mixture)  # too short to repeat anything
    spectrum = librosa.stft(mixture, n_fft=FFT_SAMPLES, hop_length=HOP_SAMPLES)  # [2, bins, frames]
    magnitude = np.abs(spectrum).mean(0)
    repeating = librosa.decompose.nn_filter(magnitude, aggregate=np.median, metric="cosine", width=width)
    repeating = np.minimum(magnitude, repeating)
    mask = librosa.util.softmask(magnitude - repeating, VOICE_MARGIN * repeating, power=POWER)
    vocals = librosa.istft(spectrum * mask, n_fft=FFT_SAMPLES, hop_length=HOP_SAMPLES, length=samples)
    return np.asarray(vocals, dtype=np.float32)
