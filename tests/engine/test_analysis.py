import os
import shutil
from functools import partial

import numpy as np
import pytest

from dawbridge.engine.analysis import Analysis, AnalysisCache, DiskEstimates, MemoryEstimates
from dawbridge.engine.estimate import Engine
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.engine.stored import StoredSamples
from dawbridge.errors import AudioError, Cancelled
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import complete


class CountingEngine(Engine):
    """An engine that lists the variants it analysed, of all its models."""

    def __init__(self, model="center"):
        super().__init__(model, "cpu")
        self.variants = []
        for _, analyser in self.parts:
            analyser.analyse = partial(self._counted, analyser.analyse)

    def _counted(self, analyse, mixture, variant, *more):
        self.variants.append(variant)
        analyse(mixture, variant, *more)


@pytest.fixture
def mixture():
    return ArrayMixture.of(np.random.default_rng(1).standard_normal((2, 20000)) * 0.1, 22050)


def test_render_knobs_never_call_the_engine_again(mixture):
    engine = CountingEngine()
    analysis = Analysis(mixture, engine, MemoryEstimates())
    for knobs in ({}, {"mask_strength": 0.4}, {"mask_depth": 0.2}, {"band_low": 100.0}):
        list(analysis.acapella(complete(knobs)))
    assert len(engine.variants) == 1


def test_the_centre_estimate_is_made_once_and_only_when_needed(mixture):
    engine = CountingEngine()
    analysis = Analysis(mixture, engine, MemoryEstimates())
    list(analysis.acapella(complete({})))
    assert [variant.center for variant in engine.variants] == [False]
    for amount in (0.2, 0.9):
        list(analysis.acapella(complete({"center_amount": amount})))
    assert [variant.center for variant in engine.variants] == [False, True]


def test_center_amount_mixes_linearly(mixture):
    analysis = Analysis(mixture, Engine("center", "cpu"), MemoryEstimates())
    plain, half, full = (
        np.concatenate(list(analysis.acapella(complete({"center_amount": amount}))), axis=1) for amount in (0, 0.5, 1)
    )
    np.testing.assert_allclose(half, (plain + full) / 2, atol=1e-6)
    assert np.abs(full - plain).max() > 0.001


def test_mono_has_no_centre(mixture):
    engine = CountingEngine()
    mono = ArrayMixture.of(mixture.samples[:1], 22050)
    analysis = Analysis(mono, engine, MemoryEstimates())
    list(analysis.acapella(complete({"center_amount": 1.0})))
    analysis.prefetch(complete({}))
    assert [variant.center for variant in engine.variants] == [False]


def test_what_is_on_disk_is_found_by_the_next_process(mixture, tmp_path):
    first, second = CountingEngine(), CountingEngine()
    for engine in (first, second):
        analysis = Analysis(mixture, engine, AnalysisCache(tmp_path).estimates("content", engine.hash))
        list(analysis.acapella(complete({})))
    assert (len(first.variants), len(second.variants)) == (1, 0)


def test_shifts_are_an_analysis_of_their_own_and_what_was_kept_stays(mixture, tmp_path):
    engine = CountingEngine()
    estimates = AnalysisCache(tmp_path).estimates("content", engine.hash)
    analysis = Analysis(mixture, engine, estimates)
    plain, shifted, again = (
        np.concatenate(list(analysis.acapella(complete(knobs))), axis=1) for knobs in ({}, {"shifts": 3}, {})
    )
    assert [variant.shifts for variant in engine.variants] == [1, 3]
    assert {path.name for path in estimates.folder.iterdir()} == {"plain-0.5000.npy", "plain-0.5000-shifts3.npy"}
    np.testing.assert_array_equal(plain, again)
    assert 0 < np.abs(shifted - plain).max() < 0.2
    list(analysis.acapella(complete({"shifts": 2, "center_amount": 1.0})))
    assert [(variant.center, variant.shifts) for variant in engine.variants[2:]] == [(True, 2)]


def test_shifts_in_short_pieces_are_the_same(mixture):
    acapellas = []
    for chunk_s in (30.0, 0.2):
        engine = CountingEngine()
        engine.parts[0][1]._chunk_s = chunk_s
        analysis = Analysis(mixture, engine, MemoryEstimates())
        acapellas.append(np.concatenate(list(analysis.acapella(complete({"shifts": 2}))), axis=1))
    assert np.abs(acapellas[0] - acapellas[1]).max() < 10 ** (-90 / 20)


def test_a_damaged_estimate_is_made_anew(mixture, tmp_path):
    engine = CountingEngine()
    estimates = AnalysisCache(tmp_path).estimates("content", engine.hash)
    list(Analysis(mixture, engine, estimates).acapella(complete({})))
    (kept,) = estimates.folder.glob("*.npy")
    kept.write_bytes(kept.read_bytes()[:100])
    list(Analysis(mixture, engine, estimates).acapella(complete({})))
    assert len(engine.variants) == 2


def test_a_cancelled_analysis_leaves_nothing(mixture, tmp_path):
    def stop(_fraction):
        raise Cancelled("cancelled")

    estimates = DiskEstimates(tmp_path / "one")
    with pytest.raises(Cancelled):
        Analysis(mixture, Engine("center", "cpu"), estimates, False, stop).prepare(complete({}))
    assert list((tmp_path / "one").iterdir()) == []


def test_the_cache_forgets_what_was_longest_unused(tmp_path):
    cache = AnalysisCache(tmp_path, limit_bytes=2500)
    folders = []
    for index in range(3):
        estimates = cache.estimates(f"content {index}", "model")
        with estimates.create("plain", (1, 250)) as room:
            room[:, :] = index
        os.utime(estimates.folder, (index, index))
        folders.append(estimates.folder)
    cache.trim(folders[2])
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_a_disk_without_room_is_named_before_the_work(mixture, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    monkeypatch.setattr("dawbridge.engine.estimates.MEMORY_BYTES", 0)
    engine = CountingEngine()
    with pytest.raises(AudioError, match=r"the analysis cannot be kept \(0 MB are needed, and are not free\)"):
        Analysis(mixture, engine, DiskEstimates(tmp_path / "one")).prepare(complete({}))
    assert not engine.variants


def test_stored_samples_are_numpy_files(tmp_path):
    stored = StoredSamples.begin((tmp_path / "x.npy").open("x+b", buffering=0), (3, 1000))
    samples = np.random.default_rng(1).standard_normal((3, 1000)).astype(np.float32)
    stored[1:3, 0:600] = samples[1:3, :600]
    stored[0:1, :] = samples[:1]
    stored[1:3, 600:] = samples[1:3, 600:]
    np.testing.assert_array_equal(stored[0:2, 100:200], samples[:2, 100:200])
    assert stored[:, 5:5].shape == (3, 0)
    stored.close()
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy", allow_pickle=False), samples)
    with (tmp_path / "x.npy").open("r+b") as file:
        kept = StoredSamples.open(tmp_path / "x.npy")
        file.truncate(5000)
    with pytest.raises(AudioError, match="cut off while it was in use"):
        kept[:, :]
    with pytest.raises(ValueError, match="cut off"):
        StoredSamples.open(tmp_path / "x.npy")


@pytest.mark.parametrize("kind", [np.float64, object])
def test_only_floats_of_32_bits_are_stored_samples(tmp_path, kind):
    np.save(tmp_path / "x.npy", np.array([[1, 2]], kind), allow_pickle=True)
    with pytest.raises(ValueError, match="no estimate"):
        StoredSamples.open(tmp_path / "x.npy")


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_not_stereo_has_no_middle(channels):
    samples = np.random.default_rng(1).standard_normal((channels, 20000)) * 0.1
    analysis = Analysis(ArrayMixture.of(samples, 22050), Engine("center", "cpu"), MemoryEstimates())
    lane = Automation.of({"acapella_middle": [(0.1, 1.0), (0.3, 0.0)]})
    plain, turned, moving = (
        np.concatenate(list(analysis.acapella(complete(knobs), automation)), axis=1)
        for knobs, automation in (({}, Automation()), ({"acapella_middle": 1.0}, Automation()), ({}, lane))
    )
    np.testing.assert_array_equal(turned, plain)
    np.testing.assert_array_equal(moving, plain)
    drier = np.concatenate(list(analysis.acapella(complete({"acapella_dry": 1.0}))), axis=1)
    assert np.abs(drier - plain).max() > 1e-3
