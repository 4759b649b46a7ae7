"""Why a file's chunks do not add up: which one, and where."""

from pathlib import Path

from dawbridge.audio.containers.base import Chunk, ChunkMap
from dawbridge.audio.containers.table import walk

_SIZED = ("WAV", "RIFX", "RF64", "W64", "AIFF", "CAF")


def damage(path: Path) -> str:
    """What is wrong with a file's chunks, in words; empty if nothing is, beyond what its sizes say. Never raises."""
    try:
        layout = walk(path)
    except (OSError, ValueError):
        return ""
    last = layout.chunks[-1] if layout.chunks else None
    if layout.container not in _SIZED or last is None or layout.audio is last:
        return ""
    return _misplaced(layout, last)


def _misplaced(layout: ChunkMap, last: Chunk) -> str:
    """A chunk other than the samples that leads out of the file: its size is wrong, or it does not begin there."""
    if last.end <= layout.file_size + 1:
        return "" if layout.audio else f"it has no samples; its last chunk, {last.id!r}, ends at byte {last.end}"
    where = f"the chunk at byte {last.start} calls itself {last.id!r} and {last.size} bytes long"
    if not last.id.isprintable() or not last.id.isascii():
        return f"its chunks are out of step: {where}, and no chunk begins there"
    return f"its chunks do not add up: {where}, more than the file has"
