"""The parameter table: name, range, unit, curve, default, stage and help line of every knob, written once.

OSC addresses, MIDI scaling, presets, command-line flags, validation messages and the reference page all come
out of `TABLE`. A new parameter is one row.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from dawbridge.errors import NotFiniteError, UnknownParameterError
from dawbridge.mailbox import LIMIT, Mailbox, Mailboxes

Snapshot = Mapping[str, float]
"""All parameters' raw values by name, immutable."""


class Stage(StrEnum):
    """What has to be done again when a parameter changes."""

    ANALYSIS = "analysis"
    """The network runs again."""
    RENDER = "render"
    """The stems are rendered again from the cached analysis."""
    CONTROL = "control"
    """Nothing: the parameter steers the daemon."""


class Curve(StrEnum):
    """How a knob's 0..1 is spread over the range."""

    LINEAR = "linear"
    LOG = "log"
    SWITCH = "switch"
    """0 or 1; a knob at or above 0.5 is on."""
    STEPS = "steps"
    """Whole numbers; a knob falls on the nearest."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob: a row of the table.

    `low`, `high` and `default` are raw values in `unit`. `off`, where there is one, is the raw value at which
    the parameter does nothing at all.
    """

    name: str
    address: str
    low: float
    high: float
    default: float
    stage: Stage
    help: str
    unit: str = ""
    curve: Curve = Curve.LINEAR
    off: float | None = None

    @property
    def allowed(self) -> str:
        """The range in words: `-80..0 dB`."""
        if self.curve is Curve.SWITCH:
            return "0 or 1"
        if self.curve is Curve.STEPS:
            return f"{self.low:g}..{self.high:g}, whole"
        return f"{self.low:g}..{self.high:g}{' ' + self.unit if self.unit else ''}"

    def clamp(self, value: float) -> float:
        """The nearest allowed raw value. Raises `NotFiniteError` for what is not a finite number."""
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise NotFiniteError(self.name, value, self.allowed) from None
        if not math.isfinite(number):
            raise NotFiniteError(self.name, value, self.allowed)
        if self.curve is Curve.SWITCH:
            return 1.0 if number >= 0.5 else 0.0
        number = min(max(number, self.low), self.high)
        return float(math.floor(number + 0.5)) if self.curve is Curve.STEPS else number

    def normalize(self, value: float) -> float:
        """Raw value → knob position 0..1."""
        value = self.clamp(value)
        if self.curve is Curve.LOG:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def denormalize(self, position: float) -> float:
        """Knob position 0..1 (clamped) → raw value. Raises `NotFiniteError`."""
        try:
            position = float(position)
        except (TypeError, ValueError, OverflowError):
            raise NotFiniteError(self.name, position, "0..1") from None
        if not math.isfinite(position):
            raise NotFiniteError(self.name, position, "0..1")
        position = min(max(position, 0.0), 1.0)
        if self.curve is Curve.LOG:
            return self.clamp(self.low * math.pow(self.high / self.low, position))
        return self.clamp(self.low + position * (self.high - self.low))

    def turned(self, position: float, step: float) -> float:
        """Where a knob at `position` stands after an endless encoder's `step`; may lie outside 0..1.

        A switch goes all the way, and whole numbers go on by one at least: less would never get anywhere.
        """
        if self.curve is Curve.SWITCH:
            return 1.0 if step > 0 else 0.0 if step < 0 else position
        if self.curve is Curve.STEPS and step:
            return position + math.copysign(max(abs(step), 1 / (self.high - self.low)), step)
        return position + step

    def display(self, value: float) -> str:
        """The value as a person reads it: `-12.0 dB`, `80 Hz`, `on`, `off`, `0.50`."""
        if self.curve is Curve.SWITCH:
            return "on" if value >= 0.5 else "off"
        if self.off is not None and value == self.off:
            return "off"
        if self.curve is Curve.STEPS:
            return f"{value:.0f}"
        digits = {"dB": 1, "Hz": 0}.get(self.unit, 2)
        return f"{value:.{digits}f}{' ' + self.unit if self.unit else ''}"


def _row(
    name: str,
    span: tuple[float, float],
    default: float,
    stage: Stage,
    help: str,
    *,
    unit: str = "",
    curve: Curve = Curve.LINEAR,
    off: float | None = None,
    address: str = "",
) -> Parameter:
    address = address or "/dawbridge/" + name.replace("_", "/", 1)
    return Parameter(name, address, *span, default, stage, help, unit, curve, off)


_RENDER, _ANALYSIS, _CONTROL = Stage.RENDER, Stage.ANALYSIS, Stage.CONTROL

TABLE: tuple[Parameter, ...] = (
    _row("mask_strength", (0, 1), 1, _RENDER, "how far the mask is applied to the acapella: 1 whole, 0.5 half the attenuation in dB, 0 not at all"),
    _row("mask_depth", (0, 1), 1, _RENDER, "how much of the voice is taken out of the instrumental: 0.5 leaves it there at -6 dB"),
    _row("mask_contrast", (0, 1), 0.5, _RENDER, "up: less bleed, more artefacts; down: softer; 0.5 is the network's own mask"),
    _row("mask_floor", (-80, 0), -80, _RENDER, "least gain of a suppressed bin of the acapella; keeps ambience, hides artefacts", unit="dB", off=-80.0),
    _row("acapella_middle", (0, 1), 0.5, _RENDER, "up: keep what is sung in the middle, the lead; down: what is sung at the sides, doubles and backing; 0.5 is all (stereo only)"),
    _row("acapella_dry", (0, 1), 0, _RENDER, "how much late reverberation is taken off the voice; it stays in the instrumental", off=0.0),
    _row("center_amount", (0, 1), 0, _RENDER, "centre-channel pre-isolation ahead of the network (no effect on mono)"),
    _row("center_width", (0, 1), 0.5, _ANALYSIS, "how far from the middle still counts as centre"),
    _row("shifts", (1, 8), 1, _ANALYSIS, "passes of the network whose mean is taken, each shifted a little: fewer artefacts, N times as long", curve=Curve.STEPS, off=1.0, address="/dawbridge/analysis/shifts"),
    _row("band_low", (20, 500), 20, _RENDER, "everything below goes to the instrumental", unit="Hz", curve=Curve.LOG, off=20.0),
    _row("band_high", (2000, 24000), 24000, _RENDER, "everything above goes to the instrumental", unit="Hz", curve=Curve.LOG, off=24000.0),
    _row("acapella_gain", (-60, 6), 0, _RENDER, "level of the acapella's file", unit="dB"),
    _row("instrumental_gain", (-60, 6), 0, _RENDER, "level of the instrumental's file", unit="dB"),
    _row("acapella_enable", (0, 1), 1, _RENDER, "write the acapella's file", curve=Curve.SWITCH),
    _row("instrumental_enable", (0, 1), 1, _RENDER, "write the instrumental's file", curve=Curve.SWITCH),
    _row("live_enable", (0, 1), 1, _CONTROL, "re-render the focused bounce when a knob has settled", curve=Curve.SWITCH),
    _row("watch_enable", (0, 1), 1, _CONTROL, "take up new bounces; off pauses without stopping", curve=Curve.SWITCH),
)  # fmt: skip

PARAMETERS: Mapping[str, Parameter] = MappingProxyType({row.name: row for row in TABLE})
"""The table by name."""

DEFAULTS: Snapshot = MappingProxyType({row.name: float(row.default) for row in TABLE})
"""Every parameter at its default."""


SOUND: tuple[str, ...] = tuple(row.name for row in TABLE if row.stage is not Stage.CONTROL)
"""Names of the parameters that change what is heard."""


def described(*names: str) -> list[tuple[str, str]]:
    """Each name with its help line, range and default: `("mask_floor", "least gain … (-80..0 dB) [-80]")`."""
    rows = [parameter(name) for name in names]
    return [(row.name, f"{row.help} ({row.allowed}) [{row.default:g}]") for row in rows]


def parameter(name: str) -> Parameter:
    """The row called `name`. Raises `UnknownParameterError`, with the nearest name."""
    try:
        return PARAMETERS[name]
    except KeyError:
        raise UnknownParameterError(name, PARAMETERS) from None


def complete(values: Mapping[str, float]) -> Snapshot:
    """`values` (raw, checked and clamped) over the defaults. Raises `ParameterError`."""
    return MappingProxyType({**DEFAULTS, **{name: parameter(name).clamp(raw) for name, raw in values.items()}})


def stage_values(values: Snapshot, stage: Stage) -> dict[str, float]:
    """Those of `values` that belong to `stage`."""
    return {row.name: values[row.name] for row in TABLE if row.stage is stage}


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter set once, by `origin` (`"cli"`, `"osc:127.0.0.1:9000"`, `"midi:port"`, `"preset:name"`)."""

    name: str
    value: float
    """Raw, after clamping."""
    previous: float
    """Raw."""
    origin: str
    clamped: bool
    """What was asked lay outside the range."""
    at_s: float = field(default=0.0, compare=False)
    """When, by the store's clock."""

    @property
    def changed(self) -> bool:
        """The value is another than before."""
        return self.value != self.previous


Changes = tuple[Change, ...]
"""All that was set together."""


class ParameterStore:
    """The knobs' positions: one place that OSC, MIDI, presets and the command line all write to. Thread-safe."""

    def __init__(self, values: Mapping[str, float] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Start at `values` over the defaults; `clock` counts seconds. Raises `ParameterError`."""
        self._values: Snapshot = complete(values or {})  # never changed in place
        self._clock = clock
        self._mailboxes = Mailboxes[Changes](merge=_merged)
        self._lock = threading.Lock()

    def get(self, name: str) -> float:
        """The raw value. Raises `UnknownParameterError`."""
        parameter(name)
        return self._values[name]

    def normalized(self, name: str) -> float:
        """The knob position 0..1. Raises `UnknownParameterError`."""
        return parameter(name).normalize(self.get(name))

    def snapshot(self) -> Snapshot:
        """All raw values as they are now; immutable."""
        return self._values

    def set(self, name: str, value: float, origin: str) -> Change:
        """Set one raw value, clamped to its range.

        Raises `UnknownParameterError`, or `NotFiniteError` for what is not a finite number.
        """
        return self.update({name: value}, origin)[0]

    def set_normalized(self, name: str, position: float, origin: str) -> Change:
        """Set one knob position 0..1, clamped. Raises as `set` does."""
        row = parameter(name)
        value = row.denormalize(position)
        return self._apply(((row, value, not 0.0 <= float(position) <= 1.0),), origin)[0]

    def update(self, values: Mapping[str, float], origin: str) -> Changes:
        """Set several raw values together: listeners hear of them at once, and nothing is set if one is refused."""
        rows = [(parameter(name), value) for name, value in values.items()]
        checked = [(row, row.clamp(value), value) for row, value in rows]
        return self._apply([(row, clamped, clamped != float(value)) for row, clamped, value in checked], origin)

    def mailbox(self, wake: Callable[[], None] | None = None, limit: int = LIMIT) -> Mailbox[Changes]:
        """A mailbox that all changes go into from now on, each with what was set together with it.

        Its reader drains it in its own thread. `wake` is called in the setter's thread when a change comes into the
        empty mailbox, and must only wake. Beyond `limit` the oldest goes, but the last change of each value stays.
        """
        return self._mailboxes.open(wake, limit)

    def _apply(self, settings: Sequence[tuple[Parameter, float, bool]], origin: str) -> Changes:
        return self._mailboxes.deliver(lambda: self._set(settings, origin)) or ()

    def _set(self, settings: Sequence[tuple[Parameter, float, bool]], origin: str) -> Changes | None:
        """Set all of them; None if there are none. Called while nobody else sets anything."""
        with self._lock:
            now_s, changes, values = self._clock(), [], dict(self._values)
            for row, value, clamped in settings:
                changes.append(Change(row.name, value, values[row.name], origin, clamped, now_s))
                values[row.name] = value
            self._values = MappingProxyType(values)
        return tuple(changes) or None


def _merged(older: Changes, newer: Changes) -> Changes:
    """Both as one: of the older, only what the newer does not change again."""
    changed = {change.name for change in newer if change.changed}
    return (*(change for change in older if change.changed and change.name not in changed), *newer)
