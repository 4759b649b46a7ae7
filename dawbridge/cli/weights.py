"""`dawbridge weights [list | import FILE]`: lists the models, and imports the weights of the network of 2017."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import suppress

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.registry import ANCESTOR, GRIFFIN_LIM, WEIGHTS_FOLDER, user_weights_folder
from acapellanet.net.header import read_header
from dawbridge.errors import ConfigError, ModelError
from dawbridge.estimators import Model, find_model, model_names, provider_problems
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
    """Yield a line for each model, then the estimators that cannot be loaded and the folder of imported weights."""
    for name in model_names():
        try:
            yield f"{name}: {_facts(find_model(name))}"
        except ModelError as error:
            yield f"{name}: {error}"
    yield from provider_problems()
    yield f"\nimported ones go to {user_weights_folder()}"


def _facts(model: Model) -> str:
    """Describe a model: parameters and origin, if it has weights of a known format, licence, path, and its problem."""
    facts: list[str] = []
    if model.weights is not None:
        with suppress(AcapellanetError):
            header = read_header(model.weights)
            usual = "shipped" if model.weights.parent == WEIGHTS_FOLDER else "brought by you"
            facts = [f"{header.parameters:,} parameters", header.metadata.get("origin", usual)]
    facts += [f"licence: {model.licence}", str(model.weights or "")]
    facts += [f"cannot run here: {model.problem}"] if model.problem else []
    return ", ".join(fact for fact in facts if fact)
