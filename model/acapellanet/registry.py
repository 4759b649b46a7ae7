"""Which models there are, and what their files hash to; does not import torch."""

import hashlib
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from acapellanet.errors import ModelError

DEFAULT_MODEL = "acapellanet-small"
CENTER_MODEL = "center"
CENTER_VERSION = "center-1"
"""Changes whenever centre isolation gives other samples, so that what was cached from it is made anew."""
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
SUFFIX = ".safetensors"


def model_names() -> tuple[str, ...]:
    """Names that `load_estimator` takes: the shipped weights, and `center`."""
    return (*sorted(path.stem for path in WEIGHTS_FOLDER.glob(f"*{SUFFIX}")), CENTER_MODEL)


def weights_path(model: str) -> Path:
    """The weights file of a model's name, or of a path that ends in `.safetensors`.

    Raises `ModelError` for an unknown name or a missing file.
    """
    if model.endswith(SUFFIX):
        path = Path(model).expanduser()
        if not path.is_file():
            raise ModelError(f"{path}: no such weights file")
        return path
    path = WEIGHTS_FOLDER / f"{model}{SUFFIX}"
    if "/" in model or "\\" in model or not path.is_file():
        raise ModelError(_unknown(model))
    return path


def _unknown(model: str) -> str:
    if model == DEFAULT_MODEL:
        return f"the weights of {model} are missing from this installation; reinstall, or use model 'center'"
    known = model_names()
    close = get_close_matches(model, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"no model is called {model!r}{hint} (known: {', '.join(known)}, or a path to a {SUFFIX} file)"


def model_hash(model: str) -> str:
    """SHA-256 in hex of a model's weights file; of name and version for `center`.

    Raises `ModelError` for an unknown name or a missing file.
    """
    if model == CENTER_MODEL:
        return hashlib.sha256(CENTER_VERSION.encode()).hexdigest()
    path = weights_path(model)
    try:
        stat = path.stat()
        return _hash_of(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


@lru_cache(maxsize=16)
def _hash_of(path: Path, _modified_ns: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
