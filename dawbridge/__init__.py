"""dawbridge: a bounce dropped into a folder comes back as acapella and instrumental, under OSC and MIDI control."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dawbridge.isolator import Stems, VocalIsolator

try:
    __version__ = version("dawbridge")
except PackageNotFoundError:  # a checkout that nobody installed
    __version__ = "0+unknown"

__all__ = ["Stems", "VocalIsolator", "__version__"]


def __getattr__(name: str) -> object:
    """Load the separator, and with it torch, only when it is asked for."""
    if name in ("Stems", "VocalIsolator"):
        from dawbridge import isolator

        return getattr(isolator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
