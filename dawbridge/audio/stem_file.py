"""One stem on its way to the disk: samples in order, then metadata, the seal, and its final name.

Containers of plain samples are put together by hand: what surrounds the samples is known before and after, they go
straight between. FLAC is encoded by libsndfile and gets its metadata in a second pass. Whatever is written is read back
and compared before it is published.
"""

import hashlib
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from dawbridge.audio import provenance, samples
from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import FileBlob, StemFacts
from dawbridge.audio.metadata import Metadata
from dawbridge.errors import DiskError
from dawbridge.files import publish as publishing
from dawbridge.files.part import Part

_BLOCK = 2**20
_FRAMES = 2**16


class StemFile:
    """A stem that is being written. `append` all samples, `finish`, `publish`; or `discard`."""

    def __init__(
        self, folder: Path, facts: StemFacts, metadata: Metadata, mark: str, *, is_final: bool = False
    ) -> None:
        """Make the temporary in `folder`. Raises `DiskError`.

        `mark` is what is known of the stem's text by now. `is_final`: `finish` will be given the same, so that the seal
        is computed while the samples are written.
        """
        mark = provenance.unsealed(mark)
        self.facts = facts
        self._metadata = metadata
        self._folder = folder
        self._container = table.writer_of(facts.format)
        with disk_errors(folder):
            self._part = Part.create(folder)
            try:
                self._encoder = self._encoder_of() if self._container.is_encoded else None
                self._head = b"" if self._encoder else self._surrounding(mark)[0]
                self._write(self._head)
            except BaseException:
                self._part.discard()
                raise
        self._hashing = _Hashing(self._head) if is_final and not self._encoder else None
        self._checksum = 0

    def append(self, block: samples.Numbers) -> None:
        """Write samples `[frames, channels]`: integers on the grid of its bits, or floats. Raises `DiskError`."""
        with disk_errors(self._folder):
            if self._encoder is not None:
                justified = np.ascontiguousarray(block, np.int32) << (32 - 8 * self.facts.sample_bytes)
                self._checksum = zlib.crc32(justified.tobytes(), self._checksum)
                self._encoder.write(justified)
                return
            self._write_checked(samples.encoded(block, self.facts, self._container.big_endian))

    def written(self) -> Iterator[samples.Numbers]:
        """All samples so far, read back in blocks `[frames, channels]`. Nothing can be appended afterwards."""
        if self._encoder is not None:
            self._encoder.close()
            if self._checksum:  # else nothing was appended, and a file without samples cannot be opened
                yield from self._decoded()
            return
        width = self.facts.channels * self.facts.sample_bytes
        blob = FileBlob(self._part.stream.fileno())
        for place in range(len(self._head), blob.size, _FRAMES * width):
            flat = samples.decoded(blob.at(place, _FRAMES * width), self.facts, self._container.big_endian)
            yield flat.reshape(-1, self.facts.channels)

    def finish(self, mark: str) -> None:
        """Complete the file: what surrounds the samples, and the seal. Raises `DiskError`."""
        with disk_errors(self._folder):
            if self._encoder is not None:
                self._finish_encoded(provenance.unsealed(mark))
            else:
                self._finish_plain(provenance.unsealed(mark))

    def publish(self, final: Path, is_ours: publishing.IsOurs, durable: bool = True) -> Path:
        """Give the file its name, or the next that is free; the one it got. Raises `DiskError`."""
        with disk_errors(final.parent):
            where = publishing.publish(self._part, final, is_ours, durable)
        provenance.remember(where)
        return where

    def discard(self) -> None:
        """Remove the temporary; does nothing after `publish`."""
        if self._encoder is not None:
            with suppress(soundfile.LibsndfileError):
                self._encoder.close()
        if self._hashing is not None:
            self._hashing.digest()
        self._part.discard()

    def _surrounding(self, mark: str) -> tuple[bytes, bytes]:
        return self._container.surround(self.facts, self._metadata, mark)

    def _finish_plain(self, mark: str) -> None:
        head, tail = self._surrounding(mark)
        self._check_length(len(self._head))
        if len(head) != len(self._head):
            self._move_samples(head)
        elif head != self._head:
            self._part.stream.seek(0)
            self._write(head)
            self._part.stream.seek(0, os.SEEK_END)
        if tail:
            self._write_checked(memoryview(tail))
        is_same = self._hashing is not None and head == self._head
        provenance.seal(self._part.stream, self._hashing.digest() if self._hashing and is_same else "")

    def _move_samples(self, head: bytes) -> None:
        """A head of another length: the samples go into a new temporary behind it."""
        old, self._part, skipped = self._part, Part.create(self._folder), len(self._head)
        try:
            self._write(head)
            blob = FileBlob(old.stream.fileno())
            for place in range(skipped, blob.size, _BLOCK):
                self._write_checked(memoryview(blob.at(place, _BLOCK)))
        finally:
            old.discard()

    def _finish_encoded(self, mark: str) -> None:
        cast(soundfile.SoundFile, self._encoder).close()
        self._encoder = None
        old, self._part = self._part, Part.create(self._folder)
        try:
            blob = FileBlob(old.stream.fileno())
            found = table.walk_blob(blob)
            frames = found.audio
            self._write(self._container.prefix(blob, found, self.facts, self._metadata, mark))
            for place in range(frames.offset if frames else blob.size, blob.size, _BLOCK):
                self._write(blob.at(place, _BLOCK))
        finally:
            old.discard()
        self._check_encoded()
        provenance.seal(self._part.stream)

    def _check_encoded(self) -> None:
        """Decode all of it: the samples are those that were appended."""
        frames = checksum = 0
        for block in self._decoded():
            frames += len(block)
            justified = np.ascontiguousarray(block << (32 - 8 * self.facts.sample_bytes))
            checksum = zlib.crc32(justified.tobytes(), checksum)
        if (frames, checksum) != (self.facts.frames, self._checksum):
            raise self._damaged(frames)

    def _decoded(self) -> Iterator[NDArray[np.int32]]:
        """The samples of an encoded file, integers on the grid of its bits, in blocks `[frames, channels]`."""
        self._part.stream.seek(0)
        with soundfile.SoundFile(self._part.stream.fileno(), closefd=False) as file:
            while len(block := file.read(_FRAMES, dtype="int32", always_2d=True)):
                yield block >> (32 - 8 * self.facts.sample_bytes)

    def _check_length(self, head: int) -> None:
        """A disk that filled up silently is noticed here."""
        size = os.fstat(self._part.stream.fileno()).st_size
        if size != head + self.facts.data_bytes:
            raise self._damaged((size - head) // (self.facts.channels * self.facts.sample_bytes))

    def _damaged(self, frames: int) -> DiskError:
        return DiskError(f"{self._folder}: of {self.facts.frames} frames not all reached the disk as they were "
                         f"written ({frames} are there); check that it is not full or failing")  # fmt: skip

    def _encoder_of(self) -> soundfile.SoundFile:
        facts = self.facts
        return soundfile.SoundFile(
            self._part.stream.fileno(),
            "w",
            facts.sample_rate,
            facts.channels,
            facts.subtype,
            format=facts.format,
            closefd=False,
        )

    def _write_checked(self, data: memoryview) -> None:
        """Write at the end, and read back what the file then holds."""
        begin = os.fstat(self._part.stream.fileno()).st_size
        self._write(data)
        if self._hashing is not None:
            self._hashing.update(data)
        if FileBlob(self._part.stream.fileno()).at(begin, len(data)) != bytes(data):  # faster than view by view
            raise self._damaged(0)

    def _write(self, data: bytes | memoryview) -> None:
        """A disk that fills up takes a part first, and raises at the next."""
        left = memoryview(data)
        while left:
            left = left[self._part.stream.write(left) or 0 :]


class _Hashing:
    """SHA-256 of what is written, computed by a thread of its own beside the writing."""

    def __init__(self, head: bytes) -> None:
        self._digest = hashlib.sha256(head)
        self._executor = ThreadPoolExecutor(1, "seal")

    def update(self, data: memoryview) -> None:
        """Take the next bytes, which must not change any more."""
        self._executor.submit(self._digest.update, data)

    def digest(self) -> str:
        """The hexadecimal digits of all bytes so far; no more can be taken."""
        self._executor.shutdown(wait=True)
        return self._digest.hexdigest()


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """As `publish.disk_errors`, for what libsndfile reports too. Raises `DiskError`."""
    with publishing.disk_errors(folder):
        try:
            yield
        except soundfile.LibsndfileError as error:
            raise OSError(error.error_string) from error
