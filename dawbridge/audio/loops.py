"""Does a file say of itself that it is a loop? Samplers and loop-based DAWs write it into `smpl` and `acid` chunks.

Sources: RIFF (Microsoft 1994, "Sampler Chunk"); the `acid` chunk has no public specification, its flags are as
libsndfile and others read them.
"""

import struct
from pathlib import Path

from dawbridge.audio.chunks import payload, walk

_FORWARD = 0
_ONE_SHOT, _DISK_BASED = 0x01, 0x08


def is_loop(path: Path, frames: int) -> bool:
    """Whether a WAV file's loop points cover all of its `frames`, or it is marked as an ACID loop. Never raises."""
    try:
        chunks = [(chunk.id, payload(path, chunk, 4096)) for chunk in walk(path).chunks if chunk.id in _KINDS]
    except OSError:
        return False
    return any(_KINDS[id](body, frames) for id, body in chunks)


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
