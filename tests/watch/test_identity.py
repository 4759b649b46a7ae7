"""A file is what it holds: what is looked at again after its name, mode, times or disk changed, and what is not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.files.sightings import Gone, Settled, Settling
from dawbridge.watch.folder import FolderWatch, WatchEvent
from dawbridge.watch.observer import HintKind


def write(path: Path, seed: int = 0, frames: int = 1000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, 2))
    soundfile.write(path, samples, 44100, "PCM_24")
    return path


def run(watch: FolderWatch, start: float, end: float) -> list[WatchEvent]:
    return [event for tick in range(int(start * 2), int(end * 2) + 1) for event in watch.step(tick / 2)]


@pytest.fixture
def polled(root: Path) -> FolderWatch:
    watch = FolderWatch(root, poll=True, poll_s=0.5)
    watch.step(0.0)
    return watch


@pytest.fixture
def hinted(root: Path) -> Iterator[FolderWatch]:
    """As with native events, which the test sends itself."""
    watch = FolderWatch(root, poll=False)
    watch.step(0.0)
    yield watch


def hint(watch: FolderWatch, kind: HintKind, path: Path) -> None:
    watch._hints.put(kind, path)


def same_size_and_time(path: Path, other: Path) -> None:
    facts = path.stat()
    assert other.stat().st_size == facts.st_size
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_another_file_of_the_same_size_and_time_moved_over_it(polled: FolderWatch, root: Path, tmp_path: Path) -> None:
    path = write(root / "loop.wav", 1)
    run(polled, 1, 5)
    other = write(tmp_path / "other.wav", 2)
    same_size_and_time(path, other)
    other.replace(path)
    assert run(polled, 6, 10) == [Settling(path), Settled(path)]


def overwrite(path: Path) -> None:
    """Other samples in the same file, and its times put back."""
    facts = path.stat()
    data = bytearray(path.read_bytes())
    data[-3000:] = bytes(3000)
    with path.open("r+b") as stream:
        stream.write(data)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_samples_written_over_with_the_time_put_back(polled: FolderWatch, root: Path) -> None:
    path = write(root / "loop.wav")
    run(polled, 1, 5)
    overwrite(path)
    assert run(polled, 6, 10) == [Settling(path), Settled(path)]


ATTRIBUTES: list[Callable[[Path], object]] = [
    lambda path: path.chmod(0o600),
    lambda path: path.with_name("backup copy").hardlink_to(path),
    lambda path: os.utime(path, ns=(path.stat().st_atime_ns + 1, path.stat().st_mtime_ns)),
]


@pytest.mark.parametrize("change", ATTRIBUTES)
def test_a_mode_or_a_link_restarts_nothing(hinted: FolderWatch, root: Path, change: Callable[[Path], object]) -> None:
    path = write(root / "loop.wav")
    hint(hinted, HintKind.CLOSED, path)
    assert run(hinted, 1, 5)[-1] == Settled(path)
    change(path)
    hint(hinted, HintKind.CHANGED, path)
    assert run(hinted, 6, 10) == []
    assert run(hinted, 31, 70) in (
        [],
        [Settling(root / "backup copy"), Settled(root / "backup copy")],
    )


def test_the_same_is_looked_at_again_if_a_writer_closed_it(hinted: FolderWatch, root: Path) -> None:
    path = write(root / "loop.wav")
    hint(hinted, HintKind.CLOSED, path)
    run(hinted, 1, 5)
    overwrite(path)
    hint(hinted, HintKind.CHANGED, path)
    hint(hinted, HintKind.CLOSED, path)
    hint(hinted, HintKind.CHANGED, path)
    assert run(hinted, 6, 10) == [Settling(path), Settled(path)]


def test_a_close_that_is_reported_late_counts(hinted: FolderWatch, root: Path) -> None:
    path = write(root / "loop.wav")
    hint(hinted, HintKind.CLOSED, path)
    run(hinted, 1, 5)
    overwrite(path)
    hint(hinted, HintKind.CHANGED, path)
    assert run(hinted, 6, 7) == []
    hint(hinted, HintKind.CLOSED, path)
    assert run(hinted, 8, 10) == [Settling(path), Settled(path)]


def test_a_change_that_no_event_told_is_found_by_the_next_scan(hinted: FolderWatch, root: Path) -> None:
    path = write(root / "loop.wav")
    hint(hinted, HintKind.CLOSED, path)
    run(hinted, 1, 5)
    overwrite(path)
    assert run(hinted, 6, 29) == []
    assert Settled(path) in run(hinted, 30, 40)


def test_a_folder_that_is_renamed_takes_its_bounces_along(polled: FolderWatch, root: Path) -> None:
    path = write(root / "song" / "mix.wav")
    run(polled, 1, 5)
    (root / "song").rename(root / "song done")
    events = run(polled, 6, 10)
    moved = root / "song done" / "mix.wav"
    assert Gone(path) in events and Settled(moved, "song done") in events


def test_a_link_to_a_bounce_is_taken_and_to_a_folder_is_not_followed(
    polled: FolderWatch, root: Path, tmp_path: Path
) -> None:
    (root / "song.wav").symlink_to(write(tmp_path / "elsewhere" / "song.wav"))
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    assert run(polled, 1, 5) == [Settling(root / "song.wav"), Settled(root / "song.wav")]
