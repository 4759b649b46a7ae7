"""WAV files put together by hand: all that surrounds the samples is made first, then the samples go straight between.

libsndfile and the graft make that surrounding, from a stub without samples, so it is what `StemWriter` writes too.
"""

import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from dawbridge.audio.chunks import walk
from dawbridge.audio.copy_metadata import graft, history_line
from dawbridge.audio.formats import StemEncoding
from dawbridge.audio.info import AudioInfo
from dawbridge.files.part import Part

CONTAINERS = ("WAV", "WAVEX")
SUBTYPES = ("PCM_24", "FLOAT", "DOUBLE")


def surrounding(
    info: AudioInfo, layout: StemEncoding, folder: Path, mark: str, common: dict[str, str]
) -> tuple[bytes, bytes]:
    """The bytes ahead of the samples and those behind them, for a stem of `info` with our `mark`.

    `folder` takes two small temporaries; `common` are the bounce's tags. Raises `OSError`.
    """
    bits = {"FLOAT": 32, "DOUBLE": 64}.get(layout.subtype, layout.bits)
    history = history_line(info.sample_rate, bits, info.channels, mark.split(";")[0])
    stub = Part.create(folder)
    grafted = Part.create(folder)
    try:
        with soundfile.SoundFile(
            stub.stream.fileno(),
            "w",
            info.sample_rate,
            info.channels,
            layout.subtype,
            format=layout.container,
            closefd=False,
        ):
            pass
        graft(info.path, stub.path, grafted.path, mark, common, history)
        return _spread(grafted.path, info, layout.data_bytes(info))
    finally:
        stub.discard()
        grafted.discard()


def _spread(stub: Path, info: AudioInfo, data_bytes: int) -> tuple[bytes, bytes]:
    """The stub's two sides, with the sizes that it has once `data_bytes` lie between them."""
    layout, whole = walk(stub), bytearray(stub.read_bytes())
    data, fact = layout.find("data"), layout.find("fact")
    if data is None:
        raise OSError(f"{stub}: no samples' place in the header")
    padding = b"\0" * (data_bytes & 1)
    struct.pack_into("<I", whole, 4, len(whole) - 8 + data_bytes + len(padding))
    struct.pack_into("<I", whole, data.offset - 4, data_bytes)
    if fact is not None:
        struct.pack_into("<I", whole, fact.offset, info.frames)
    return bytes(whole[: data.offset]), padding + bytes(whole[data.offset :])


def packed_24(samples: NDArray[np.int32]) -> memoryview:
    """Little-endian integers of 24 bits. `samples` `[frames, channels]` or flat, within 24 bits.

    Each sample is written with 4 bytes at a distance of 3; the next one covers what is too much.
    """
    flat = np.ascontiguousarray(samples, "<i4").reshape(-1)
    packed = np.empty(flat.size * 3 + 1, np.uint8)
    np.ndarray((flat.size,), "<i4", packed.data, 0, (3,))[:] = flat
    return packed.data[: flat.size * 3]
