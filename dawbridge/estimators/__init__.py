"""Every model that can estimate vocals, behind one protocol; importing this does not import torch.

`model.py` says what an estimator is, `registry.py` finds one by its name, `ensemble.py` reads means of several, and
`providers/` holds those that come with dawbridge. Another package adds its own by an entry point in the group
`dawbridge.estimators`.
"""

from acapellanet.estimate.registry import DEFAULT_MODEL
from dawbridge.estimators.ensemble import Ensemble, find_ensemble
from dawbridge.estimators.model import Estimator, Model, Provider
from dawbridge.estimators.registry import find_model, model_names, provider_problems

__all__ = [
    "DEFAULT_MODEL",
    "Ensemble",
    "Estimator",
    "Model",
    "Provider",
    "find_ensemble",
    "find_model",
    "model_names",
    "provider_problems",
]
