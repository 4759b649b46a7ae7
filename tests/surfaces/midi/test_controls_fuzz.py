"""Garbage from a port: nothing raises, no state is corrupted."""

import math
import random

import mido
import pytest

from dawbridge.knobs.parameters import PARAMETERS
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.takeover import Takeover

CC = 0xB0


def garbage(seed, count):
    """Random bytes, and good messages with bytes changed, dropped and doubled."""
    chance = random.Random(seed)
    stream = []
    while len(stream) < count:
        if chance.random() < 0.3:
            stream.append(chance.randrange(256))
            continue
        number = chance.choice([6, 38, 96, 97, 98, 99, 100, 101, 20, 21, 22, 23, 24, 33, 80, 81, 1, 121])
        message = [CC | chance.randrange(16), number, chance.randrange(128)]
        if chance.random() < 0.1:
            message = [0xC0 | chance.randrange(16), chance.randrange(128)]
        if chance.random() < 0.2:
            message[chance.randrange(len(message))] = chance.randrange(256)
        if chance.random() < 0.1:
            message.pop(chance.randrange(len(message)))
        stream += message
    return stream[:count]


BINDINGS = (
    *DEFAULT_BINDINGS,
    Binding("band_low", Kind.CC14, 1),
    Binding("band_high", Kind.NRPN, 0, takeover=Takeover.SCALE),
    Binding("mask_floor", Kind.RPN, 0, takeover=Takeover.NONE),
    Binding("mask_depth", Kind.CC, 20, channel=1, encoding=Encoding.SIGN_MAGNITUDE),
    Binding("acapella_enable", Kind.NOTE, 60),
)


@pytest.mark.parametrize("seed", [1, 2])
def test_20_000_bytes_of_garbage_leave_the_store_sane(desk, seed):
    surface, parser, now = desk.surface(*BINDINGS), mido.Parser(), 0.0
    for number, byte in enumerate(garbage(seed, 20_000)):
        now += 0.0007
        parser.feed_byte(byte)
        for message in parser:
            surface.feed(message, now)
        if number % 50 == 0:
            surface.flush(now)
            assert all(0 <= data <= 255 for message in surface.feedback(now) for data in message)
    for name, value in desk.store.snapshot().items():
        assert math.isfinite(value) and PARAMETERS[name].clamp(value) == value
    surface.forget_told()
    assert surface.feedback(now + 1)


def test_raw_garbage_without_a_parser_is_taken_too(desk):
    surface, chance = desk.surface(*BINDINGS), random.Random(3)
    for _ in range(5000):
        surface.feed([chance.randrange(256) for _ in range(chance.randrange(5))], chance.random())
    assert all(PARAMETERS[name].clamp(value) == value for name, value in desk.store.snapshot().items())
