import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.errors import ConfigError, UnknownParameterError
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, PRESET, Binding, pairs
from dawbridge.surfaces.midi.events import TOP_14, Control, Kind
from dawbridge.surfaces.midi.relative import Encoding


def strength(kind=Kind.CC, number=20, **more):
    return Binding("mask_strength", kind, number, **more)


def test_defaults():
    table = {(binding.kind, binding.number): binding.target for binding in DEFAULT_BINDINGS}
    assert table == {
        (Kind.CC, 20): "mask_strength",
        (Kind.CC, 21): "center_amount",
        (Kind.CC, 22): "acapella_gain",
        (Kind.CC, 23): "instrumental_gain",
        (Kind.CC, 24): "mask_contrast",
        (Kind.CC, 80): "live_enable",
        (Kind.CC, 81): "watch_enable",
        (Kind.PROGRAM, None): PRESET,
    }
    assert all(binding.channel is None for binding in DEFAULT_BINDINGS)


def test_a_binding_is_a_value():
    assert strength() == strength()
    assert hash(strength()) == hash(strength())
    with pytest.raises(dataclasses.FrozenInstanceError):
        strength().number = 3


@pytest.mark.parametrize("channel", range(16))
def test_omni(channel):
    assert strength().matches(Control(Kind.CC, channel, 20))
    assert strength(channel=3).matches(Control(Kind.CC, channel, 20)) is (channel == 3)
    assert not strength().matches(Control(Kind.CC, channel, 21))
    assert not strength().matches(Control(Kind.NOTE, channel, 20))


@pytest.mark.parametrize(
    "binding, value, position",
    [
        (strength(), 0, 0), (strength(), 127, 1), (strength(), 64, 64 / 127),
        (strength(center=64), 0, 0), (strength(center=64), 64, 0.5), (strength(center=64), 127, 1),
        (strength(center=64), 32, 0.25),
        (strength(inverted=True), 0, 1), (strength(inverted=True), 127, 0),
        (strength(Kind.CC14, 1), TOP_14, 1), (strength(Kind.CC14, 1, center=64), 8192, 0.5),
        (strength(Kind.NRPN, 700), 0, 0),
    ],
)  # fmt: skip
def test_positions(binding, value, position):
    assert binding.position(value) == pytest.approx(position)
    assert binding.value(position) == value


@given(st.integers(0, 127), st.sampled_from([None, 1, 64, 126]), st.booleans())
def test_7_bit_values_come_back(value, center, inverted):
    binding = strength(center=center, inverted=inverted)
    assert binding.value(binding.position(value)) == value


@given(st.integers(0, TOP_14), st.sampled_from([None, 64]), st.sampled_from([Kind.CC14, Kind.NRPN, Kind.RPN]))
def test_14_bit_values_come_back(value, center, kind):
    binding = strength(kind, 1, center=center)
    assert binding.value(binding.position(value)) == value


@pytest.mark.parametrize("position, value", [(0, 0), (0.001, 1), (0.999, 126), (1 - 1e-12, 127), (1, 127)])
def test_the_ends_are_shown_for_the_ends_alone(position, value):
    assert strength().value(position) == value


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: strength(number=120), "0..119"),
        (lambda: strength(Kind.CC14, 32), "0..31"),
        (lambda: strength(channel=16), "0..15"),
        (lambda: strength(center=0), "1..126"),
        (lambda: strength(number=None), "presets"),
        (lambda: Binding(PRESET, Kind.CC, 3), "presets"),
        (lambda: strength(Kind.CC14, 1, encoding=Encoding.BINARY_OFFSET), "7-bit"),
    ],
)
def test_what_cannot_be_bound_is_said(make, says):
    with pytest.raises(ConfigError, match=says):
        make()


def test_an_unknown_parameter_gets_a_suggestion():
    with pytest.raises(UnknownParameterError, match="did you mean 'mask_strength'"):
        Binding("mask_strenght", Kind.CC, 20)


def test_pairs_for_the_decoder():
    assert pairs([strength(), strength(Kind.CC14, 1), strength(Kind.CC14, 2, channel=4)]) == {(None, 1), (4, 2)}
