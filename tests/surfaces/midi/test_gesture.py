import random

import pytest

from dawbridge.errors import UnknownParameterError
from dawbridge.surfaces.midi.bindings import PRESET, PRESET_MORPH
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.gesture import GestureRecognizer, encoding_of, mode
from dawbridge.surfaces.midi.relative import Encoding

CC = 0xB0
TWOS, SIGN, OFFSET, ABSOLUTE = (
    Encoding.TWOS_COMPLEMENT, Encoding.SIGN_MAGNITUDE, Encoding.BINARY_OFFSET, Encoding.ABSOLUTE,
)  # fmt: skip


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ([1, 1, 1, 127, 127], TWOS),
        ([1, 2, 3, 2, 1, 126, 127], TWOS),
        ([1, 1, 65, 65], SIGN),
        ([2, 3, 1, 66, 65, 67], SIGN),
        ([65, 65, 63, 63], OFFSET),
        ([66, 65, 65, 62, 63], OFFSET),
        ([30, 31, 33, 36], None),  # a pedal that trembles
        ([30, 31, 33, 38], ABSOLUTE),
        ([127, 0], ABSOLUTE),
        ([0, 1, 0], None),
        ([90, 88, 87, 80], ABSOLUTE),
        ([69, 67, 66, 65, 63, 62, 61, 60], None),  # through the middle, downwards: not an encoder yet
        ([1, 1, 1, 1], None),
        ([1, 1, 127], None),
        ([127, 127, 1, 1], None),  # left first
        ([32, 32, 32, 32], None),
        ([50], None),
        ([], None),
    ],
)
def test_verdicts(values, encoding):
    assert encoding_of(values) is encoding


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("encoding", "right", "left"), [(TWOS, 0, 128), (SIGN, 0, None), (OFFSET, 64, 64)], ids=["twos", "sign", "offset"]
)
def test_a_gentle_hand_on_an_encoder_is_never_taken_for_a_fader(encoding, right, left, seed):
    dice = random.Random(seed)
    ticks = [dice.choice((1, 1, 1, 1, 2, 2, 3)) for _ in range(30)]
    values = [right + tick for tick in ticks[:15]]
    values += [64 + tick if left is None else left - tick for tick in ticks[15:]]
    verdicts = {encoding_of(values[:count]) for count in range(len(values) + 1)}
    assert verdicts == {None, encoding}


@pytest.mark.parametrize("seed", range(20))
def test_a_fader_is_never_taken_for_an_encoder(seed):
    dice = random.Random(seed)
    value, values = dice.randrange(128), []
    while 0 <= value <= 127 and len(values) < 60:
        values.append(value)
        value += dice.choice((1, 1, 2, 3)) * (1 if seed % 2 else -1)
    first = next((found for count in range(len(values) + 1) if (found := encoding_of(values[:count]))), None)
    assert first in (ABSOLUTE, None)


def learned(learner, messages, port="box"):
    """Where and what was learned, and after how many messages."""
    for count, message in enumerate(messages, 1):
        found = learner.feed(port, message, count * 0.002)
        if found:
            return (*found, count)
    return None


def cc(number, *values, channel=2):
    return [[CC | channel, number, value] for value in values]


@pytest.mark.parametrize("target", ["mask_strength", PRESET_MORPH])
def test_a_sweep(target):
    port, binding, count = learned(GestureRecognizer(target, 0), cc(7, 30, 31, 33, 36, 40))
    assert (port, count) == ("box", 5)
    assert (binding.target, binding.kind, binding.number, binding.channel) == (target, Kind.CC, 7, 2)
    assert (binding.encoding, binding.takeover, mode(binding)) == (ABSOLUTE, "pick-up", "absolute")


def test_an_encoder():
    _, binding, count = learned(GestureRecognizer("mask_strength", 0), cc(7, 1, 1, 1, 127, 127, 127))
    assert (binding.encoding, count, mode(binding)) == (TWOS, 5, "twos-complement")


@pytest.mark.parametrize("is_low_first", [False, True])
def test_two_controllers_32_apart(is_low_first):
    messages = []
    for step in range(6):
        pair = [*cc(1, 60 + step), *cc(33, step * 40 % 128)]
        messages += reversed(pair) if is_low_first else pair
    _, binding, _ = learned(GestureRecognizer("band_low", 0), messages)
    assert (binding.kind, binding.number, mode(binding)) == (Kind.CC14, 1, "14-bit")


def test_two_faders_32_apart_that_move_one_after_the_other():
    learner = GestureRecognizer("band_low", 0)
    assert learner.feed("box", [CC, 1, 30], 0.0) is None
    for place, value in enumerate((30, 31, 33)):
        assert learner.feed("box", [CC, 33, value], 1.0 + place) is None
    _, binding = learner.feed("box", [CC, 33, 39], 5.0)
    assert (binding.kind, binding.number) == (Kind.CC, 33)


def test_an_nrpn():
    selection = [[CC, 99, 5], [CC, 98, 60]]
    data = [message for value in (10, 11, 12) for message in ([CC, 6, value], [CC, 38, 0])]
    _, binding, _ = learned(GestureRecognizer("mask_strength", 0), selection + data)
    assert (binding.kind, binding.number, mode(binding)) == (Kind.NRPN, 5 << 7 | 60, "nrpn")


@pytest.mark.parametrize("target", ["live_enable", "automation/record"])
def test_a_key_is_taken_at_once_for_what_a_button_fits(target):
    _, binding, count = learned(GestureRecognizer(target, 0), [[0x82, 61, 0], [0x92, 60, 100]])
    assert (binding.kind, binding.number, binding.channel, count) == (Kind.NOTE, 60, 2, 2)


def test_a_transports_button_does_a_command():
    _, binding, _ = learned(GestureRecognizer("automation/stop", 0), [[0xF0, 0x7F, 0, 6, 1, 0xF7]])
    assert (binding.kind, binding.number, mode(binding)) == (Kind.MMC, 1, "mmc")


@pytest.mark.parametrize("target", ["live_enable", "preset/next"])
def test_a_program_that_may_come_by_itself_is_sure_the_second_time_or_at_the_end(target):
    _, binding, count = learned(GestureRecognizer(target, 0), [[0xC2, 5], [0xC2, 6], [0xC2, 5]])
    assert (binding.kind, binding.number, count) == (Kind.PROGRAM, 5, 3)
    learner = GestureRecognizer(target, 0)
    assert learned(learner, [[0xB2, 0, 1], [0xB2, 32, 2], [0xC2, 9]]) is None
    assert learner.guess()[1].kind in (Kind.PROGRAM, Kind.CC)


TOUCH, DRUM, CHASED = [0x90, 104, 127], [0x99, 36, 100], [0xC0, 5]
MOVE = cc(70, *range(40, 60), channel=0)
PEDAL = [value for i in range(30) for value in (*cc(11, 60 + (0, 1, 2, 4, 3, 1, 0)[i % 7]), *cc(70, 20 + i))]


@pytest.mark.parametrize(
    "messages",
    [[TOUCH, *MOVE], [DRUM, [0x89, 36, 0], *MOVE], [CHASED, *MOVE], [[0xF0, 0x7F, 0, 6, 2, 0xF7], *MOVE], PEDAL],
    ids=["touched", "drum", "chased", "transport", "pedal"],
)
def test_what_moves_is_taken_and_not_what_comes_with_it(messages):
    _, binding, _ = learned(GestureRecognizer("mask_floor", 0), messages)
    assert (binding.kind, binding.number) == (Kind.CC, 70)


def test_a_fader_of_a_mackie_type_surface_is_its_channels_pitch_bend():
    bends = [[0xE3, 0, value] for value in range(40, 80)]
    _, binding, _ = learned(GestureRecognizer("mask_floor", 0), [[0x90, 107, 127], *bends])
    assert (binding.kind, binding.number, binding.channel, mode(binding)) == (Kind.BEND, 0, 3, "bend")


def test_a_wheel_that_trembles_about_its_middle_is_not_taken():
    assert learned(GestureRecognizer("mask_floor", 0), [[0xE0, value, 64] for value in (0, 10, 3, 20)] * 5) is None


def test_keys_alone_are_no_fader_and_that_is_said():
    learner = GestureRecognizer("mask_floor", 0)
    assert learned(learner, [TOUCH, DRUM, CHASED]) is None
    assert learner.guess() is None
    assert "turn one knob" in learner.advice
    assert "mask_floor has a range" in learner.advice


def test_presets_are_learned_from_programs_alone():
    learner = GestureRecognizer(PRESET, 0)
    assert learned(learner, cc(7, 30, 31, 33, 46)) is None
    _, binding, _ = learned(learner, [[0xC4, 3]])
    assert (binding.kind, binding.number, binding.channel) == (Kind.PROGRAM, None, 4)


def test_clock_sensing_and_mode_messages_say_nothing():
    noise = [[0xF8], [0xFE], [0xFA], *cc(121, 1, 2, 3, 40), *cc(123, 0, 127), [0xF8]]
    learner = GestureRecognizer("mask_strength", 0)
    assert learned(learner, noise * 5) is None
    assert learner.guess() is None


def test_ports_and_channels_are_held_apart():
    learner = GestureRecognizer("mask_strength", 0)
    for port, channel, value in (("a", 0, 30), ("b", 0, 31), ("a", 1, 33), ("b", 1, 36), ("a", 2, 40)):
        assert learner.feed(port, [CC | channel, 7, value], 0.0) is None


@pytest.mark.parametrize(
    ("values", "encoding"),
    [([127], ABSOLUTE), ([32, 32, 32], ABSOLUTE), ([1, 1, 1], None), ([65, 65], None), ([], None)],
)
def test_the_guess_when_time_is_up(values, encoding):
    learner = GestureRecognizer("mask_strength", 5.0)
    assert learner.ends_s == 15.0
    assert learned(learner, cc(7, *values)) is None
    found = learner.guess()
    assert (found and found[1].encoding) == encoding


def test_an_unknown_parameter_is_refused():
    with pytest.raises(UnknownParameterError, match="did you mean 'mask_strength'"):
        GestureRecognizer("mask_strenght", 0)


@pytest.mark.parametrize("seed", range(5))
def test_garbage_is_survived(seed):
    dice, learner = random.Random(seed), GestureRecognizer("mask_strength", 0)
    for count in range(3000):
        learner.feed("box", [dice.randrange(256) for _ in range(dice.randrange(5))], count * 0.001)
    learner.guess()
