"""The networks that are shipped, and weights of the same architecture that users bring."""

from collections.abc import Iterable

from acapellanet.estimate.registry import WEIGHTS_FOLDER, shipped_names
from dawbridge.errors import ModelError
from dawbridge.estimators.acapellanet_models import UNKNOWN_LICENCE, describe, metadata, names_with, weights_file
from dawbridge.estimators.model import Model

SHIPPED_LICENCE = "MIT, as far as its makers have rights in them (weights/README.md lists what they were trained on)"
CONFIGURATION = "config"
"""Metadata that tells weights of this architecture from those of others."""


def names() -> Iterable[str]:
    """List the shipped networks and those in the user's folder of weights."""
    return names_with(lambda metadata: CONFIGURATION in metadata)


def find(name: str) -> Model | None:
    """Find a network by its name or the path of its weights.

    Raises `ModelError` for a shipped one whose weights are missing, and for files whose header is damaged.
    """
    path = weights_file(name)
    if path is None:
        if name in shipped_names():
            raise ModelError(
                f"the weights of {name} are missing from this installation; reinstall, or use --model center"
            )
        return None
    if CONFIGURATION not in metadata(path):
        return None
    return describe(name, SHIPPED_LICENCE if path.parent == WEIGHTS_FOLDER else UNKNOWN_LICENCE, path)
