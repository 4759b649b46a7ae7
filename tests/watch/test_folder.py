"""A watched folder with real files; the clock is passed in, native events are waited for where they are tested."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files
from dawbridge.errors import WatchError
from dawbridge.files.sightings import Gone, Settled, Settling, Stalled
from dawbridge.watch.folder import FolderNotice, FolderWatch, WatchEvent
from dawbridge.watch.settle import SettleTimes

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 2))


def write(path: Path, container: str = "WAV", subtype: str = "PCM_24") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, NOISE, 44100, subtype, format=container)
    return path


@pytest.fixture
def watch(root: Path) -> FolderWatch:
    """Polled, so that each step a second later is a look at everything."""
    made = FolderWatch(root, poll=True, poll_s=0.5)
    assert made.step(0.0) == []
    return made


def run(watch: FolderWatch, start: float, end: float) -> list[WatchEvent]:
    events = []
    for tick in range(int(start * 2), int(end * 2) + 1):
        events += watch.step(tick / 2)
    return events


def test_a_bounce_settles(watch: FolderWatch, root: Path) -> None:
    path = write(root / "song.wav")
    assert run(watch, 1, 2.5) == [Settling(path)]
    assert run(watch, 3, 3.5) == [Settled(path)]
    assert run(watch, 4, 100) == []


def test_a_folder_names_a_preset(watch: FolderWatch, root: Path) -> None:
    path = write(root / "late night" / "deep" / "song.flac", "FLAC")
    assert run(watch, 1, 5)[-1] == Settled(path, "late night")


def test_stems_folder_is_watched_and_separated_is_not(watch: FolderWatch, root: Path) -> None:
    write(root / "separated" / "song_acapella.wav")
    path = write(root / "stems" / "drums.wav")
    assert [event.path for event in run(watch, 1, 5)] == [path, path]


def test_the_same_name_bounced_again(watch: FolderWatch, root: Path) -> None:
    path = write(root / "song.wav")
    run(watch, 1, 5)
    soundfile.write(path, NOISE[:500], 44100, "PCM_24")
    assert run(watch, 6, 10) == [Settling(path), Settled(path)]


def test_deleted_and_renamed(watch: FolderWatch, root: Path) -> None:
    path = write(root / "song.wav")
    run(watch, 1, 5)
    path.rename(root / "other.wav")
    events = run(watch, 6, 10)
    assert Gone(path) in events and events[-1] == Settled(root / "other.wav")
    (root / "other.wav").unlink()
    assert run(watch, 11, 12) == [Gone(root / "other.wav")]


@pytest.mark.row("our mark")
def test_a_stem_that_was_renamed_into_the_folder_is_no_bounce(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    for container, subtype in (
        ("WAV", "FLOAT"),
        ("AIFF", "PCM_24"),
        ("FLAC", "PCM_24"),
        ("CAF", "PCM_24"),
        ("W64", "PCM_24"),
    ):
        bounce = write(tmp_path / f"x.{container.lower()}", container, subtype)
        with files.open_source(bounce) as source, files.StemWriter(source.bounce, tmp_path / container, None) as writer:
            writer.write(source.read(0, 1000), np.zeros((2, 1000)))
            stem = writer.publish("dawbridge 0.1.0").acapella
        assert stem is not None
        stem.rename(root / f"new{stem.suffix}")
    assert run(watch, 1, 70) == []


def test_first_watch_leaves_what_is_there(root: Path) -> None:
    path = write(root / "old.wav")
    watch = FolderWatch(root, poll=True)
    assert run(watch, 0, 10) == [] and watch.baseline.keys() == {path}
    assert Settled(write(root / "new.wav")) in run(watch, 11, 20)
    soundfile.write(path, NOISE[:10], 44100)
    assert Settled(path) in run(watch, 21, 30)


def test_first_watch_with_existing(root: Path) -> None:
    path = write(root / "old.wav")
    assert run(FolderWatch(root, poll=True, existing=True), 0, 10) == [Settling(path), Settled(path)]


def test_a_later_start_takes_what_the_ledger_does_not_know(root: Path) -> None:
    old, new = write(root / "old.wav"), write(root / "new.wav")
    events = run(FolderWatch(root, poll=True, known=lambda path: path == old), 0, 10)
    assert events == [Settling(new), Settled(new)]


def test_a_bounce_that_is_cut_off_stalls_once_and_can_be_accepted(watch: FolderWatch, root: Path) -> None:
    path = write(root / "song.wav")
    path.write_bytes(path.read_bytes()[:3000])
    events = run(watch, 1, 130)
    assert events[0] == Settling(path) and len(events) == 2
    assert isinstance(events[1], Stalled) and "shorter than its header says" in events[1].reason
    watch.accept(path)
    assert run(watch, 131, 135) == [Settled(path)]


@pytest.mark.row("a file copied half way")
def test_a_flac_that_is_cut_off_does_not_settle(watch: FolderWatch, root: Path) -> None:
    path = write(root / "song.flac", "FLAC")
    path.write_bytes(path.read_bytes()[:3000])
    events = run(watch, 1, 130)
    assert [type(event) for event in events] == [Settling, Stalled]
    write(path, "FLAC")
    assert run(watch, 131, 140)[-1] == Settled(path)


def test_a_text_named_wav_is_said_once(watch: FolderWatch, root: Path) -> None:
    (root / "song.wav").write_text("this is no audio whatsoever")
    (root / "notes.txt").write_text("neither is this")
    events = run(watch, 1, 130)
    assert [type(event) for event in events] == [Stalled] and "holds none" in events[0].reason  # type: ignore[union-attr]


def test_accepting_what_is_no_audio_says_so_at_once(watch: FolderWatch, root: Path) -> None:
    (root / "song.wav").write_bytes(b"RIFF\x24\0\0\0WAVE")
    run(watch, 1, 2)
    watch.accept(root / "song.wav")
    events = run(watch, 3, 5)
    assert len(events) == 1 and isinstance(events[0], Stalled)


def test_accept_of_what_is_not_watched(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    with pytest.raises(WatchError, match="no such file"):
        watch.accept(root / "none.wav")
    with pytest.raises(WatchError, match="not watched"):
        watch.accept(write(tmp_path / "elsewhere.wav"))


def test_accept_takes_a_file_of_the_baseline(root: Path) -> None:
    path = write(root / "old.wav")
    watch = FolderWatch(root, poll=True, poll_s=0.5)
    run(watch, 0, 10)
    watch.accept(path)
    assert run(watch, 11, 13)[-1] == Settled(path)


def test_forget_does_it_again(watch: FolderWatch, root: Path) -> None:
    path = write(root / "song.wav")
    run(watch, 1, 5)
    watch.forget(path)
    assert run(watch, 6, 10) == [Settling(path), Settled(path)]


def test_a_folder_that_is_unplugged_and_comes_back(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    path = write(root / "song.wav")
    run(watch, 1, 5)
    root.rename(tmp_path / "away")
    events = run(watch, 6, 10)
    assert len(events) == 1 and isinstance(events[0], FolderNotice) and "not there" in events[0].text
    (tmp_path / "away").rename(root)
    events = run(watch, 11, 20)
    assert len(events) == 1 and isinstance(events[0], FolderNotice) and "back" in events[0].text
    path.unlink()
    assert run(watch, 21, 22) == [Gone(path)]


def test_no_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", write(tmp_path / "file.wav")):
        with pytest.raises(WatchError, match="cannot be watched"):
            FolderWatch(path)


@pytest.mark.parametrize("name", ["Ünï 🎤 (final) v1.2.wav", "e\u0301.wav", "x" * 246 + ".wav", " lead.wav"])
def test_odd_names(watch: FolderWatch, root: Path, name: str) -> None:
    path = write(root / name)
    assert run(watch, 1, 5)[-1] == Settled(path)


def test_many_at_once(watch: FolderWatch, root: Path) -> None:
    data = write(root / "0.wav").read_bytes()
    for number in range(1, 2000):
        (root / f"{number}.wav").write_bytes(data)
    events = run(watch, 1, 5)
    assert sum(isinstance(event, Settled) for event in events) == 2000


@pytest.mark.row("ffmpeg WAV through a pipe")
def test_a_pipe_settles_where_pipes_are_expected(root: Path) -> None:
    watch = FolderWatch(root, poll=True, poll_s=0.5, times=SettleTimes(accept_streamed=True))
    watch.step(0.0)
    data = bytearray(write(root / "song.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (root / "song.wav").write_bytes(data)
    events = run(watch, 1, 30)
    assert events == [Settling(root / "song.wav"), Settled(root / "song.wav")]


def test_m4a_settles_by_its_quiet(watch: FolderWatch, root: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    command = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", root / "song.m4a"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert [type(event) for event in run(watch, 1, 5.5)] == [Settling]
    assert [type(event) for event in run(watch, 6, 7)] == [Settled]


def test_a_remix_that_inherited_our_mark_is_a_bounce(watch: FolderWatch, root: Path, tmp_path: Path) -> None:
    """Programs keep tags: the mark alone proves nothing, the seal does."""
    bounce = write(tmp_path / "x.wav")
    with files.open_source(bounce) as source, files.StemWriter(source.bounce, tmp_path / "out", None) as writer:
        writer.write(source.read(0, 1000), np.zeros((2, 1000)))
        stem = writer.publish("dawbridge 0.1.0").acapella
    assert stem is not None
    remix = bytearray(stem.read_bytes())
    place = remix.index(b"data") + 100
    remix[place : place + 3] = b"mix"
    (root / "remix.wav").write_bytes(remix)
    stem.rename(root / "stem.wav")
    assert run(watch, 1, 70) == [Settled(root / "remix.wav")]
    (root / "stem.wav").write_bytes(remix)
    assert run(watch, 71, 90) == [Settled(root / "stem.wav")]
