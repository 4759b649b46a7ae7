"""`dawbridge weights [list | import FILE]`: which models there are, and bringing the ancestor's own weights."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.registry import (
    ANCESTOR,
    CENTER_MODEL,
    GRIFFIN_LIM,
    model_names,
    user_weights_folder,
    weights_path,
)
from acapellanet.net.header import read_header
from dawbridge.errors import ConfigError, ModelError
from dawbridge.files.paths import user_path


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge weights`."""
    add = parser.add_argument
    add("action", nargs="?", choices=("list", "import"), default="list", help="[list]")
    add("file", nargs="?", type=user_path, metavar="FILE", help="with import: weights.h5 of acapellabot, 2017, as Keras wrote it; needs h5py")  # fmt: skip
    add("--name", default=ANCESTOR, help=f"with import: what --model will call it [{ANCESTOR}]; --model NAME{GRIFFIN_LIM} then takes its phase from Griffin-Lim, as in 2017, and leaves most of the voice in the instrumental")  # fmt: skip


def run(options: Namespace) -> int:
    """Print the list, or import one file. Raises `ConfigError`, `ModelError`."""
    if options.action == "list":
        print("\n".join(_lines()))
        return 0
    if options.file is None:
        raise ConfigError("weights import: which file? dawbridge weights import weights.h5")
    from acapellanet.estimate.keras_import import import_weights

    try:
        path = import_weights(options.file, options.name)
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
