"""An estimate in a file, used like an array: only the span that is read or written is held in memory.

The file is NumPy's `.npy`, float32 `[channels, samples]`. It is not mapped into memory: the pages of a map count as the
process's own while they are there, and a three-hour set has four gigabytes of them.
"""

import errno
import shutil
import threading
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dawbridge.errors import AudioError, DiskError
from dawbridge.files.opening import is_regular

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Span = tuple[slice, slice]
"""Channels and samples, both in steps of 1."""

_KIND = np.dtype("<f4")
_PIECE_SAMPLES = 1 << 22


class SampleBuffer(Protocol):
    """What holds an estimate: an array, or a file that is used like one."""

    def __getitem__(self, span: tuple[slice, slice], /) -> Samples: ...

    def __setitem__(self, span: tuple[slice, slice], samples: Samples, /) -> None: ...


class StoredSamples:
    """Float32 `[channels, samples]` in a file, read and written by spans: `stored[:, 100:200]`."""

    def __init__(self, file: FileIO, shape: tuple[int, int], offset: int) -> None:
        self.shape = shape
        self._file, self._offset = file, offset
        self._lock = threading.Lock()
        self.close = weakref.finalize(self, file.close)
        """Closes the file; done by itself once nothing refers to this."""

    @classmethod
    def open(cls, path: Path) -> "StoredSamples":
        """Open what `begin` wrote. Raises `OSError`, and `ValueError` for any other file and one that was cut off."""
        if not is_regular(path):
            path.stat()  # raises what is the matter, if it is that
            raise ValueError(f"{path}: not a regular file")
        file = path.open("rb", buffering=0)
        try:
            version = np.lib.format.read_magic(file)
            if version != (1, 0):
                raise ValueError(f"{path}: .npy version {version}")
            shape, fortran, kind = np.lib.format.read_array_header_1_0(file)
            offset = file.tell()
            whole = offset + _KIND.itemsize * int(np.prod(shape, dtype=object))
            if fortran or kind != _KIND or len(shape) != 2 or path.stat().st_size < whole:
                raise ValueError(f"{path}: no estimate, or cut off")
        except BaseException:
            file.close()
            raise
        return cls(file, (shape[0], shape[1]), offset)

    @classmethod
    def begin(cls, file: FileIO, shape: tuple[int, int]) -> "StoredSamples":
        """Turn an empty file, open for writing and reading, into one of silence. Raises `DiskError`."""
        path = Path(str(file.name))
        wanted = _KIND.itemsize * shape[0] * shape[1]
        with disk_errors(path.parent):
            if shutil.disk_usage(path.parent).free < wanted:
                raise OSError(errno.ENOSPC, f"{wanted / 1e6:.0f} MB are needed, and are not free")
            header = {"descr": _KIND.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            offset = file.tell()
            file.truncate(offset + wanted)
        return cls(file, shape, offset)

    def __getitem__(self, span: Span) -> Samples:
        """Return a copy of the span. Raises `AudioError` if the file ends before it."""
        rows, start, count = self._places(span)
        found = np.empty((len(rows), count), _KIND)
        for place, row in enumerate(rows if count else ()):
            view = memoryview(found[place]).cast("B")
            with self._lock:
                self._seek(row, start)
                while view and (got := self._file.readinto(view)):
                    view = view[got:]
            if view:
                raise AudioError(f"{self._file.name}: was cut off while it was in use; run the job again")
        return found

    def checksum(self) -> int:
        """Return the CRC-32 of the samples' bytes, computed in pieces that bound the memory."""
        checksum = 0
        for row in range(self.shape[0]):
            for start in range(0, self.shape[1], _PIECE_SAMPLES):
                piece = self[row : row + 1, start : start + _PIECE_SAMPLES]
                checksum = zlib.crc32(piece.tobytes(), checksum)
        return checksum

    def __setitem__(self, span: Span, samples: Samples) -> None:
        """Write the span. Raises `DiskError` if the disk refuses."""
        rows, start, count = self._places(span)
        block = np.broadcast_to(np.asarray(samples, _KIND), (len(rows), count))
        for row, line in zip(rows, block, strict=True) if count else ():
            view = memoryview(np.ascontiguousarray(line).data).cast("B")
            with disk_errors(Path(str(self._file.name)).parent):
                self._seek(row, start)
                while view:
                    view = view[self._file.write(view) :]

    def _places(self, span: Span) -> tuple[range, int, int]:
        rows = range(*span[0].indices(self.shape[0]))
        samples = range(*span[1].indices(self.shape[1]))
        return rows, samples.start, len(samples)

    def _seek(self, row: int, sample: int) -> None:
        self._file.seek(self._offset + _KIND.itemsize * (row * self.shape[1] + sample))


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk reports while an analysis is written into a `DiskError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"{folder}: the analysis cannot be kept ({error.strerror}); make room there, or set "
                         "DAWBRIDGE_HOME to a folder on another disk") from error  # fmt: skip
