"""What is left alone is reported once, and kept for `dawbridge jobs`."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.files.sightings import Settled
from dawbridge.watch.folder import FolderWatch, LeftAloneNotice, WatchEvent
from dawbridge.watch.left_alone import LeftAlone, LeftAloneList, keep, kept
from dawbridge.watch.observer import HintKind


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 2)), 44100, "PCM_24", format="WAV")
    return path


def run(watch: FolderWatch, start: float, end: float) -> list[WatchEvent]:
    return [event for tick in range(int(start * 2), int(end * 2) + 1) for event in watch.step(tick / 2)]


def test_all_kinds_are_one_line_at_the_first_look(root: Path) -> None:
    for name in (
        "a.wav.part",
        "b.wav.part",
        ".hidden.wav",
        "Samples/Recorded/x.wav",
        "day/song.logicx/y.wav",
        "._a.wav",
    ):
        write(root / name)
    watch = FolderWatch(root, poll=True, poll_s=0.5)
    (event,) = watch.step(0.0)
    assert isinstance(event, LeftAloneNotice)
    assert {(entry.what, entry.count) for entry in event.entries} == {
        ("*.part", 2), (".*", 1), ("Samples/Recorded/", 1), ("day/song.logicx/", 1),
    }  # fmt: skip
    assert event.text.startswith(f"{root}: left alone: ") and "\n" not in event.text
    assert "2 *.part, for example a.wav.part (an unfinished download of a browser)" in event.text
    assert ".hidden.wav (hidden)" in event.text and "Samples/Recorded/ (part of a project of " in event.text
    assert "projects = true" in event.text and "take = […]" in event.text
    assert run(watch, 1, 100) == []


def test_a_new_kind_is_reported_when_it_comes_and_never_again(root: Path) -> None:
    watch = FolderWatch(root, poll=True, poll_s=0.5)
    watch.step(0.0)
    write(root / "a.wav.!ut")
    (event,) = run(watch, 1, 20)
    assert isinstance(event, LeftAloneNotice) and event.entries == (
        LeftAlone("*.!ut", "an unfinished torrent", 1, "a.wav.!ut"),
    )
    write(root / "b.wav.!ut")
    assert run(watch, 21, 40) == []
    assert [entry.count for entry in watch.left_alone] == [2]
    path = root / "a.wav"
    (root / "a.wav.!ut").rename(path)
    assert run(watch, 41, 50)[-1] == Settled(path)


def test_what_an_event_tells_of_needs_no_scan(root: Path) -> None:
    watch = FolderWatch(root, poll=False)
    watch.step(0.0)
    watch._hints.put(HintKind.CHANGED, write(root / "Audio Files" / "take 1.wav"))
    watch._hints.put(HintKind.CHANGED, write(root / "a.wav.crdownload"))
    (event,) = watch.step(1.0)
    assert isinstance(event, LeftAloneNotice)
    assert [entry.what for entry in event.entries] == ["Audio Files/", "*.crdownload"]


def test_what_the_user_asks_for_is_taken(root: Path) -> None:
    recorded = write(root / "Samples" / "Recorded" / "x.wav")
    backup = write(root / "song.wav.bak")
    write(root / "Samples" / "Imported" / "y.wav")
    watch = FolderWatch(root, poll=True, poll_s=0.5, existing=True, take=["Samples/Recorded", "*.wav.bak"])
    settled = {event.path for event in run(watch, 0, 10) if isinstance(event, Settled)}
    assert settled == {recorded, backup}


def test_a_list_is_kept_for_each_folder(tmp_path: Path) -> None:
    one = [LeftAlone("*.part", "why", 3, "a.part")]
    keep(tmp_path / "state", tmp_path / "bounces \udcff", [])
    keep(tmp_path / "state", tmp_path / "bounces", one)
    assert kept(tmp_path / "state") == {str(tmp_path / "bounces"): one}
    keep(tmp_path / "state", tmp_path / "bounces", [])
    assert kept(tmp_path / "state") == {}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"root": 1}', '{"root": "x", "left_alone": [{"what": 1, "z": 2}]}', "[" * 10_000]
)
def test_a_damaged_list_is_left_out(tmp_path: Path, content: str) -> None:
    keep(tmp_path, tmp_path / "bounces", [LeftAlone("*.part", "why")])
    (tmp_path / "damaged.json").write_text(content)
    (tmp_path / "folder.json").mkdir()
    assert len(kept(tmp_path)) == 1


def test_the_list_is_bounded() -> None:
    left = LeftAloneList()
    for number in range(100_000):
        left.meet(f"{number}/", "hidden", f"{number}")
    assert len(list(left)) == 201
    for number in range(100_000):
        left.meet("*.part", "why", f"{number}")
    assert max(entry.count for entry in left) == 2000
