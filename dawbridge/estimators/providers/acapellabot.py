"""The network of 2017, whose weights users bring, and which has two ways back from magnitudes to sound."""

from collections.abc import Iterable

from acapellanet.estimate.registry import ANCESTOR, GRIFFIN_LIM
from dawbridge.errors import ModelError
from dawbridge.estimators.acapellanet_models import UNKNOWN_LICENCE, describe, metadata, names_with, weights_file
from dawbridge.estimators.model import Model

LICENCES = {
    "imported": "not stated by its author, O. B. Bohan; you brought your own copy",
    "recipe-2017": "that of your own training and its data",
}
"""By the origin that a file of weights names."""


def names() -> Iterable[str]:
    """List the weights of this architecture in the user's folder, with both ways back to sound."""
    found = names_with(lambda metadata: metadata.get("architecture") == ANCESTOR)
    return [*found, *(name + GRIFFIN_LIM for name in found)]


def find(name: str) -> Model | None:
    """Find weights of this architecture by name or path; `-griffinlim` may follow either.

    Raises `ModelError` if they are asked for by their own name and are not there.
    """
    plain = name.removesuffix(GRIFFIN_LIM)
    path = weights_file(plain)
    if path is None:
        if plain != ANCESTOR:
            return None
        raise ModelError(
            f"the weights of {ANCESTOR} are not here: bring a copy of its weights.h5 with 'dawbridge weights import "
            "weights.h5', or train them with 'acapellanet train DATA --recipe 2017' and give the path of what it writes"
        )
    if metadata(path).get("architecture") != ANCESTOR:
        if name == plain:
            return None
        raise ModelError(f"{name}: {GRIFFIN_LIM} is for weights of {ANCESTOR} only; leave it out")
    return describe(name, LICENCES.get(metadata(path).get("origin", ""), UNKNOWN_LICENCE), path)
