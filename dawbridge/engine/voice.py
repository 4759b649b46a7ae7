"""The knobs that work on the estimated vocals alone, ahead of the mask: `acapella_middle` and `acapella_dry`.

Both look at frames around the one that they shape, so a block is transformed with some more frames on either side::

    behind [frames of the block] ahead

Both look at the vocals as they were estimated, so that the one does not change what the other does.
"""

from dataclasses import dataclass

import torch

from dawbridge.engine import dry, middle
from dawbridge.engine.mask import Knobs, is_at
from dawbridge.engine.middle import Planes
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
    """What these knobs need to see; nothing if both are neutral. A knob that moves is a tensor."""
    around = middle.AROUND_FRAMES if _turns_middle(knobs) else 0
    if not _turns_dry(knobs):
        return Context(around, around)
    return Context(max(around, dry.BEHIND_FRAMES), max(around, dry.AHEAD_FRAMES))


def shape(vocals: torch.Tensor, knobs: Knobs, needs: Context, frame_s: float) -> torch.Tensor:
    """The vocals' spectrum with both knobs applied, `[channels, frames, bins]`.

    `vocals` is complex `[channels, behind + frames + ahead, bins]`, with the frames that `context` asks for; a knob
    that moves is given for all of those frames, `[behind + frames + ahead, 1]`. `frame_s` is the time from one frame
    to the next, in seconds. Returns `vocals` itself if both knobs are neutral.
    """
    if needs == Context():
        return vocals
    channels, count, bins = vocals.shape
    block = slice(needs.behind, count - needs.ahead)
    planes = torch.view_as_real(vocals).movedim(-1, 0).contiguous()  # [channels, frames, bins, 2] → [2, channels, …]
    turned = _turned(planes, knobs["acapella_middle"], block) if _turns_middle(knobs) else _kept(planes, block)
    gain = _dry_gains(planes, knobs["acapella_dry"], block, frame_s) if _turns_dry(knobs) else None
    shaped = torch.empty(channels, block.stop - block.start, bins, dtype=vocals.dtype)
    for channel, (real, imaginary) in enumerate(turned):
        parts = (real, imaginary) if gain is None else (real * gain, imaginary * gain)
        torch.complex(*parts, out=shaped[channel])
    return shaped


def _turns_middle(knobs: Knobs) -> bool:
    return not is_at(knobs["acapella_middle"], middle.NEUTRAL)


def _turns_dry(knobs: Knobs) -> bool:
    return not is_at(knobs["acapella_dry"], dry.OFF)


def _turned(planes: torch.Tensor, knob: float | torch.Tensor, block: slice) -> tuple[Planes, ...]:
    around = middle.AROUND_FRAMES
    seen = planes[:, :, block.start - around : block.stop + around]
    return middle.turn((seen[0, 0], seen[1, 0]), (seen[0, 1], seen[1, 1]), _within(knob, block))


def _kept(planes: torch.Tensor, block: slice) -> tuple[Planes, ...]:
    inner = planes[:, :, block]
    return tuple((inner[0, channel], inner[1, channel]) for channel in range(planes.shape[1]))


def _dry_gains(planes: torch.Tensor, amount: float | torch.Tensor, block: slice, frame_s: float) -> torch.Tensor:
    seen = planes[:, :, block.start - dry.BEHIND_FRAMES : block.stop + dry.AHEAD_FRAMES]
    power = seen[0, 0] * seen[0, 0]
    for channel in range(planes.shape[1]):
        if channel:
            power.add_(seen[0, channel] * seen[0, channel])
        power.add_(seen[1, channel] * seen[1, channel])
    return dry.gains(power, _within(amount, slice(block.start - 1, block.stop + 1)), frame_s)


def _within(knob: float | torch.Tensor, frames: slice) -> float | torch.Tensor:
    """The knob in these frames."""
    return knob[frames] if isinstance(knob, torch.Tensor) else knob
