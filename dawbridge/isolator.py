"""The library's face: declared parameters, `process`, state that saves and restores.

```python
from dawbridge import VocalIsolator

isolator = VocalIsolator(mask_strength=0.9, center_amount=0.3)
stems = isolator.process(mix, sample_rate)      # mix: [channels, samples]
```
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawbridge.engine.analysis import Analysis, MemoryEstimates
from dawbridge.engine.estimate import Engine
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.errors import ConfigError
from dawbridge.estimators import DEFAULT_MODEL
from dawbridge.knobs.parameters import PARAMETERS, Parameter, ParameterStore

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Stems:
    """Both stems of a mixture, `[channels, samples]`, of its rate, length and floating type.

    With both gains at 0 dB, acapella + instrumental is the mixture to half a unit in the last place.
    """

    acapella: Floats
    instrumental: Floats
    sample_rate: int
    """Sample rate, in Hz."""


class Knob:
    """One parameter of one isolator: its row of the table, its raw value and its position 0..1."""

    def __init__(self, row: Parameter, store: ParameterStore) -> None:
        self.row = row
        self._store = store

    @property
    def value(self) -> float:
        """Raw value, in the row's unit. A value beyond the range is clamped; NaN raises `NotFiniteError`."""
        return self._store.get(self.row.name)

    @value.setter
    def value(self, value: float) -> None:
        self._store.set(self.row.name, value, "library")

    @property
    def normalized(self) -> float:
        """Position 0..1: what a knob sends."""
        return self._store.normalized(self.row.name)

    @normalized.setter
    def normalized(self, position: float) -> None:
        self._store.set_normalized(self.row.name, position, "library")

    def __repr__(self) -> str:
        return f"Knob({self.row.name}: {self.row.display(self.value)}, {self.row.allowed})"


class VocalIsolator:
    """Takes a mixture apart into acapella and instrumental.

    Every parameter of the table (`dawbridge.knobs.parameters.TABLE`) is a keyword, an attribute and an entry of
    `parameters`. `model` is a name that `dawbridge.estimators.model_names()` lists, or a path to weights;
    `device` is `auto`, `cuda`, `mps` or `cpu`. The switches (`…_enable`) concern files and do nothing here.
    Deterministic; not thread-safe.

    Raises `ModelError`, `ConfigError` and `ParameterError`.
    """

    parameters: Mapping[str, Knob]

    def __init__(
        self,
        *,
        model: str = DEFAULT_MODEL,
        device: str = "auto",
        progress: Callable[[float], None] = lambda _: None,
        **values: float,
    ) -> None:
        store = ParameterStore(values)
        super().__setattr__("_store", store)
        super().__setattr__("parameters", {name: Knob(row, store) for name, row in PARAMETERS.items()})
        super().__setattr__("_engine", Engine(model, device))
        super().__setattr__("_progress", progress)

    _store: ParameterStore
    _engine: Engine
    _progress: Callable[[float], None]

    @property
    def model(self) -> str:
        """The model's name or path."""
        return self._engine.model

    @property
    def device(self) -> str:
        """Where the model runs: `cuda`, `mps` or `cpu`."""
        return self._engine.device

    def process(self, mix: ArrayLike, sample_rate: float, *, loop: bool = False) -> Stems:
        """Analyse and render in one go.

        `mix`: `[channels, samples]` or `[samples]`, 1..64 channels, floats at full scale ±1 or signed integers;
        `sample_rate`: 4000..768000 Hz; `loop`: its end leads into its start, in the stems too. Raises `AudioError`
        for anything else, NaN included.
        """
        return self.render(self.analyse(mix, sample_rate, loop=loop))

    def analyse(self, mix: ArrayLike, sample_rate: float, *, loop: bool = False) -> Analysis:
        """The slow half: run the network over `mix` (as in `process`) and keep its answer."""
        mixture = ArrayMixture.of(mix, sample_rate)
        analysis = Analysis(mixture, self._engine, MemoryEstimates(), loop, self._progress)
        analysis.prepare(self._store.snapshot())
        return analysis

    def render(self, analysis: Analysis) -> Stems:
        """The fast half: stems of an analysed mixture with the knobs as they are now.

        Needs the network again only where `center_amount`, `center_width` or `shifts` asks for an estimate that is
        not there yet.
        """
        values, mixture = self._store.snapshot(), analysis.mixture
        whole = mixture.samples if isinstance(mixture, ArrayMixture) else mixture.read(0, mixture.frames)
        acapella = np.concatenate(list(analysis.acapella(values)), axis=1).astype(whole.dtype)
        rest = (whole.astype(np.float64) - acapella).astype(whole.dtype)
        gains = [10 ** (values[name] / 20) for name in ("acapella_gain", "instrumental_gain")]
        scaled = [stem * whole.dtype.type(gain) for stem, gain in zip((acapella, rest), gains, strict=True)]
        return Stems(scaled[0], scaled[1], mixture.sample_rate)

    def state(self) -> dict[str, object]:
        """Return everything needed to make this isolator again, as plain JSON types."""
        return {"model": self.model, "parameters": dict(self._store.snapshot())}

    @classmethod
    def from_state(cls, state: Mapping[str, object], *, device: str = "auto") -> "VocalIsolator":
        """Make an isolator as `state()` described it. Raises `ConfigError` for anything else."""
        model, values = state.get("model"), state.get("parameters")
        if not isinstance(model, str) or not isinstance(values, Mapping):
            raise ConfigError("the state must hold 'model' (a name) and 'parameters' (name → value)")
        return cls(model=model, device=device, **values)

    def __getattr__(self, name: str) -> float:
        if name in PARAMETERS:
            return self._store.get(name)
        raise AttributeError(f"VocalIsolator has no attribute {name!r}")

    def __setattr__(self, name: str, value: float) -> None:
        self._store.set(name, value, "library")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *PARAMETERS]
