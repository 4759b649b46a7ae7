"""Starts a process, waits for it, and takes its memory from the kernel; imports nothing that would be counted with it.

A child's peak includes that of the process that started it, up to the moment when it begins: on Linux the kernel
carries the figure over. So whoever measures has to stay small, and lets others make songs and load networks.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Separation:
    """What a process reports about its own work on the song."""

    wall_s: float
    """Time from the file to both stems on the disk, in seconds."""
    cpu_s: float
    """Processor time for the same, of all threads together, in seconds."""
    threads: int
    """Number of threads that torch used for one operation."""
    parameters: int
    """Number of weights in the network."""
    how: str
    """How it was run, in a few words."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child process that has ended."""

    peak_mib: float
    """Largest resident memory at any time, in MiB."""
    separation: Separation | None
    """What it reported; None if it failed."""
    failure: str = ""
    """Why there is no report: the last line that it printed, or that its time was over."""


def run(command: Sequence[str], folder: Path, limit_s: float, environment: Mapping[str, str] | None = None) -> Ended:
    """Run `command` with the path of its report as the last argument; kill it after `limit_s` seconds."""
    report, log = folder / "report.json", folder / "log.txt"
    report.unlink(missing_ok=True)
    late = threading.Event()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(report)], stdout=output, stderr=output, env={**os.environ, **(environment or {})}
        )
        timer = threading.Timer(limit_s, _kill, (process.pid, late))
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    peak_mib = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    if late.is_set():
        return Ended(peak_mib, None, f"stopped after {limit_s:.3g} s")
    if process.returncode or not report.exists():
        return Ended(peak_mib, None, _last_line(log) or f"ended with {process.returncode}")
    return Ended(peak_mib, Separation(**json.loads(report.read_text(encoding="utf-8"))))


def _kill(pid: int, late: threading.Event) -> None:
    late.set()
    os.kill(pid, signal.SIGKILL)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
