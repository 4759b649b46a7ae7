"""Measure what a listener notices: bleed, missing sound, leaks in pauses, and the worst moments of a stem.

All functions take `[channels, samples]`, the true stem first, and return `nan` if the measure is not defined for it.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acapellanet.errors import DataError
from acapellanet.evaluation.metrics import Audio, usdr
from acapellanet.extras import extra_module

FFT_SAMPLES, HOP_SAMPLES, MELS, RANGE_DB = 4096, 1024, 512, 80.0
"""The transform that the leaderboards use, on which bleedless and fullness depend."""
SMALLEST_MAGNITUDE = 1e-10
SILENT_DB, SOUNDING_DB = -60.0, -40.0
"""Levels to the loudest second, in decibels: below the first a second is a pause, above the latter it sounds."""
LEAST_RATIO = 1e-9


def bleedless_and_fullness(truth: Audio, estimate: Audio, sample_rate: int) -> tuple[float, float]:
    """Compute how free of other sound and how complete the estimate is, each 0 to 100.

    100 / (1 + the mean of what is too much, and of what is missing) of mel spectrograms in decibels, as public
    leaderboards of source separation define them (ZFTurbo/Music-Source-Separation-Training). Both depend on the level
    and on the song: compare models on the same songs only.
    """
    true_db, estimated_db = (_mel_db(audio, sample_rate) for audio in (truth, estimate))
    difference = estimated_db - true_db
    too_much, too_little = difference[difference > 0], -difference[difference < 0]
    return _score(too_much), _score(too_little)


def log_wmse(mixture: Audio, truth: Audio, estimate: Audio, sample_rate: int) -> float:
    """Compute log-WMSE, a frequency-weighted error that is also defined for silence; higher is better.

    `nan` unless the package of the extra `judge` is installed.
    """
    try:
        package = extra_module("log_wmse_audio_quality", "pip install 'dawbridge[judge]'")
    except DataError:
        return float("nan")
    stems = (np.ascontiguousarray(audio, dtype=np.float32) for audio in (mixture, estimate, truth))
    return float(package.calculate_log_wmse(*stems, sample_rate))


def leak_db(truth: Audio, estimate: Audio, mixture: Audio, sample_rate: int) -> float:
    """Compute the energy of the estimate over the mixture's, in decibels, in the seconds in which the stem pauses."""
    powers = _powers(truth, sample_rate)
    pauses = powers <= powers.max(initial=0.0) * 10 ** (SILENT_DB / 10)
    heard = float(_powers(mixture, sample_rate)[pauses].sum())
    if heard <= 0.0:
        return float("nan")
    return float(10 * np.log10(float(_powers(estimate, sample_rate)[pauses].sum()) / heard + LEAST_RATIO))


def share_lost(truth: Audio, estimate: Audio, sample_rate: int) -> float:
    """Compute the share of the stem that is not in the estimate, 0 to 1: the mean over the seconds in which it sounds.

    In each second, the part of the estimate that follows the stem's own waveform counts as kept.
    """
    kept = [
        float((a.astype(np.float64) * b).sum() / np.square(a, dtype=np.float64).sum())
        for a, b in _sounding(truth, estimate, sample_rate)
    ]
    return float(1.0 - np.clip(kept, 0.0, 1.0).mean()) if kept else float("nan")


def tenth_percentile_sdr(truth: Audio, estimate: Audio, sample_rate: int) -> float:
    """Compute the SDR in decibels that nine of ten sounding seconds exceed."""
    values = [usdr(a, b) for a, b in _sounding(truth, estimate, sample_rate)]
    known = [value for value in values if np.isfinite(value)]
    return float(np.percentile(known, 10)) if known else float("nan")


def _mel_db(audio: Audio, sample_rate: int) -> Tensor:
    """Compute a mel spectrogram in decibels, `[channels, mels, frames]`, at most `RANGE_DB` below its loudest value."""
    from librosa.filters import mel  # slow to import

    window = torch.hann_window(FFT_SAMPLES)
    wave = torch.from_numpy(np.ascontiguousarray(audio, dtype=np.float32))
    spectrum = torch.stft(wave, FFT_SAMPLES, HOP_SAMPLES, window=window, pad_mode="constant", return_complex=True).abs()
    bands = torch.from_numpy(mel(sr=sample_rate, n_fft=FFT_SAMPLES, n_mels=MELS))
    level_db = 20 * torch.log10((bands @ spectrum).clamp_min(SMALLEST_MAGNITUDE))
    return level_db.clamp_min(float(level_db.max()) - RANGE_DB)


def _score(excess_db: Tensor) -> float:
    return 100.0 / (1.0 + (float(excess_db.mean()) if excess_db.numel() else 0.0))


def _powers(audio: Audio, sample_rate: int) -> NDArray[np.float64]:
    """Compute the energy of each whole second."""
    seconds = audio.shape[1] // sample_rate
    blocks = audio[:, : seconds * sample_rate].reshape(audio.shape[0], seconds, sample_rate)
    return np.asarray(np.square(blocks, dtype=np.float64).sum((0, 2)))


def _sounding(truth: Audio, estimate: Audio, sample_rate: int) -> list[tuple[Audio, Audio]]:
    """Cut out the seconds in which the true stem is heard, of both."""
    powers = _powers(truth, sample_rate)
    chosen = np.flatnonzero(powers > max(powers.max(initial=0.0) * 10 ** (SOUNDING_DB / 10), LEAST_RATIO))
    cuts = [slice(second * sample_rate, (second + 1) * sample_rate) for second in chosen.tolist()]
    return [(truth[:, cut], estimate[:, cut]) for cut in cuts]
