"""One dawbridge to a folder, whoever it belongs to and whatever it calls its home."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dawbridge.errors import WatchError
from dawbridge.watch.lock import NAME, FolderLock

HOLD = """
import sys
from pathlib import Path
from dawbridge.watch.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), Path(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""
OLD = """
import hashlib, sys
from pathlib import Path
from filelock import FileLock
name = hashlib.sha256(sys.argv[1].encode("utf-8", "surrogateescape")).hexdigest()[:32]
Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
lock = FileLock(Path(sys.argv[2]) / f"{name}.lock", timeout=0)
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another(root: Path, locks: Path, code: str = HOLD) -> Iterator["subprocess.Popen[str]"]:
    """Another process that watches `root`."""
    command = [sys.executable, "-c", code, str(root), str(locks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other
        other.kill()


def test_a_folder_is_watched_by_one_process_until_it_ends_however_it_ends(root: Path, tmp_path: Path) -> None:
    with another(root, tmp_path / "locks"):
        with pytest.raises(WatchError, match=r"bounces is watched by another dawbridge already.*; stop that one"):
            FolderLock(root, tmp_path / "locks")
        (tmp_path / "elsewhere").mkdir()
        FolderLock(tmp_path / "elsewhere", tmp_path / "locks").release()
    FolderLock(root, tmp_path / "locks").release()


def test_another_home_changes_nothing(root: Path, tmp_path: Path) -> None:
    with another(root, tmp_path / "home a") as other, pytest.raises(WatchError, match=rf"\(pid {other.pid}\)"):
        FolderLock(root, tmp_path / "home b")
    FolderLock(root, tmp_path / "home b").release()


def test_folders_inside_each_other(root: Path, tmp_path: Path) -> None:
    inner = root / "a" / "b"
    inner.mkdir(parents=True)
    above = pytest.raises(WatchError, match=r"b is inside .*bounces, which another dawbridge watches")
    with another(root, tmp_path / "home a"), above:
        FolderLock(inner, tmp_path / "home b")
    with another(inner, tmp_path / "home a"):
        with pytest.raises(WatchError, match=r"b is inside .*bounces and is watched by another dawbridge"):
            FolderLock(root, tmp_path / "home b")
        assert not (root / NAME).exists()
    FolderLock(root, tmp_path / "home b").release()


def test_a_dawbridge_of_version_0_1_is_respected_and_respects(root: Path, tmp_path: Path) -> None:
    with another(root, tmp_path / "locks", OLD):
        with pytest.raises(WatchError, match="watched by another dawbridge already"):
            FolderLock(root, tmp_path / "locks")
        assert not (root / NAME).exists()
    mine = FolderLock(root, tmp_path / "locks")
    old = subprocess.run([sys.executable, "-c", OLD, root, tmp_path / "locks"], capture_output=True, text=True)
    assert "Timeout" in old.stderr
    mine.release()


def test_nothing_is_left_behind(root: Path, tmp_path: Path) -> None:
    lock = FolderLock(root, tmp_path / "locks")
    assert [path.name for path in root.iterdir()] == [NAME]
    lock.release()
    lock.release()
    assert list(root.iterdir()) == []


def test_what_a_killed_one_left_is_taken_over(root: Path, tmp_path: Path) -> None:
    with another(root, tmp_path / "locks") as other:
        other.kill()
    assert (root / NAME).exists()
    FolderLock(root, tmp_path / "locks").release()
    assert not (root / NAME).exists()


@pytest.mark.parametrize("kind", ["folder", "link", "fifo"])
def test_something_else_of_that_name_is_left_as_it_is(root: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    if kind == "folder":
        (root / NAME).mkdir()
    elif kind == "link":
        (root / NAME).symlink_to(target)
    else:
        os.mkfifo(root / NAME)
    lock = FolderLock(root, tmp_path / "locks")
    with pytest.raises(WatchError):
        FolderLock(root, tmp_path / "locks")
    lock.release()
    assert target.read_text() == "precious" and (root / NAME).lstat()


def test_a_folder_without_room_for_the_file_is_locked_as_before(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dawbridge.watch.lock._opened", full)
    lock = FolderLock(root, tmp_path / "locks")
    with pytest.raises(WatchError):
        FolderLock(root, tmp_path / "locks")
    lock.release()


def test_a_file_system_without_locks_is_locked_as_before(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dawbridge.watch.lock.lock", lambda *_, **__: None)
    FolderLock(root, tmp_path / "locks").release()


SYSTEM_PYTHON = Path("/usr/bin/python3")
"""One that every user may run; the one of these tests may be in a home folder."""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to be another user")
@pytest.mark.skipif(not SYSTEM_PYTHON.exists(), reason="no Python that every user may run")
def test_a_lock_of_another_user_is_seen(root: Path, tmp_path: Path) -> None:
    (root / NAME).touch(mode=0o644)
    root.chmod(0o755)
    with another(root, tmp_path / "locks"):
        code = (
            "import fcntl, os, sys; f = os.open(sys.argv[1], os.O_RDONLY)\n"
            "try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')\n"
            "except BlockingIOError: print('held')"
        )
        command = ["setpriv", "--reuid=65534", "--clear-groups", SYSTEM_PYTHON, "-c", code, root / NAME]
        for folder in tmp_path.resolve().parents:
            if folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o011)
        tmp_path.chmod(0o755)
        assert subprocess.run(command, capture_output=True, text=True, cwd="/").stdout == "held\n"
