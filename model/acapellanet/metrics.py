"""How much better the estimate is, in decibels; three conventions, each under its own name.

All take `[channels, samples]`, truth first. Silent truth has no ratio: `nan`, left out of means and medians.
"""

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.floating]
FLOOR = 1e-9
SILENT_POWER = 1e-9


def usdr(truth: Audio, estimate: Audio) -> float:
    """Whole-song SDR of the Music Demixing Challenge 2021: `10 log10(Σ s² / Σ (s - ŝ)²)`, all channels."""
    return _ratio(_energy(truth), _energy(truth - estimate), truth.size)


def si_sdr(truth: Audio, estimate: Audio) -> float:
    """Scale-invariant SDR (Le Roux et al. 2019, arXiv:1811.02508): the truth scaled to fit best.

    `nan` also for an estimate more than 80 dB below the truth: silence has no scale.
    """
    energies = _energy(truth), _energy(estimate)
    if energies[0] <= SILENT_POWER * truth.size or energies[1] <= 1e-8 * energies[0]:
        return float("nan")
    product = float((truth.astype(np.float64) * estimate).sum())
    alike = product * product / (energies[0] * energies[1])  # squared cosine of the angle between them
    return float(10 * np.log10((alike + FLOOR) / (max(0.0, 1 - alike) + FLOOR)))


def framed_sdr(truth: Audio, estimate: Audio, sample_rate: int) -> float:
    """Median of the SDRs of frames of 1 s, as the SiSEC campaigns report; silent frames do not count.

    Plain SDR, without the filters of up to 512 taps that BSS Eval v4 allows the estimate.
    """
    starts = range(0, max(1, truth.shape[1] - sample_rate + 1), sample_rate)
    cuts = [slice(start, start + sample_rate) for start in starts]
    values = np.array([usdr(truth[:, cut], estimate[:, cut]) for cut in cuts])
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else float("nan")


def _energy(audio: Audio) -> float:
    return float(np.square(audio, dtype=np.float64).sum())


def _ratio(signal: float, error: float, values: int) -> float:
    if signal <= SILENT_POWER * values:
        return float("nan")
    return float(10 * np.log10(signal / (error + FLOOR * signal)))
