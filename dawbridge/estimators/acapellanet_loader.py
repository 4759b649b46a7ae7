"""Loads a model of the package acapellanet, and torch with it."""

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.estimator import load_estimator
from dawbridge.errors import ModelError
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.streaming import ContextWindow


class AcapellanetEstimator:
    """A model that `acapellanet.load_estimator` knows; its context says how it is streamed."""

    def __init__(self, name: str, request: LoadRequest) -> None:
        """Load it. Raises `ModelError` if its weights are missing, damaged or of another architecture."""
        width = request.values.get("center_width", 0.5)
        try:
            estimator = load_estimator(name, request.device, center_width=width, on_step=request.on_step)
        except AcapellanetError as error:
            raise ModelError(str(error)) from error
        self.sample_rate = estimator.sample_rate
        self.streaming = ContextWindow(estimator.context_samples, estimator.alignment_samples)
        self.estimate = estimator.estimate
