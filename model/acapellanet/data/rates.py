"""Resample whole pieces of audio."""

import numpy as np
import soxr

from acapellanet.audio import Samples


def at_rate(audio: Samples, source_hz: int, target_hz: int, samples: int | None = None) -> Samples:
    """Resample `[channels, n]` to `target_hz` (soxr, very high quality), cut or zero-padded to `samples` if given."""
    if source_hz != target_hz:
        audio = np.asarray(soxr.resample(audio.T, source_hz, target_hz, quality="VHQ"), dtype=np.float32).T
    if samples is not None:
        audio = np.pad(audio[:, :samples], ((0, 0), (0, max(0, samples - audio.shape[1]))))
    return np.ascontiguousarray(audio)
