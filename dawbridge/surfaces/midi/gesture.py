"""MIDI learn: from what a person does with one control to the binding that fits it. Pure: the caller says the time.

```
turn right, then left    1 1 1 127 127        two's complement
                         1 1 1  65  65        sign-magnitude
                        65 65 65  63  63      binary offset
one way                 30 31 33  36          absolute
a button                127 0                 absolute
two controllers         n, n + 32, n, n + 32  14-bit
a key or a program      at once               button
```
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dawbridge.surfaces.midi.bindings import PRESET, Binding, check_target
from dawbridge.surfaces.midi.decode import Control, ControlEvent, Decoder, Kind, Message, Moved, Pressed, Ticked
from dawbridge.surfaces.midi.relative import Encoding

LASTS_S = 10.0
"""So long does it listen."""

_NEAR = 10
"""An encoder that is turned gently sends so many ticks at a time at most."""
_PAIR_WITHIN_S = 0.02
_PAIRS = 3
_STEPS = 3
"""So many moves the same way, one after the other, are a sweep."""
_REMEMBERED = 64
"""So many of a control's last values are looked at: a controller that streams costs no more in the end."""
_RIGHT_LEFT = {
    Encoding.TWOS_COMPLEMENT: (range(1, 1 + _NEAR), range(128 - _NEAR, 128)),
    Encoding.SIGN_MAGNITUDE: (range(1, 1 + _NEAR), range(65, 65 + _NEAR)),
    Encoding.BINARY_OFFSET: (range(65, 65 + _NEAR), range(64 - _NEAR, 64)),
}
_TICKS = frozenset(value for sides in _RIGHT_LEFT.values() for side in sides for value in side)


@dataclass(slots=True)
class _History:
    """What one controller sent."""

    values: list[int] = field(default_factory=list)
    last_s: float = float("-inf")
    pairs: int = 0
    """How often its second half, 32 above it, came right with it."""


class GestureRecognizer:
    """Listens to one port after the other's messages until one control has shown what it is."""

    def __init__(self, target: str, now_s: float) -> None:
        """`target` is what the control shall turn. Raises `UnknownParameterError`."""
        self.target = check_target(target)
        self.ends_s = now_s + LASTS_S
        self._decoders: dict[str, Decoder] = {}
        self._histories: dict[tuple[str, Control], _History] = {}

    def feed(self, port: str, message: Message, now_s: float) -> tuple[str, Binding] | None:
        """One message from `port`: the port and the binding, once it is clear. Clock and mode messages say nothing."""
        decoder = self._decoders.setdefault(port, Decoder())
        for event in decoder.feed(message, now_s):
            binding = self._hear(port, event, now_s)
            if binding:
                return port, binding
        return None

    def guess(self) -> tuple[str, Binding] | None:
        """The time is up: a control that can be no encoder, or was pressed once, is taken for an absolute one."""
        if self.target == PRESET:
            return None
        for (port, control), history in sorted(self._histories.items(), key=lambda item: -len(item[1].values)):
            if len(history.values) == 1 or not _TICKS.issuperset(history.values):
                return port, self._binding(control)
        return None

    def _hear(self, port: str, event: ControlEvent, now_s: float) -> Binding | None:
        if self.target == PRESET:
            is_program = isinstance(event, Pressed) and event.control.kind is Kind.PROGRAM
            return Binding(PRESET, Kind.PROGRAM, None, event.control.channel) if is_program else None
        history = self._histories.setdefault((port, event.control), _History())
        match event:
            case Pressed(control, down):
                return self._binding(control) if down else None
            case Ticked(control):
                return self._binding(control)
            case Moved(control, value):
                history.values.append(value)
                del history.values[:-_REMEMBERED]
                history.last_s = now_s
        if control.kind is not Kind.CC:
            return self._binding(control) if len(history.values) >= _STEPS else None
        return self._controller(port, control, history, now_s)

    def _controller(self, port: str, control: Control, history: _History, now_s: float) -> Binding | None:
        first = self._paired(port, control, history, now_s)
        if first is not None:
            pairs = self._histories[port, first].pairs
            return self._binding(Control(Kind.CC14, first.channel, first.number)) if pairs >= _PAIRS else None
        encoding = verdict(history.values)
        return self._binding(control, encoding) if encoding else None

    def _paired(self, port: str, control: Control, history: _History, now_s: float) -> Control | None:
        """The first half of the pair that `control` seems to belong to."""
        if control.number >= 64:
            return None
        first = Control(Kind.CC, control.channel, control.number % 32)
        second = Control(Kind.CC, control.channel, first.number + 32)
        halves = self._histories.get((port, first)), self._histories.get((port, second))
        if halves[0] is None or halves[1] is None:
            return None
        if abs(halves[0].last_s - halves[1].last_s) <= _PAIR_WITHIN_S:
            halves[0].pairs += 1
        return first if halves[0].pairs else None

    def _binding(self, control: Control, encoding: Encoding = Encoding.ABSOLUTE) -> Binding:
        return Binding(self.target, control.kind, control.number, control.channel, encoding)


def verdict(values: Sequence[int]) -> Encoding | None:
    """What sends `values` (0..127, in order); None while it may still be more than one thing."""
    for encoding, (right, left) in _RIGHT_LEFT.items():
        if _is_turned(values, right, left):
            return encoding
    if len(values) > 1 and 0 in values and set(values) != {0}:  # no encoder sends 0: a button, or a knob's end
        return Encoding.ABSOLUTE
    steps = [step for step in pairwise(values) if step[0] != step[1]][-_STEPS:]
    one_way = all(a < b for a, b in steps) or all(a > b for a, b in steps)
    is_sweep = one_way and len(steps) == _STEPS
    return Encoding.ABSOLUTE if is_sweep and not _TICKS.issuperset(value for step in steps for value in step) else None


def _is_turned(values: Sequence[int], right: range, left: range) -> bool:
    """First some ticks to the right, then some to the left, and not a knob that sweeps from there to there."""
    count = next((place for place, value in enumerate(values) if value not in right), len(values))
    back = values[count:]
    if count < 2 or len(back) < 2 or not all(value in left for value in back):
        return False
    strictly_down = all(a > b for a, b in pairwise(values))
    strictly_up = all(a < b for a, b in pairwise(values))
    return not (strictly_up or strictly_down)


def mode(binding: Binding) -> str:
    """One word for how the control is read: `absolute`, an encoder's way, `14-bit`, or its kind."""
    if binding.kind is Kind.CC:
        return str(binding.encoding)
    return "14-bit" if binding.kind is Kind.CC14 else str(binding.kind)
