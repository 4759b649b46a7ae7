"""Means of models: `a+b`, or `0.6*a+0.4*b` with weights of their own."""

import hashlib
from dataclasses import dataclass

from dawbridge.errors import ModelError
from dawbridge.estimators.model import Model
from dawbridge.estimators.registry import find_model
from dawbridge.files.paths import user_path

MOST_MODELS = 8
"""Models of which a mean can be taken: each needs a pass and a place in the cache of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One model of a mean."""

    weight: float
    """Share of the mean; the shares of all parts add up to 1."""
    model: Model


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The weighted mean of the estimates of one model or more."""

    name: str
    parts: tuple[Part, ...]
    fingerprint: str
    """Identifies everything that the mean depends on besides the mixture; of one model, its own fingerprint."""

    @property
    def problem(self) -> str:
        """Why it cannot run on this computer, in one line; empty if it can."""
        return "; ".join(part.model.problem for part in self.parts if part.model.problem)

    @property
    def licence(self) -> str:
        """Licences of all weights, each once."""
        return "; ".join(dict.fromkeys(part.model.licence for part in self.parts))


def find_ensemble(text: str) -> Ensemble:
    """Find the models of `a+b` or `0.6*a+0.4*b`; a single name is the mean of one. Paths of files are names too.

    Weights are relative: `3*a+1*b` is `0.75*a+0.25*b`. Raises `ModelError` for an unknown name, for weights that are
    not positive numbers or are given to some models only, and for more than 8 models.
    """
    if "+" not in text or user_path(text).is_file():
        model = find_model(text)
        return Ensemble(text, (Part(1.0, model),), model.fingerprint)
    terms = [_term(term.strip(), text) for term in text.split("+")]
    if len(terms) > MOST_MODELS:
        raise ModelError(f"model {text!r}: a mean takes at most {MOST_MODELS} models, not {len(terms)}")
    given = [weight for weight, _ in terms if weight is not None]
    if given and len(given) < len(terms):
        raise ModelError(f"model {text!r}: give all models a weight, as in 0.6*a+0.4*b, or none")
    weights = given or [1.0] * len(terms)
    models = [find_model(name) for _, name in terms]
    parts = tuple(Part(weight / sum(weights), model) for weight, model in zip(weights, models, strict=True))
    facts = " ".join(f"{part.weight:.9f}*{part.model.fingerprint}" for part in parts)
    return Ensemble(text, parts, hashlib.sha256(f"mean {facts}".encode()).hexdigest())


def _term(term: str, whole: str) -> tuple[float | None, str]:
    """Read `0.6*name` or `name`."""
    weight, star, name = term.rpartition("*")
    if not name:
        raise ModelError(f"model {whole!r}: a mean is written a+b or 0.6*a+0.4*b, and a name is missing")
    if not star:
        return None, name
    try:
        number = float(weight)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise ModelError(f"model {whole!r}: the weight {weight!r} of {name} is not a positive number, as in 0.6*{name}")
    return number, name.strip()
