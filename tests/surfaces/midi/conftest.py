from types import SimpleNamespace

import pytest

from dawbridge.events import Bus
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS
from dawbridge.surfaces.midi.controls import PortControls
from tests.listening import Heard


@pytest.fixture
def presets(tmp_path):
    folder = tmp_path / "shipped"
    folder.mkdir()
    for number, strength in enumerate((0.1, 0.2, 0.3), 1):
        (folder / f"{number}.toml").write_text(f'name = "p{number}"\n[parameters]\nmask_strength = {strength}\n')
    return Presets(folder, tmp_path / "user")


@pytest.fixture
def desk(presets):
    """A store, its deck and bus, what the bus said, and surfaces on demand."""
    store, bus = ParameterStore(), Bus()
    said = Heard(bus.mailbox())
    deck = PresetLoader(presets, store, bus)

    def surface(*bindings, port="box"):
        return PortControls(port, store, deck, bindings or DEFAULT_BINDINGS, said.append)

    return SimpleNamespace(store=store, bus=bus, deck=deck, said=said, surface=surface)
