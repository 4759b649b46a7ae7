"""Renders the acapella from a mixture, the estimate of its vocals and the knobs: the fast half.

The instrumental is always bounce - acapella (`dawbridge.audio.files.StemWriter`), so only one stem is made here.
The spectral knobs work per bin of a short-time Fourier transform at the source's own rate; its window is the
network's 4096 samples at 44.1 kHz, scaled in seconds. Streaming is exact: every frame lies on one grid, and a
block gets all frames that touch it, and those that the knobs of the voice look at.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dawbridge.engine import mask, voice
from dawbridge.engine.mask import BAND, Knobs, Spectrum, band_gains, within
from dawbridge.engine.voice import VOICE
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import PARAMETERS, Snapshot, complete

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Reader = Callable[[int, int], Samples]
"""`(start, stop) → [channels, stop - start]` in samples; always inside the file, except for a loop."""

_MASK = frozenset(("mask_strength", "mask_contrast", "mask_floor"))
SPECTRAL = _MASK | {*BAND, *VOICE}
"""Knobs that work per bin."""
NO_AUTOMATION = Automation()


@dataclass(frozen=True, slots=True)
class Grid:
    """The frames of one sample rate: `window` and `hop` in samples, 4 hops a window."""

    window: int
    hop: int

    @property
    def overlap(self) -> int:
        """Number of samples by which frames that touch a block reach beyond it."""
        return self.window - self.hop

    @classmethod
    def of(cls, sample_rate: int) -> "Grid":
        """Return the network's window in seconds, with a hop that is a multiple of 16 samples."""
        hop = max(16, round(1024 * sample_rate / 44100 / 16) * 16)
        return cls(4 * hop, hop)


def is_neutral(values: Snapshot) -> bool:
    """Return whether no spectral knob is turned, so that a stem needs no transform."""
    strength = values["mask_strength"]
    return strength in (0.0, 1.0) and not _shapes(values) and not _banded(values) and not (strength and _voiced(values))


def is_plain(values: Snapshot, automation: Automation = NO_AUTOMATION) -> bool:
    """Return the same, with knobs that move taken into account."""
    return is_neutral(values) and not (automation.lanes and automation.only(SPECTRAL))


def render(
    mixture: Reader, vocals: Reader, start: int, stop: int, frames: int | None, sample_rate: int, values: Snapshot,
    automation: Automation = NO_AUTOMATION,
) -> Samples:  # fmt: skip
    """Return the acapella's samples `start..stop` of a bounce of `frames` samples, `[channels, stop - start]`.

    `vocals` reads the network's estimate at the source's rate. `start` must be a multiple of `Grid.hop` for
    pieces to fit together exactly as one whole pass. `frames` is None for a loop: its readers know what lies
    before 0 and after its end. Lanes of `automation` take precedence over `values`: those of spectral knobs are
    followed frame by frame, the depth sample by sample.
    """
    lanes = automation.only(SPECTRAL) if automation.lanes else NO_AUTOMATION
    if lanes.lanes:
        acapella = _spectral(mixture, vocals, start, stop, frames, sample_rate, values, lanes)
    elif values["mask_strength"] == 0.0 and not _banded(values):
        acapella = mixture(start, stop)
    elif is_neutral(values):
        acapella = vocals(start, stop)
    else:
        acapella = _spectral(mixture, vocals, start, stop, frames, sample_rate, values, lanes)
    return with_depth(acapella, start, sample_rate, values, automation)


def prepare() -> None:
    """Compile what the spectral knobs run, or load what was compiled before, so that their first turn need not wait."""
    turned = {"mask_strength": 0.5, "band_low": 100.0, "acapella_middle": 1.0, "acapella_dry": 1.0}
    silence = np.zeros((2, 1), np.float32)
    render(lambda _start, _stop: silence, lambda _start, _stop: silence, 0, 1, 1, 44100, complete(turned))


def with_depth(
    masked: Samples, start: int, sample_rate: int, values: Snapshot, automation: Automation = NO_AUTOMATION
) -> Samples:
    """Return the acapella from frame `start` on, `[channels, samples]`: what the mask left, scaled by the depth."""
    lane = automation.lane("mask_depth") if automation.lanes else None
    if lane is not None:
        times_s = np.arange(start, start + masked.shape[1]) / sample_rate
        return np.asarray(masked * lane.values(times_s).astype(np.float32))
    depth = np.float32(values["mask_depth"])
    return masked if depth == 1 else masked * depth


def _shapes(values: Snapshot) -> bool:
    floor_matters = values["mask_floor"] != PARAMETERS["mask_floor"].off and values["mask_strength"] > 0
    return values["mask_strength"] > 0 and (values["mask_contrast"] != 0.5 or floor_matters)


def _banded(values: Snapshot) -> bool:
    return any(values[name] != PARAMETERS[name].off for name in BAND)


def _voiced(values: Snapshot) -> bool:
    return any(values[name] != PARAMETERS[name].default for name in VOICE)


def _spectral(
    mixture: Reader, vocals: Reader, start: int, stop: int, frames: int | None, sample_rate: int, values: Snapshot,
    lanes: Automation,
) -> Samples:  # fmt: skip
    grid, window = Grid.of(sample_rate), torch.hann_window(Grid.of(sample_rate).window)
    first, last = start - grid.overlap, stop + grid.overlap
    last += -(last - first) % grid.hop
    needs = voice.context({**values, **dict.fromkeys((lane.name for lane in lanes.lanes), np.empty(0, np.float32))})
    seen_first, seen_last = first - needs.behind * grid.hop, last + needs.ahead * grid.hop
    seen = _at_frames(
        values, lanes, np.arange(seen_first + grid.window / 2, seen_last - grid.window / 2 + 1, grid.hop) / sample_rate
    )
    sung = voice.shape(
        _transform(_padded(vocals, seen_first, seen_last, frames), grid, window), seen, needs, grid.hop / sample_rate
    )
    knobs = within(seen, slice(needs.behind, needs.behind + sung.shape[1]))
    plain = not _moves(knobs) and values["mask_strength"] == 1.0 and not _shapes(values)  # then the mixture has no say
    sound = None if plain else _transform(_padded(mixture, first, last, frames), grid, window)
    is_banded = _banded(values) or any(lanes.lane(name) for name in BAND)
    mask.apply(sound, sung, knobs, band_gains(grid.window, sample_rate, knobs) if is_banded else None)
    return _inverse(sung, grid, window)[:, grid.overlap : grid.overlap + stop - start].numpy()


def _at_frames(values: Snapshot, lanes: Automation, times_s: NDArray[np.float64]) -> Knobs:
    """Return the knobs at the middles of frames: those with a lane as `[frames]`."""
    moving = {lane.name: lane.values(times_s).astype(np.float32) for lane in lanes.lanes}
    return {**values, **moving}


def _moves(knobs: Knobs) -> bool:
    """Return whether one of the mask's knobs has a lane."""
    return any(isinstance(knobs[name], np.ndarray) for name in _MASK)


def _padded(read: Reader, first: int, last: int, frames: int | None) -> torch.Tensor:
    """Return samples `first..last`, with silence outside of the file; a loop has no outside."""
    if frames is None:
        return torch.from_numpy(np.require(read(first, last), np.float32, ["C", "W"]))
    inner = torch.from_numpy(np.require(read(max(first, 0), min(last, frames)), np.float32, ["C", "W"]))
    return torch.nn.functional.pad(inner, (max(0, -first), max(0, last - frames)))


def _transform(samples: torch.Tensor, grid: Grid, window: torch.Tensor) -> Spectrum:
    # [channels, samples] → [channels, frames, bins]
    return np.asarray(torch.fft.rfft(samples.unfold(-1, grid.window, grid.hop) * window).numpy())


def _inverse(spectrum: Spectrum, grid: Grid, window: torch.Tensor) -> torch.Tensor:
    """Overlap and add, weighted; four overlapping squared Hann windows add up to 1.5."""
    pieces = torch.fft.irfft(torch.from_numpy(spectrum), n=grid.window).mul_(window / 1.5)
    channels, count, _ = pieces.shape
    quarters = pieces.view(channels, count, 4, grid.hop)
    summed = torch.zeros(channels, count + 3, grid.hop)
    for quarter in range(4):
        summed[:, quarter : quarter + count] += quarters[:, :, quarter]
    return summed.view(channels, -1)
