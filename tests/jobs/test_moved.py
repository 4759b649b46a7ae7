"""Moved is not new, with real files and a real ledger; `tests/jobs/test_scheduler.py` has the histories."""

import os
import shutil
import struct

import pytest

from dawbridge.engine.process.messages import Finished, Identified, Identify
from dawbridge.events import JobState
from dawbridge.files.output import Output
from dawbridge.jobs.stem_names import moved_stems


def settle(desk, path):
    desk.board.settling(path)
    desk.board.settled(path, None)


def moved(desk, old, new, *, content_hash="hash"):
    """The watch sees a bounce under another name; what the engine gets, after it has hashed it."""
    desk.board.gone(old)
    settle(desk, new)
    asked = desk.task()
    if not isinstance(asked, Identify):
        return asked
    assert asked.source == new
    desk.rig.handle(Identified(asked.job_id, content_hash))
    return desk.task()


def test_a_renamed_folder_with_its_stems_is_the_same_job(desk):
    job_id = desk.done("new song/mix.wav")
    old = desk.root.resolve() / "new song" / "mix.wav"
    (desk.root / "new song" / "separated" / "mix_acapella.wav").write_bytes(b"edited by hand")
    (desk.root / "new song").rename(desk.root / "final song")
    new = desk.root.resolve() / "final song" / "mix.wav"
    assert moved(desk, old, new) is None
    record = desk.ledger.get(job_id)
    assert (record.path, record.state) == (new, JobState.DONE)
    assert record.stems == [new.parent / "separated" / f"mix_{stem}.wav" for stem in ("acapella", "instrumental")]
    assert (new.parent / "separated" / "mix_acapella.wav").read_bytes() == b"edited by hand"
    assert desk.board.knows(new)
    assert len(desk.ledger.newest(10)) == 1
    again = desk.restarted()
    assert again.board.focused == job_id
    assert again.task() is None


def test_a_renamed_bounce_with_its_renamed_stems_is_the_same_job(desk):
    job_id = desk.done("mix.wav")
    old = desk.root.resolve() / "mix.wav"
    new = old.rename(old.with_name("final.wav"))
    for stem in ("acapella", "instrumental"):
        (new.parent / "separated" / f"mix_{stem}.wav").rename(new.parent / "separated" / f"final_{stem}.wav")
    assert moved(desk, old, new) is None
    assert desk.ledger.get(job_id).path == new
    desk.board.rerender(job_id)
    assert desk.task().job.acapella == new.parent / "separated" / "final_acapella"


def test_a_bounce_that_was_renamed_alone_is_a_new_job(desk):
    desk.done("mix.wav")
    old = desk.root.resolve() / "mix.wav"
    new = old.rename(old.with_name("final.wav"))
    assert moved(desk, old, new).job.acapella.name == "final_acapella"


def test_a_bounce_moved_over_another_one_is_a_new_bounce_there(desk):
    """`mv other.wav loop.wav`, same size and time: its stems are the other's, not the loop's."""
    desk.done("loop.wav", b"12345", "loop")
    desk.done("other.wav", b"54321", "other")
    loop, other = (desk.root.resolve() / name for name in ("loop.wav", "other.wav"))
    status = loop.stat()
    other.replace(loop)
    os.utime(loop, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not desk.board.knows(loop)
    task = moved(desk, other, loop, content_hash="other")
    assert (task.job.source, task.job.acapella.name) == (loop, "loop_acapella")


def test_a_touched_bounce_keeps_its_job(desk):
    job_id = desk.done("mix.wav")
    path = desk.root.resolve() / "mix.wav"
    path.chmod(0o600)
    assert not desk.board.knows(path)
    settle(desk, path)
    asked = desk.task()
    assert isinstance(asked, Identify)
    desk.rig.handle(Identified(asked.job_id, "hash"))
    assert desk.task() is None
    assert desk.board.knows(path)
    assert [record.id for record in desk.ledger.newest(10)] == [job_id]


@pytest.mark.parametrize("trouble", [Identified(2, code="unreadable", message="no audio"), None])
def test_one_that_cannot_be_hashed_is_separated_as_ever(desk, trouble):
    desk.done("mix.wav")
    path = desk.root.resolve() / "mix.wav"
    path.chmod(0o600)
    settle(desk, path)
    assert isinstance(desk.task(), Identify)
    if trouble:
        desk.rig.handle(trouble)
    else:
        desk.board.engine_lost("exit code -9")
    assert desk.task().job.source == path


def test_stems_in_a_folder_of_their_own_stay_there(desk, tmp_path):
    output = Output(str(tmp_path / "stems"))
    place = tmp_path / "stems"
    place.mkdir()
    written = [place / f"mix_{stem}.wav" for stem in ("acapella", "instrumental")]
    for stem in written:
        stem.write_bytes(b"stem")
    job_id = desk.done("a/mix.wav")
    desk.ledger.update(job_id, acapella=str(written[0]), instrumental=str(written[1]))
    record = desk.ledger.get(job_id)
    assert moved_stems(record, desk.root / "b" / "mix.wav", output) == tuple(map(str, written))
    assert moved_stems(record, desk.root / "b" / "other.wav", output) is None


def test_stems_of_a_longer_name_in_a_folder_of_their_own_stay_there(desk, tmp_path):
    """`b/mix.wav` came after `a/mix.wav`, which has the name `mix_acapella`."""
    place = tmp_path / "stems"
    place.mkdir()
    for name in ("mix", "mix.wav"):
        for part in ("acapella", "instrumental"):
            (place / f"{name}_{part}.wav").write_bytes(b"stem")
    written = tuple(str(place / f"mix.wav_{part}.wav") for part in ("acapella", "instrumental"))
    job_id = desk.done("b/mix.wav")
    desk.ledger.update(job_id, acapella=written[0], instrumental=written[1])
    assert moved_stems(desk.ledger.get(job_id), desk.root / "c" / "mix.wav", Output(str(place))) == written


def test_of_two_jobs_with_one_sound_the_one_is_moved_whose_stems_came(desk):
    """The first job of a file that was done twice is about stems that are no more: it was taken for the one moved."""
    karaoke = desk.done("karaoke/a.wav")
    desk.done("song/a.wav")
    again = desk.root.resolve() / "song" / "a.wav"
    os.utime(again, ns=(1, 1))
    settle(desk, again)
    desk.finish(desk.task(), "hash")
    (desk.root / "song").rename(desk.root / "tune")
    tune, old = desk.root.resolve() / "tune" / "a.wav", desk.root.resolve() / "karaoke" / "a.wav"
    assert moved(desk, again, tune) is None
    tune.unlink()
    desk.board.gone(tune)
    (desk.root / "karaoke").rename(desk.root / "party")
    new = desk.root.resolve() / "party" / "a.wav"
    assert moved(desk, old, new) is None
    assert desk.ledger.latest(new).id == karaoke
    assert desk.restarted().board.knows(new)


def test_of_two_deleted_bounces_the_one_is_moved_whose_knobs_the_stems_name(desk):
    first, second = desk.done("one/a.wav"), desk.done("two/a.wav")
    desk.ledger.update(first, settings={"mask_strength": 0.5})
    desk.ledger.update(second, settings={"mask_strength": 0.25})
    for part in ("acapella", "instrumental"):
        (desk.root / "one" / "separated" / f"a_{part}.wav").write_bytes(stem(HASH, knobs="mask_strength=0.5; "))
    shutil.rmtree(desk.root / "two")
    (desk.root / "one").rename(desk.root / "three")
    old, new = (desk.root.resolve() / folder / "a.wav" for folder in ("one", "three"))
    assert moved(desk, old, new) is None
    assert desk.ledger.latest(new).id == first


HASH = "0123456789abcdef" * 2


def stem(of, *, knobs="mask_strength=0.5; "):
    """A WAV file with the mark of a stem that was made of that sound."""
    text = f"dawbridge 0.2.0; model center; {knobs}of {of[:16]}; null -inf dB".encode() + b"\0"
    text += b"\0" * (len(text) % 2)
    tags = b"LIST" + struct.pack("<I", 12 + len(text)) + b"INFOISFT" + struct.pack("<I", len(text)) + text
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 44100, 88200, 2, 16)
    body = b"WAVE" + form + tags + b"data" + struct.pack("<I", 0)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def killed_after_publishing(desk, *contents):
    """A song whose stems are there, of which the ledger does not know: the kill came in between."""
    bounce = desk.bounce("new song/mix.wav")
    settle(desk, bounce)
    task = desk.task()
    for path, content in zip((task.job.acapella, task.job.instrumental), contents, strict=False):
        path.parent.mkdir(exist_ok=True)
        path.with_name(path.name + ".wav").write_bytes(content)
    return task.job_id, bounce


@pytest.mark.parametrize("when", ["while it was down", "during the next run"])
def test_a_bounce_that_was_done_when_the_kill_came_is_recognised_where_it_went(desk, when):
    job_id, old = killed_after_publishing(desk, stem(HASH), stem(HASH))
    if when == "while it was down":
        old.parent.rename(old.parent.with_name("final song"))
    again = desk.restarted()
    if when == "during the next run":
        assert again.task().job.source == old
        old.parent.rename(old.parent.with_name("final song"))
        again.board.gone(old)
        again.board.finished(Finished(job_id, code="cancelled"))
    new = old.parent.with_name("final song") / "mix.wav"
    settle(again, new)
    asked = again.task()
    assert isinstance(asked, Identify)
    again.rig.handle(Identified(asked.job_id, HASH))
    assert again.task() is None
    record = again.ledger.get(job_id)
    assert (record.path, record.state, record.content_hash) == (new, JobState.DONE, HASH)
    assert record.settings["mask_strength"] == 0.5
    assert all(path.read_bytes() == stem(HASH) for path in record.stems) and len(record.stems) == 2
    assert again.board.knows(new)
    again.board.rerender(job_id)
    assert again.task().job.acapella == new.parent / "separated" / "mix_acapella"


@pytest.mark.parametrize("contents", [[stem(HASH)], [stem(HASH), stem("f" * 32)], [stem(HASH), b"edited by hand"]])
def test_half_a_pair_or_another_sounds_stems_prove_nothing(desk, contents):
    _, old = killed_after_publishing(desk, *contents)
    old.parent.rename(old.parent.with_name("final song"))
    again = desk.restarted()
    new = old.parent.with_name("final song") / "mix.wav"
    settle(again, new)
    asked = again.task()
    if isinstance(asked, Identify):
        again.rig.handle(Identified(asked.job_id, HASH))
        asked = again.task()
    assert asked.job.source == new


def test_a_bounce_that_comes_back_to_its_place_is_taken(desk):
    _, old = killed_after_publishing(desk)
    old.parent.rename(old.parent.with_name("away"))
    again = desk.restarted()
    again.bounce("other.wav")
    again.task()
    old.parent.with_name("away").rename(old.parent)
    assert not again.restarted().board.knows(old)
