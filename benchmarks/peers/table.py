"""The table of `make bench-peers`: a row for each separator, with its ratios to the first one."""

from collections.abc import Mapping

from benchmarks.peers.children import Ended

HEADER = (
    f"{'':18} {'wall s':>8} {'CPU s':>8} {'x wall':>7} {'x CPU':>7} {'real time':>9} {'peak MiB':>9} {'weights':>9}"
    "  how it ran"
)


def table(ended: Mapping[str, Ended], seconds: float) -> list[str]:
    """Lines for separators by name, on a song of `seconds`; the first of them is what the ratios refer to."""
    first = next(iter(ended.values()))
    return [HEADER, *(_row(name, child, first, seconds) for name, child in ended.items())]


def _row(name: str, child: Ended, first: Ended, seconds: float) -> str:
    done = child.separation
    if done is None:
        return f"{name:18} {'left out:':>8} {child.failure}"
    times = "      -       -"
    if first.separation is not None:
        times = f"{done.wall_s / first.separation.wall_s:7.2f} {done.cpu_s / first.separation.cpu_s:7.2f}"
    return (
        f"{name:18} {done.wall_s:8.2f} {done.cpu_s:8.2f} {times} {done.wall_s / seconds:9.3f} {child.peak_mib:9.0f} "
        f"{done.parameters / 1e6:7.1f} M  {done.how}"
    )
