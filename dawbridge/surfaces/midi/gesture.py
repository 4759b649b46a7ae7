"""MIDI learn: from what is done with one control to the binding that fits it. Pure: the caller passes the time.

```
turn right, then left    1 1 1 127 127        two's complement
                         1 1 1  65  65        sign-magnitude
                        65 65 65  63  63      binary offset
one way                 30 33 36  40          absolute
a button                127 0                 absolute
two controllers         n, n + 32, n, n + 32  14-bit
```

What moves continuously comes first: a motor fader sends a note when it is touched, a DAW sends the programs of the
place where it is started, a pedal trembles. A key, a pad or a transport's button is taken at once for what a button
fits, a command or a switch, and for nothing else; a program, which may come by itself, only if it comes twice or
nothing else does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dawbridge.surfaces.midi.bindings import PRESET, Binding, check_target, is_command, is_pressed
from dawbridge.surfaces.midi.decode import Decoder, Message
from dawbridge.surfaces.midi.events import Control, ControlEvent, Kind, Moved, Pressed, Ticked
from dawbridge.surfaces.midi.relative import Encoding

LASTS_S = 10.0
"""How long it listens, in seconds."""

_NEAR = 10
"""Ticks that an encoder sends at a time, at most, if it is turned gently."""
_PAIR_WITHIN_S = 0.05
_PAIRS = 3
_STEPS = 3
"""Moves the same way, one after the other, that are a sweep if they go far enough."""
_TRAVEL = 8
"""How far a sweep goes at least, in 7-bit units: a pedal that is not touched trembles by less."""
_BEND = _TRAVEL << 7
_REMEMBERED = 64
"""How many of a control's last values are looked at, so that a controller that streams costs no more in the end."""
_RIGHT_LEFT = {
    Encoding.TWOS_COMPLEMENT: (range(1, 1 + _NEAR), range(128 - _NEAR, 128)),
    Encoding.SIGN_MAGNITUDE: (range(1, 1 + _NEAR), range(65, 65 + _NEAR)),
    Encoding.BINARY_OFFSET: (range(65, 65 + _NEAR), range(64 - _NEAR, 64)),
}
_TICKS = frozenset(value for sides in _RIGHT_LEFT.values() for side in sides for value in side)


@dataclass(slots=True)
class _History:
    """What one control sent."""

    values: list[int] = field(default_factory=list)
    last_s: float = float("-inf")
    pairs: int = 0
    """How often its second half, 32 above it, came together with it."""
    presses: int = 0


class GestureRecognizer:
    """Listens to the messages of all ports until one control has shown what it is."""

    def __init__(self, target: str, now_s: float) -> None:
        """`target` is what the control is to turn or do. Raises `UnknownParameterError`."""
        self.target = check_target(target)
        self.ends_s = now_s + LASTS_S
        self._decoders: dict[str, Decoder] = {}
        self._histories: dict[tuple[str, Control], _History] = {}

    def feed(self, port: str, message: Message, now_s: float) -> tuple[str, Binding] | None:
        """Take one message from `port`; the port and the binding, once they are clear. Clock does not count."""
        decoder = self._decoders.setdefault(port, Decoder())
        for event in decoder.feed(message, now_s):
            binding = self._hear(port, event, now_s)
            if binding:
                return port, binding
        return None

    def guess(self) -> tuple[str, Binding] | None:
        """The time is up: what is left if nothing was clear.

        The control that moved furthest, if it can be no encoder, or was pressed once; a program, for a button.
        """
        if self.target == PRESET:
            return None
        for (port, control), history in sorted(self._histories.items(), key=lambda item: -_reach(item[1].values)):
            values = history.values
            if control.kind is Kind.CC and values and (len(values) == 1 or not _TICKS.issuperset(values)):
                return port, self._binding(control)
        for (port, control), history in self._histories.items():
            if history.presses and self._is_button:
                return port, self._binding(control)
        return None

    @property
    def advice(self) -> str:
        """Why nothing was learned, and what to do."""
        if any(history.presses for history in self._histories.values()) and not self._is_button:
            return f"only keys and buttons came, and {self.target} has a range: turn one knob or move one fader"
        return "nothing came that is clear: turn one knob gently to the right, then to the left"

    def _hear(self, port: str, event: ControlEvent, now_s: float) -> Binding | None:
        if self.target == PRESET:
            is_program = isinstance(event, Pressed) and event.control.kind is Kind.PROGRAM
            return Binding(PRESET, Kind.PROGRAM, None, event.control.channel) if is_program else None
        history = self._histories.setdefault((port, event.control), _History())
        match event:
            case Pressed(control, down):
                return self._press(control, history) if down else None
            case Ticked(control):
                return None if is_command(self.target) else self._binding(control)
            case Moved(control, value):
                history.values.append(value)
                del history.values[:-_REMEMBERED]
                history.last_s = now_s
        if control.kind is Kind.CC:
            return self._controller(port, control, history, now_s)
        is_sweep = len(set(history.values)) >= _STEPS and (
            control.kind is not Kind.BEND or _reach(history.values) >= _BEND
        )
        return self._binding(control) if is_sweep and not is_command(self.target) else None

    @property
    def _is_button(self) -> bool:
        return is_pressed(self.target)

    def _press(self, control: Control, history: _History) -> Binding | None:
        history.presses += 1
        is_sure = control.kind is not Kind.PROGRAM or history.presses > 1
        return self._binding(control) if self._is_button and is_sure else None

    def _controller(self, port: str, control: Control, history: _History, now_s: float) -> Binding | None:
        first = self._paired(port, control, history, now_s)
        if first is not None and not is_command(self.target):
            pair = self._histories[port, first]
            is_sweep = pair.pairs >= _PAIRS and len(set(pair.values)) > 1
            return self._binding(Control(Kind.CC14, first.channel, first.number)) if is_sweep else None
        encoding = encoding_of(history.values)
        if encoding is Encoding.ABSOLUTE or (encoding and not is_command(self.target)):
            return self._binding(control, encoding)
        return None

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


def encoding_of(values: Sequence[int]) -> Encoding | None:
    """How a controller that sends `values` (0..127, in order) is to be read; None while that is not clear."""
    for encoding, (right, left) in _RIGHT_LEFT.items():
        if _is_turned(values, right, left):
            return encoding
    if len(values) > 1 and 0 in values and 127 in values:  # a button, or a knob that went all the way
        return Encoding.ABSOLUTE
    run = _run(values)
    is_sweep = len(run) > _STEPS and abs(run[-1] - run[0]) >= _TRAVEL
    return Encoding.ABSOLUTE if is_sweep and not _TICKS.issuperset(run) else None


def _run(values: Sequence[int]) -> list[int]:
    """The last values that all went the same way, each once."""
    run: list[int] = []
    for value in reversed(values):
        if run and value == run[-1]:
            continue
        if len(run) > 1 and (value < run[-1]) != (run[-1] < run[-2]):
            break
        run.append(value)
    return run[::-1]


def _reach(values: Sequence[int]) -> int:
    return max(values) - min(values) if values else 0


def _is_turned(values: Sequence[int], right: range, left: range) -> bool:
    """Whether some ticks to the right are followed by some to the left, and it is not a knob that sweeps across."""
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
