"""Which preset is loaded, and all the ways in which a control surface changes it."""

import threading

from dawbridge.errors import PresetError
from dawbridge.events import Bus, PresetEndChosen, PresetLoaded, PresetMorphed, PresetsChanged
from dawbridge.knobs.parameters import PARAMETERS, ParameterStore
from dawbridge.knobs.presets import Preset, Presets


class PresetLoader:
    """Loads presets into the store and reports it on the bus. The daemon has one, for all surfaces. Thread-safe."""

    def __init__(self, presets: Presets, store: ParameterStore, bus: Bus) -> None:
        self.presets = presets
        self._store = store
        self._bus = bus
        self._lock = threading.RLock()
        self._current = ""
        self._setting: dict[str, float] = {}
        """What the loaded preset set, after clamping."""
        self._ends: dict[str, Preset] = {}
        self._position = 0.0

    @property
    def can_morph(self) -> bool:
        """Whether both ends are chosen, so that a control that is bound to the morph does something."""
        return set(self._ends) == {"a", "b"}

    @property
    def current(self) -> str:
        """Name of the preset that was loaded last; empty before the first."""
        return self._current

    @property
    def is_changed(self) -> int:
        """1 if a knob that the loaded preset sets was turned since; 0 before the first."""
        return int(any(self._store.get(name) != value for name, value in self._setting.items()))

    @property
    def index(self) -> int:
        """Number of that preset, from 1; 0 before the first, and if it was deleted since."""
        names = self.presets.names()
        return names.index(self._current) + 1 if self._current in names else 0

    @property
    def position(self) -> float:
        """Position of the morph, 0 (preset a) to 1 (preset b)."""
        return self._position

    def end(self, end: str) -> str:
        """Name of the preset at end `"a"` or `"b"` of the morph; empty before one was chosen."""
        return self._ends[end].name if end in self._ends else ""

    def load(self, name: str) -> Preset:
        """Load by name. Raises `PresetError`."""
        return self._apply(self.presets.load(name))

    def load_index(self, index: int) -> Preset:
        """Load number `index`, from 1. Raises `PresetError`."""
        return self._apply(self.presets.at(index))

    def load_position(self, position: float) -> None:
        """Load from the whole list with one fader, 0..1. Loads only when the fader reaches another preset."""
        count = len(self.presets.names())
        index = min(int(min(max(position, 0.0), 1.0) * count), count - 1) + 1
        if index != self.index:
            self.load_index(index)

    def step(self, by: int) -> Preset:
        """Load the preset `by` places on (-1: back), wrapping at the ends of the list. Raises `PresetError`."""
        count = len(self.presets.names())
        if not count:
            raise PresetError("there are no presets")
        return self.load_index((max(self.index, 0 if by > 0 else 1) - 1 + by) % count + 1)

    def save(self, name: str) -> Preset:
        """Keep the knobs' positions as the user's preset `name`. Raises `PresetNameError`, `PresetError`."""
        preset = self.presets.save(name, self._store.snapshot())
        self._ends |= {end: preset for end, chosen in self._ends.items() if chosen.name == preset.name}
        self._current = preset.name
        self._setting = {name: self._store.get(name) for name in preset.setting}
        self._tell_list()
        return preset

    def listed(self) -> tuple[int, *tuple[str, ...]]:
        """How many presets there are, and their names in order."""
        names = self.presets.names()
        return len(names), *names

    def delete(self, name: str) -> None:
        """Delete the user's preset `name`. Raises as `Presets.delete` does."""
        self.presets.delete(name)
        self._tell_list()

    def set_end(self, end: str, name: str, origin: str = "") -> None:
        """Choose the preset at end `"a"` or `"b"` of the morph. Raises `PresetError`."""
        preset = self.presets.load(name)
        is_news = preset.name != self.end(end)
        self._ends[end] = preset
        if is_news:
            self._bus.publish(PresetEndChosen(end, preset.name, origin))

    def morph(self, position: float, origin: str = "") -> None:
        """Turn all knobs between preset a (0) and preset b (1), each along its own curve.

        `origin` (`"osc:127.0.0.1:9000"`, `"midi:port"`) is who moved it; the others are told. Raises `PresetError`.
        """
        if not self.can_morph:
            raise PresetError("choose the two presets first: /dawbridge/preset/a and /dawbridge/preset/b")
        position = min(max(position, 0.0), 1.0)
        a, b = self._ends["a"].setting, self._ends["b"].setting
        between = {}
        for name in a.keys() & b.keys():
            row = PARAMETERS[name]
            low, high = row.normalize(a[name]), row.normalize(b[name])
            between[name] = row.denormalize(low + (high - low) * position)
        with self._lock:  # two faders at once: position and knobs are those of the same one
            self._position = position
            self._store.update(between, "preset:morph")
            self._bus.publish(PresetMorphed(position, origin))

    def _tell_list(self) -> None:
        names = self.presets.names()
        self._bus.publish(PresetsChanged(len(names), names))

    def _apply(self, preset: Preset) -> Preset:
        """Set it, and tell the bus if that was news, so that two programs that mirror each other come to rest."""
        with self._lock:
            changes = self._store.update(preset.setting, f"preset:{preset.name}")
            news = preset.name != self._current or any(change.changed for change in changes)
            self._current = preset.name
            self._setting = {change.name: change.value for change in changes}
            if news:
                self._bus.publish(PresetLoaded(self.index, preset.name))
        return preset
