from pathlib import Path

import pytest

from dawbridge.audio.files import WriteReport
from dawbridge.engine.job import SeparationResult
from dawbridge.engine.process.messages import Finished
from dawbridge.events import JobState, Notice
from dawbridge.files.output import Output
from dawbridge.jobs.effects import Claim
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.stem_names import StemNames


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def bounce(folder, name):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def names(ledger, path, output=None):
    found = StemNames(ledger).targets(path, output or Output())
    if found.claim:
        ledger.store([Claim(found.claim, path)])
    assert found.instrumental.name == found.acapella.name.replace("_acapella", "_instrumental")
    return found.acapella.name, found.note


def test_a_name_that_nobody_has(ledger, tmp_path):
    assert names(ledger, bounce(tmp_path, "song.wav")) == ("song_acapella", "")


def test_the_later_one_is_told_once(ledger, tmp_path):
    names(ledger, bounce(tmp_path, "song.wav"))
    flac = bounce(tmp_path, "song.flac")
    name, note = names(ledger, flac)
    assert name == "song.flac_acapella"
    assert "song.wav has" in note
    assert names(ledger, flac) == ("song.flac_acapella", "")


def test_a_bounce_that_is_called_as_the_longer_name(ledger, tmp_path):
    taken = [names(ledger, bounce(tmp_path, name))[0] for name in ("song.wav", "song.flac.wav", "song.flac")]
    assert taken == ["song_acapella", "song.flac_acapella", "song.flac (2)_acapella"]


def test_one_folder_for_the_stems_of_many(ledger, tmp_path):
    output = Output(str(tmp_path / "stems"))
    first = names(ledger, bounce(tmp_path / "a", "song.wav"), output)[0]
    second = names(ledger, bounce(tmp_path / "b", "song.wav"), output)[0]
    assert (first, second) == ("song_acapella", "song.wav_acapella")


def test_a_name_is_free_again_once_bounce_and_stems_are_gone(ledger, tmp_path):
    wav, stem = bounce(tmp_path, "song.wav"), bounce(tmp_path, "separated/song_acapella.wav")
    names(ledger, wav)
    ledger.update(ledger.add(wav, JobState.DONE), acapella=str(stem))
    wav.unlink()
    assert names(ledger, bounce(tmp_path, "song.mp3"))[0] == "song.mp3_acapella"
    stem.unlink()
    assert names(ledger, bounce(tmp_path, "song.aif"))[0] == "song_acapella"


def test_long_names_in_templates_fit_a_file_system(tmp_path):
    for output in (Output(), Output("out/{name} {stem}"), Output("{name}_{stem}")):
        stems = output.paths(Path("/music") / ("ü" * 123 + ".wav"))
        assert all(len((stem.name + ".flac").encode()) <= 255 for stem in stems)
        assert stems[0] != stems[1]
    assert Output("{name}_{stem}").paths(Path("/music/~root.wav"))[0] == Path("/music/~root_acapella")


@pytest.mark.parametrize(
    ("template", "base"),
    [
        ("separated", None),
        ("{name}_{stem}", None),
        ("/out", "/out"),
        ("/out/{name}_{stem}", "/out"),
        ("/a/b{stem}", "/a"),
    ],
)
def test_where_leftovers_may_lie_outside_the_watched_folder(template, base):
    assert Output(template).base(Path("/music")) == (Path(base) if base else None)


@pytest.mark.parametrize("ours", [True, False])
def test_stems_of_an_earlier_format_make_way_unless_somebody_changed_them(desk, monkeypatch, ours):
    monkeypatch.setattr("dawbridge.jobs.runner.is_intact", lambda path: ours)
    job_id = desk.done()
    old = list((desk.root / "separated").iterdir())
    desk.board.retry(job_id)
    task = desk.task()
    stems = [path.with_name(path.name + ".flac") for path in (task.job.acapella, task.job.instrumental)]
    for stem in stems:
        stem.write_bytes(b"stem")
    report = WriteReport(*stems, "FLAC", "PCM_24", float("-inf"), 0, -3.0)
    desk.board.finished(Finished(job_id, SeparationResult(report, "hash", 10.0, 1.0, 0.8)))
    assert set((desk.root / "separated").resolve().iterdir()) == {*stems, *(() if ours else old)}


def test_two_that_differ_by_suffix_do_not_overwrite_each_other(desk):
    names = {}
    for name in ("song.wav", "song.flac", "song.mp3"):
        desk.board.settled(desk.bounce(name), None)
        task = desk.task()
        names[name] = task.job.acapella.name
        desk.finish(task)
    expected = {"song.wav": "song_acapella", "song.flac": "song.flac_acapella", "song.mp3": "song.mp3_acapella"}
    assert names == expected
    assert [event.text.split(":")[0] for event in desk.of(Notice)] == ["[2] song.flac", "[3] song.mp3"]
    again = desk.restarted()
    (desk.root / "song.wav").unlink()
    for name in ("song.mp3", "song.flac"):
        again.board.settled(again.bounce(name, b"once more"), None)
        task = again.task()
        assert task.job.acapella.name == expected[name]
        again.finish(task)
    assert not again.of(Notice)
    again.ledger.close()
