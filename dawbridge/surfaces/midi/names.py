"""MIDI ports' names, which change from one plugging-in to the next."""

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
    """A port as the system has it now."""

    index: int
    """For opening; it holds until the next port comes or goes."""
    full: str
    """With the numbers that ALSA puts at the end: `nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0`."""
    stable: str
    """Without them."""
    ordinal: int
    """1, or 2, 3, ... among ports of the same stable name."""

    @property
    def label(self) -> str:
        """The name that people and origins see."""
        return self.stable if self.ordinal == 1 else f"{self.stable} #{self.ordinal}"

    @property
    def device(self) -> tuple[str, int]:
        """The same for the input and the output of one device: JACK calls them capture and playback."""
        return self.stable.replace("capture", "playback"), self.ordinal


VIRTUAL = Port(-1, CLIENT, CLIENT, 1)
"""Our own."""


def ports(names: Sequence[str]) -> list[Port]:
    """The system's list of names → ports of others than dawbridge itself."""
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
    """It is one that `--midi-port name` asks for. `all` leaves out ports that send back what they are sent."""
    if name is None:
        return False
    if name.lower() == ALL:
        return not any(loop in port.stable.lower() for loop in _LOOPS)
    return name.lower() in port.full.lower()
