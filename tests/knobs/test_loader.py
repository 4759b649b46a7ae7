"""Presets as control surfaces load them."""

from dawbridge.events import Bus
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets


def test_a_preset_that_is_saved_again_is_the_new_end_of_the_morph(tmp_path):
    store = ParameterStore()
    loader = PresetLoader(Presets(tmp_path / "none", tmp_path), store, Bus())
    for name, depth in (("low", 0.0), ("high", 0.5)):
        store.set("mask_depth", depth, "test")
        loader.save(name)
    loader.set_end("a", "low")
    loader.set_end("b", "high")
    store.set("mask_depth", 1.0, "test")
    loader.save("high")
    loader.morph(1.0)
    assert store.get("mask_depth") == 1.0
