"""Find models by name and hash their files, without importing torch."""

import hashlib
import os
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from acapellanet.acapellabot import ARCHITECTURE
from acapellanet.errors import ModelError
from acapellanet.net.header import read_header

DEFAULT_MODEL = "acapellanet-full"
CENTER_MODEL = "center"
CENTER_VERSION = "center-1"
"""Version of centre isolation: it changes whenever the samples do, so that cached results are made again."""
ANCESTOR = ARCHITECTURE
"""Name of the network of 2017, whose weights users bring, and of its architecture."""
GRIFFIN_LIM = "-griffinlim"
"""Suffix of the name or path of acapellabot's weights: its phase comes from Griffin-Lim, not from the mixture."""
GRIFFIN_LIM_VERSION = "griffinlim-1"
HOME_VARIABLE = "DAWBRIDGE_HOME"
"""Environment variable that names one folder for everything, instead of the platform's folders."""
WEIGHTS_FOLDER = Path(__file__).parents[1] / "weights"
SUFFIX = ".safetensors"
HASHES_FILE = "SHA256SUMS"
"""File next to the shipped weights with their hashes, as `sha256sum *.safetensors` writes them."""


def user_weights_folder() -> Path:
    """Return the folder of imported weights, which take precedence over shipped ones of the same name."""
    if home := os.environ.get(HOME_VARIABLE):
        return _expanded(home) / "data" / "weights"
    from platformdirs import user_data_path  # a machine that only trains does not have it

    return user_data_path("dawbridge", appauthor=False) / "weights"


def _expanded(text: str) -> Path:
    """The path, with `~` replaced by the user's home folder; as it is if there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def model_names() -> tuple[str, ...]:
    """List the names that `load_estimator` takes: shipped weights, imported weights, and `center`."""
    paths = [*WEIGHTS_FOLDER.glob(f"*{SUFFIX}"), *user_weights_folder().glob(f"*{SUFFIX}")]
    names = {path.stem for path in paths}
    names |= {path.stem + GRIFFIN_LIM for path in paths if is_ancestor(path)}
    return (*sorted(names), CENTER_MODEL)


def is_ancestor(path: Path) -> bool:
    """Tell whether a weights file is of the network of 2017; a damaged file is not."""
    try:
        return read_header(path).metadata.get("architecture") == ANCESTOR
    except ModelError:
        return False


def model_label(model: str) -> str:
    """Return a model's name for a table, which says whether acapellabot's weights are its own or ours.

    Raises `ModelError` for an unknown name or a missing file.
    """
    if model == CENTER_MODEL or not is_ancestor(weights_path(model)):
        return model
    imported = read_header(weights_path(model)).metadata.get("origin") == "imported"
    way = GRIFFIN_LIM if model.endswith(GRIFFIN_LIM) else ""
    return f"{ANCESTOR}{way} ({'its own weights' if imported else 'our weights, --recipe 2017'})"


def weights_path(model: str) -> Path:
    """Find the weights file of a name, or of a path that ends in `.safetensors`; `-griffinlim` may follow either.

    Raises `ModelError` for an unknown name or a missing file.
    """
    plain = model.removesuffix(GRIFFIN_LIM)
    if plain.endswith(SUFFIX):
        path = _expanded(plain)
        if not path.is_file():
            raise ModelError(f"{path}: no such weights file")
        return path
    paths = [folder / f"{plain}{SUFFIX}" for folder in (user_weights_folder(), WEIGHTS_FOLDER)]
    found = [path for path in paths if path.is_file()]
    if "/" in plain or "\\" in plain or not found:
        raise ModelError(_unknown(model))
    return found[0]


def _unknown(model: str) -> str:
    if model == DEFAULT_MODEL:
        return f"the weights of {model} are missing from this installation; reinstall, or use model 'center'"
    if model.removesuffix(GRIFFIN_LIM) == ANCESTOR:
        return (
            f"the weights of {ANCESTOR} are not here: bring a copy of its weights.h5 with 'dawbridge weights import "
            "weights.h5', or train them with 'acapellanet train DATA --recipe 2017' and give the path of what it writes"
        )
    known = model_names()
    close = get_close_matches(model, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"no model is called {model!r}{hint} (known: {', '.join(known)}, or a path to a {SUFFIX} file)"


def model_hash(model: str) -> str:
    """Compute the SHA-256 in hex of a model's weights file, or of name and version for `center`.

    Raises `ModelError` for an unknown name, a missing file, or shipped weights that are not what was shipped.
    """
    if model == CENTER_MODEL:
        return hashlib.sha256(CENTER_VERSION.encode()).hexdigest()
    path = weights_path(model)
    try:
        stat = path.stat()
        digest = _hash_of(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if path.parent == WEIGHTS_FOLDER and shipped_hashes().get(path.name, digest) != digest:
        raise ModelError(f"{path}: damaged, its SHA-256 is not the one that it was shipped with; reinstall dawbridge")
    if model.endswith(GRIFFIN_LIM):
        return hashlib.sha256(f"{GRIFFIN_LIM_VERSION} {digest}".encode()).hexdigest()
    return digest


def shipped_names() -> tuple[str, ...]:
    """Names of the weights that this package comes with, whether their files are still there or not."""
    return tuple(name.removesuffix(SUFFIX) for name in shipped_hashes())


def shipped_hashes() -> dict[str, str]:
    """File names of the shipped weights → their SHA-256 in hex."""
    return _hashes_in(WEIGHTS_FOLDER)


@cache
def _hashes_in(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / HASHES_FILE).read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    return {name.strip(): digest for digest, _, name in (line.partition("  ") for line in lines) if name}


@lru_cache(maxsize=16)
def _hash_of(path: Path, _modified_ns: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
