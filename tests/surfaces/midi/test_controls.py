import pytest

from dawbridge.errors import ConfigError, UnknownParameterError
from dawbridge.events import PresetLoaded, PresetMorphed
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, PRESET, PRESET_MORPH, Binding
from dawbridge.surfaces.midi.controls import FEEDBACK_AT_ONCE, SILENCE_S, PortControls
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.takeover import Takeover
from tests.listening import Heard

CC = 0xB0


def cc(surface, number, *values, at=0.0, channel=0):
    for value in values:
        surface.feed([CC | channel, number, value], at)


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


class TestTakeover:
    def move(self, desk, takeover, *steps):
        """Steps are (who, value 0..127) with who `control` or `osc`; returns the value 0..127 after each."""
        surface = desk.surface(Binding("mask_strength", Kind.CC, 20, takeover=takeover))
        values = []
        for who, value in steps:
            if who == "osc":
                desk.store.set("mask_strength", value / 127, "osc")
            else:
                cc(surface, 20, value)
            values.append(round(desk.store.get("mask_strength") * 127, 6))
        return values

    def test_bindings_start_latched(self, desk):
        assert self.move(desk, Takeover.PICK_UP, ("control", 10), ("control", 90)) == [10, 90]

    def test_a_foreign_change_unlatches_until_the_control_comes_near(self, desk):
        steps = [("control", 20), ("osc", 100), ("control", 21), ("control", 96), ("control", 97), ("control", 98)]
        assert self.move(desk, Takeover.PICK_UP, *steps) == [20, 100, 100, 100, 97, 98]

    def test_crossing_relatches(self, desk):
        steps = [("control", 20), ("osc", 60), ("control", 110), ("control", 0)]
        assert self.move(desk, Takeover.PICK_UP, *steps) == [20, 60, 110, 0]

    def test_before_its_first_move_crossing_cannot_be_known(self, desk):
        steps = [("osc", 60), ("control", 110), ("control", 110), ("control", 90), ("control", 50), ("control", 40)]
        assert self.move(desk, Takeover.PICK_UP, *steps) == [60, 60, 60, 60, 50, 40]

    def test_the_same_value_rounded_is_no_move(self, desk):
        assert self.move(desk, Takeover.PICK_UP, ("osc", 60.3), ("control", 60), ("control", 99)) == [60.3, 60.3, 99]

    def test_the_ends_are_reached_exactly(self, desk):
        assert self.move(desk, Takeover.PICK_UP, ("osc", 126.9), ("control", 127)) == [126.9, 127]

    def test_none_jumps(self, desk):
        assert self.move(desk, Takeover.NONE, ("control", 20), ("osc", 100), ("control", 21)) == [20, 100, 21]

    def test_scale_moves_the_same_way_and_meets_at_the_end(self, desk):
        steps = [("control", 27), ("osc", 90), *(("control", value) for value in (77, 87, 127, 100))]
        assert self.move(desk, Takeover.SCALE, *steps) == [27, 90, 108.5, 112.2, 127, 100]

    def test_another_control_of_the_same_port_is_a_foreign_writer(self, desk):
        surface = desk.surface(Binding("mask_strength", Kind.CC, 20), Binding("mask_strength", Kind.CC, 30))
        cc(surface, 20, 20)
        cc(surface, 30, 100)
        assert desk.store.get("mask_strength") == pytest.approx(20 / 127)
        cc(surface, 30, 10)
        cc(surface, 20, 30)
        assert desk.store.get("mask_strength") == pytest.approx(10 / 127)
        cc(surface, 20, 12, 60)
        assert desk.store.get("mask_strength") == pytest.approx(60 / 127)

    def test_a_change_to_the_same_value_unlatches_nobody(self, desk):
        assert self.move(desk, Takeover.PICK_UP, ("control", 20), ("osc", 20), ("control", 90)) == [20, 20, 90]


class TestFeedback:
    def test_a_new_device_is_told_everything_once(self, desk):
        surface = desk.surface()
        told = [[CC, 20, 127], [CC, 21, 0], [CC, 22, 115], [CC, 23, 115], [CC, 24, 64], [CC, 80, 127], [CC, 81, 127]]
        assert surface.feedback(0.0) == told
        assert surface.feedback(1.0) == []
        surface.forget_told()
        assert surface.feedback(2.0) == told

    def test_foreign_changes_the_newest_alone(self, desk):
        surface = desk.surface()
        surface.feedback(0.0)
        for value in (0.1, 0.2, 0.5):
            desk.store.set("mask_strength", value, "osc")
        desk.deck.load("p3")
        assert surface.feedback(0.1) == [[CC, 20, round(0.3 * 127)]]

    def test_the_own_move_is_not_sent_back(self, desk):
        surface = desk.surface()
        surface.feedback(0.0)
        cc(surface, 20, 77, at=1.0)
        cc(surface, 80, 100, 0, at=1.0)
        assert surface.feedback(1.0 + 2 * SILENCE_S) == []

    def test_silence_after_the_own_move_then_the_newest(self, desk):
        surface = desk.surface()
        surface.feedback(0.0)
        cc(surface, 20, 77, at=1.0)
        desk.store.set("mask_strength", 0.0, "osc")
        desk.store.set("mask_depth", 0.0, "osc")
        assert surface.feedback(1.0 + 0.9 * SILENCE_S) == []
        assert surface.feedback(1.0 + SILENCE_S) == [[CC, 20, 0]]

    def test_a_channel_that_was_heard_is_told_too(self, desk):
        surface = desk.surface(Binding("mask_strength", Kind.CC, 20))
        cc(surface, 20, 5, channel=7)
        desk.store.set("mask_strength", 0.0, "osc")
        assert [CC | 7, 20, 0] in surface.feedback(9.0)

    def test_every_kind_has_its_messages(self, desk):
        surface = desk.surface(
            Binding("mask_strength", Kind.CC14, 1, channel=2),
            Binding("mask_depth", Kind.NRPN, 700),
            Binding("mask_depth", Kind.RPN, 3),
            Binding("live_enable", Kind.NOTE, 60, channel=9),
            Binding("live_enable", Kind.PROGRAM, 60),
            Binding(PRESET, Kind.PROGRAM, None),
        )
        expected = [[CC | 2, 1, 127], [CC | 2, 33, 127]]
        expected += [[CC, n, v] for n, v in ((99, 5), (98, 60), (6, 127), (38, 127))]
        expected += [[CC, n, v] for n, v in ((101, 0), (100, 3), (6, 127), (38, 127))]
        assert surface.feedback(0.0) == [*expected, [0x99, 60, 127]]

    def test_so_many_at_once_and_the_rest_later(self, desk):
        surface = desk.surface(*(Binding("mask_depth", Kind.NRPN, number) for number in range(20)))
        batches = [surface.feedback(0.0), surface.feedback(0.0), surface.feedback(0.0)]
        assert [len(batch) for batch in batches] == [48, 32, 0]
        assert max(map(len, batches)) <= FEEDBACK_AT_ONCE

    def test_a_loop_from_output_to_input_changes_nothing(self, desk):
        surface = desk.surface()
        desk.store.update({"mask_strength": 0.4321, "acapella_gain": -7.7, "mask_contrast": 0.123}, "osc")
        before = desk.store.snapshot()
        for now in range(5):
            for message in surface.feedback(now):
                surface.feed(message, now)
        assert desk.store.snapshot() == before


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
