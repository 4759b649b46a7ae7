"""Find voices in music for training by a network, since nobody listens to hours of it."""

import numpy as np

from acapellanet.data.library import Library, Track
from acapellanet.estimate.estimator import Estimator
from acapellanet.evaluation.evaluate import separate_stream


def vocal_leak_db(library: Library, track: Track, estimator: Estimator) -> float:
    """Measure the vocals that `estimator` finds in `track`, in dB to the whole; 0 means that all of it is voice."""
    mixture = library.read(track)
    vocals = separate_stream(estimator, mixture)
    power, total = (float(np.square(sound, dtype=np.float64).sum()) for sound in (vocals, mixture))
    return 10 * float(np.log10(power / total + 1e-12))
