"""Compute signal-to-distortion ratios in decibels, by three conventions, each with its own name.

All functions take `[channels, samples]`, truth first. Silent truth has no ratio: the result is `nan`, which means and
medians leave out.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.floating]
FLOOR = 1e-9
SILENT_POWER = 1e-9


def usdr(truth: Audio, estimate: Audio) -> float:
    """Compute the whole-song SDR of the Music Demixing Challenge 2021: `10 log10(Σ s² / Σ (s - ŝ)²)`, all channels."""
    return _ratio(_energy(truth), _energy(truth - estimate), truth.size)


def si_sdr(truth: Audio, estimate: Audio) -> float:
    """Compute the scale-invariant SDR (Le Roux et al. 2019, arXiv:1811.02508): the truth is scaled to fit best.

    `nan` also for an estimate more than 80 dB below the truth: silence has no scale.
    """
    energies = _energy(truth), _energy(estimate)
    if energies[0] <= SILENT_POWER * truth.size or energies[1] <= 1e-8 * energies[0]:
        return float("nan")
    product = float((truth.astype(np.float64) * estimate).sum())
    alike = product * product / (energies[0] * energies[1])  # squared cosine of the angle between them
    return float(10 * np.log10((alike + FLOOR) / (max(0.0, 1 - alike) + FLOOR)))


def museval_sdr(truths: Sequence[Audio], estimates: Sequence[Audio], sample_rate: int) -> list[float]:
    """Compute, for each source, the median SDR of frames of 1 s, which museval (BSS Eval v4) and SiSEC report.

    As there, a frame counts for all sources or for none: it is left out if one of them, or its estimate, is digital
    silence. The filters of BSS Eval move its SIR and SAR alone, not this SDR of whole images.
    """
    samples = truths[0].shape[1]
    starts = range(0, max(1, samples - sample_rate + 1), sample_rate)
    cuts = [slice(start, start + sample_rate) for start in starts]
    heard = [cut for cut in cuts if all(np.any(audio[:, cut].sum(0)) for audio in (*truths, *estimates))]
    pairs = list(zip(truths, estimates, strict=True))
    values = [[_frame_sdr(truth[:, cut], estimate[:, cut]) for cut in heard] for truth, estimate in pairs]
    return [float(np.median(row)) if row else float("nan") for row in values]


def _frame_sdr(truth: Audio, estimate: Audio) -> float:
    signal = _energy(truth)
    return float(10 * np.log10(signal / (_energy(truth - estimate) + FLOOR * signal)))


def _energy(audio: Audio) -> float:
    return float(np.square(audio, dtype=np.float64).sum())


def _ratio(signal: float, error: float, values: int) -> float:
    if signal <= SILENT_POWER * values:
        return float("nan")
    return float(10 * np.log10(signal / (error + FLOOR * signal)))
