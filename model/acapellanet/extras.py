"""Modules that only an extra of the package brings."""

import warnings
from importlib import import_module
from types import ModuleType

from acapellanet.errors import DataError


def extra_module(name: str, missing: str) -> ModuleType:
    """Import `name`; raises `DataError` with the text `missing` where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some ask an old part of setuptools for their version
            return import_module(name)
    except ImportError as error:
        raise DataError(missing) from error
