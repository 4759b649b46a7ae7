"""The measured process's side: runs its work a few times and writes the quickest run as a report."""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers.children import Separation

RUNS = 3
ENOUGH_S = 60.0
"""Time after which no further run is begun, in seconds."""


def quickest(
    work: Callable[[], object],
    now: Callable[[], float] = time.perf_counter,
    used: Callable[[], float] | None = None,
) -> tuple[float, float]:
    """Wall and processor seconds of the quickest of up to `RUNS` runs; `used` tells the processor time so far."""
    used = used or cpu_s
    begun, runs = now(), list[tuple[float, float]]()
    while len(runs) < RUNS and (not runs or now() - begun < ENOUGH_S):
        before = now(), used()
        work()
        runs.append((now() - before[0], used() - before[1]))
    return min(runs)


def cpu_s() -> float:
    """Processor time of this process, its threads and the children that it has waited for, in seconds."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def write_report(report: Path, separation: Separation) -> None:
    """Leave the figures where `children.run` looks for them."""
    report.write_text(json.dumps(asdict(separation)), encoding="utf-8")
