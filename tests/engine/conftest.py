"""A bounce on disk with an engine and a resident renderer around it."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from dawbridge.engine.analysis import AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.resident import ResidentRenderer
from dawbridge.engine.separate import separate
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import complete

RATE = 22050


def read(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


class Rig:
    """A bounce, an engine and a resident renderer; `turn` renders with knobs turned."""

    read, rate = staticmethod(read), RATE

    def __init__(self, folder, subtype="PCM_24", level=0.1, seconds=2.0, container="WAV", channels=2):
        suffix = {"WAV": ".wav", "WAVEX": ".wav", "AIFF": ".aif", "FLAC": ".flac"}[container]
        self.source = folder / f"song{suffix}"
        samples = level * np.random.default_rng(4).standard_normal((int(seconds * RATE) + 1, channels))
        soundfile.write(self.source, samples, RATE, subtype=subtype, format=container)
        self.bounce = read(self.source)
        stems = folder / "separated"
        self.job = SeparationJob(self.source, stems / "song_acapella", stems / "song_instrumental", complete({}))
        self.engine, self.cache = Engine("center", "cpu"), AnalysisCache(folder / "cache")
        self.resident = ResidentRenderer()

    def turn(self, knobs=None, automation=Automation(), resident=True, live=True, progress=lambda _: None):  # noqa: B008
        job = replace(self.job, values=complete(knobs or {}), automation=automation, live=live)
        return separate(job, self.engine, self.cache, progress, self.resident if resident else None).report

    def stems(self):
        folder = self.job.acapella.parent
        return sorted(path for path in folder.iterdir())


@pytest.fixture
def make_rig(tmp_path):
    """Return a function that makes a rig; its bounce has two seconds of noise at 22.05 kHz."""
    return lambda *arguments, **more: Rig(tmp_path, *arguments, **more)
