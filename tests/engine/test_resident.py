import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from dawbridge.audio.files import read_mark
from dawbridge.engine.resident import ResidentRenderer
from dawbridge.errors import AudioError, Cancelled

RATE = 22050
KNOBS = (
    {"mask_strength": 0.5},
    {"mask_depth": 0.3},
    {"mask_contrast": 0.8},
    {"mask_floor": -20.0},
    {"center_amount": 0.6},
    {"acapella_middle": 0.9},
    {"acapella_dry": 0.8},
    {"band_low": 200.0},
    {"band_high": 4000.0},
)


def read(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


@pytest.fixture
def rig(make_rig):
    return make_rig()


@pytest.mark.parametrize("knobs", KNOBS, ids=lambda knobs: next(iter(knobs)))
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_the_null_holds_after_each_knob(make_rig, subtype, knobs):
    rig = make_rig(subtype)
    rig.turn()
    before = read(rig.turn().acapella)
    report = rig.turn(knobs)
    acapella, instrumental = read(report.acapella), read(report.instrumental)
    assert np.abs(acapella - before).max() > 1e-4
    if subtype == "FLOAT":
        assert np.abs(acapella + instrumental - rig.bounce).max() <= 2**-24
    else:
        np.testing.assert_array_equal(acapella + instrumental, rig.bounce)
        assert report.null_db == float("-inf")


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        *(("WAV", subtype) for subtype in ("PCM_16", "PCM_24", "FLOAT")),
        *(("WAVEX", "FLOAT"), ("AIFF", "PCM_24"), ("AIFF", "FLOAT"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24")),
    ],
)
@pytest.mark.parametrize(
    "knobs", [{}, {"acapella_gain": -7.3, "mask_strength": 0.7}, {"instrumental_gain": 6.0}, {"instrumental_enable": 0}]
)
@pytest.mark.parametrize("level", [0.1, 0.5])
def test_the_resident_and_the_streaming_writer_write_the_same_bytes(make_rig, subtype, container, knobs, level):
    """At level 0.5 there are overs, and integers become floats."""
    rig = make_rig(subtype, level, 0.5, container, channels=1)
    live = rig.turn(knobs)
    written = {path.name: path.read_bytes() for path in rig.stems()}
    streamed = rig.turn(knobs, resident=False)
    assert {path.name: path.read_bytes() for path in rig.stems()} == written
    assert replace(live, notes=()) == replace(streamed, notes=())
    assert bool(live.overs and subtype != "FLOAT") == bool(live.notes)


def test_a_gain_rewrites_its_own_stem_and_no_other(rig):
    first = rig.turn()
    kept = read(first.acapella)
    stamps = [path.stat().st_ino for path in (first.acapella, first.instrumental)]
    report = rig.turn({"instrumental_gain": -6.0})
    assert report.acapella.stat().st_ino == stamps[0]
    assert report.instrumental.stat().st_ino != stamps[1]
    ratio = read(report.instrumental) / np.where(rig.bounce - kept == 0, 1, rig.bounce - kept)
    assert np.median(ratio) == pytest.approx(10 ** (-6 / 20), abs=1e-4)
    assert "instrumental_gain=-6" in read_mark(report.instrumental)
    assert "instrumental_gain" not in read_mark(report.acapella)


def test_a_gain_renders_nothing(rig, monkeypatch):
    rig.turn({"mask_strength": 0.5})
    monkeypatch.setattr("dawbridge.engine.analysis.render", lambda *_: pytest.fail("rendered"))
    rig.turn({"mask_strength": 0.5, "acapella_gain": -3.0})


def test_the_depth_scales_what_the_mask_left_and_renders_nothing(rig, monkeypatch):
    knobs = {"mask_contrast": 0.8, "band_low": 100.0}
    wanted = rig.turn({**knobs, "mask_depth": 0.3}, resident=False).acapella.read_bytes()
    rig.turn(knobs)
    monkeypatch.setattr("dawbridge.engine.analysis.render", lambda *_: pytest.fail("rendered"))
    assert rig.turn({**knobs, "mask_depth": 0.3}).acapella.read_bytes() == wanted
    rig.turn({**knobs, "mask_depth": 0.5})


def test_the_depth_is_rendered_anew_once_another_knob_was_turned(rig):
    rig.turn({"mask_contrast": 0.8})
    rig.turn({})
    wanted = {"mask_strength": 0.4, "mask_depth": 0.3}
    live = rig.turn(wanted).acapella.read_bytes()
    assert live == rig.turn(wanted, resident=False).acapella.read_bytes()


def test_replaced_stems_are_let_go_after_the_answer(rig):
    rig.turn()
    report = rig.turn({"acapella_gain": -3.0})
    assert len(rig.resident._replaced) == (1 if os.name == "posix" else 0)
    rig.resident.let_go()
    assert not rig.resident._replaced
    assert report.acapella.exists()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file is not replaced")
def test_who_has_a_stem_open_reads_the_old_one_to_its_end(rig):
    report = rig.turn()
    old = report.acapella.read_bytes()
    with report.acapella.open("rb") as reader:
        half = reader.read(len(old) // 2)
        rig.turn({"acapella_gain": -6.0})
        rig.resident.let_go()
        assert half + reader.read() == old
    assert report.acapella.read_bytes() != old


def test_a_switch_writes_only_what_is_missing(rig):
    both = rig.turn()
    stamp = both.acapella.stat().st_ino
    off = rig.turn({"instrumental_enable": 0})
    assert (off.acapella, off.instrumental) == (both.acapella, None)
    assert both.instrumental.exists()
    both.instrumental.unlink()
    again = rig.turn()
    assert again.acapella.stat().st_ino == stamp
    np.testing.assert_array_equal(read(again.acapella) + read(again.instrumental), rig.bounce)


def test_a_stem_that_somebody_changed_is_left_alone_and_the_new_one_gets_the_next_name(rig):
    report = rig.turn()
    report.acapella.write_bytes(b"scribble")
    again = rig.turn()
    assert report.acapella.read_bytes() == b"scribble"
    assert again.acapella == report.acapella.with_name(f"{report.acapella.stem} (2).wav")
    assert len(again.notes) == 1 and again.acapella.name in again.notes[0]
    assert not rig.turn({"acapella_gain": -3.0}).notes
    again = rig.turn()
    np.testing.assert_array_equal(read(again.acapella) + read(again.instrumental), rig.bounce)


def test_threads_make_the_same_samples(make_rig):
    rig = make_rig(seconds=6.0)
    alone = rig.turn({"mask_strength": 0.5}).acapella.read_bytes()
    with ThreadPoolExecutor(3) as executor:
        rig.resident = ResidentRenderer(executor, 3)
        assert rig.turn({"mask_strength": 0.5}).acapella.read_bytes() == alone


def test_a_cancelled_render_leaves_all_as_it_was_and_the_next_is_whole(make_rig):
    rig = make_rig(seconds=6.0)
    rig.turn()
    before = {path: path.read_bytes() for path in rig.stems()}

    def stop(fraction):
        if fraction > 0.92:
            raise Cancelled("cancelled")

    with ThreadPoolExecutor(2) as executor:
        rig.resident = ResidentRenderer(executor, 2)
        with pytest.raises(Cancelled):
            rig.turn({"mask_strength": 0.5}, progress=stop)
        assert {path: path.read_bytes() for path in rig.stems()} == before
        report = rig.turn({"mask_strength": 0.5})
    np.testing.assert_array_equal(read(report.acapella) + read(report.instrumental), rig.bounce)


def test_a_bounce_that_changed_is_read_anew_and_one_that_is_gone_is_said(rig):
    rig.turn()
    soundfile.write(rig.source, rig.bounce * 0.5, RATE, subtype="PCM_24")
    report = rig.turn()
    np.testing.assert_array_equal(read(report.acapella) + read(report.instrumental), read(rig.source))
    rig.source.unlink()
    with pytest.raises(AudioError, match="gone"):
        rig.turn()


def test_what_does_not_fit_streams(make_rig, monkeypatch):
    rig = make_rig(container="FLAC")
    report = rig.turn({"mask_strength": 0.5})
    np.testing.assert_array_equal(read(report.acapella) + read(report.instrumental), rig.bounce)
    monkeypatch.setattr("dawbridge.audio.loaded.LIMIT_BYTES", 1000)
    rig = make_rig()
    report = rig.turn({"mask_strength": 0.5})
    np.testing.assert_array_equal(read(report.acapella) + read(report.instrumental), rig.bounce)


def test_live_stems_are_flushed_later(rig, monkeypatch):
    flushed = []
    monkeypatch.setattr("dawbridge.files.publish.os.fsync", flushed.append)
    rig.turn()
    assert rig.resident.has_unflushed
    assert not flushed
    rig.resident.flush(lambda: True)
    assert rig.resident.has_unflushed
    rig.resident.flush()
    assert flushed
    assert not rig.resident.has_unflushed
    flushed.clear()
    rig.turn({"acapella_gain": -1.0}, live=False)
    assert flushed
    assert not rig.resident.has_unflushed
