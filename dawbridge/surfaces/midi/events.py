"""What a decoder makes of MIDI messages: controls, and what was done with them."""

from dataclasses import dataclass
from enum import StrEnum

TOP_7 = 127
TOP_14 = 16383


class Kind(StrEnum):
    """What sort of control it is."""

    CC = "cc"
    CC14 = "cc14"
    """Two controllers, n and n + 32, that make one 14-bit value; its number is n."""
    NRPN = "nrpn"
    RPN = "rpn"
    BEND = "bend"
    """Pitch bend, 14 bits: a wheel, or a fader of a Mackie-type surface, which has one on each channel. Number 0."""
    NOTE = "note"
    PROGRAM = "program"
    MMC = "mmc"
    """A command of MIDI machine control: 1 stop, 2 play, 4 forward, 5 rewind, 6 record, 7 end of recording, 9 pause."""

    @property
    def is_button(self) -> bool:
        """It is pressed, and has no position."""
        return self in (Kind.NOTE, Kind.PROGRAM, Kind.MMC)


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a surface: `channel` 0..15; `number` 0..127, for `NRPN` and `RPN` 0..16383."""

    kind: Kind
    channel: int
    number: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The control sent `value`, 0..`top` (127 or 16383)."""

    control: Control
    value: int
    top: int = TOP_7


@dataclass(frozen=True, slots=True)
class Ticked:
    """The control was turned by `ticks`; negative is to the left."""

    control: Control
    ticks: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A note, a program or a machine control was pressed, or (notes alone) released."""

    control: Control
    down: bool = True


ControlEvent = Moved | Ticked | Pressed
