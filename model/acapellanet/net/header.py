"""Read what a safetensors file says about itself, without importing torch."""

import json
import math
import os
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
    """Read the header of a safetensors file. Raises `ModelError` if it is missing, damaged or hostile."""
    try:
        if not path.is_file() and path.exists():  # opening a pipe would wait for ever
            raise ValueError("it is not a regular file")
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > LARGEST_HEADER_BYTES:
                raise ValueError(f"header of {size} bytes")
            entries = json.loads(file.read(size))
            length = os.fstat(file.fileno()).st_size
        metadata = {str(key): str(value) for key, value in entries.pop("__metadata__", {}).items()}
        learned = [entry for name, entry in entries.items() if not name.endswith(_NOT_LEARNED)]
        ends = [int(entry["data_offsets"][1]) for entry in entries.values() if "data_offsets" in entry]
        if length != (whole := 8 + size + max(ends, default=0)):
            raise ValueError(f"it has {length} bytes, and its header speaks of {whole}")
        return Header(metadata, sum(math.prod(entry["shape"]) for entry in learned))
    except RecursionError as error:  # a header of a million brackets
        raise ModelError(f"{path}: damaged, or not a safetensors file (its header is nested too deep)") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{path}: damaged, or not a safetensors file ({reason}); fetch it again") from error
