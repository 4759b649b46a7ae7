import pytest

from dawbridge.surfaces.midi.binder import MidiBinder
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.names import VIRTUAL


@pytest.fixture
def learning(idle_rig, tmp_path):
    learning = MidiBinder(idle_rig.bus, tmp_path / "midi.toml")
    idle_rig.serve(midi=learning)
    return learning


@pytest.fixture
def asker(idle_rig, learning):
    return idle_rig.client()


def sweep(learning):
    for value in (30, 33, 36, 40):
        learning.takes(VIRTUAL, [0xB0, 7, value], 1.0)


def test_learned_is_told_to_the_asker_and_to_subscribers(idle_rig, learning, asker):
    ear = idle_rig.client().subscribe()
    assert asker.ask("/dawbridge/midi/learn", "mask_strength") == [("/dawbridge/midi/learning", ("mask_strength",))]
    sweep(learning)
    told = ("mask_strength", "dawbridge", 1, 7, "absolute")
    assert asker.wait_for("/dawbridge/midi/learned") == told
    assert ear.wait_for("/dawbridge/midi/learned") == told
    assert (learning.bindings[-1].kind, learning.bindings[-1].number) == (Kind.CC, 7)


def test_cancelled_with_a_press_and_not_with_its_release(learning, asker):
    asker.ask("/dawbridge/midi/learn", "mask_strength")
    asker.ask("/dawbridge/midi/learn/cancel", 0)
    learning.step(0.0)
    assert asker.synced() == []
    asker.ask("/dawbridge/midi/learn/cancel")
    learning.step(0.0)
    assert asker.wait_for("/dawbridge/midi/learn/ended") == ("mask_strength", "cancelled")


def test_forgotten(learning, asker):
    asker.ask("/dawbridge/midi/forget", "mask_strength")
    learning.step(0.0)
    assert asker.wait_for("/dawbridge/midi/forgotten") == ("mask_strength",)


def test_monitored(learning, asker):
    asker.ask("/dawbridge/midi/monitor", 5)
    learning.step(0.0)
    learning.takes(VIRTUAL, [0xB3, 7, 1], 1.0)
    assert asker.wait_for("/dawbridge/midi/heard") == ("dawbridge", 0xB3, 7, 1)


@pytest.mark.parametrize("command", ["learn", "forget"])
def test_names_are_checked(learning, asker, command):
    assert asker.refused(f"/dawbridge/midi/{command}", "mask_strenght") == "bad_args"
    assert asker.refused(f"/dawbridge/midi/{command}") == "bad_args"
    assert asker.refused(f"/dawbridge/midi/{command}", 3) == "bad_args"


def test_without_midi_it_says_so(client):
    assert client.refused("/dawbridge/midi/learn", "mask_strength") == "internal"


def test_a_morph_by_midi_is_told(rig, client):
    client.subscribe()
    rig.deck.set_end("a", "karaoke")
    rig.deck.set_end("b", "clean acapella")
    rig.deck.morph(0.25, "midi:box")
    assert client.wait_for("/dawbridge/preset/morph") == (0.25,)
