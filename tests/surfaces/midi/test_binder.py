import pytest

from dawbridge.errors import UnknownParameterError
from dawbridge.events import Bus, MidiForgotten, MidiHeard, MidiLearned, MidiLearnEnded, Notice
from dawbridge.surfaces.midi.binder import MidiBinder
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.names import VIRTUAL, Port
from tests.listening import Heard

CC = 0xB0
NANO = Port(0, "nano:nano 20:0", "nano:nano", 1)


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def said(bus):
    return Heard(bus.mailbox())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "midi.toml"


@pytest.fixture
def learning(bus, said, file):
    return MidiBinder(bus, file)


def sweep(learning, port=NANO, at=0.0, number=7):
    return [learning.takes(port, [CC | 2, number, value], at) for value in (30, 33, 36, 40, 41)]


def events(said):
    return [event for event in said if not isinstance(event, Notice)]


def test_a_control_is_learned_kept_and_counts(learning, said, file):
    assert sweep(learning) == [False] * 5
    learning.learn("mask_strength")
    assert sweep(learning) == [True, True, True, True, False]
    assert events(said) == [MidiLearned("mask_strength", "nano:nano", 3, 7, "absolute")]
    bound = Binding("mask_strength", Kind.CC, 7, 2, port="nano:nano")
    assert learning.bindings == (*DEFAULT_BINDINGS[1:], bound)
    assert MidiBinder(Bus(), file).bindings == learning.bindings


def test_what_comes_to_our_own_port_is_for_all_ports(learning):
    learning.learn("mask_strength")
    sweep(learning, VIRTUAL)
    assert learning.bindings[-1] == Binding("mask_strength", Kind.CC, 7, 2)


def test_cancelled_replaced_and_timed_out(learning, said):
    learning.learn("mask_strength")
    learning.learn("mask_depth")
    learning.cancel()
    learning.learn("mask_floor")
    learning.step(1.0)
    learning.step(10.9)
    learning.step(11.0)
    ended = events(said)
    assert [event.parameter for event in ended] == ["mask_strength", "mask_depth", "mask_floor"]
    assert [event.reason.split(":")[0] for event in ended] == [
        "another one is learned", "cancelled", "nothing came that is clear",
    ]  # fmt: skip
    assert sweep(learning, at=12.0) == [False] * 5


def test_a_single_press_is_taken_when_the_time_is_up(learning, said):
    learning.learn("live_enable")
    learning.takes(NANO, [CC, 50, 127], 0.0)
    learning.step(10.0)
    assert events(said) == [MidiLearned("live_enable", "nano:nano", 1, 50, "absolute")]


def test_forgotten(learning, said):
    learning.forget("mask_strength")
    learning.step(0.0)
    assert events(said) == [MidiForgotten("mask_strength")]
    assert learning.bindings == DEFAULT_BINDINGS[1:]


def test_unknown_names_are_refused_at_once(learning):
    for order in (learning.learn, learning.forget):
        with pytest.raises(UnknownParameterError):
            order("mask_strenght")


def test_an_edited_file_counts_at_once(learning, said, file):
    learning.step(0.0)
    before = learning.bindings
    file.write_text('[[binding]]\nparameter = "band_low"\ncc = 9\n[[binding]]\nparameter = "band_lo"\n')
    learning.step(0.5)
    assert learning.bindings is before
    learning.step(1.0)
    assert Binding("band_low", Kind.CC, 9) in learning.bindings
    assert sum("binding 2" in event.text for event in said) == 2
    file.unlink()
    learning.step(2.0)
    assert learning.bindings == DEFAULT_BINDINGS


def test_a_file_that_is_broken_is_not_written_over(learning, said, file):
    file.write_text("[[binding")
    learning.learn("mask_strength")
    sweep(learning)
    (ended,) = events(said)
    assert isinstance(ended, MidiLearnEnded)
    assert "mend it first" in ended.reason
    assert file.read_text() == "[[binding"


def test_without_a_file_nothing_is_learned(bus, said):
    learning = MidiBinder(bus, None, DEFAULT_BINDINGS[:1])
    learning.learn("mask_strength")
    sweep(learning)
    assert learning.bindings == DEFAULT_BINDINGS[:1]
    assert "no file" in events(said)[0].reason


def test_the_monitor_shows_all_but_real_time_messages_and_takes_nothing(learning, said):
    learning.monitor(5.0)
    learning.step(1.0)
    for message in ([0xF8], [CC, 7, 1], [0xC0, 5]):
        assert not learning.takes(NANO, message, 2.0)
    learning.takes(NANO, [CC, 7, 2], 6.0)
    assert said == [MidiHeard("nano:nano", bytes([CC, 7, 1])), MidiHeard("nano:nano", bytes([0xC0, 5]))]
