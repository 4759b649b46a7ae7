"""dawbridge: a bounce dropped into a folder comes back as acapella and instrumental, under OSC and MIDI control.

Importing it imports neither torch nor numpy: what it offers is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dawbridge.isolator import Stems, VocalIsolator
    from dawbridge.version import VERSION as __version__

__all__ = ["Stems", "VocalIsolator", "__version__"]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name in ("Stems", "VocalIsolator"):
        from dawbridge import isolator

        return getattr(isolator, name)
    if name == "__version__":
        from dawbridge.version import VERSION

        return VERSION
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
