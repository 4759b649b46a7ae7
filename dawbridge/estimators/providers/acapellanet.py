"""The networks that are shipped, and weights of the same architecture that users bring."""

from collections.abc import Iterable
from contextlib import suppress

from acapellanet.estimate.registry import WEIGHTS_FOLDER, shipped_names
from dawbridge.errors import ModelError
from dawbridge.estimators.acapellanet_models import UNKNOWN_LICENCE, describe, known_weights, metadata, weights_file
from dawbridge.estimators.model import Model

SHIPPED_LICENCE = "MIT, as dawbridge"
CONFIGURATION = "config"
"""Metadata that tells weights of this architecture from those of others."""


def names() -> Iterable[str]:
    """List the shipped networks and those in the user's folder of weights."""
    for path in known_weights():
        with suppress(ModelError):
            if CONFIGURATION in metadata(path):
                yield path.stem


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
