"""The meaning of MIDI bytes: messages in, control events out. Pure: no ports, and the caller passes the time.

Follows the MIDI 1.0 detailed specification: 14-bit controllers are pairs (n, n + 32); registered and
non-registered parameters are a selection (101/100, 99/98), which holds until another one replaces it, and its data
(6, 38, or 96/97 for one step). Machine control (MMC) is a system exclusive message of six bytes.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dawbridge.surfaces.midi.events import TOP_14, Control, ControlEvent, Kind, Moved, Pressed, Ticked
from dawbridge.surfaces.midi.halves import Halves

_DATA, _DATA_LSB, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_FIRST_MODE_MESSAGE = 120


class _HasBytes(Protocol):
    def bytes(self) -> Sequence[int]: ...


Message = Sequence[int] | _HasBytes
"""One whole message: its bytes, or an object that has them, such as `mido.Message`."""


@dataclass(slots=True)
class _Selection:
    """A channel's selected parameter, as far as it has come."""

    kind: Kind
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
    """One port's messages → control events. Each port has its own: it remembers halves of values and selections."""

    def __init__(self, pairs: Iterable[tuple[int | None, int]] = ()) -> None:
        """`pairs`: (channel 0..15 or None for any, controller 0..31) that are to be read as 14-bit with n + 32."""
        self._is_pair: Container[tuple[int | None, int]] = frozenset(pairs)
        self._pairs: dict[Control, Halves] = {}
        self._selections: dict[int, _Selection] = {}

    @property
    def deadline_s(self) -> float:
        """When `flush` has something to do, on the clock of `feed`; infinite if nothing waits."""
        return min((pair.deadline_s for pair in self._pairs.values()), default=float("inf"))

    def feed(self, message: Message, now_s: float) -> list[ControlEvent]:
        """Decode one message that arrived at `now_s`. One that is not whole, or not a control's, yields nothing."""
        data = message if isinstance(message, Sequence) else message.bytes()
        if not data or data[0] > 0xF0:  # clock and active sensing first: 24 clocks a beat
            return []
        if data[0] == 0xF0:
            return _machine_control(data)
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
            case 0xE, 3:
                return [*late, Moved(Control(Kind.BEND, channel, 0), data[2] << 7 | data[1], TOP_14)]
        return late

    def flush(self, now_s: float) -> list[ControlEvent]:
        """Events for values whose other half did not come in time."""
        due = [pair for pair in self._pairs.values() if pair.deadline_s <= now_s]
        return [event for pair in due for event in pair.flush()]

    def _controller(self, channel: int, number: int, value: int, now_s: float) -> list[ControlEvent]:
        if number >= _FIRST_MODE_MESSAGE:  # channel mode messages: a sequencer's panic button turns no knob
            return []
        if number in _SELECTORS:
            self._select(channel, *_SELECTORS[number], value)
            return []
        if number in (_DATA, _DATA_LSB, _INCREMENT, _DECREMENT):
            selection = self._selections.get(channel)
            if selection:
                return self._data(channel, selection, number, value, now_s)
        if self._is_bound_pair(channel, number % 32) and number < 64:
            pair = self._pair(Control(Kind.CC14, channel, number % 32))
            return pair.put_msb(value, now_s) if number < 32 else pair.put_lsb(value, now_s)
        return [Moved(Control(Kind.CC, channel, number), value)]

    def _select(self, channel: int, kind: Kind, is_msb: bool, value: int) -> None:
        selection = self._selections.get(channel)
        if selection is None or selection.kind is not kind:
            selection = self._selections[channel] = _Selection(kind)
        if is_msb:
            selection.msb = value
        else:
            selection.lsb = value
        if selection.is_null:
            del self._selections[channel]

    def _data(self, channel: int, selection: _Selection, number: int, value: int, now_s: float) -> list[ControlEvent]:
        parameter = selection.control_number
        if parameter is None:  # half a selection: nobody knows what the data is for
            return []
        control = Control(selection.kind, channel, parameter)
        if number in (_INCREMENT, _DECREMENT):
            return [Ticked(control, 1 if number == _INCREMENT else -1)]
        pair = self._pair(control)
        return pair.put_msb(value, now_s) if number == _DATA else pair.put_lsb(value, now_s)

    def _is_bound_pair(self, channel: int, number: int) -> bool:
        return (channel, number) in self._is_pair or (None, number) in self._is_pair

    def _pair(self, control: Control) -> Halves:
        return self._pairs.setdefault(control, Halves(control))


def _machine_control(data: Sequence[int]) -> list[ControlEvent]:
    """`F0 7F device 06 command F7`: a button of a transport; channel 0."""
    if len(data) != 6 or data[1] != 0x7F or data[3] != 0x06 or not 0 < data[4] <= 127:
        return []
    return [Pressed(Control(Kind.MMC, 0, data[4]))]
