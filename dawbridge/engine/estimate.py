"""The engine: the model that a run uses, or the several whose mean it takes, on a device."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from dawbridge.config.cluster import ClusterSettings
from dawbridge.engine.analyser import Analyser
from dawbridge.errors import ConfigError
from dawbridge.estimators import Ensemble, find_ensemble

if TYPE_CHECKING:
    from dawbridge.cluster.pool import ClusterPool

DEVICES = ("auto", "cuda", "mps", "cpu")


def pick_device(device: str) -> str:
    """Return the device named, or for `auto` the best that torch sees. Raises `ConfigError` if torch cannot use it."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if present[name])
    if device not in present:
        raise ConfigError(f"device {device!r}: allowed are {', '.join(DEVICES)}")
    if not present[device]:
        raise ConfigError(f"device {device!r}: torch {torch.__version__} cannot use it here; try --device auto")
    return device


class Engine:
    """A model, or a mean of several, on a device. Not thread-safe: one engine, one worker."""

    def __init__(
        self,
        model: str,
        device: str = "auto",
        on_step: Callable[[], None] = lambda: None,
        cluster: ClusterSettings | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`model`: a name, a path of weights, or a mean (`estimators.ensemble`); unknown ones are reported when used.

        `on_step` is called many times a second while a model runs, and may raise to stop it. With a `cluster`, other
        computers estimate; `say` is given a line for the user about it. Raises `ConfigError`.
        """
        self._cluster, self._say = cluster, say
        self.model = model
        self._device = pick_device(device)
        self._on_step = on_step

    @cached_property
    def ensemble(self) -> Ensemble:
        """What the model's name stands for. Raises `ModelError` if it is unknown, or its weights are damaged."""
        return find_ensemble(self.model)

    @cached_property
    def parts(self) -> tuple[tuple[float, Analyser], ...]:
        """The models whose mean it takes, each with its weight; the weights add up to 1. Raises `ModelError`."""
        pool = self._pool()
        return tuple(
            (part.weight, Analyser(part.model, self._device, self._on_step, pool)) for part in self.ensemble.parts
        )

    def _pool(self) -> "ClusterPool | None":
        """The cluster, if there is one in the settings; nothing is connected yet."""
        if self._cluster is None:
            return None
        from dawbridge.cluster.pool import ClusterPool  # Dask distributed takes a second to import

        return ClusterPool(self._cluster, self._on_step, self._say)

    @property
    def hash(self) -> str:
        """Identifies everything that estimates depend on besides the mixture. Raises `ModelError`."""
        return self.ensemble.fingerprint

    @property
    def device(self) -> str:
        """Where it runs: `cuda`, `mps` or `cpu`; after a device had too little memory, the processor."""
        return "cpu" if any(analyser.device == "cpu" for analyser in self._analysers) else self._device

    @property
    def notes(self) -> list[str]:
        """What the user has to know about its runs, each line once."""
        return list(dict.fromkeys(note for analyser in self._analysers for note in analyser.notes))

    @property
    def _analysers(self) -> list[Analyser]:
        """The models that have been looked up so far; an unknown one is not an error here."""
        return [analyser for _, analyser in self.__dict__.get("parts", ())]

    def warm(self) -> None:
        """Load the weights and run once, so that the first bounce does not have to wait for it.

        Raises `ModelError` and `MemoryError`.
        """
        for _, analyser in self.parts:
            analyser.warm()
