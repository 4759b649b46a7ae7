"""The bindings while the daemon runs: read from their file, learned, forgotten, read again after an edit."""

import queue
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from dawbridge.errors import ConfigError
from dawbridge.events import Bus, MidiEvent, MidiForgotten, MidiHeard, MidiLearned, MidiLearnEnded, Notice
from dawbridge.surfaces.midi import bindings_file
from dawbridge.surfaces.midi.bindings import Binding, check_target
from dawbridge.surfaces.midi.decode import Message
from dawbridge.surfaces.midi.gesture import GestureRecognizer, mode
from dawbridge.surfaces.midi.names import VIRTUAL, Port

LOOK_EVERY_S = 1.0
MONITOR_AT_MOST_S = 600.0
_REAL_TIME = range(0xF8, 0x100)


class MidiBinder:
    """What is bound. `learn`, `cancel`, `forget`, `monitor` can be called from any thread, the rest from one thread."""

    def __init__(self, bus: Bus, path: Path | None, bindings: Iterable[Binding] = ()) -> None:
        """`path` is the bindings' file; without one, `bindings` never change."""
        self._bus, self._path = bus, path
        self._orders: queue.SimpleQueue[Callable[[float], None]] = queue.SimpleQueue()
        self._learner: GestureRecognizer | None = None
        self._monitored_until_s = float("-inf")
        self._look_at_s = float("-inf")
        self._stamp = _stamp(path)
        self.bindings: tuple[Binding, ...] = tuple(bindings)
        """The bindings in force; a new tuple after each change."""
        if path:
            self._read(path)

    @property
    def learned_target(self) -> str:
        """What is learned now; empty if nothing is."""
        learner = self._learner
        return learner.target if learner else ""

    def learn(self, target: str) -> None:
        """Bind the next control that is moved to `target`. Raises `UnknownParameterError`."""
        check_target(target)
        self._orders.put(lambda now_s: self._begin(target, now_s))

    def cancel(self) -> None:
        """Learn nothing after all."""
        self._orders.put(lambda now_s: self._end("cancelled"))

    def forget(self, target: str) -> None:
        """Unbind every control of `target`. Raises `UnknownParameterError`."""
        check_target(target)
        self._orders.put(lambda now_s: self._forget(target))

    def monitor(self, seconds: float) -> None:
        """Publish every message that comes in (`MidiHeard`) for this many seconds; 0 ends it."""
        self._orders.put(lambda now_s: self._monitor(now_s + min(seconds, MONITOR_AT_MOST_S)))

    def takes(self, port: Port, message: Message, now_s: float) -> bool:
        """Whether a message is for learning, and turns nothing. Called with each message before anything else is."""
        self.step(now_s, look=False)
        data = message if isinstance(message, Sequence) else message.bytes()
        if now_s < self._monitored_until_s and data and data[0] not in _REAL_TIME:
            self._bus.publish(MidiHeard(port.label, bytes(data)))
        if self._learner is None:
            return False
        found = self._learner.feed(port.label, message, now_s)
        if found:
            self._keep(*found)
        return True

    def step(self, now_s: float, *, look: bool = True) -> None:
        """Do what other threads asked for, end what has lasted long enough, and `look` whether the file was edited."""
        while not self._orders.empty():
            self._orders.get_nowait()(now_s)
        if self._learner and now_s >= self._learner.ends_s:
            found = self._learner.guess()
            if found:
                self._keep(*found)
            else:
                self._end(self._learner.advice)
        if look and self._path and now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            if _stamp(self._path) != self._stamp:
                self._read(self._path)
                self._bus.publish(Notice(f"MIDI bindings were read again: {self._path}"))

    def _begin(self, target: str, now_s: float) -> None:
        self._end("another one is learned")
        self._learner = GestureRecognizer(target, now_s)
        self._bus.publish(Notice(f"MIDI: move the control for {target}: right, then left"))

    def _end(self, reason: str) -> None:
        learner, self._learner = self._learner, None
        if learner:
            self._bus.publish(MidiLearnEnded(learner.target, reason))

    def _keep(self, port: str, binding: Binding) -> None:
        self._learner = None
        bound = _on(port, binding)
        number = -1 if bound.number is None else bound.number
        event = MidiLearned(bound.target, port, (bound.channel or 0) + 1, number, mode(bound))
        self._change(bound.target, lambda path: bindings_file.learn(path, bound), event)

    def _forget(self, target: str) -> None:
        self._change(target, lambda path: bindings_file.forget(path, target), MidiForgotten(target))

    def _change(self, target: str, edit: Callable[[Path], None], event: MidiEvent) -> None:
        try:
            if self._path is None:
                raise ConfigError("there is no file to keep bindings in")
            edit(self._path)
        except ConfigError as error:
            self._bus.publish(MidiLearnEnded(target, str(error)))
            return
        self._read(self._path)
        self._bus.publish(event)

    def _read(self, path: Path) -> None:
        self._stamp = _stamp(path)
        found = bindings_file.read(path)
        self.bindings = found.effective
        for problem in found.problems:
            self._bus.publish(Notice(f"{path}: {problem}"))

    def _monitor(self, until_s: float) -> None:
        self._monitored_until_s = until_s


def _on(port: str, binding: Binding) -> Binding:
    """`binding` for that port alone. Our own port may be used by any program: that binding is for all."""
    return binding if port == VIRTUAL.label else replace(binding, port=port)


def _stamp(path: Path | None) -> tuple[int, int] | None:
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status else None
