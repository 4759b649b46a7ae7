"""Names that Windows takes for a device, whatever follows a point: a file cannot be called so."""

import re

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)


def is_device(name: str) -> bool:
    """Whether a file's name, with its suffix or without, is a device there."""
    return _DEVICE.fullmatch(name) is not None
