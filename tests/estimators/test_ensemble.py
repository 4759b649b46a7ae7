"""Means of models: how they are written, and what comes out."""

from functools import partial

import numpy as np
import pytest

from dawbridge.engine.analysis import Analysis, AnalysisCache, MemoryEstimates
from dawbridge.engine.estimate import Engine
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.errors import ModelError
from dawbridge.estimators import find_ensemble, find_model
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import complete

SCALED = """
    from dawbridge.estimators.model import Model
    from dawbridge.estimators.streaming import ContextWindow

    class Scaled:
        sample_rate = 44100
        streaming = ContextWindow(context_samples=0, alignment_samples=1)

        def __init__(self, factor):
            self.factor = factor

        def estimate(self, mixture):
            return self.factor * mixture

    FIFTH = Model("fifth", lambda request: Scaled(0.2), "fifth-1", "public domain")
    WHOLE = Model("whole", lambda request: Scaled(1.0), "whole-1", "MIT", problem="")
"""


@pytest.fixture(autouse=True)
def models(install):
    install("scaled", SCALED, fifth="scaled:FIFTH", whole="scaled:WHOLE")


def acapella(model, estimates=None, knobs=None, automation=Automation()):  # noqa: B008
    mixture = ArrayMixture.of(0.1 * np.random.default_rng(1).standard_normal((2, 9000)), 44100)
    analysis = Analysis(mixture, Engine(model, "cpu"), estimates or MemoryEstimates())
    return mixture.read(0, 9000), np.concatenate(list(analysis.acapella(complete(knobs or {}), automation)), axis=1)


@pytest.mark.parametrize(
    ("model", "factor"),
    [("fifth", 0.2), ("fifth+whole", 0.6), ("0.25*fifth + 0.75*whole", 0.8), ("3*fifth+1*whole", 0.4)],
)
def test_the_mean_is_weighted(model, factor):
    mixture, vocals = acapella(model)
    np.testing.assert_allclose(vocals, factor * mixture, atol=1e-6)


def test_a_lane_of_the_centre_moves_within_the_mean():
    lane = Automation.of({"center_amount": [(0.0, 0.3), (1.0, 0.3)]})
    steady = acapella("fifth+whole", knobs={"center_amount": 0.3})[1]
    np.testing.assert_allclose(acapella("fifth+whole", automation=lane)[1], steady, atol=1e-6)


def test_a_mean_uses_what_each_model_left_in_the_cache(tmp_path):
    cache = AnalysisCache(tmp_path / "analyses")
    for model in ("fifth", "whole"):
        acapella(model, cache.estimates("content", find_model(model).fingerprint))
    engine, heard = Engine("fifth+whole", "cpu"), []
    for _, analyser in engine.parts:
        analyser.analyse = partial(heard.append)
    estimates = cache.estimates("content", engine.hash)
    mixture = ArrayMixture.of(0.1 * np.random.default_rng(1).standard_normal((2, 9000)), 44100)
    Analysis(mixture, engine, estimates).prepare(complete({}))
    assert heard == []
    assert len(cache.entries()) == 2
    assert {entry.folder for entry in cache.entries()} <= set(estimates.folders)


def test_identity_and_licences():
    mean = find_ensemble("fifth+whole")
    assert mean.licence == "public domain; MIT"
    assert mean.problem == ""
    assert mean.fingerprint != find_ensemble("0.6*fifth+0.4*whole").fingerprint
    assert mean.fingerprint == find_ensemble("2*fifth+2*whole").fingerprint
    assert find_ensemble("fifth").fingerprint == "fifth-1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fifth+", "a name is missing"),
        ("+fifth", "a name is missing"),
        ("0.5*fifth+whole", "give all models a weight"),
        ("x*fifth+1*whole", "'x' of fifth is not a positive number"),
        ("0*fifth+1*whole", "not a positive number"),
        ("nan*fifth+1*whole", "not a positive number"),
        ("-1*fifth+2*whole", "not a positive number"),
        ("fifth+fourth", "no model is called 'fourth'"),
        ("+".join(["fifth"] * 9), "at most 8"),
    ],
)
def test_what_is_not_a_mean_is_refused_by_name(text, reason):
    with pytest.raises(ModelError) as caught:
        find_ensemble(text)
    assert reason in str(caught.value)
