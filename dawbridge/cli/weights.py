"""`dawbridge weights [list | import FILE]`: which models there are, and bringing the ancestor's own weights."""

from argparse import Namespace
from collections.abc import Iterator

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.registry import CENTER_MODEL, GRIFFIN_LIM, model_names, user_weights_folder, weights_path
from acapellanet.net.header import read_header
from dawbridge.errors import ConfigError, ModelError


def run(options: Namespace) -> int:
    """Print the list, or import one file. Raises `ConfigError`, `ModelError`."""
    if options.action == "list":
        print("\n".join(_lines()))
        return 0
    if options.file is None:
        raise ConfigError("weights import: which file? dawbridge weights import weights.h5")
    from acapellanet.estimate.keras_import import import_weights

    try:
        path = import_weights(options.file.expanduser(), options.name)
    except AcapellanetError as error:
        raise ModelError(str(error)) from error
    print(f"{path}\nuse it: dawbridge watch FOLDER --model {options.name}")
    return 0


def _lines() -> Iterator[str]:
    """Name, parameters, origin and path of each model."""
    for name in model_names():
        if name == CENTER_MODEL:
            yield f"{name}: no network, no weights"
        elif not name.endswith(GRIFFIN_LIM):
            yield _line(name)
    yield f"\nimported ones go to {user_weights_folder()}"


def _line(name: str) -> str:
    path = weights_path(name)
    try:
        header = read_header(path)
    except AcapellanetError as error:
        return f"{name}: {error}"
    origin = header.metadata.get("origin", "shipped")
    return f"{name}: {header.parameters:,} parameters, {origin}, {path}"
