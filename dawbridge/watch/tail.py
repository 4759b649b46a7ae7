"""Does a file that looks whole end with samples, or with zeros that may still have to be filled?

A copier that makes the file as long as it will be leaves zeros behind what it has written, and a header that is whole.
Such zeros were often never written to the disk, and the file system says so; but digital silence at the end of a real
bounce can look the same (ZFS, sparse copies). So an empty end is a reason to wait longer, never one to refuse.
"""

import os
from pathlib import Path

from dawbridge.audio.containers.base import FileBlob
from dawbridge.audio.containers.table import walk_blob
from dawbridge.files.opening import open_regular
from dawbridge.watch.settle import Tail

ZEROS_BYTES = 2**16
"""Fewer zeros than this at the end say nothing: 0.23 s of 48 kHz stereo in 24 bits."""


_HOLE_BYTES = 2**13
"""Fewer bytes than this that were never written may be the rest of a block."""


def tail_of(path: Path) -> Tail:
    """How the samples of a file end. Never raises; reads its header and `ZEROS_BYTES`."""
    try:
        with open_regular(path) as stream:
            layout = walk_blob(FileBlob(stream.fileno()))
            audio, size = layout.audio, layout.file_size
            begin = audio.offset if audio else 0
            end = min(audio.end, size) if audio and audio.size > 0 else size
            place = max(begin, end - ZEROS_BYTES)
            stream.seek(place)
            last = stream.read(end - place)
            zeros = len(last) - len(last.rstrip(b"\0"))
            if zeros >= _HOLE_BYTES and _is_hole(stream.fileno(), end - _HOLE_BYTES, end):
                return Tail.HOLE
            return Tail.ZEROS if zeros >= ZEROS_BYTES else Tail.FULL
    except (OSError, ValueError):
        return Tail.FULL


def _is_hole(handle: int, begin: int, end: int) -> bool:
    """Whether the file system keeps nothing for these bytes; False if it does not tell.

    One block at the begin may be shared with samples, one at the end with the chunks behind them.
    """
    if not hasattr(os, "SEEK_DATA"):
        return False
    block = 4096
    begin = (begin + block - 1) // block * block
    try:
        return os.lseek(handle, begin, os.SEEK_DATA) >= end - block
    except OSError as error:
        return error.errno == 6  # ENXIO: no data from here to the end
