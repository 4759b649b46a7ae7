"""One port's controls: its messages turn the knobs and do the commands, and it is told where the knobs stand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dawbridge.errors import PresetError
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import PARAMETERS, ParameterStore
from dawbridge.surfaces.midi.bindings import PRESET, PRESET_MORPH, Binding, pairs
from dawbridge.surfaces.midi.decode import Decoder, Message
from dawbridge.surfaces.midi.events import Control, ControlEvent, Kind, Moved, Pressed, Ticked
from dawbridge.surfaces.midi.relative import Encoding, ticks, travel
from dawbridge.surfaces.midi.takeover import NEAR, taken_over

SILENCE_S = 0.3
"""How long a control gets no feedback after its own move, in seconds: a fader must not fight the finger."""
FEEDBACK_AT_ONCE = 50
"""The most messages that `PortControls.feedback` returns."""


@dataclass(slots=True)
class _Knob:
    """What is known of one control that is bound."""

    binding: Binding
    control: Control
    latched_at: float
    """Raw value that the control wrote last. It is latched as long as the store still has that value."""
    position: float | None = None
    """Its position, 0..1; None until it moves."""
    is_on: bool | None = None
    told: int | None = None
    """Value that the surface shows: sent by it, or to it."""
    silent_until_s: float = float("-inf")
    echo_until_s: float = float("-inf")
    """Until then, a move near `told` is a motor on its way there, not a hand."""


class PortControls:
    """One port's controls. Not thread-safe: to be used from one thread."""

    def __init__(
        self,
        port: str,
        store: ParameterStore,
        deck: PresetLoader,
        bindings: Sequence[Binding],
        complain: Callable[[str], None],
        command: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`port` goes into the changes' origin; `complain` hears of presets that cannot be loaded; `command` does the
        command at an OSC address.
        """
        self._origin = f"midi:{port}"
        self._store, self._deck, self._complain, self._command = store, deck, complain, command
        self._pressed: set[tuple[Binding, Control]] = set()
        self._start = {**store.snapshot(), PRESET_MORPH: deck.position}
        self._knobs: dict[tuple[Binding, Control], _Knob] = {}
        self._complained = ""
        self._bind(bindings)

    def rebind(self, bindings: Sequence[Binding]) -> None:
        """Use other bindings from now on. What is known of controls that keep their binding is kept."""
        known = self._knobs
        self._start, self._knobs = {**self._store.snapshot(), PRESET_MORPH: self._deck.position}, {}
        self._bind(bindings)
        self._knobs |= {key: knob for key, knob in known.items() if key[0] in self._bindings}

    def _bind(self, bindings: Sequence[Binding]) -> None:
        self._bindings = tuple(bindings)
        self._decoder = Decoder(pairs(bindings))
        for binding in self._bindings:
            if binding.number is not None and not binding.is_command:
                self._knob(binding, Control(binding.kind, binding.channel or 0, binding.number))

    @property
    def deadline_s(self) -> float:
        """When `flush` has something to do; infinite if nothing waits."""
        return self._decoder.deadline_s

    def feed(self, message: Message, now_s: float) -> None:
        """Act on one message that arrived at `now_s`."""
        self._hear_all(self._decoder.feed(message, now_s), now_s)

    def flush(self, now_s: float) -> None:
        """Act on 14-bit values whose second half did not come in time."""
        self._hear_all(self._decoder.flush(now_s), now_s)

    def forget_told(self) -> None:
        """Have `feedback` send everything: the device is new."""
        for knob in self._knobs.values():
            knob.told = None

    def feedback(self, now_s: float, limit: int = FEEDBACK_AT_ONCE) -> list[list[int]]:
        """At most `limit` messages that show the surface what it does not know yet. The rest comes next time."""
        messages: list[list[int]] = []
        for knob in self._knobs.values():
            value = self._shown(knob)
            if value == knob.told or now_s < knob.silent_until_s:
                continue
            news = list(_messages(knob.control, value))
            if len(messages) + len(news) > limit:
                break
            messages += news
            knob.told = value
            knob.echo_until_s = now_s + SILENCE_S
        return messages

    def _hear_all(self, events: Sequence[ControlEvent], now_s: float) -> None:
        for event in events:
            for binding in self._bindings:
                if binding.matches(event.control):
                    self._hear(binding, event, now_s)

    def _hear(self, binding: Binding, event: ControlEvent, now_s: float) -> None:
        if binding.target == PRESET:
            self._load(event.control.number + 1)
            return
        if binding.is_command:
            self._do(binding, event)
            return
        knob = self._knob(binding, event.control)
        knob.silent_until_s = now_s + SILENCE_S
        match event:
            case Pressed(_, down):
                if down:
                    self._write(knob, 0.0 if self._value(knob) >= 0.5 else 1.0)
            case Ticked(_, turned):
                self._turn(knob, turned)
            case Moved(_, value) if binding.encoding is not Encoding.ABSOLUTE:
                self._turn(knob, ticks(binding.encoding, value))
            case Moved(_, value):
                self._switch(knob, value) if binding.is_switch else self._move(knob, value, now_s)

    def _do(self, binding: Binding, event: ControlEvent) -> None:
        """Do a command when its control is pressed; a controller counts as pressed from the middle up."""
        key = binding, event.control
        match event:
            case Pressed(_, down):
                pressed, was_held = down, False
            case Moved(_, value):
                pressed, was_held = binding.position(value) >= 0.5, key in self._pressed
            case Ticked(_, turned):
                pressed, was_held = turned > 0, False
        if pressed and not was_held:
            self._command(binding.address)
        (self._pressed.add if pressed else self._pressed.discard)(key)

    def _load(self, index: int) -> None:
        try:
            self._deck.load_index(index)
        except PresetError as error:
            self._complain(f"MIDI Program Change {index - 1}: {error}")

    def _turn(self, knob: _Knob, turned: int) -> None:
        if knob.binding.inverted:
            turned = -turned
        if turned and knob.binding.is_switch:
            self._write(knob, 1.0 if turned > 0 else 0.0)
        elif turned:
            row, here, step = PARAMETERS.get(knob.binding.target), self._value(knob), travel(turned)
            self._write(knob, min(max(row.turned(here, step) if row else here + step, 0.0), 1.0))

    def _switch(self, knob: _Knob, value: int) -> None:
        on = knob.binding.position(value) >= 0.5
        knob.told = knob.binding.value(1.0 if on else 0.0)
        if on is not knob.is_on:
            knob.is_on = on
            self._write(knob, 1.0 if on else 0.0)

    def _move(self, knob: _Knob, value: int, now_s: float) -> None:
        last = knob.position
        position = knob.position = knob.binding.position(value)
        is_echo = now_s < knob.echo_until_s and abs(position - self._value(knob)) <= NEAR
        knob.told = value
        if value == self._shown(knob):  # it is where the value is; rounding the value to 7 bits is not a move
            knob.latched_at = self._held(knob)
        elif is_echo:
            return
        elif self._is_latched(knob):
            self._write(knob, position)
        else:
            new = taken_over(knob.binding.takeover, last, position, self._value(knob))
            if new is not None:
                self._write(knob, new, latch=new == position)

    def _write(self, knob: _Knob, position: float, *, latch: bool = True) -> None:
        if knob.binding.target == PRESET_MORPH:
            self._morph(position)
        else:
            self._store.set_normalized(knob.binding.target, position, self._origin)
        if latch:
            knob.latched_at = self._held(knob)

    def _morph(self, position: float) -> None:
        try:
            self._deck.morph(position, self._origin)
            self._complained = ""
        except PresetError as error:
            if self._complained != str(error):  # a fader would report it a hundred times
                self._complained = str(error)
                self._complain(f"MIDI {PRESET_MORPH}: {error}")

    def _value(self, knob: _Knob) -> float:
        target = knob.binding.target
        return self._deck.position if target == PRESET_MORPH else self._store.normalized(target)

    def _held(self, knob: _Knob) -> float:
        """The current raw value of the knob's parameter."""
        target = knob.binding.target
        return self._deck.position if target == PRESET_MORPH else self._store.get(target)

    def _is_latched(self, knob: _Knob) -> bool:
        return self._held(knob) == knob.latched_at

    def _shown(self, knob: _Knob) -> int:
        return knob.binding.value(self._value(knob))

    def _knob(self, binding: Binding, control: Control) -> _Knob:
        if (binding, control) not in self._knobs:
            self._knobs[binding, control] = _Knob(binding, control, self._start[binding.target])
        return self._knobs[binding, control]


def _messages(control: Control, value: int) -> Iterator[list[int]]:
    """Messages that make the control show `value`. Programs and machine control show nothing."""
    status = 0xB0 | control.channel
    match control.kind:
        case Kind.CC:
            yield [status, control.number, value]
        case Kind.CC14:
            yield [status, control.number, value >> 7]
            yield [status, control.number + 32, value & 127]
        case Kind.NRPN | Kind.RPN:
            high, low = (99, 98) if control.kind is Kind.NRPN else (101, 100)
            yield [status, high, control.number >> 7]
            yield [status, low, control.number & 127]
            yield [status, 6, value >> 7]
            yield [status, 38, value & 127]
        case Kind.BEND:
            yield [0xE0 | control.channel, value & 127, value >> 7]
        case Kind.NOTE:
            yield [0x90 | control.channel, control.number, value]
