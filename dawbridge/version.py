"""The version of dawbridge that is installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("dawbridge")
except PackageNotFoundError:  # a checkout that nobody installed
    VERSION = "0+unknown"
