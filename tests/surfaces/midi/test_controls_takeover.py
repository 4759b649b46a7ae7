"""A knob that is elsewhere than the value takes it over; what others turn is told to the controller."""

import pytest

from dawbridge.surfaces.midi.bindings import PRESET, Binding
from dawbridge.surfaces.midi.controls import FEEDBACK_AT_ONCE, SILENCE_S
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.takeover import Takeover
from tests.surfaces.midi.messages import CC, cc


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
