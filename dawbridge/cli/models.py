"""`dawbridge models [list | fetch | import | remove | licence]`: the models that can separate, and those of others."""

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.registry import (
    ANCESTOR,
    GRIFFIN_LIM,
    SUFFIX,
    WEIGHTS_FOLDER,
    shipped_names,
    user_weights_folder,
)
from acapellanet.net.header import read_header
from dawbridge.errors import ConfigError, ModelError
from dawbridge.estimators import Model, find_model, model_names, provider_problems
from dawbridge.estimators.acapellanet_models import metadata
from dawbridge.estimators.catalogue import CATALOGUE, Entry, by_hash, entry
from dawbridge.estimators.confined import import_confined
from dawbridge.estimators.fetching import fetched
from dawbridge.estimators.identity import hash_of
from dawbridge.files.devices import is_device
from dawbridge.files.paths import user_path
from dawbridge.files.printable import printable

ACTIONS = ("list", "fetch", "import", "remove", "licence")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")
NOT_STATED = "not stated; you brought your own copy"
_KERAS = (".h5", ".hdf5")


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge models`, and of `dawbridge weights`, its older name."""
    add = parser.add_argument
    add("action", nargs="?", choices=ACTIONS, default="list", help="[list]")
    add("which", nargs="?", default="", metavar="FILE|NAME", help="with import: weights as they are passed around (.ckpt, .pth, .th, .safetensors, .onnx), or weights.h5 of acapellabot, 2017, as Keras wrote it (needs h5py); with fetch: a name of the catalogue, which fetch alone lists; with remove and licence: a model's name")  # fmt: skip
    add("--config", type=user_path, metavar="FILE", help="with import: the .yaml file that belongs to the weights")
    add("--name", default="", help=f"with import: what --model will call it [the file's name; {ANCESTOR} for weights.h5: --model NAME{GRIFFIN_LIM} then takes its phase from Griffin-Lim, as in 2017, and leaves most of the voice in the instrumental]")  # fmt: skip
    add("--accept-licence", action="store_true", help="with fetch: you have read the licence of the weights, and accept it")  # fmt: skip
    add("--url", action="append", default=[], help="with fetch: another place to try first; what comes is believed by its hash alone")  # fmt: skip
    add("--licence", default="", metavar="TEXT", help="with import: the licence of the weights, as their author states it; it is shown with the model")  # fmt: skip


def run(options: Namespace) -> int:
    """Do one action. Raises `ConfigError`, `ModelError`."""
    if options.action == "list":
        print("\n".join(_lines()))
    elif options.action == "fetch":
        return _fetch(options)
    elif not options.which:
        raise ConfigError(f"{options.action}: which {'file' if options.action == 'import' else 'model'}?")
    elif options.action == "import":
        path = _import(user_path(options.which), options)
        print(f"{path}\nuse it: dawbridge watch FOLDER --model {path.stem}")
    elif options.action == "remove":
        _remove(options.which)
    else:
        print(printable(find_model(options.which).licence))
    return 0


def _fetch(options: Namespace) -> int:
    """Fetch weights of the catalogue, after the licence was accepted, and import them. Raises `ModelError`."""
    if not options.which:
        print("\n".join(_shown(one) for one in CATALOGUE))
        return 0
    one = entry(options.which)
    target = free_place(options.name or one.name)
    print(_shown(one))
    if not (options.accept_licence or _asked("fetch it under this licence?")):
        raise ModelError(f"{one.name}: its licence was not accepted; --accept-licence accepts it")
    source = fetched(one, user_weights_folder() / "downloads", _progress, tuple(options.url))
    import_confined(source, target, one.config or None, one.licence)
    source.unlink(missing_ok=True)
    print(f"{target}\nuse it: dawbridge watch FOLDER --model {target.stem}")
    return 0


def _shown(one: Entry) -> str:
    return (
        f"{one.name}: {one.about}\n  {one.size / 1e6:.0f} MB from {one.urls[0]}\n"
        f"  licence: {one.licence} ({one.licence_from})"
    )


def _asked(question: str) -> bool:
    """The user's answer; no if there is nobody to ask."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _progress(have: int, size: int) -> None:
    """Show how far a download is, on a terminal."""
    if sys.stderr.isatty():
        end = "\n" if have >= size else ""
        print(f"\r{have / 1e6:.0f} of {size / 1e6:.0f} MB", end=end, file=sys.stderr, flush=True)


def _import(source: Path, options: Namespace) -> Path:
    """Import one file; return where its weights are now."""
    if source.suffix.lower() in _KERAS:
        from acapellanet.estimate.keras_import import import_weights

        try:
            return import_weights(source, options.name or ANCESTOR)
        except AcapellanetError as error:
            raise ModelError(str(error)) from error
    target = free_place(options.name or _FOREIGN.sub("-", source.stem)[:60])
    known = None if options.config else _known(source)
    if known:
        print(f"this is {known.name} of the catalogue: {known.about}")
    config = options.config or (known.config or None if known else None)
    import_confined(source, target, config, options.licence or (known.licence if known else NOT_STATED))
    return target


def _known(source: Path) -> Entry | None:
    """The catalogue's entry that a file is, by its hash; only a file of the right length is read.

    Raises `ModelError` if there is no such file.
    """
    try:
        size = source.stat().st_size
    except OSError as error:
        raise ModelError(f"{source}: cannot be read ({error.strerror or error})") from error
    return by_hash(hash_of(source)) if any(one.size == size for one in CATALOGUE) else None


def free_place(name: str) -> Path:
    """Return where weights of this name go. Raises `ConfigError` if the name cannot be used or is taken.

    Names that differ in nothing but capitals are the same file for some systems.
    """
    if not _NAME.fullmatch(name) or name.endswith((GRIFFIN_LIM, ".")) or name.lower().endswith(SUFFIX):
        raise ConfigError(
            f"{name[:80]!r} cannot be a model's name: letters, digits, . _ - only, not ending in {GRIFFIN_LIM}, {SUFFIX} "
            "or a point; give another: --name"
        )
    if is_device(name) or name.lower() == ANCESTOR:
        raise ConfigError(f"{name!r} is kept for something else and cannot be a model's name; give another: --name")
    taken = {one.lower(): one for one in (*shipped_names(), *model_names())}
    if name.lower() in taken:
        raise ConfigError(
            f"a model is called {taken[name.lower()]} already; give another name (--name), or remove it first"
        )
    return user_weights_folder() / f"{name}{SUFFIX}"


def _remove(name: str) -> None:
    """Remove imported weights. Raises `ModelError` for shipped ones and for those that are not there."""
    path = user_weights_folder() / f"{name}{SUFFIX}"
    if not _NAME.fullmatch(name) or not path.is_file():
        find_model(name)  # an unknown name is an error of its own
        raise ModelError(f"{name} was not imported; only models in {user_weights_folder()} can be removed")
    try:
        path.unlink()
    except OSError as error:
        raise ModelError(f"{path}: cannot be removed ({error.strerror})") from error
    print(f"removed {path}")


def _lines() -> Iterator[str]:
    """Yield a line for each model, then what cannot be used and why, and the folder of imported weights."""
    names = model_names()
    for name in names:
        try:
            yield printable(f"{name}: {_facts(find_model(name))}")
        except ModelError as error:
            yield printable(f"{name}: {error}")
    for path in sorted(user_weights_folder().glob(f"*{SUFFIX}")):
        if path.stem not in names:
            yield printable(f"{path.stem}: {_unusable(path)}")
    yield from map(printable, provider_problems())
    yield f"\nimported ones go to {printable(str(user_weights_folder()))}"


def _unusable(path: Path) -> str:
    """Why no estimator takes a file of weights."""
    try:
        metadata(path)
    except ModelError as error:
        return str(error)
    return f"{path}: not weights that dawbridge knows; dawbridge models import takes those of others"


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
