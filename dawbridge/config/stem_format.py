"""What stems are to be written as, as the user wishes it."""

import re
from dataclasses import dataclass

from dawbridge.errors import AudioError

_ALLOWED = re.compile(r"(source|wav|aiff|flac)(16|24)?")


@dataclass(frozen=True, slots=True)
class StemFormat:
    """What stems are to be written as."""

    container: str = "source"
    """`"source"` (the bounce's own if it is lossless, else WAV), `"WAV"`, `"AIFF"` or `"FLAC"`."""
    bits: int = 0
    """0 (the bounce's, at least 24; float stays float), 16 (dithered) or 24."""

    @classmethod
    def parse(cls, text: str) -> "StemFormat":
        """From `source`, `wav`, `aiff` or `flac`, alone or followed by 16 or 24: `wav24`, `source16`.

        Raises `AudioError`, with what is allowed.
        """
        match = _ALLOWED.fullmatch(text.strip().lower())
        if match is None:
            raise AudioError(f"stem format: {text[:60]!r} is unknown; allowed are source, wav, aiff and flac, "
                             "each alone or followed by 16 or 24, as in wav24")  # fmt: skip
        name = match[1] if match[1] == "source" else match[1].upper()
        return cls(name, int(match[2] or 0))
