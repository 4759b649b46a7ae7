"""HTTP byte ranges (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

OPEN_ENDED_BYTES = 2 * 2**20
"""What is sent for `bytes=N-`: a player that wants more asks again, and one that stops reading holds nothing up."""
_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start`..`stop` of a file, `stop` not included."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.stop - self.start


class UnsatisfiableError(Exception):
    """The range lies outside the file: status 416."""


def asked_span(header: str | None, size: int) -> Span | None:
    """The span that a `Range` header asks for in `size` bytes; None for the whole file.

    Several ranges, other units and nonsense count as no range, as the RFC has it. Raises `UnsatisfiableError`.

        bytes=0-9  → 0..10      bytes=-4 → the last 4      bytes=7- → from 7, `OPEN_ENDED_BYTES` at most
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        count = int(found[2])
        if count == 0 or size == 0:
            raise UnsatisfiableError
        return Span(max(size - count, 0), size)
    start = int(found[1])
    if start >= size:
        raise UnsatisfiableError
    if found[2] == "":
        return Span(start, min(start + OPEN_ENDED_BYTES, size))
    if int(found[2]) < start:
        return None
    return Span(start, min(int(found[2]) + 1, size))
