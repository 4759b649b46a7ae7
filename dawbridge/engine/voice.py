"""The knobs that work on the estimated vocals alone, ahead of the mask: `acapella_middle` and `acapella_dry`.

Both look at frames around the one that they shape, so a block is transformed with some more frames on either side::

    behind [frames of the block] ahead

Both look at the vocals as they were estimated, so that the one does not change what the other does.
"""

from dataclasses import dataclass

import numpy as np

from dawbridge.engine import dry, middle
from dawbridge.engine.mask import Knob, Knobs, Spectrum, Values, at_frames, is_at, parts
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import Snapshot

VOICE = ("acapella_middle", "acapella_dry")


@dataclass(frozen=True, slots=True)
class Context:
    """How many frames before and after a block its result depends on."""

    behind: int = 0
    ahead: int = 0


def effective(values: Snapshot, automation: Automation, channels: int) -> tuple[Snapshot, Automation]:
    """The knobs as they act on a bounce: what is not stereo has no middle, so `acapella_middle` is neutral there."""
    if channels == 2:
        return values, automation
    lanes = tuple(lane for lane in automation.lanes if lane.name != "acapella_middle")
    return {**values, "acapella_middle": middle.NEUTRAL}, Automation(lanes)


def context(knobs: Knobs) -> Context:
    """What these knobs need to see; nothing if both are neutral. A knob that moves is an array."""
    around = middle.AROUND_FRAMES if _turns_middle(knobs) else 0
    if not _turns_dry(knobs):
        return Context(around, around)
    return Context(max(around, dry.BEHIND_FRAMES), max(around, dry.AHEAD_FRAMES))


def shape(vocals: Spectrum, knobs: Knobs, needs: Context, frame_s: float) -> Spectrum:
    """The vocals' spectrum with both knobs applied, `[channels, frames, bins]`.

    `vocals` is `[channels, behind + frames + ahead, bins]`, with the frames that `context` asks for; a knob that moves
    is given for all of those frames. `frame_s` is the time from one frame to the next, in seconds. Returns `vocals`
    itself if both knobs are neutral; otherwise what comes back is an array of its own.
    """
    if needs == Context():
        return vocals
    block = slice(needs.behind, vocals.shape[1] - needs.ahead)
    around = slice(block.start - middle.AROUND_FRAMES, block.stop + middle.AROUND_FRAMES)
    turns = _turns_middle(knobs)
    shaped = (
        middle.turn(vocals[:, around], _within(knobs["acapella_middle"], block)) if turns else vocals[:, block].copy()
    )
    if _turns_dry(knobs):
        from dawbridge.engine.kernels import mask as kernels

        kernels.scale(parts(shaped), _dry_gains(vocals, knobs["acapella_dry"], block, frame_s))
    return shaped


def _turns_middle(knobs: Knobs) -> bool:
    return not is_at(knobs["acapella_middle"], middle.NEUTRAL)


def _turns_dry(knobs: Knobs) -> bool:
    return not is_at(knobs["acapella_dry"], dry.OFF)


def _dry_gains(vocals: Spectrum, knob: Knob, block: slice, frame_s: float) -> Values:
    seen = vocals[:, block.start - dry.BEHIND_FRAMES : block.stop + dry.AHEAD_FRAMES]
    amount = at_frames(knob, vocals.shape[1])[block.start - 1 : block.stop + 1]
    return dry.gains(dry.power_of(seen), amount, frame_s)


def _within(knob: Knob, frames: slice) -> Knob:
    """The knob in these frames."""
    return knob[frames] if isinstance(knob, np.ndarray) else knob
