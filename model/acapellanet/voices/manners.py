"""Define manners of singing: how a voice moves from note to note, and what its sound is made of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Manner:
    """One way of singing, as changes to the natural one."""

    glide: float = 1.0
    """Length of the glides between notes, as a multiple of the natural one; 0 is none: hard-tuned."""
    vibrato: float = 1.0
    """Depth of the vibrato, as a multiple of the natural one."""
    drift: float = 1.0
    """How far the pitch trembles, as a multiple of the natural one."""
    monotone: bool = False
    """Whether all notes are the same."""
    breath: float = 0.0
    """How much of the tone is noise, 0 (what it was) to 1 (a whisper)."""
    growl: float = 0.0
    """Depth of a modulation at half the pitch, 0 to 1: growled or shouted."""
    drive: float = 0.0
    """How far the voice runs into saturation, 0 for not at all."""


NATURAL = Manner()
LEGATO = Manner(glide=3.0, vibrato=1.4)
TUNED = Manner(glide=0.0, vibrato=0.0, drift=0.0)
"""Hard-tuned: each note is met at once and held exactly."""
ROBOT = Manner(glide=0.0, vibrato=0.0, drift=0.0, monotone=True)
BREATHY = Manner(breath=0.5)
WHISPERED = Manner(breath=1.0)
GROWLED = Manner(breath=0.25, growl=0.7, drive=3.0)
SHOUTED = Manner(vibrato=0.3, drift=2.0, growl=0.25, drive=5.0)
MANNERS = (
    *((0.44, NATURAL), (0.14, LEGATO), (0.14, TUNED), (0.04, ROBOT)),
    *((0.08, BREATHY), (0.04, WHISPERED), (0.06, GROWLED), (0.06, SHOUTED)),
)
"""How often each is chosen."""


def any_manner(random: np.random.Generator) -> Manner:
    """Draw a manner, each as often as `MANNERS` says."""
    chances = [chance for chance, _ in MANNERS]
    return MANNERS[int(random.choice(len(MANNERS), p=chances))][1]


def with_breath(aperiodicity: Values, manner: Manner) -> Values:
    """Move aperiodicity `[frames, bins]`, 0 (a tone) to 1 (noise), toward noise, as the manner asks."""
    return np.asarray(aperiodicity + manner.breath * (1.0 - aperiodicity))


def roughened(song: Values, pitch_hz: Values, manner: Manner, sample_rate: int) -> Values:
    """Modulate `song` `[samples]` at half its pitch `[frames]` and saturate it, as the manner asks."""
    if manner.growl:
        positions = np.linspace(0, len(pitch_hz) - 1, len(song))
        phase = np.pi * np.cumsum(np.interp(positions, np.arange(len(pitch_hz)), pitch_hz)) / sample_rate
        song = song * (1.0 + manner.growl * np.sin(phase)) / (1.0 + manner.growl)
    if manner.drive:
        song = np.tanh(manner.drive * song / (np.abs(song).max() + 1e-9))
    return np.asarray(song)
