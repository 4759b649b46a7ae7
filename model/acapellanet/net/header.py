"""What a safetensors file says of itself, read without torch; and how a table names a model."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from acapellanet.errors import ModelError

LARGEST_HEADER_BYTES = 1 << 24
_NOT_LEARNED = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True, slots=True)
class Header:
    """The metadata of a weights file, and how many parameters it holds (batch normalization's statistics aside)."""

    metadata: dict[str, str]
    parameters: int


def read_header(path: Path) -> Header:
    """Read the head of a safetensors file. Raises `ModelError` when it is missing or damaged."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > LARGEST_HEADER_BYTES:
                raise ValueError(f"header of {size} bytes")
            entries = json.loads(file.read(size))
        metadata = entries.pop("__metadata__", {})
        learned = [entry for name, entry in entries.items() if not name.endswith(_NOT_LEARNED)]
        return Header(dict(metadata), sum(math.prod(entry["shape"]) for entry in learned))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: damaged, or no safetensors file ({error}); fetch it again") from error
