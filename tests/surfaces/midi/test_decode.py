import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.surfaces.midi.decode import Decoder
from dawbridge.surfaces.midi.events import TOP_14, Control, Kind, Moved, Pressed, Ticked
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S

CC = 0xB0
NRPN = Control(Kind.NRPN, 0, 5 << 7 | 9)
RPN = Control(Kind.RPN, 0, 5 << 7 | 9)
seven_bits = st.integers(0, 127)


def decode(decoder, *messages, at=0.0):
    return [event for message in messages for event in decoder.feed(message, at)]


def controllers(*pairs):
    return [[CC, number, value] for number, value in pairs]


@given(st.integers(0, 15), st.integers(0, 97).filter(lambda n: n not in (96, 97)), seven_bits)
def test_a_controller_is_itself(channel, number, value):
    assert Decoder().feed([CC | channel, number, value], 0) == [Moved(Control(Kind.CC, channel, number), value)]


@given(st.integers(0, 15), seven_bits, seven_bits)
def test_notes_are_buttons(channel, note, velocity):
    control = Control(Kind.NOTE, channel, note)
    decoder = Decoder()
    assert decoder.feed([0x90 | channel, note, velocity], 0) == [Pressed(control, velocity > 0)]
    assert decoder.feed([0x80 | channel, note, velocity], 0) == [Pressed(control, False)]


def test_programs_are_buttons():
    assert Decoder().feed([0xC3, 7], 0) == [Pressed(Control(Kind.PROGRAM, 3, 7), True)]


def test_mido_messages_are_read_like_bytes():
    message = mido.Message("control_change", channel=2, control=20, value=99)
    assert Decoder().feed(message, 0) == Decoder().feed(message.bytes(), 0)


@pytest.mark.parametrize(
    "message",
    [
        [0xF8], [0xFE], [0xFA], [0xF0, 1, 2, 0xF7], [0xF2, 1, 2], [0xD0, 64], [0xA0, 1, 2],
        [], [CC], [CC, 20], [CC, 20, 200], [CC, 20, -1], [CC, 20, 1, 1], [20, 20, 20], [0xC0, 1, 2], [0x90, 60],
        *([CC, number, 127] for number in range(120, 128)),
    ],
)  # fmt: skip
def test_what_is_no_control_is_dropped(message):
    assert Decoder().feed(message, 0) == []


@given(seven_bits, seven_bits)
def test_a_bound_pair_is_one_value(msb, lsb):
    control = Control(Kind.CC14, 0, 1)
    assert decode(Decoder({(None, 1)}), [CC, 1, msb], [CC, 33, lsb]) == [Moved(control, msb * 128 + lsb, TOP_14)]
    assert decode(Decoder({(0, 1)}), [CC, 33, lsb], [CC, 1, msb]) == [Moved(control, msb * 128 + lsb, TOP_14)]


def test_pairs_are_read_only_where_they_are_bound():
    both = controllers((1, 3), (33, 4))
    seven_bit = [Moved(Control(Kind.CC, 0, 1), 3), Moved(Control(Kind.CC, 0, 33), 4)]
    assert decode(Decoder(), *both) == seven_bit
    assert decode(Decoder({(5, 1), (None, 2)}), *both) == seven_bit


@pytest.mark.parametrize("msb, value", [(0, 0), (64, 64 * 128 + 64), (127, TOP_14)])
def test_an_msb_alone_counts_after_a_wait_and_reaches_the_top(msb, value):
    decoder = Decoder({(None, 1)})
    assert decoder.feed([CC, 1, msb], 10.0) == []
    assert decoder.deadline_s == 10.0 + PAIR_WAIT_S
    assert decoder.flush(10.0 + 0.9 * PAIR_WAIT_S) == []
    assert decoder.flush(10.0 + PAIR_WAIT_S) == [Moved(Control(Kind.CC14, 0, 1), value, TOP_14)]
    assert decoder.deadline_s == float("inf")


def test_an_lsb_alone_is_a_fine_move_and_means_nothing_before_the_first_msb():
    decoder = Decoder({(None, 1)})
    decoder.feed([CC, 33, 5], 0.0)
    assert decoder.flush(1.0) == []
    decode(decoder, *controllers((1, 2), (33, 3)), at=2.0)
    assert decoder.feed([CC, 33, 9], 3.0) == [Moved(Control(Kind.CC14, 0, 1), 2 * 128 + 9, TOP_14)]


def test_two_msbs_in_a_row_lose_neither():
    values = [event.value for event in decode(Decoder({(None, 1)}), *controllers((1, 2), (1, 3), (33, 0)))]
    assert values == [2 * 128 + 2, 3 * 128]


@pytest.mark.parametrize("select", [[(99, 5), (98, 9)], [(98, 9), (99, 5)]])
@pytest.mark.parametrize("data", [[(6, 64), (38, 3)], [(38, 3), (6, 64)]])
def test_nrpn_in_either_order(select, data):
    assert decode(Decoder(), *controllers(*select, *data)) == [Moved(NRPN, 64 * 128 + 3, TOP_14)]


def test_rpn():
    assert decode(Decoder(), *controllers((101, 5), (100, 9), (6, 1), (38, 2))) == [Moved(RPN, 130, TOP_14)]


def test_nrpn_with_7_bits():
    decoder = Decoder()
    assert decode(decoder, *controllers((99, 5), (98, 9), (6, 127))) == []
    assert decoder.flush(PAIR_WAIT_S) == [Moved(NRPN, TOP_14, TOP_14)]


def test_increments():
    assert decode(Decoder(), *controllers((99, 5), (98, 9), (96, 0), (97, 127))) == [Ticked(NRPN, 1), Ticked(NRPN, -1)]


@pytest.mark.parametrize("null", [[(101, 127), (100, 127)], [(99, 127), (98, 127)]])
def test_null_closes(null):
    messages = controllers((99, 5), (98, 9), *null, (6, 3))
    assert decode(Decoder(), *messages) == [Moved(Control(Kind.CC, 0, 6), 3)]


def test_a_selection_holds_until_it_is_replaced():
    """A controller selects its parameter once and feeds it for minutes."""
    decoder = Decoder()
    decode(decoder, *controllers((99, 5), (98, 9)), at=0.0)
    assert decoder.feed([CC, 96, 0], 3600.0) == [Ticked(NRPN, 1)]
    decode(decoder, *controllers((99, 5), (98, 10)), at=3601.0)
    assert decoder.feed([CC, 96, 0], 7200.0) == [Ticked(Control(Kind.NRPN, 0, 5 << 7 | 10), 1)]


@given(seven_bits, seven_bits)
def test_pitch_bend_is_a_fader_of_14_bits(lsb, msb):
    assert Decoder().feed([0xE3, lsb, msb], 0) == [Moved(Control(Kind.BEND, 3, 0), msb << 7 | lsb, TOP_14)]


def test_machine_control_is_a_button():
    assert Decoder().feed([0xF0, 0x7F, 0x10, 0x06, 0x06, 0xF7], 0) == [Pressed(Control(Kind.MMC, 0, 6))]
    for other in ([0xF0, 0x7F, 0x10, 0x07, 0x06, 0xF7], [0xF0, 0x7E, 0, 6, 1, 0xF7], [0xF0, 0x7F, 0, 6, 0, 0xF7]):
        assert Decoder().feed(other, 0) == []


def test_half_a_selection_takes_no_data():
    assert decode(Decoder(), *controllers((99, 5), (6, 1), (38, 1), (96, 0))) == []


def test_a_registered_parameter_does_not_complete_a_non_registered_one():
    assert decode(Decoder(), *controllers((99, 5), (100, 9), (96, 0))) == []


def test_channels_do_not_mix():
    decoder = Decoder({(None, 1)})
    assert decode(decoder, [0xB0, 99, 5], [0xB1, 98, 9], [0xB0, 96, 0], [0xB0, 1, 2], [0xB1, 33, 2]) == []


@given(st.lists(st.lists(st.integers(0, 255), max_size=4), max_size=60), st.lists(st.floats(0, 0.5), min_size=60))
def test_any_bytes_give_events_in_range(messages, gaps):
    decoder, now = Decoder((None, n) for n in range(32)), 0.0
    for message, gap in zip(messages, gaps, strict=False):
        now += gap
        for event in decoder.feed(message, now):
            assert 0 <= event.control.channel <= 15
            assert 0 <= event.control.number <= TOP_14
            assert not isinstance(event, Moved) or 0 <= event.value <= event.top
    decoder.flush(float("inf"))
    assert decoder.deadline_s == float("inf")
