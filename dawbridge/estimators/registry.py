"""Finds models by name: asks every provider that an entry point names, and those that come with dawbridge."""

import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from dawbridge.errors import DawbridgeError, ModelError
from dawbridge.estimators import providers as own
from dawbridge.estimators.model import Model, Provider

GROUP = "dawbridge.estimators"
"""Group of the entry points."""


def model_names() -> tuple[str, ...]:
    """List the models that can be found now, in alphabetical order."""
    names: set[str] = set()
    for provider in _providers()[0]:
        with suppress(Exception):  # of another package: the others are listed
            names |= set(map(str, provider.names()))
    return tuple(sorted(names))


def find_model(name: str) -> Model:
    """Find one model by its name, or by the path of its weights.

    Raises `ModelError` if no provider knows it, or if its weights are missing or damaged.
    """
    lines = ""
    for provider in _providers()[0]:
        try:
            model = provider.find(name)
        except DawbridgeError:
            raise
        except Exception as error:  # of another package: it may be one of the others'
            lines += f"; {_name_of(provider)} fails: {type(error).__name__}: {error}"
            continue
        if model is not None:
            return model
    known = model_names()
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    lines += "".join(f"; {problem}" for problem in provider_problems())
    raise ModelError(
        f"no model is called {name!r}{hint} (known: {', '.join(known)}, or a path to a .safetensors file){lines}"
    )


def _name_of(provider: Provider) -> str:
    return str(getattr(provider, "__name__", type(provider).__name__))


def provider_problems() -> tuple[str, ...]:
    """Name the providers that could not be loaded, one line each."""
    return _providers()[1]


@cache
def _providers() -> tuple[tuple[Provider, ...], tuple[str, ...]]:
    """Load the providers; a broken one is reported and the others go on."""
    loaded: list[Provider] = []
    problems: list[str] = []
    for entry in _entries():
        try:
            loaded.append(entry.load())
        except (Exception, SystemExit) as error:  # whatever another package's import raises
            problems.append(
                f"estimator {entry.name!r} ({entry.value}) cannot be loaded: {type(error).__name__}: {error}"
            )
    return tuple(loaded), tuple(problems)


def _entries() -> Iterator[EntryPoint]:
    """Yield the entry points, dawbridge's own first.

    Its own are read off its folder, so that a checkout whose installed metadata is out of date has them all.
    """
    seen = set()
    for module in pkgutil.iter_modules(own.__path__):
        value = f"{own.__name__}.{module.name}"
        seen.add(value)
        yield EntryPoint(module.name, value, GROUP)
    for entry in entry_points(group=GROUP):
        if entry.value not in seen:
            yield entry
