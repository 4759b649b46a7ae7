"""The watched folder itself: renamed, replaced, unplugged, given back."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.files.sightings import Settled, Settling
from dawbridge.watch.folder import FolderNotice, FolderWatch, WatchEvent
from dawbridge.watch.lock import NAME, FolderLock


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 2)), 44100, "PCM_24")
    return path


def run(watch: FolderWatch, start: float, end: float) -> list[WatchEvent]:
    return [event for tick in range(int(start * 2), int(end * 2) + 1) for event in watch.step(tick / 2)]


def notices(events: list[WatchEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, FolderNotice)]


@pytest.fixture
def lock(root: Path, tmp_path: Path) -> FolderLock:
    return FolderLock(root, tmp_path / "locks")


@pytest.fixture
def watch(root: Path, lock: FolderLock) -> FolderWatch:
    made = FolderWatch(root, poll=True, poll_s=0.5, lock=lock)
    made.step(0.0)
    run(made, 0.5, 1)
    return made


def test_a_folder_that_is_renamed_says_where_it_is(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    write(root / "song.wav")
    run(watch, 2, 6)
    root.rename(tmp_path / "Bounces 2026")
    (text,) = notices(run(watch, 7, 20))
    assert f"was renamed or moved to {tmp_path.resolve() / 'Bounces 2026'}" in text
    (tmp_path / "Bounces 2026").rename(root)
    assert notices(run(watch, 21, 30)) == [f"{root}: is back, watched again"]


def test_a_link_in_its_place_is_not_followed(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    write(tmp_path / "private" / "secret.wav")
    root.rename(tmp_path / "away")
    root.symlink_to(tmp_path / "private")
    events = run(watch, 2, 40)
    assert len(events) == 1 and "symbolic link now, which is not followed" in notices(events)[0]
    root.unlink()
    (tmp_path / "away").rename(root)
    path = write(root / "song.wav")
    assert run(watch, 41, 50)[-2:] == [Settling(path), Settled(path)]


def test_a_link_above_it_is_not_followed_either(tmp_path: Path) -> None:
    outer = tmp_path.resolve() / "outer"
    (outer / "bounces").mkdir(parents=True)
    watch = FolderWatch(outer / "bounces", poll=True, poll_s=0.5)
    watch.step(0.0)
    write(tmp_path / "private" / "bounces" / "secret.wav")
    outer.rename(tmp_path / "away")
    outer.symlink_to(tmp_path / "private")
    events = run(watch, 1, 30)
    assert len(events) == 1 and "symbolic link" in notices(events)[0]


def test_a_file_in_its_place(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "away")
    root.touch()
    (text,) = notices(run(watch, 2, 10))
    assert "is a file now" in text


def test_another_folder_in_its_place_is_watched_from_its_beginning(
    watch: FolderWatch, lock: FolderLock, root: Path, tmp_path: Path
) -> None:
    write(root / "song.wav")
    run(watch, 2, 6)
    root.rename(tmp_path / "away")
    path = write(root / "new.wav")
    events = run(watch, 7, 20)
    assert "another folder now" in notices(events)[0]
    assert events[-1] == Settled(path)
    assert (root / NAME).is_file()
    lock.release()
    assert not (root / NAME).exists()


def test_another_folder_that_another_dawbridge_watches_is_left_to_it(
    watch: FolderWatch, root: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    other = FolderLock(theirs, tmp_path / "other locks")
    root.rename(tmp_path / "away")
    theirs.rename(root)
    write(root / "song.wav")
    events = run(watch, 2, 20)
    assert len(notices(events)) == len(events) == 2
    assert "watched by another dawbridge" in notices(events)[1]
    other.release()
    assert any(isinstance(event, Settled) for event in run(watch, 21, 40))


def test_a_file_called_like_the_folder_for_stems_is_named(watch: FolderWatch, root: Path) -> None:
    (root / "song").mkdir()
    (root / "song" / "separated").touch()
    (text,) = notices(run(watch, 2, 20))
    assert str(root / "song" / "separated") in text and "rename the file" in text


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_to_a_folder_is_a_folder_for_stems(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for song, target in (("a", tmp_path / "elsewhere"), ("b", "."), ("c", "nowhere"), ("d", "separated")):
        (root / song).mkdir()
        (root / song / "separated").symlink_to(target)
    named = "".join(notices(run(watch, 2, 20)))
    assert [song for song in "abcd" if str(root / song / "separated") in named] == ["c", "d"]
