"""Who has a file open for writing: asked of the real system, with real programs that hold real files."""

import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dawbridge.watch.writers import leases, processes
from dawbridge.watch.writers.evidence import Evidence, Known, Writer
from dawbridge.watch.writers.query import WriterQuery

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems answer in other ways")

HOLD = "import sys; f = open(sys.argv[1], sys.argv[2]); print('open', flush=True); sys.stdin.read()"


@contextmanager
def held(path: Path, mode: str = "ab", *, through: tuple[str, ...] = ()) -> Iterator["subprocess.Popen[str]"]:
    """Another program has the file open."""
    command = [*through, sys.executable, "-c", HOLD, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "open\n"
        yield program
        program.kill()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    path.write_bytes(bytes(10_000))
    return path


def test_a_lease_tells_whether_anybody_writes(file: Path) -> None:
    assert leases.ask(file) is Known.FREE
    with file.open("ab"):
        assert leases.ask(file) is Known.HELD
    with file.open("rb"):
        assert leases.ask(file) is Known.FREE
    with held(file):
        assert leases.ask(file) is Known.HELD
    assert leases.ask(file) is Known.FREE
    assert leases.ask(file.with_name("none.wav")) is Known.UNKNOWN


def test_a_file_mapped_for_writing_is_held_after_it_was_closed(file: Path) -> None:
    with file.open("r+b") as stream:
        mapping = mmap.mmap(stream.fileno(), 0)
    assert leases.ask(file) is Known.HELD
    assert WriterQuery().name(file) == (Writer(processes._program("/proc/self"), os.getpid()),)
    mapping.close()
    assert leases.ask(file) is Known.FREE


def test_asking_disturbs_no_writer(file: Path) -> None:
    """One program asks all the time; another opens the file for writing without wanting to wait, all the time."""
    code = (
        "import os, sys\n"
        "for n in range(3000):\n"
        "    os.close(os.open(sys.argv[1], os.O_WRONLY))\n"
        "print('done', flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, text=True) as writer:
        while writer.poll() is None:
            assert leases.ask(file) in (Known.FREE, Known.HELD)
        assert writer.returncode == 0


def test_asking_leaves_nothing_open(file: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        leases.ask(file)
        WriterQuery().name(file)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_writer_is_named(file: Path) -> None:
    with held(file) as program:
        (writer,) = WriterQuery().name(file)
        assert writer.pid == program.pid
        assert str(writer).endswith(f"(pid {program.pid})")
    assert WriterQuery().name(file) == ()


def test_a_reader_is_no_writer(file: Path) -> None:
    with held(file, "rb"):
        assert processes.open_files().of(file).writers == ()


def test_a_writer_under_another_name_of_the_same_file(file: Path) -> None:
    other = file.with_name("other.wav")
    other.hardlink_to(file)
    with held(other) as program:
        assert leases.ask(file) is Known.HELD
        assert [writer.pid for writer in processes.open_files().of(file).writers] == [program.pid]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user")
def test_a_writer_of_another_user(file: Path) -> None:
    file.parent.chmod(0o777)
    for folder in file.parents:
        if folder.owner() == "root" and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    file.chmod(0o666)
    with held(file, through=("setpriv", "--reuid=65534", "--clear-groups")):
        assert WriterQuery().ask(file).known is Known.HELD


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give up its rights")
def test_a_user_is_told_that_nothing_is_known_about_another_users_file(file: Path) -> None:
    for folder in (file, *file.parents):
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    code = (
        "import sys; sys.path[:0] = sys.argv[2].split(':')\n"
        "from pathlib import Path\n"
        "from dawbridge.watch.writers.query import WriterQuery\n"
        "print(WriterQuery().ask(Path(sys.argv[1])).known)"
    )
    command = [
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        "/usr/bin/env",
        "-i",
        sys.executable,
        "-c",
        code,
        str(file),
    ]
    done = subprocess.run([*command, ":".join(sys.path)], capture_output=True, text=True)
    if "Permission denied" in done.stderr or "No module named" in done.stderr:
        pytest.skip("another user may not read the program here")
    assert done.stdout == "unknown\n", done.stderr


def test_processes_that_cannot_be_looked_into_leave_it_open(tmp_path: Path, file: Path) -> None:
    """A /proc made by hand: one process of ours, one of the kernel, one that shows nothing."""
    proc = tmp_path / "proc"
    for pid, flags in ((7, 0), (8, 0x00200000)):
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "stat").write_text(f"{pid} (a (b) c) S 1 1 1 0 -1 {flags} 0 0")
        (proc / str(pid) / "fd").write_text("not a folder: listing it fails as it does without permission")
    (proc / "self" / "ns").mkdir(parents=True)
    (proc / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
    assert not processes.open_files(proc).complete
    (proc / "7" / "fd").unlink()
    (proc / "7" / "fd").mkdir()
    found = processes.open_files(proc)
    assert found.complete and found.of(file) == Evidence(Known.FREE)
    (proc / "self" / "ns" / "pid").unlink()
    (proc / "self" / "ns" / "pid").symlink_to("pid:[4026532511]")
    assert processes.open_files(proc).of(file).known is Known.UNKNOWN


def test_a_look_through_all_processes_ends_in_time(file: Path) -> None:
    ticks = iter(range(1000))
    assert not processes.open_files(clock=lambda: float(next(ticks))).complete


def test_nobody_is_certain_on_a_network_drive(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert WriterQuery().ask(file) == Evidence(Known.FREE)
    monkeypatch.setattr("dawbridge.watch.writers.query.is_local", lambda _: False)
    assert WriterQuery().ask(file).known is Known.UNKNOWN
    with held(file):
        assert WriterQuery().ask(file).known is Known.HELD


def test_a_lease_that_is_refused_leaves_the_processes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "ask", lambda _: Known.UNKNOWN)
    with held(file) as program:
        evidence = WriterQuery().ask(file)
        assert evidence.known is Known.HELD
        assert [writer.pid for writer in evidence.writers] == [program.pid]
