"""A DAWproject beside real stems: what it holds, when it is written, and what it never replaces."""

import zipfile
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dawbridge.audio.files import WriteReport
from dawbridge.engine.music import Key, Tempo, TempoKey
from dawbridge.engine.process.messages import Finished, Task
from dawbridge.engine.process.worker import _Worker
from dawbridge.engine.project import project_path
from dawbridge.engine.separate import separate
from dawbridge.knobs.parameters import complete

FOUND = TempoKey(Tempo(96.0, 0.9), Key(9, True, 0.9))


@pytest.fixture
def rig(make_rig):
    rig = make_rig(seconds=1.0)
    rig.job = replace(rig.job, dawproject=True, tempo_key=FOUND)
    return rig


def run(rig, **more):
    return separate(replace(rig.job, **more), rig.engine, rig.cache, lambda _: None, rig.resident)


def project(rig):
    return ElementTree.fromstring(zipfile.ZipFile(rig.job.acapella.with_name("song.dawproject")).read("project.xml"))


def content(rig, name):
    return zipfile.ZipFile(rig.job.acapella.with_name("song.dawproject")).read(name)


def test_the_bounce_and_both_stems_are_in_it_with_the_tempo(rig):
    result = run(rig)
    assert result.notes == ()
    root = project(rig)
    tracks = root.findall("Structure/Track")
    assert [(track.get("name"), track.find("Channel/Mute").get("value")) for track in tracks] == [
        ("song", "true"), ("song_acapella", "false"), ("song_instrumental", "false"), ("Master", "false"),
    ]  # fmt: skip
    assert root.find("Transport/Tempo").get("value") == "96"
    assert content(rig, "audio/song_acapella.wav") == result.report.acapella.read_bytes()
    assert content(rig, "audio/song.wav") == rig.source.read_bytes()


def test_the_tempo_is_estimated_if_nobody_knows_it(rig):
    assert run(rig, tempo_key=None).tempo_key == TempoKey()  # one second of noise has none
    assert project(rig).find("Transport/Tempo").get("value") == "120"


def test_a_stem_that_is_off_has_no_track(rig):
    run(rig, values=complete({"instrumental_enable": 0}))
    assert len(project(rig).findall("Structure/Track")) == 3


def test_without_the_option_there_is_none(rig):
    run(rig, dawproject=False)
    assert not list(rig.job.acapella.parent.glob("*.dawproject"))


def test_another_programs_file_stays_and_it_is_said(rig):
    rig.job.acapella.parent.mkdir()
    theirs = rig.job.acapella.with_name("song.dawproject")
    theirs.write_bytes(b"theirs")
    (note,) = run(rig).notes
    assert "song (2).dawproject" in note
    assert theirs.read_bytes() == b"theirs"


def test_stems_stand_although_the_project_cannot_be_written(rig, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dawbridge.audio.dawproject._fill", full)
    result = run(rig)
    assert result.report.acapella.exists()
    (note,) = result.notes
    assert "song.dawproject could not be written" in note
    assert not list(rig.job.acapella.parent.glob(".*"))


def test_a_turned_knob_renews_it_when_the_engine_rests(rig):
    run(rig)
    before = content(rig, "audio/song_acapella.wav")
    worker = _Worker(Pipe()[0], "center", "cpu", rig.cache.folder, rig.resident)
    worker._heed = lambda: None
    worker._connection = type("Nobody", (), {"send": lambda *_: None, "poll": lambda *_: False})()
    task = Task(1, replace(rig.job, live=True, values=complete({"acapella_gain": -6})))
    done = worker._do(task)
    assert isinstance(done, Finished) and done.outcome
    assert content(rig, "audio/song_acapella.wav") == before
    worker._renew_projects(lambda: True)  # something was asked for meanwhile
    assert content(rig, "audio/song_acapella.wav") == before
    worker._renew_projects()
    assert content(rig, "audio/song_acapella.wav") == done.outcome.report.acapella.read_bytes() != before


def test_a_bounce_that_is_gone_ends_nothing(rig):
    worker = _Worker(Pipe()[0], "center", "cpu", rig.cache.folder, rig.resident)
    report = WriteReport(None, None, "WAV", "PCM_24", 0.0, 0, 0.0)
    worker._stale_projects[Path("/gone.wav")] = (replace(rig.job, source=Path("/gone.wav")), report)
    worker._renew_projects()
    assert not worker._stale_projects


@pytest.mark.parametrize(
    ("acapella", "instrumental", "name"),
    [
        ("song_acapella", "song_instrumental", "song.dawproject"),
        ("song.flac_acapella", "song.flac_instrumental", "song.flac.dawproject"),
        ("song_acapella (2)", "song_instrumental", "song.dawproject"),
        ("song 96 Am acapella", "song 96 Am instrumental", "song 96 Am.dawproject"),
        ("acapella - song", "instrumental - song", "song.dawproject"),
        ("x", "x", "x.dawproject"),
    ],
)
def test_it_is_named_as_both_stems_begin(rig, acapella, instrumental, name):
    folder = rig.job.acapella.parent
    job = replace(rig.job, acapella=folder / acapella, instrumental=folder / instrumental)
    assert project_path(job).name == name
