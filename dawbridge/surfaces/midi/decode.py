"""The meaning of MIDI bytes: messages in, control events out. Pure: no ports, and the caller says what time it is.

Follows the MIDI 1.0 detailed specification: 14-bit controllers are pairs (n, n + 32); registered and
non-registered parameters are a selection (101/100, 99/98) and its data (6, 38, or 96/97 for one step).
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

LSB_WAIT_S = 0.005
"""So long does one half of a 14-bit value wait for the other."""
SELECTION_LASTS_S = 1.0
"""So long after its last message is a registered or non-registered parameter still selected."""
TOP_7 = 127
TOP_14 = 16383

_DATA, _DATA_LSB, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_FIRST_MODE_MESSAGE = 120


class Kind(StrEnum):
    """What sort of control it is."""

    CC = "cc"
    CC14 = "cc14"
    """Two controllers, n and n + 32, that make one 14-bit value; its number is n."""
    NRPN = "nrpn"
    RPN = "rpn"
    NOTE = "note"
    PROGRAM = "program"


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
    """A note or a program was pressed, or (notes alone) let go."""

    control: Control
    down: bool = True


ControlEvent = Moved | Ticked | Pressed


class _HasBytes(Protocol):
    def bytes(self) -> Sequence[int]: ...


Message = Sequence[int] | _HasBytes
"""One whole message: its bytes, or an object that has them, such as `mido.Message`."""


@dataclass(slots=True)
class _Pair:
    """Two 7-bit halves on their way to one 14-bit value. They come in either order, or one comes alone.

    ```
    MSB 64 ─┬─ LSB 5 within 5 ms ──► 64·128 + 5
            └─ nothing ────────────► 64·128 + 64   (127 alone is then the whole way up)
    LSB 6  ─── nothing ────────────► the MSB as before, ·128 + 6
    ```
    """

    control: Control
    msb: int | None = None
    lsb: int | None = None
    last_msb: int | None = None
    deadline_s: float = float("inf")

    def put(self, now_s: float, *, msb: int | None = None, lsb: int | None = None) -> list[ControlEvent]:
        repeated = (msb is not None and self.msb is not None) or (lsb is not None and self.lsb is not None)
        before = self.flush() if repeated else []
        self.msb, self.lsb = (self.msb if msb is None else msb), (self.lsb if lsb is None else lsb)
        self.deadline_s = now_s + LSB_WAIT_S
        return before + (self.flush() if None not in (self.msb, self.lsb) else [])

    def flush(self) -> list[ControlEvent]:
        """What there is, now."""
        msb, lsb = self.msb, self.lsb
        self.msb, self.lsb, self.deadline_s = None, None, float("inf")
        if msb is not None:
            self.last_msb = msb
            return [Moved(self.control, msb << 7 | (msb if lsb is None else lsb), TOP_14)]
        if lsb is not None and self.last_msb is not None:
            return [Moved(self.control, self.last_msb << 7 | lsb, TOP_14)]
        return []


@dataclass(slots=True)
class _Selection:
    """A channel's selected parameter, as far as it has come."""

    kind: Kind
    until_s: float
    msb: int | None = None
    lsb: int | None = None

    @property
    def control_number(self) -> int | None:
        return None if self.msb is None or self.lsb is None else self.msb << 7 | self.lsb

    @property
    def is_null(self) -> bool:
        return self.msb == self.lsb == 127


_SELECTORS = {99: (Kind.NRPN, True), 98: (Kind.NRPN, False), 101: (Kind.RPN, True), 100: (Kind.RPN, False)}


class Decoder:
    """One port's messages → control events. One for each port: it remembers halves of values and selections."""

    def __init__(self, pairs: Iterable[tuple[int | None, int]] = ()) -> None:
        """`pairs`: (channel 0..15 or None for any, controller 0..31) that are to be read as 14-bit with n + 32."""
        self._is_pair: Container[tuple[int | None, int]] = frozenset(pairs)
        self._pairs: dict[Control, _Pair] = {}
        self._selections: dict[int, _Selection] = {}

    @property
    def deadline_s(self) -> float:
        """When `flush` has something to do, on the clock of `feed`; infinity where nothing waits."""
        return min((pair.deadline_s for pair in self._pairs.values()), default=float("inf"))

    def feed(self, message: Message, now_s: float) -> list[ControlEvent]:
        """One message, arrived at `now_s`. What is no whole message, or is no control's, yields nothing."""
        data = message if isinstance(message, Sequence) else message.bytes()
        if not data or data[0] >= 0xF0:  # clock and active sensing first: 24 clocks a beat
            return []
        late = self.flush(now_s)
        if len(data) not in (2, 3) or data[0] < 0x80 or not all(0 <= byte <= 127 for byte in data[1:]):
            return late
        channel = data[0] & 0x0F
        match data[0] >> 4, len(data):
            case 0xB, 3:
                return late + self._controller(channel, data[1], data[2], now_s)
            case (0x8 | 0x9) as status, 3:
                down = status == 0x9 and data[2] > 0
                return [*late, Pressed(Control(Kind.NOTE, channel, data[1]), down)]
            case 0xC, 2:
                return [*late, Pressed(Control(Kind.PROGRAM, channel, data[1]))]
        return late

    def flush(self, now_s: float) -> list[ControlEvent]:
        """Values whose other half did not come in time."""
        due = [pair for pair in self._pairs.values() if pair.deadline_s <= now_s]
        return [event for pair in due for event in pair.flush()]

    def _controller(self, channel: int, number: int, value: int, now_s: float) -> list[ControlEvent]:
        if number >= _FIRST_MODE_MESSAGE:  # channel mode messages: a sequencer's panic button turns no knob
            return []
        if number in _SELECTORS:
            self._select(channel, *_SELECTORS[number], value, now_s)
            return []
        if number in (_DATA, _DATA_LSB, _INCREMENT, _DECREMENT):
            selection = self._selection(channel, now_s)
            if selection:
                return self._data(channel, selection, number, value, now_s)
        if self._is_bound_pair(channel, number % 32) and number < 64:
            pair = self._pair(Control(Kind.CC14, channel, number % 32))
            return pair.put(now_s, msb=value) if number < 32 else pair.put(now_s, lsb=value)
        return [Moved(Control(Kind.CC, channel, number), value)]

    def _select(self, channel: int, kind: Kind, is_msb: bool, value: int, now_s: float) -> None:
        selection = self._selection(channel, now_s)
        if selection is None or selection.kind is not kind:
            selection = self._selections[channel] = _Selection(kind, now_s)
        selection.until_s = now_s + SELECTION_LASTS_S
        if is_msb:
            selection.msb = value
        else:
            selection.lsb = value
        if selection.is_null:
            del self._selections[channel]

    def _selection(self, channel: int, now_s: float) -> _Selection | None:
        selection = self._selections.get(channel)
        return selection if selection and now_s < selection.until_s else None

    def _data(self, channel: int, selection: _Selection, number: int, value: int, now_s: float) -> list[ControlEvent]:
        parameter = selection.control_number
        if parameter is None:  # half a selection: data for nobody knows what
            return []
        selection.until_s = now_s + SELECTION_LASTS_S
        control = Control(selection.kind, channel, parameter)
        if number in (_INCREMENT, _DECREMENT):
            return [Ticked(control, 1 if number == _INCREMENT else -1)]
        pair = self._pair(control)
        return pair.put(now_s, msb=value) if number == _DATA else pair.put(now_s, lsb=value)

    def _is_bound_pair(self, channel: int, number: int) -> bool:
        return (channel, number) in self._is_pair or (None, number) in self._is_pair

    def _pair(self, control: Control) -> _Pair:
        return self._pairs.setdefault(control, _Pair(control))
