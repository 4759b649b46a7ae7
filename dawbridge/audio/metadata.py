"""What a bounce says besides its samples, read once: chunks for stems of its own family, common tags for all others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dawbridge.audio.speakers import Speakers

CHUNK_LIMIT = 2**24
"""A chunk larger than this (16 MiB) is not carried."""
TOTAL_LIMIT = 4 * CHUNK_LIMIT
"""Nor is what comes once so much (64 MiB) is carried already."""

Part = tuple[str, bytes]
"""A chunk: its name and its payload."""
Line = tuple[bytes, bytes]
"""A tag: its key and its text, as the file has them."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """All that stems take over from a bounce."""

    family: str = ""
    """Containers in which `chunks` and `lines` mean something; empty: only `common` counts."""
    chunks: tuple[Part, ...] = ()
    """Carried as they are, in the file's order."""
    lines: tuple[Line, ...] = ()
    """Vorbis comments, or CAF's information."""
    common: Mapping[str, str] = field(default_factory=dict)
    """Title, artist, comment, date, album, tracknumber, genre, copyright, license, for a stem of another family."""
    speakers: Speakers = field(default_factory=Speakers)
    bits: int = 0
    """Bits of the bounce's integer samples, for what describes them."""

    def with_common(self, common: Mapping[str, str]) -> "Metadata":
        """The same with these common tags."""
        return replace(self, common=dict(common))

    def named(self, *names: str) -> list[bytes]:
        """Payloads of the chunks of these names."""
        return [body for name, body in self.chunks if name in names]


def within_limits(sizes: Iterable[tuple[int, int]]) -> Iterable[int]:
    """Of (number, size) pairs the numbers of those that are carried."""
    left = TOTAL_LIMIT
    for number, size in sizes:
        if 0 <= size <= min(CHUNK_LIMIT, left):
            left -= size
            yield number
