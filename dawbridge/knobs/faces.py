"""The addresses that every parameter has: its own, and some below it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """One of the addresses that every parameter has: its own, and some below it."""

    suffix: str
    words: str
    help: str
    readable: bool = True
    writable: bool = True


FACES = (
    Face("", "f 0..1, or nothing", "set the knob's position; without an argument: ask for it"),
    Face("/raw", "f dB, Hz, ..., or nothing", "the same in the parameter's own unit"),
    Face("/str", "nothing", "ask for the value as text", writable=False),
    Face("/delta", "f -1..1", "turn by a step, for endless encoders", readable=False),
)
