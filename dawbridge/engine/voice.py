"""The knobs that work on the estimated vocals alone, ahead of the mask: `acapella_middle` and `acapella_dry`.

Both look at frames around the one that they shape, so a block is transformed with some more frames on either side::

    behind [frames of the block] ahead
"""

from dataclasses import dataclass

import torch

from dawbridge.engine import dry, middle
from dawbridge.engine.mask import Knobs, is_at

VOICE = ("acapella_middle", "acapella_dry")


@dataclass(frozen=True, slots=True)
class Context:
    """How many frames before and after a block its result depends on."""

    behind: int = 0
    ahead: int = 0


def context(knobs: Knobs, channels: int) -> Context:
    """What these knobs need; nothing if both are neutral. A knob that moves is a tensor."""
    turns_middle, turns_dry = _turned(knobs, channels)
    around = middle.AROUND_FRAMES if turns_middle else 0
    if not turns_dry:
        return Context(around, around)
    return Context(max(around, dry.BEHIND_FRAMES), max(around, dry.AHEAD_FRAMES))


def shape(voice: torch.Tensor, knobs: Knobs, frame_s: float) -> torch.Tensor:
    """The vocals' spectrum with both knobs applied.

    `voice` is complex `[channels, behind + frames + ahead, bins]` with the frames that `context` asks for; a knob that
    moves is given for all of those frames, `[behind + frames + ahead, 1]`. Returns `[channels, frames, bins]`. Both
    knobs look at the vocals as they were estimated, so that the one does not change what the other does.
    """
    channels, count, _ = voice.shape
    needs = context(knobs, channels)
    block = slice(needs.behind, count - needs.ahead)
    turns_middle, turns_dry = _turned(knobs, channels)
    if not (turns_middle or turns_dry):
        return voice
    planes = torch.view_as_real(voice).movedim(-1, 0).contiguous()  # [2, channels, frames, bins]
    gain = _dry_gains(planes, knobs["acapella_dry"], needs, frame_s) if turns_dry else None
    if turns_middle:
        around = middle.AROUND_FRAMES
        wide = planes[:, :, block.start - around : block.stop + around]
        knob = _within(knobs["acapella_middle"], block)
        pairs = middle.turn((wide[0, 0], wide[1, 0]), (wide[0, 1], wide[1, 1]), knob)
    else:
        inner = planes[:, :, block]
        pairs = tuple((inner[0, channel], inner[1, channel]) for channel in range(channels))  # type: ignore[assignment]
    shaped = torch.empty(channels, block.stop - block.start, voice.shape[-1], dtype=voice.dtype)
    for channel, (real, imaginary) in enumerate(pairs):
        parts = (real, imaginary) if gain is None else (real * gain, imaginary * gain)
        torch.complex(*parts, out=shaped[channel])
    return shaped


def _turned(knobs: Knobs, channels: int) -> tuple[bool, bool]:
    """Whether the middle is turned, which only two channels have, and whether the voice is dried."""
    return channels == 2 and not is_at(knobs["acapella_middle"], middle.NEUTRAL), not is_at(
        knobs["acapella_dry"], dry.OFF
    )


def _dry_gains(planes: torch.Tensor, amount: float | torch.Tensor, needs: Context, frame_s: float) -> torch.Tensor:
    count = planes.shape[2]
    first, last = needs.behind - dry.BEHIND_FRAMES, count - needs.ahead + dry.AHEAD_FRAMES
    seen = planes[:, :, first:last]
    power = (seen[0, 0] * seen[0, 0]).add_(seen[1, 0] * seen[1, 0])
    for channel in range(1, planes.shape[1]):
        power.add_(seen[0, channel] * seen[0, channel]).add_(seen[1, channel] * seen[1, channel])
    return dry.gains(power, _within(amount, slice(needs.behind - 1, count - needs.ahead + 1)), frame_s)


def _within(knob: float | torch.Tensor, frames: slice) -> float | torch.Tensor:
    """The knob in these frames."""
    return knob[frames] if isinstance(knob, torch.Tensor) else knob
