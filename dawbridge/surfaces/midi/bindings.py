"""Which control turns which knob, or does which command."""

from collections.abc import Iterable
from dataclasses import dataclass

from dawbridge.commands import COMMANDS
from dawbridge.errors import ConfigError, UnknownParameterError
from dawbridge.knobs.parameters import PARAMETERS, Curve
from dawbridge.surfaces.midi.events import TOP_7, TOP_14, Control, Kind
from dawbridge.surfaces.midi.names import Port
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.takeover import Takeover

PRESET = "preset"
"""Target of a binding that loads presets: number n on the wire is preset n + 1."""
PRESET_MORPH = "preset_morph"
"""Target of a binding that moves all knobs between preset a and preset b."""
_ROOT = "/dawbridge/"
BUTTONS = tuple(
    row.address.removeprefix(_ROOT)
    for row in COMMANDS
    if row.is_button and not row.arguments and isinstance(row.call, str) and not row.call.startswith("client.")
)
"""Commands of the table that need no argument, as targets: `automation/record`."""
_WITH_NAME = tuple(row.address.removeprefix(_ROOT).removesuffix("<name>") for row in COMMANDS if row.path_argument)
"""How targets begin whose last part is an argument: `preset/load/`."""
TARGETS = (*PARAMETERS, PRESET_MORPH, PRESET, *BUTTONS)
"""What a control can be bound to, besides `preset/load/NAME`."""

_ALMOST_0 = 1e-9


@dataclass(frozen=True, slots=True)
class Binding:
    """One control, and the parameter that it turns or the command that it does.

    `target` is one of `TARGETS`, or `preset/load/NAME`. `port` is part of a port's name, None for every port. `number`
    is the control's, None for any (programs alone). `channel` is 0..15, None for all (omni). `center`, in 7-bit units,
    is the control's middle: it alone is position 0.5 then (64 for a bipolar knob; without it 0..127 is spread evenly
    and 63.5 is the middle). `inverted` turns the other way round. Raises `ParameterError` or `ConfigError` for what
    cannot be bound.
    """

    target: str
    kind: Kind
    number: int | None
    channel: int | None = None
    encoding: Encoding = Encoding.ABSOLUTE
    inverted: bool = False
    center: int | None = None
    takeover: Takeover = Takeover.PICK_UP
    port: str | None = None

    def __post_init__(self) -> None:
        check_target(self.target)
        any_program = self.kind is Kind.PROGRAM and self.number is None
        if (self.target == PRESET) is not any_program or (self.number is None and not any_program):
            raise ConfigError(f"{self.target}: presets are bound to Program Change of any number, and nothing else is")
        if self.number is not None and not 0 <= self.number <= _HIGHEST[self.kind]:
            raise ConfigError(
                f"{self.target}: {self.kind} {self.number} does not exist; allowed is 0..{_HIGHEST[self.kind]}"
            )
        if self.channel is not None and not 0 <= self.channel <= 15:
            raise ConfigError(
                f"{self.target}: MIDI channel {self.channel} does not exist; allowed is 0..15, or None for all"
            )
        if self.center is not None and not 0 < self.center < TOP_7:
            raise ConfigError(f"{self.target}: centre {self.center} is not a controller value; allowed is 1..126")
        if self.encoding is not Encoding.ABSOLUTE and self.kind is not Kind.CC:
            raise ConfigError(f"{self.target}: {self.encoding} is for 7-bit controllers alone, not for {self.kind}")
        if self.is_command and not (self.kind.is_button or self.kind is Kind.CC):
            raise ConfigError(f"{self.target} is a command: bind it to a cc, note, program or mmc, not to {self.kind}")
        if self.kind is Kind.MMC and not (self.is_command or self.is_switch):
            raise ConfigError(f"{self.target}: machine control (mmc) has no position; bind commands and switches to it")

    @property
    def is_switch(self) -> bool:
        """Whether it turns something on and off."""
        return self.target in PARAMETERS and PARAMETERS[self.target].curve is Curve.SWITCH

    @property
    def is_command(self) -> bool:
        """Whether it does a command instead of turning a parameter."""
        return is_command(self.target)

    @property
    def address(self) -> str:
        """OSC address of its command."""
        return _ROOT + self.target.replace(" ", "%20")

    @property
    def top(self) -> int:
        """The control's highest value: 127 or 16383."""
        return TOP_14 if self.kind in (Kind.CC14, Kind.NRPN, Kind.RPN, Kind.BEND) else TOP_7

    def hears(self, port: Port) -> bool:
        """Whether it applies to this port. A ` #2` at the end of `self.port` means the second port of that name."""
        if self.port is None:
            return True
        name, mark, ordinal = self.port.rpartition(" #")
        if mark and ordinal.isdecimal():
            return name.lower() in port.stable.lower() and int(ordinal) == port.ordinal
        return self.port.lower() in port.stable.lower()

    def matches(self, control: Control) -> bool:
        """Whether this is the control that is bound."""
        return (
            self.kind is control.kind
            and self.number in (None, control.number)
            and self.channel in (None, control.channel)
        )

    def position(self, value: int) -> float:
        """Control value 0..`top` → knob position 0..1."""
        middle = self._middle
        position = value / 2 / middle if value <= middle else 0.5 + (value - middle) / 2 / (self.top - middle)
        return 1 - position if self.inverted else position

    def value(self, position: float) -> int:
        """Knob position 0..1 → the control value 0..`top` nearest to it; the ends are for the ends alone."""
        position, middle = (1 - position if self.inverted else position), self._middle
        if not _ALMOST_0 < position < 1 - _ALMOST_0:
            return round(position) * self.top
        nearest = position * 2 * middle if position <= 0.5 else middle + (position * 2 - 1) * (self.top - middle)
        return min(max(round(nearest), 1), self.top - 1)

    @property
    def _middle(self) -> float:
        if self.center is None:
            return self.top / 2
        return self.center if self.top == TOP_7 else self.center << 7


def check_target(name: str) -> str:
    """`name`, if something can be bound to it. Raises `UnknownParameterError`, with the nearest name."""
    if name not in TARGETS and not is_command(name):
        raise UnknownParameterError(name, TARGETS)
    return name


def is_command(target: str) -> bool:
    """Whether a target is a command."""
    return target in BUTTONS or any(target.startswith(prefix) and target != prefix for prefix in _WITH_NAME)


def is_pressed(target: str) -> bool:
    """Whether a button is what fits a target: it is a command, or is on or off."""
    return is_command(target) or (target in PARAMETERS and PARAMETERS[target].curve is Curve.SWITCH)


_HIGHEST = {
    Kind.CC: 119, Kind.CC14: 31, Kind.NRPN: TOP_14 - 1, Kind.RPN: TOP_14 - 1, Kind.BEND: 0, Kind.NOTE: 127,
    Kind.PROGRAM: 127, Kind.MMC: 127,
}  # fmt: skip

DEFAULT_BINDINGS: tuple[Binding, ...] = (
    Binding("mask_strength", Kind.CC, 20),
    Binding("center_amount", Kind.CC, 21),
    Binding("acapella_gain", Kind.CC, 22),
    Binding("instrumental_gain", Kind.CC, 23),
    Binding("mask_contrast", Kind.CC, 24),
    Binding("live_enable", Kind.CC, 80),
    Binding("watch_enable", Kind.CC, 81),
    Binding(PRESET, Kind.PROGRAM, None),
)
"""What is bound by default, on every channel: CC 20..24, which MIDI 1.0 leaves undefined, and its
general-purpose buttons 80 and 81."""


def pairs(bindings: Iterable[Binding]) -> frozenset[tuple[int | None, int]]:
    """Channel (None: any) and controller of the 14-bit controls among `bindings`, for the decoder."""
    return frozenset((b.channel, b.number) for b in bindings if b.kind is Kind.CC14 and b.number is not None)
