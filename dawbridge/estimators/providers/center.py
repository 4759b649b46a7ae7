"""Centre isolation alone, without a network: its estimate depends on `center_width`."""

from acapellanet.estimate.registry import CENTER_MODEL
from dawbridge.estimators.acapellanet_models import describe
from dawbridge.estimators.model import Model


def names() -> tuple[str, ...]:
    """List the one model."""
    return (CENTER_MODEL,)


def find(name: str) -> Model | None:
    """Find `center`."""
    if name != CENTER_MODEL:
        return None
    return describe(name, "no weights; the code is MIT, as dawbridge is", parameters=("center_width",))
