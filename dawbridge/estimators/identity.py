"""What identifies a file of weights: its content."""

import hashlib
from functools import lru_cache
from pathlib import Path

from dawbridge.errors import ModelError
from dawbridge.files.opening import open_regular


def hash_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits, read once for each of its states. Raises `ModelError`."""
    try:
        facts = path.stat()
        return _sha256(path, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error


@lru_cache(maxsize=16)
def _sha256(path: Path, _number: int, _size: int, _modified_ns: int) -> str:
    with open_regular(path) as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()
