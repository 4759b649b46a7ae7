import pytest

from dawbridge.errors import ConfigError, UnknownParameterError
from dawbridge.events import PresetLoaded, PresetMorphed
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, PRESET_MORPH, Binding
from dawbridge.surfaces.midi.controls import PortControls
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.takeover import Takeover
from tests.listening import Heard
from tests.surfaces.midi.messages import CC, cc


@pytest.mark.parametrize("channel", [0, 9, 15])
@pytest.mark.parametrize("binding", [binding for binding in DEFAULT_BINDINGS if binding.number in range(20, 25)])
def test_the_default_knobs(desk, binding, channel):
    surface = desk.surface()
    for value in (0, 1, 64, 127):
        cc(surface, binding.number, value, channel=channel)
        assert desk.store.normalized(binding.target) == pytest.approx(value / 127)


class TestCommands:
    """Controls that do commands."""

    @pytest.fixture
    def done(self, desk):
        """What the surface with one binding does on messages."""

        def do(binding, *messages):
            said = []
            controls = PortControls("box", desk.store, desk.deck, [binding], said.append, said.append)
            for place, message in enumerate(messages):
                controls.feed(message, place * 0.1)
            assert controls.feedback(10.0) == []
            return said

        return do

    def test_a_note_a_program_and_machine_control_fire_when_they_are_pressed(self, done):
        record = ["/dawbridge/automation/record"]
        note = Binding("automation/record", Kind.NOTE, 60)
        assert done(note, [0x90, 60, 100], [0x80, 60, 0], [0x90, 61, 100]) == record
        assert done(note, [0x90, 60, 100], [0x90, 60, 0], [0x90, 60, 1]) == record * 2
        assert done(Binding("automation/record", Kind.PROGRAM, 5), [0xC0, 5], [0xC0, 6]) == record
        mmc = Binding("automation/record", Kind.MMC, 6)
        assert done(mmc, [0xF0, 0x7F, 0x7F, 6, 6, 0xF7], [0xF0, 0x7F, 0x7F, 6, 1, 0xF7]) == record

    def test_a_controller_fires_once_on_its_way_up(self, done):
        binding = Binding("preset/next", Kind.CC, 30)
        values = (10, 64, 70, 127, 63, 0, 127)
        assert done(binding, *([CC, 30, value] for value in values)) == ["/dawbridge/preset/next"] * 2

    def test_a_preset_by_name(self, done):
        binding = Binding("preset/load/my mix", Kind.NOTE, 1)
        assert done(binding, [0x90, 1, 1]) == ["/dawbridge/preset/load/my%20mix"]

    @pytest.mark.parametrize("kind", [Kind.CC14, Kind.NRPN, Kind.BEND])
    def test_what_is_no_button_is_refused(self, kind):
        with pytest.raises(ConfigError, match="is a command"):
            Binding("automation/record", kind, 0)

    def test_what_is_no_command_is_refused(self):
        for name in ("automation/recrod", "preset/load/", "dump", "subscribe", "job/cancel"):
            with pytest.raises(UnknownParameterError):
                Binding(name, Kind.NOTE, 1)


def test_a_pitch_bend_turns_a_knob_and_is_told_of_it(desk):
    controls = desk.surface(Binding("mask_depth", Kind.BEND, 0, 2, takeover=Takeover.NONE))
    controls.feed([0xE2, 0x20, 0x40], 0.0)
    assert desk.store.get("mask_depth") == pytest.approx((0x40 << 7 | 0x20) / 16383)
    desk.store.set("mask_depth", 0.0, "osc:1")
    assert controls.feedback(9.0) == [[0xE2, 0, 0]]


def test_the_origin_names_the_port(desk):
    changes = Heard(desk.store.mailbox(), flat=True)
    cc(desk.surface(port="nano"), 20, 3)
    assert [(change.name, change.origin) for change in changes] == [("mask_strength", "midi:nano")]


@pytest.mark.parametrize("number, name", [(80, "live_enable"), (81, "watch_enable")])
def test_switches_act_on_edges_alone(desk, number, name):
    surface, changes = desk.surface(), Heard(desk.store.mailbox(), flat=True)
    cc(surface, number, 63, 0, 10, 64, 127, 90, 63, 127)
    assert [(change.name, change.value) for change in changes] == [(name, 0), (name, 1), (name, 0), (name, 1)]


def test_program_changes_load_presets(desk):
    surface = desk.surface()
    surface.feed([0xC7, 1], 0)
    assert desk.deck.current == "p2"
    assert desk.store.get("mask_strength") == 0.2
    assert desk.said == [PresetLoaded(2, "p2")]


def test_a_program_without_a_preset_is_a_line_and_no_more(desk):
    desk.surface().feed([0xC0, 100], 0)
    assert desk.said == ["MIDI Program Change 100: there is no preset number 101; there are 1..3"]


def test_a_note_flips_a_switch_when_pressed(desk):
    surface = desk.surface(Binding("live_enable", Kind.NOTE, 60))
    for message, on in (([0x90, 60, 9], 0), ([0x80, 60, 0], 0), ([0x90, 60, 9], 1), ([0x90, 60, 0], 1)):
        surface.feed(message, 0)
        assert desk.store.get("live_enable") == on


def test_a_program_can_be_a_button(desk):
    surface = desk.surface(Binding("live_enable", Kind.PROGRAM, 5))
    surface.feed([0xC0, 5], 0)
    surface.feed([0xC0, 6], 0)
    assert desk.store.get("live_enable") == 0


@pytest.mark.parametrize(
    "encoding, right, left",
    [(Encoding.TWOS_COMPLEMENT, 1, 127), (Encoding.BINARY_OFFSET, 65, 63), (Encoding.SIGN_MAGNITUDE, 1, 65)],
)
@pytest.mark.parametrize("inverted", [False, True])
def test_encoders_turn_from_where_the_value_is(desk, encoding, right, left, inverted):
    surface = desk.surface(Binding("mask_strength", Kind.CC, 20, encoding=encoding, inverted=inverted))
    desk.store.set("mask_strength", 0.5, "osc")
    steps = -2 if inverted else 2
    cc(surface, 20, right, right, right, left)
    assert desk.store.get("mask_strength") == pytest.approx(0.5 + steps / 127)


def test_encoders_stop_at_the_ends_and_switch_switches(desk):
    surface = desk.surface(
        Binding("mask_strength", Kind.CC, 20, encoding=Encoding.BINARY_OFFSET),
        Binding("live_enable", Kind.CC, 21, encoding=Encoding.BINARY_OFFSET),
    )
    changes = Heard(desk.store.mailbox(), flat=True)
    cc(surface, 20, 127, 127, 64)
    cc(surface, 21, 60, 64, 70)
    assert [change.value for change in changes] == [1, 1, 0, 1]
    assert not any(change.clamped for change in changes)


def test_14_bit_waits_for_its_second_half(desk):
    surface = desk.surface(Binding("mask_strength", Kind.CC14, 1))
    cc(surface, 1, 64, at=1.0)
    assert desk.store.get("mask_strength") == 1
    assert surface.deadline_s == pytest.approx(1.0 + PAIR_WAIT_S)
    surface.flush(1.0 + PAIR_WAIT_S)
    assert desk.store.get("mask_strength") == pytest.approx((64 * 128 + 64) / 16383)


def test_nrpn_turns_a_knob(desk):
    surface = desk.surface(Binding("band_low", Kind.NRPN, 700))
    for number, value in ((99, 700 >> 7), (98, 700 & 127), (6, 127), (38, 127)):
        cc(surface, number, value)
    assert desk.store.get("band_low") == 500


def test_center(desk):
    surface = desk.surface(Binding("mask_contrast", Kind.CC, 20, center=64))
    cc(surface, 20, 64)
    assert desk.store.get("mask_contrast") == 0.5


def test_a_motor_on_its_way_moves_nothing(desk):
    surface = desk.surface(Binding("mask_strength", Kind.CC, 20))
    cc(surface, 20, 100)
    desk.store.set_normalized("mask_strength", 50 / 127, "osc")
    (message,) = surface.feedback(1.0)
    assert message == [CC, 20, 50]
    cc(surface, 20, 90, 70, 53, 52, 51, 50, 51, at=1.1)  # the fader tells where it travels, and that it trembles
    assert desk.store.normalized("mask_strength") == pytest.approx(50 / 127)
    cc(surface, 20, 52, 55, at=2.0)
    assert desk.store.normalized("mask_strength") == pytest.approx(55 / 127)


def test_a_hand_that_crosses_the_value_while_feedback_comes_has_it(desk):
    surface = desk.surface(Binding("mask_strength", Kind.CC, 20))
    cc(surface, 20, 100)
    desk.store.set_normalized("mask_strength", 50 / 127, "osc")
    surface.feedback(1.0)
    cc(surface, 20, 80, 40, at=1.1)
    assert desk.store.normalized("mask_strength") == pytest.approx(40 / 127)


def test_the_morph_between_two_presets(desk):
    surface = desk.surface(Binding(PRESET_MORPH, Kind.CC, 30))
    cc(surface, 30, 10, 20)
    (complaint,) = desk.said
    assert "choose the two presets first" in complaint
    desk.deck.set_end("a", "p1")
    desk.deck.set_end("b", "p3")
    cc(surface, 30, 0, 64, 127)
    assert desk.store.get("mask_strength") == pytest.approx(0.3)
    assert desk.said[3:] == [PresetMorphed(1.0, "midi:box")]
    desk.deck.morph(0.5, "osc:1")
    assert surface.feedback(5.0) == [[CC, 30, 64]]
    cc(surface, 30, 120, at=6.0)
    assert desk.deck.position == 0.5
    cc(surface, 30, 60, at=6.0)
    assert desk.deck.position == 60 / 127


def test_other_bindings_leave_what_stays_as_it_was(desk):
    strength, depth = Binding("mask_strength", Kind.CC, 20), Binding("mask_depth", Kind.CC, 21)
    surface = desk.surface(strength, depth)
    cc(surface, 20, 100)
    desk.store.set("mask_strength", 0.1, "osc")
    surface.rebind([strength, Binding("band_low", Kind.CC14, 2)])
    cc(surface, 20, 90)
    cc(surface, 21, 5)
    cc(surface, 2, 127)
    cc(surface, 34, 127)
    assert desk.store.get("mask_strength") == 0.1
    assert desk.store.get("mask_depth") == 1
    assert desk.store.get("band_low") == pytest.approx(500)
