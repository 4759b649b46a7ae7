"""A watched folder with native events, which are waited for; the clock is passed in."""

from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
import soundfile

from dawbridge.files.sightings import Gone, Settled, Settling, Stalled
from dawbridge.watch.folder import FolderNotice, FolderWatch
from dawbridge.watch.observer import HintKind


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 2)), 44100, "PCM_24")
    return path


class _Native:
    """A watch with native events whose hints can be waited for."""

    def __init__(self, root: Path) -> None:
        self.watch = FolderWatch(root, poll=False)
        self.seen: SimpleQueue[tuple[HintKind, Path]] = SimpleQueue()
        put = self.watch._hints.put

        def tell(kind: HintKind, path: Path) -> None:
            put(kind, path)
            self.seen.put((kind, path))

        self.watch._hints.put = tell  # type: ignore[method-assign]
        self.watch.step(0.0)
        self.watch.start()

    def wait_for(self, kind: HintKind, path: Path) -> None:
        while self.seen.get(timeout=10.0) != (kind, path):
            pass


@pytest.fixture
def native(root: Path) -> Iterator[_Native]:
    made = _Native(root)
    yield made
    made.watch.stop()


def test_native_events_are_hints(native: _Native, root: Path) -> None:
    path = write(root / "song.wav")
    native.wait_for(HintKind.CLOSED, path)
    assert native.watch.step(1.0) == [Settling(path)]
    assert native.watch.step(1.4) == []
    assert native.watch.step(1.5) == [Settled(path)]
    path.unlink()
    native.wait_for(HintKind.CHANGED, path)
    assert native.watch.step(2.0) == [Gone(path)]


def test_a_new_folder_is_scanned(native: _Native, root: Path, tmp_path: Path) -> None:
    write(tmp_path / "ready" / "song.wav")
    (tmp_path / "ready").rename(root / "ready")
    native.wait_for(HintKind.TREE, root / "ready")
    assert Settling(root / "ready" / "song.wav") in native.watch.step(1.0)


def test_a_folder_that_goes_takes_its_bounces_along(native: _Native, root: Path, tmp_path: Path) -> None:
    path = write(root / "day" / "song.wav")
    native.wait_for(HintKind.TREE, root / "day")
    native.watch.step(1.0)
    assert native.watch.step(3.0) == [Settled(path, "day")]
    (root / "day").rename(tmp_path / "away")
    native.wait_for(HintKind.TREE, root / "day")
    assert native.watch.step(4.0) == [Gone(path)]


def test_a_renamed_folder_is_looked_into(native: _Native, root: Path) -> None:
    write(root / "day" / "song.wav")
    native.wait_for(HintKind.TREE, root / "day")
    native.watch.step(1.0)
    (root / "day").rename(root / "night")
    native.wait_for(HintKind.TREE, root / "night")
    events = native.watch.step(2.0)
    assert Gone(root / "day" / "song.wav") in events and Settling(root / "night" / "song.wav") in events


def test_folders_of_our_own_stems_cost_no_look(native: _Native, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawbridge.watch.folder.scan", lambda *_: pytest.fail("scanned"))
    (root / "separated").mkdir()
    native.wait_for(HintKind.TREE, root / "separated")
    assert native.watch.step(1.0) == []


def test_what_is_stalled_is_left_in_peace_until_a_hint_or_a_scan(native: _Native, root: Path) -> None:
    path = write(root / "song.wav")
    whole = path.read_bytes()
    path.write_bytes(whole[:3000])
    native.wait_for(HintKind.CLOSED, path)
    native.wait_for(HintKind.CLOSED, path)
    told = [event for now in range(1, 70) for event in native.watch.step(float(now))]
    assert [type(event) for event in told] == [Settling, Stalled]
    judged: list[str] = []
    native.watch._tell = lambda kind, _path, text: judged.append(text) if kind == "verdict" else None
    assert native.watch.step(80.0) == [] and judged == []
    path.write_bytes(whole)
    native.wait_for(HintKind.CLOSED, path)
    native.watch.step(81.0)
    assert native.watch.step(81.5) == [Settled(path)]


def test_a_dead_observer_is_started_again(native: _Native, root: Path) -> None:
    watch = native.watch
    for emitter in watch._root._native._observer.emitters:  # type: ignore[union-attr]
        emitter.stop()
        emitter.join()
    assert not watch._root._native.healthy
    path = write(root / "missed.wav")
    assert watch.step(30.0) == [Settling(path)]
    assert watch._root._native.healthy
    native.wait_for(HintKind.CLOSED, write(root / "seen.wav"))


def test_no_more_watches_falls_back_to_polling(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("dawbridge.watch.observer.NativeEvents.start", refuse)
    watch = FolderWatch(root, poll=False)
    watch.start()
    (notice,) = watch.step(0.0)
    assert isinstance(notice, FolderNotice) and "inotify watch limit" in notice.text and watch.polling
    path = write(root / "song.wav")
    watch.step(1.0)
    assert watch.step(5.0)[-1] == Settled(path)
