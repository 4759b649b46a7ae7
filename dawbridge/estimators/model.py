"""What an estimator is: the protocol that every model is behind, and what can be known of a model without loading it.

A new estimator is one module: a class with `sample_rate`, `streaming` and `estimate`, and a `Model` that loads it::

    class Half:
        sample_rate = 44100
        streaming = ContextWindow(context_samples=0, alignment_samples=1)

        def estimate(self, mixture: Tensor) -> Tensor:
            return 0.5 * mixture

    HALF = Model("half", load=lambda request: Half(), fingerprint="half-1", licence="public domain")

and an entry point that names it: `half = "my_package:HALF"` in the group `dawbridge.estimators`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from dawbridge.estimators.streaming import Streaming


class Estimator(Protocol):
    """A loaded model, on a device."""

    @property
    def sample_rate(self) -> int:
        """Sample rate that `estimate` takes and gives, in Hz."""

    @property
    def streaming(self) -> "Streaming":
        """How a mixture of any length is cut into pieces, and their estimates joined."""

    def estimate(self, mixture: "Tensor") -> "Tensor":
        """Estimate the vocals of `mixture`, float32 `[2, samples]` on the device; the result has the same shape."""


def batch_of(estimator: Estimator) -> "Callable[[Tensor], Tensor]":
    """Return how an estimator takes `[pieces, 2, samples]` at once: its own `estimate_batch`, or one after the other.

    `estimate_batch` is optional. It gives the same shape, each piece's estimate as `estimate` gives it, and leaves it
    on the device, so that the next batch need not wait for this one.
    """
    own: Callable[[Tensor], Tensor] | None = getattr(estimator, "estimate_batch", None)
    return own or partial(_one_by_one, estimator)


def _one_by_one(estimator: Estimator, mixtures: "Tensor") -> "Tensor":
    import torch

    return torch.stack([estimator.estimate(mixture) for mixture in mixtures])


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What a model is loaded for."""

    device: str = "cpu"
    """`cpu`, `cuda` or `mps`."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Raw values of the parameters that the model depends on (`Model.parameters`)."""
    on_step: Callable[[], None] = lambda: None
    """To be called many times a second during an estimate; may raise to stop it."""
    precision: str = ""
    """`float32`, `float16` or `bfloat16`, as far as the model can work in it; empty: what the model works best in."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model before it is loaded. It is also a provider of itself alone."""

    name: str
    """What `--model` takes: a name, or the path of a file of weights."""
    load: Callable[[LoadRequest], Estimator]
    """Loads it. Raises `ModelError` with one line that says what to do."""
    fingerprint: str
    """Identifies everything that an estimate depends on besides the mixture: weights, segment grid, precision."""
    licence: str
    """Licence of the weights, as their author states it."""
    weights: Path | None = None
    """File that the weights are in, if there is one."""
    parameters: tuple[str, ...] = ()
    """Analysis-stage parameters that its plain estimate depends on."""
    problem: str = ""
    """Why it cannot run on this computer, and what to do, in one line; empty if it can."""

    @property
    def viable(self) -> bool:
        """Whether it can run on this computer."""
        return not self.problem

    def names(self) -> Iterable[str]:
        """Its own name: a `Model` is the simplest provider."""
        return (self.name,)

    def find(self, name: str) -> "Model | None":
        """Itself, if `name` is its own."""
        return self if name == self.name else None


class Provider(Protocol):
    """What an entry point of the group `dawbridge.estimators` names: a module, a `Model`, or any such object."""

    def names(self) -> Iterable[str]:
        """List the models that can be found now."""

    def find(self, name: str) -> Model | None:
        """Find a model by its name or the path of its weights; None if it belongs to another provider.

        Raises `ModelError` if it is this provider's, but its weights are missing or damaged.
        """
