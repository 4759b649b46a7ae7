"""Automation in the stems: the curve is followed, the null holds, the same comes out twice."""

import numpy as np
import pytest
import soundfile

from dawbridge.knobs.automation import AUTOMATABLE, Automation

RATE = 22050
POINTS = [(0.2, -12.0), (0.5, 0.0), (0.52, -3.0), (1.2, 6.0), (1.6, -24.0)]
SPANS = {"band_low": (20.0, 400.0), "band_high": (3000.0, 9000.0), "mask_floor": (-80.0, -20.0)}


def read(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


def moving(name):
    low, high = SPANS.get(name, (0.0, 1.0))
    return Automation.of({name: [(0.1, low), (0.3, low), (0.33, high), (1.0, high), (1.4, low), (1.7, high)]})


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("stem", ["acapella", "instrumental"])
def test_the_gain_follows_the_curve_within_a_tenth_of_a_decibel(make_rig, stem, streamed):
    rig = make_rig(level=0.05)
    flat = read(getattr(rig.turn(), stem))
    report = rig.turn(automation=Automation.of({f"{stem}_gain": POINTS}), resident=not streamed)
    moved = read(getattr(report, stem))
    for time_s, db in POINTS:
        at = slice(round(time_s * RATE), round(time_s * RATE) + 3)
        loud = np.abs(flat[at]) > 1e-3
        measured = 20 * np.log10(np.abs(moved[at][loud] / flat[at][loud]))
        assert np.abs(measured - db).max() < 0.1
    assert report.overs == 0


@pytest.mark.parametrize("name", sorted(AUTOMATABLE - {"acapella_gain", "instrumental_gain"}))
def test_each_lane_moves_the_sound_nulls_and_comes_out_the_same_twice(make_rig, name):
    rig = make_rig()
    flat = read(rig.turn().acapella)
    report = rig.turn(automation=moving(name))
    acapella, first = read(report.acapella), report.acapella.read_bytes()
    assert np.abs(acapella - flat).max() > 1e-4
    np.testing.assert_array_equal(acapella + read(report.instrumental), rig.bounce)
    rig.turn()
    assert rig.turn(automation=moving(name)).acapella.read_bytes() == first
    assert rig.turn(automation=moving(name), resident=False).acapella.read_bytes() == first


@pytest.mark.parametrize(
    ("name", "still"),
    [("mask_strength", 0.5), ("mask_contrast", 0.8), ("mask_floor", -30.0), ("band_low", 200.0), ("band_high", 4000.0),
     ("mask_depth", 0.4), ("center_amount", 0.3)],
)  # fmt: skip
def test_a_lane_that_stands_still_is_the_knob_standing_there(make_rig, name, still):
    rig = make_rig()
    knob = read(rig.turn({name: still}).acapella)
    lane = read(rig.turn(automation=Automation.of({name: [(0.0, still)]})).acapella)
    np.testing.assert_allclose(lane, knob, atol=2e-5)


def test_a_gain_that_passes_full_scale_makes_floats(make_rig):
    rig = make_rig(level=0.4)
    report = rig.turn(automation=Automation.of({"acapella_gain": [(0.0, 6.0)]}))
    assert report.overs > 0
    assert soundfile.info(report.instrumental).subtype == "FLOAT"
