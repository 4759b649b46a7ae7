"""Writers that rest with their file open: nothing is taken before they let go, however whole it looks.

The clock is passed in, the files and the writers are real.
"""

import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.files.sightings import Settled, Settling, Stalled, Waiting
from dawbridge.watch.folder import FolderWatch, WatchEvent
from dawbridge.watch.settle import SettleTimes
from dawbridge.watch.writers.evidence import Evidence, Known

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems answer in other ways")

HOLD = "import sys; f = open(sys.argv[1], 'ab'); print(1, flush=True); sys.stdin.read()"
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (48_000, 2))


def whole(container: str, subtype: str | None = None) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, NOISE, 48000, subtype, format=container)
    return buffer.getvalue()


class Rig:
    """A watch and its clock."""

    def __init__(self, root: Path, **options: object) -> None:
        self.root, self.now = root.resolve(), 0.0
        self.watch = FolderWatch(root, poll=True, poll_s=0.25, **options)  # type: ignore[arg-type]
        assert self.watch.step(0.0) == []

    def pass_(self, seconds: float) -> list[WatchEvent]:
        end, events = self.now + seconds, []
        while self.now < end:
            self.now += 0.25
            events += self.watch.step(self.now)
        return events


@pytest.fixture
def rig(root: Path) -> Rig:
    return Rig(root)


def half_written(path: Path, data: bytes) -> Iterator[None]:
    """Half of it, a rest, the other half."""
    with path.open("wb") as stream:
        stream.write(data[: len(data) // 2])
        stream.flush()
        yield
        stream.write(data[len(data) // 2 :])


def ogg(path: Path) -> Iterator[None]:
    yield from half_written(path, whole("OGG"))


def mp3(path: Path) -> Iterator[None]:
    yield from half_written(path, whole("MP3"))


def m4a_like(path: Path) -> Iterator[None]:
    """An ADTS stream, which has no length; its end cannot be told from its middle."""
    yield from half_written(path, whole("AU"))


def with_an_up_to_date_header(container: str) -> Callable[[Path], Iterator[None]]:
    """As csound -R and others do: at each moment the header fits what was written so far."""

    def writer(path: Path) -> Iterator[None]:
        buffer = BytesIO()
        soundfile.write(buffer, NOISE[:20_000], 48000, "PCM_16", format=container)
        with path.open("wb") as stream:
            stream.write(buffer.getvalue())
            stream.flush()
            yield
            stream.seek(0)
            stream.write(whole(container, "PCM_16"))

    return writer


def preallocated(path: Path) -> Iterator[None]:
    data = whole("WAV")
    with path.open("wb") as stream:
        stream.truncate(len(data))
        stream.write(data[: len(data) // 3])
        stream.flush()
        yield
        stream.write(data[len(data) // 3 :])


def mapped(path: Path) -> Iterator[None]:
    """A file mapped into memory, closed, and written all the same."""
    data = whole("WAV")
    path.write_bytes(data[:44] + bytes(len(data) - 44))
    with path.open("r+b") as stream:
        view = mmap.mmap(stream.fileno(), 0)
    view[44:90_000] = data[44:90_000]
    yield
    view[:] = data
    view.close()


WRITERS = {
    "ogg": ogg, "mp3": mp3, "au": m4a_like, "preallocated": preallocated, "mapped": mapped,
    **{name.lower(): with_an_up_to_date_header(name) for name in ("WAV", "AIFF", "W64", "CAF", "RF64", "FLAC")},
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.row("rests with the file open")
def test_nothing_is_taken_while_its_writer_rests_and_all_of_it_after(rig: Rig, name: str) -> None:
    path = rig.root / "song.wav"
    path = path.with_suffix(f".{name}" if name in ("ogg", "mp3", "au") else ".wav")
    writer = WRITERS[name](path)
    next(writer)
    while_open = rig.pass_(50.0)
    assert [type(event) for event in while_open] in ([Settling, Waiting], [Settling])
    assert next(writer, "ended") == "ended"
    after = rig.pass_(70.0)
    assert after[-1] == Settled(path), after
    assert sum(isinstance(event, Settled) for event in after) == 1
    assert len(soundfile.read(path)[0]) in range(len(NOISE), len(NOISE) + 3000)


def test_the_user_is_told_who_has_it_open_once(rig: Rig) -> None:
    path = rig.root / "song.wav"
    path.write_bytes(whole("WAV"))
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None and program.stdout.readline()
        (settling, waiting) = rig.pass_(50.0)
        assert settling == Settling(path)
        assert isinstance(waiting, Waiting)
        assert f"(pid {program.pid})" in waiting.reason and "still open" in waiting.reason
        (stalled,) = rig.pass_(100.0)
        assert isinstance(stalled, Stalled) and stalled.acceptable
        assert f"(pid {program.pid})" in stalled.reason and "looks whole" in stalled.reason
        program.kill()
    assert rig.pass_(5.0) == [Settled(path)]


def test_what_is_held_can_be_accepted_as_it_is(rig: Rig) -> None:
    path = rig.root / "song.wav"
    path.write_bytes(whole("WAV"))
    with path.open("ab"):
        rig.pass_(10.0)
        rig.watch.accept(path)
        assert rig.pass_(1.0) == [Settled(path)]


def test_a_placeholder_that_is_held_says_who_holds_it(rig: Rig) -> None:
    path = rig.root / "song.wav"
    with path.open("wb") as stream:
        data = whole("WAV")
        stream.write(data[:4] + bytes((8, 0, 0, 0)) + data[8:40] + bytes(4) + data[44:])
        stream.flush()
        events = rig.pass_(70.0)
        assert isinstance(events[-1], Stalled)
        assert "still open" in events[-1].reason and "not whole yet" in events[-1].reason
        stream.seek(0)
        stream.write(data[:44])
    assert rig.pass_(5.0) == [Settled(path)]


def test_one_that_closes_and_opens_again_is_waited_for(rig: Rig) -> None:
    path = rig.root / "song.wav"
    for count in (10_000, 20_000):
        soundfile.write(path, NOISE[:count], 48000)
        rig.pass_(1.0)
        with path.open("ab"):
            assert not any(isinstance(event, Settled) for event in rig.pass_(20.0))
    assert rig.pass_(5.0) == [Settled(path)]


def test_a_copy_that_was_given_up_before_its_end_waits_and_is_taken(rig: Rig) -> None:
    """Closed, nobody writes it, and its end was never written. It cannot be told from a sparse copy of a bounce that
    ends in silence, so it is taken in the end, much later, and the user is told."""
    path = rig.root / "song.wav"
    writer = preallocated(path)
    next(writer)
    writer.close()
    if path.stat().st_blocks * 512 >= path.stat().st_size:
        pytest.skip("this file system has no holes")
    events = rig.pass_(29.0)
    assert [type(event) for event in events] == [Settling, Waiting]
    assert "zeros" in events[1].reason  # type: ignore[union-attr]
    assert rig.pass_(3.0) == [Settled(path)]


def test_a_bounce_that_ends_in_silence_is_taken_at_once(rig: Rig) -> None:
    path = rig.root / "song.wav"
    soundfile.write(path, np.concatenate([NOISE, np.zeros((100_000, 2))]), 48000, "PCM_24")
    assert rig.pass_(2.5) == [Settling(path), Settled(path)]


def unknown(watch: FolderWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch._files.writers, "ask", lambda _: Evidence(Known.UNKNOWN))


def test_without_evidence_a_silent_end_waits_longer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown(rig.watch, monkeypatch)
    path = rig.root / "song.wav"
    soundfile.write(path, np.concatenate([NOISE, np.zeros((100_000, 2))]), 48000, "PCM_24")
    assert [type(event) for event in rig.pass_(29.0)] == [Settling, Waiting]
    assert rig.pass_(2.0) == [Settled(path)]


def test_without_evidence_a_format_without_a_length_waits_longer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown(rig.watch, monkeypatch)
    path = rig.root / "song.ogg"
    path.write_bytes(whole("OGG"))
    events = rig.pass_(14.5)
    assert [type(event) for event in events] == [Settling, Waiting]
    assert "does not tell" in events[1].reason  # type: ignore[union-attr]
    assert rig.pass_(1.5) == [Settled(path)]


def test_the_times_are_the_users(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(root, times=SettleTimes(unproven_s=6.0))
    unknown(rig.watch, monkeypatch)
    (rig.root / "song.ogg").write_bytes(whole("OGG"))
    assert isinstance(rig.pass_(6.5)[-1], Settled)


def test_a_file_that_is_opened_in_the_last_moment(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody opens it between the question and the last look."""
    answers = iter([Evidence(Known.FREE), Evidence(Known.HELD)])
    path = rig.root / "song.wav"
    path.write_bytes(whole("WAV"))
    ask = rig.watch._files.writers.ask
    monkeypatch.setattr(rig.watch._files.writers, "ask", lambda path: next(answers, None) or ask(path))
    assert rig.pass_(2.25) == [Settling(path)]
    assert rig.pass_(5.0) == [Settled(path)]


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder"])
def test_what_is_no_regular_file_is_never_opened(rig: Rig, kind: str, tmp_path: Path) -> None:
    path = rig.root / "song.wav"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        import socket

        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    assert rig.pass_(70.0) == []
