"""The models of the package acapellanet as estimators of dawbridge."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.registry import SUFFIX, WEIGHTS_FOLDER, model_hash, user_weights_folder
from acapellanet.net.header import read_header
from dawbridge.errors import ModelError
from dawbridge.estimators.model import Estimator, LoadRequest, Model
from dawbridge.files.paths import user_path

UNKNOWN_LICENCE = "not stated; whoever brought the weights has to know"


def names_with(is_ours: Callable[[dict[str, str]], bool]) -> list[str]:
    """List the weights that have a name, shipped ones and those in the user's folder, by what their metadata say."""
    names = []
    for folder in (WEIGHTS_FOLDER, user_weights_folder()):
        for path in folder.glob(f"*{SUFFIX}"):
            with suppress(ModelError):
                if is_ours(metadata(path)):
                    names.append(path.stem)
    return names


def weights_file(name: str) -> Path | None:
    """Find the file of a name, or of a path that ends in `.safetensors`; the user's come before shipped ones."""
    if name.endswith(SUFFIX):
        path = user_path(name)
        if not path.is_file():
            raise ModelError(f"{path}: no such weights file")
        return path
    if "/" in name or "\\" in name or "\0" in name:
        return None
    paths = (folder / f"{name}{SUFFIX}" for folder in (user_weights_folder(), WEIGHTS_FOLDER))
    return next((path for path in paths if path.is_file()), None)


def metadata(path: Path) -> dict[str, str]:
    """Return what a file of weights says about itself. Raises `ModelError` if it is damaged."""
    try:
        facts = path.stat()
        return _metadata(path, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except AcapellanetError as error:
        raise ModelError(str(error)) from error


@lru_cache(maxsize=64)
def _metadata(path: Path, _size: int, _modified_ns: int) -> dict[str, str]:
    return read_header(path).metadata


def describe(name: str, licence: str, weights: Path | None = None, parameters: tuple[str, ...] = ()) -> Model:
    """Describe a model that `acapellanet.load_estimator` knows as `name`.

    Raises `ModelError` if its weights cannot be read, or are shipped ones that were damaged since.
    """
    try:
        fingerprint = model_hash(name)
    except AcapellanetError as error:
        raise ModelError(str(error)) from error

    def load(request: LoadRequest) -> Estimator:
        from dawbridge.estimators.acapellanet_loader import AcapellanetEstimator

        return AcapellanetEstimator(name, request)

    return Model(name, load, fingerprint, licence, weights, parameters)
