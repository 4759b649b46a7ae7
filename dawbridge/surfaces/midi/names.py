"""Names of MIDI ports, parts of which change each time a device is plugged in."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

CLIENT = "dawbridge"
"""dawbridge's own name among MIDI clients."""
ALL = "all"
"""`--midi-port all`: every device."""

_NUMBERS = re.compile(r" \d+$" if sys.platform == "win32" else r" \d+:\d+$")
_OWN = re.compile(rf"{CLIENT}(-\d+)?(:|$)")
_LOOPS = ("midi through", "midi-through")


@dataclass(frozen=True, slots=True)
class Port:
    """A port as the system lists it now."""

    index: int
    """Index for opening it; valid until the next port comes or goes."""
    full: str
    """The whole name, with the numbers that ALSA puts at the end: `nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0`."""
    stable: str
    """The name without those numbers."""
    ordinal: int
    """1, or 2, 3, ... among ports of the same stable name."""

    @property
    def label(self) -> str:
        """The name that is shown, and that stands in origins."""
        return self.stable if self.ordinal == 1 else f"{self.stable} #{self.ordinal}"

    @property
    def device(self) -> tuple[str, int]:
        """Equal for the input and the output of one device, which JACK calls capture and playback."""
        return self.stable.replace("capture", "playback"), self.ordinal


VIRTUAL = Port(-1, CLIENT, CLIENT, 1)
"""Our own port pair."""


def ports(names: Sequence[str]) -> list[Port]:
    """The ports in the system's list of names, without dawbridge's own."""
    seen: Counter[str] = Counter()
    found = []
    for index, full in enumerate(names):
        stable = _NUMBERS.sub("", full)
        if _OWN.match(stable):
            continue
        seen[stable] += 1
        found.append(Port(index, full, stable, seen[stable]))
    return found


def wanted(port: Port, name: str | None) -> bool:
    """Whether `--midi-port name` asks for it. `all` leaves out ports that are known to return what they are sent."""
    if name is None:
        return False
    if name.lower() == ALL:
        return not any(loop in port.stable.lower() for loop in _LOOPS)
    return name.lower() in port.full.lower()
