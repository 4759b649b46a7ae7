"""acapellanet: the ConvNet that takes the voice out of a mix.

Importing it does not import torch; what needs torch is imported when it is first asked for::

    from acapellanet import load_estimator

    estimator = load_estimator("acapellanet-full")
    vocals = estimator.estimate(mixture)  # [2, samples] float32 at 44.1 kHz, both
"""

from importlib import import_module
from typing import TYPE_CHECKING

from acapellanet.errors import AcapellanetError, DataError, ModelError, SignalError, TrainingError
from acapellanet.estimate.registry import DEFAULT_MODEL, model_hash, model_names

if TYPE_CHECKING:
    from acapellanet.estimate.center import isolate_center
    from acapellanet.estimate.estimator import Estimator, load_estimator
    from acapellanet.estimate.streaming import stream_estimate

__all__ = [
    "DEFAULT_MODEL",
    "AcapellanetError",
    "DataError",
    "Estimator",
    "ModelError",
    "SignalError",
    "TrainingError",
    "isolate_center",
    "load_estimator",
    "model_hash",
    "model_names",
    "stream_estimate",
]

_LAZY = {
    "Estimator": "acapellanet.estimate.estimator",
    "isolate_center": "acapellanet.estimate.center",
    "load_estimator": "acapellanet.estimate.estimator",
    "stream_estimate": "acapellanet.estimate.streaming",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'acapellanet' has no attribute {name!r}")
