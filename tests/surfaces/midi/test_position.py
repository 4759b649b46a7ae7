import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.surfaces.midi.position import Position, PositionDecoder, timecode_s

CLOCK, START, CONTINUE, STOP = [0xF8], [0xFA], [0xFB], [0xFC]


def play(decoder, clocks, beats_a_minute, now_s):
    """So many clocks from `now_s` on; the last position and the time of the next clock."""
    position = None
    for _ in range(clocks):
        position = decoder.feed(CLOCK, now_s)
        now_s += 60 / beats_a_minute / 24
    return position, now_s


def test_clock_from_the_start_counts_real_seconds_through_a_change_of_tempo():
    decoder = PositionDecoder()
    assert decoder.feed(START, 10.0) == Position(0.0, True)
    _, now = play(decoder, 96, 120, 10.0)
    position, _ = play(decoder, 97, 60, now)
    assert position.seconds == pytest.approx(2.0 + 4.0)


def test_stop_holds_and_continue_goes_on():
    decoder = PositionDecoder()
    decoder.feed(START, 0.0)
    play(decoder, 25, 120, 0.0)
    assert decoder.feed(STOP, 1.0) == Position(pytest.approx(0.5), False)
    assert decoder.feed(CLOCK, 2.0) is None
    assert decoder.feed(CONTINUE, 5.0) == Position(pytest.approx(0.5), True)
    position, _ = play(decoder, 25, 120, 5.0)
    assert position.seconds == pytest.approx(1.0)


def test_song_position_counts_sixteenths_at_the_clock_s_tempo():
    decoder = PositionDecoder()
    assert decoder.feed([0xF2, 8, 0], 0.0).seconds == pytest.approx(1.0)  # two beats, 120 a minute until a clock says
    play(decoder, 400, 60, 1.0)
    assert decoder.feed([0xF2, 0, 1], 100.0) == Position(pytest.approx(32.0, rel=1e-3), False)  # 128 sixteenths


@pytest.mark.parametrize("stopped_s", [0.0, 5.0])
@pytest.mark.parametrize("tempo", [60, 97, 124, 180])
def test_a_song_position_before_the_first_clock_of_a_new_tempo_is_corrected(tempo, stopped_s):
    """A DAW says where it goes before it says how fast it plays there; some send no clock while they stand still."""
    decoder = PositionDecoder()
    decoder.feed(START, 0.0)
    _, now = play(decoder, 400, 120, 0.0)
    decoder.feed(STOP, now)
    now += stopped_s
    decoder.feed([0xF2, 0, 2], now)  # 256 sixteenths: 64 beats
    decoder.feed(CONTINUE, now)
    position, _ = play(decoder, 101, tempo, now)
    error = 64 * 60 / 120 * 0.05 if tempo == 124 and not stopped_s else 0.02
    assert position.seconds == pytest.approx(64 * 60 / tempo + 100 / 24 * 60 / tempo, abs=error)


def test_a_song_position_at_the_tempo_that_is_known_does_not_wander_with_the_clocks():
    decoder = PositionDecoder()
    decoder.feed(START, 0.0)
    _, now = play(decoder, 400, 100, 0.0)
    decoder.feed(STOP, now)
    decoder.feed([0xF2, 0, 2], now)
    decoder.feed(CONTINUE, now)
    seen = []
    for clock in range(100):
        now += 0.025 + (0.001 if clock % 2 else -0.001)
        seen.append(decoder.feed(CLOCK, now).seconds)
    assert seen == pytest.approx([64 * 0.6 + clock * 0.025 for clock in range(100)], abs=0.02)


def quarters(rate, hours, minutes, seconds, frames):
    low = [frames, frames >> 4, seconds, seconds >> 4, minutes, minutes >> 4, hours, hours >> 4 & 1 | rate << 1]
    return [[0xF1, piece << 4 | nibble & 15] for piece, nibble in enumerate(low)]


def test_eight_quarter_frames_tell_a_time_two_frames_late():
    decoder = PositionDecoder()
    told = [decoder.feed(message, 0.0) for message in quarters(1, 1, 2, 3, 4)]
    assert told[:7] == [None] * 7
    assert told[7] == Position(pytest.approx(3723 + 6 / 25), True, is_timecode=True)
    assert decoder.feed([0xF1, 0x70], 0.0) is not None
    decoder.feed([0xF1, 0x00], 0.0)
    assert decoder.feed([0xF1, 0x70], 0.0) is None  # the pieces between are missing


def run_of(rate, hours, minutes, seconds, frames, count):
    """Quarter frames of `count` pairs of frames from that time on, as a DAW sends them."""
    return [piece for pair in range(count) for piece in quarters(rate, hours, minutes, seconds, frames + 2 * pair)]


def test_time_code_that_runs_backwards_tells_where_it_is():
    decoder, told = PositionDecoder(), []
    messages = [[0xF1, 0x70 | 2], [0xF1, 0x60], *reversed(run_of(1, 1, 0, 5, 0, 3))]
    for now, message in enumerate(messages):
        position = decoder.feed(message, now / 100)
        if position:
            told.append(position)
    assert [round((one.seconds - 3605) * 25) for one in told] == [4, 2, 0]
    assert all(one.backwards and one.playing and one.is_timecode for one in told)


def test_time_code_that_turns_round_is_read_from_whole_times_alone():
    decoder, there = PositionDecoder(), run_of(1, 1, 0, 5, 0, 2)
    told = [decoder.feed(message, 0.0) for message in [*there[:12], *there[10::-1], *there[1:]]]
    assert [(round((one.seconds - 3605) * 25), one.backwards) for one in told if one] == [
        (2, False), (0, True), (2, False), (4, False)
    ]  # fmt: skip


def test_pieces_from_before_a_pause_are_not_part_of_a_time():
    decoder, there = PositionDecoder(), run_of(1, 1, 0, 5, 0, 2)
    assert [decoder.feed(message, 0.0) for message in there[:4]] == [None] * 4
    told = [decoder.feed(message, 9.0) for message in there[4:]]
    assert [round((one.seconds - 3605) * 25) for one in told if one] == [4]


@pytest.mark.parametrize(("rate", "frames"), [(0, 24), (1, 25), (2, 30), (3, 30)])
def test_a_frame_that_the_rate_does_not_have_is_no_time(rate, frames):
    def full(frame):
        return [0xF0, 0x7F, 0x7F, 0x01, 0x01, rate << 5, 0, 10, frame, 0xF7]

    assert PositionDecoder().feed(full(frames - 1), 0.0) is not None
    assert PositionDecoder().feed(full(frames), 0.0) is None


def test_one_hour_of_drop_frame_code_takes_an_hour():
    """29.97 drop frame numbers 107,892 frames from 01:00:00:00 to 02:00:00:00; by the clock that is 3599.9964 s."""
    decoder, told = PositionDecoder(), {}
    numbers = ((minute, second, frame) for minute in range(60) for second in range(60) for frame in range(30)
               if frame > 1 or second or minute % 10 == 0)  # fmt: skip
    for count, (minute, second, frame) in enumerate(numbers):
        if count % 1798 == 0:  # a minute apart
            full = [0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x41, minute, second, frame, 0xF7]
            told[count] = decoder.feed(full, 0.0).seconds
    assert count + 1 == 107_892
    start_s = told[0]
    assert start_s == pytest.approx(3600, abs=0.004)
    for count, seconds in told.items():
        assert seconds - start_s == pytest.approx(count * 1001 / 30000, abs=1e-6)
    end = decoder.feed([0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x42, 0, 0, 0, 0xF7], 0.0)
    assert end.seconds - start_s == pytest.approx(107_892 * 1001 / 30000, abs=1e-6)


def test_a_full_frame_is_a_jump():
    full = [0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x60, 0, 10, 15, 0xF7]
    assert PositionDecoder().feed(full, 0.0) == Position(pytest.approx(10.5), False, is_timecode=True)
    full[7] = 75
    assert PositionDecoder().feed(full, 0.0) is None


def test_drop_frame_keeps_the_wall_clock():
    assert timecode_s(2, 1, 0, 0, 0) == pytest.approx(3600, abs=0.02)
    assert timecode_s(2, 0, 1, 0, 2) == pytest.approx(1800 * 1001 / 30000)


@given(st.lists(st.lists(st.integers(0, 255), max_size=12), max_size=40))
def test_nothing_that_comes_in_raises(messages):
    decoder = PositionDecoder()
    for now, message in enumerate(messages):
        position = decoder.feed(message, now / 10)
        assert position is None or 0 <= position.seconds < 200_000


def test_a_pause_soon_after_a_song_position_is_no_tempo():
    decoder = PositionDecoder()
    decoder.feed([0xF2, 0, 1], 0.0)  # 128 sixteenths: 32 beats
    decoder.feed(CONTINUE, 0.0)
    _, now = play(decoder, 50, 120, 0.0)
    decoder.feed(STOP, now)
    decoder.feed(CONTINUE, now + 10.0)
    position, _ = play(decoder, 25, 120, now + 10.0)
    assert position.seconds == pytest.approx(16.0 + 74 / 48, abs=0.1)
