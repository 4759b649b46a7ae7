"""Linux: look through /proc at the files that processes have open for writing, or mapped for writing.

Needed to name a writer, and to find one if the kernel gives no lease. A process of another user shows nothing unless
we are root, and one in another container is not listed at all: then nothing found proves nothing.
Sources: proc_pid_fd(5), proc_pid_fdinfo(5), proc_pid_maps(5).

Thousands of names are looked at, and a `Path` for each would double the time.
"""
# ruff: noqa: PTH115, PTH116, PTH123, PTH208

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.watch.writers.evidence import FREE, UNKNOWN, Evidence, Known, Writer

LONGEST_S = 0.25
"""A look through all processes is ended after this time, unless its caller has more."""

_FIRST_NAMESPACE = "pid:[4026531836]"
"""The namespace that sees every process (PROC_PID_INIT_INO in the kernel's sources)."""
_KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags in /proc/PID/stat."""

FileId = tuple[int, int]
"""Device and inode."""


@dataclass
class OpenFiles:
    """Every regular file that was found open for writing."""

    writers: dict[FileId, set[Writer]] = field(default_factory=dict)
    mapped: dict[int, dict[str, set[Writer]]] = field(default_factory=dict)
    """By inode, then by path: a mapping shows its device in a way that some file systems report differently."""
    complete: bool = True
    """Every process could be looked into, in time."""

    def of(self, path: Path) -> Evidence:
        """What is known about one file."""
        try:
            facts = path.stat()
        except (OSError, ValueError):
            return UNKNOWN
        found = set(self.writers.get((facts.st_dev, facts.st_ino), ()))
        found |= self.mapped.get(facts.st_ino, {}).get(os.fspath(path), set())
        if found:
            return Evidence(Known.HELD, tuple(sorted(found, key=lambda writer: writer.pid)))
        return FREE if self.complete else UNKNOWN


def open_files(
    proc: Path = Path("/proc"), clock: Callable[[], float] = time.monotonic, longest_s: float = LONGEST_S
) -> OpenFiles:
    """Look through all processes, for `longest_s` seconds at most. Never raises."""
    found, end = OpenFiles(), clock() + longest_s
    try:
        found.complete = os.readlink(proc / "self/ns/pid") == _FIRST_NAMESPACE
        processes = [name for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        return OpenFiles(complete=False)
    for name in sorted(processes, key=int, reverse=True):  # a writer is more often young than old
        if clock() > end:
            found.complete = False
            break
        try:
            _look_into(os.fspath(proc / name), int(name), found)
        except FileNotFoundError:
            continue  # it ended meanwhile
        except OSError:
            found.complete = found.complete and _is_kernel_thread(proc / name)
    return found


def _look_into(process: str, pid: int, found: OpenFiles) -> None:
    writer: Writer | None = None
    for file in _written(process):
        writer = writer or Writer(_program(process), pid)
        found.writers.setdefault(file, set()).add(writer)
    for inode, path in _mapped(process):
        writer = writer or Writer(_program(process), pid)
        found.mapped.setdefault(inode, {}).setdefault(path, set()).add(writer)


def _written(process: str) -> Iterator[FileId]:
    """Files that the process has open for writing. Raises `OSError` if it may not be looked into."""
    for handle in os.listdir(f"{process}/fd"):
        link = f"{process}/fd/{handle}"
        try:
            target = os.readlink(link)
            if not target.startswith("/") or target.startswith(("/dev/", "/proc/", "/memfd:")):
                continue
            if _may_write(f"{process}/fdinfo/{handle}"):
                facts = os.stat(link)
                yield facts.st_dev, facts.st_ino
        except OSError:
            continue  # closed meanwhile


def _may_write(info: str) -> bool:
    with open(info, encoding="ascii", errors="replace") as stream:
        for line in stream:
            if line.startswith("flags:"):
                return bool(int(line[6:], 8) & (os.O_WRONLY | os.O_RDWR))
    return False


def _mapped(process: str) -> Iterator[tuple[int, str]]:
    """Inode and path of files mapped for writing, which stay so after they were closed."""
    try:
        with open(f"{process}/maps", encoding="utf-8", errors="surrogateescape") as stream:
            for line in stream:
                fields = line.split(maxsplit=5)
                if len(fields) == 6 and fields[1][1:2] == "w" and fields[1][3:4] == "s" and fields[5][0] == "/":
                    yield int(fields[4]), fields[5].rstrip("\n")
    except (OSError, ValueError):
        return


def _program(process: str) -> str:
    try:
        return Path(f"{process}/comm").read_text(encoding="utf-8", errors="replace").strip() or "a program"
    except OSError:
        return "a program"


def _is_kernel_thread(process: Path) -> bool:
    """The kernel's own threads have no files, and show nothing to anybody but root."""
    try:
        fields = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return bool(int(fields[6]) & _KERNEL_THREAD)
    except (OSError, ValueError, IndexError):
        return False
