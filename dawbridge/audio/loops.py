"""Does a file say of itself that it is a loop? Samplers and loop-based DAWs write it into `smpl` and `acid` chunks.

Sources: RIFF (Microsoft 1994, "Sampler Chunk"); the `acid` chunk has no public specification, its flags are as
libsndfile and others read them.
"""

import struct
from collections.abc import Iterable
from pathlib import Path

from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import FileBlob
from dawbridge.audio.metadata import Part
from dawbridge.files.opening import open_regular

_FORWARD = 0
_ONE_SHOT, _DISK_BASED = 0x01, 0x08


def marks_loop(chunks: Iterable[Part], frames: int) -> bool:
    """Whether a WAV's loop points cover all of its `frames`, or it is marked as an ACID loop."""
    return any(_KINDS[id](body, frames) for id, body in chunks if id in _KINDS)


def is_loop(path: Path, frames: int) -> bool:
    """The same of a file that is not open. Never raises."""
    try:
        with open_regular(path) as stream:
            blob = FileBlob(stream.fileno())
            found = table.walk_blob(blob)
            container = table.named(found.container)
            return container is not None and marks_loop(container.metadata(blob, found).chunks, frames)
    except OSError:
        return False


def _sampler(body: bytes, frames: int) -> bool:
    """A forward loop from the first frame to the last, which the chunk counts in."""
    for place in range(36, len(body) - 23, 24):
        _, kind, first, last = struct.unpack_from("<4I", body, place)
        if kind == _FORWARD and first == 0 and last >= frames - 1:
            return _count(body) > (place - 36) // 24
    return False


def _count(body: bytes) -> int:
    return int(struct.unpack_from("<I", body, 28)[0])


def _acid(body: bytes, _frames: int) -> bool:
    """Has beats, and is neither a one-shot nor a whole song with a beat map."""
    if len(body) < 24:
        return False
    flags, beats = struct.unpack_from("<I8xI", body)
    return beats > 0 and not flags & (_ONE_SHOT | _DISK_BASED)


_KINDS = {"smpl": _sampler, "acid": _acid}
