"""Samples to features and masks to samples, tile by tile: what stands around the network's layers in a stream.

Both directions give what one whole pass gives: the transform's frames lie on one grid from the first sample on, and
each sample is the sum of the same frames in the same order.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import LEVEL_REACH_FRAMES, apply_masks, features_at, level_of, power_of
from acapellanet.net.tiles import FrameQueue
from acapellanet.net.transforms import frames_needed, to_planes, window_of

_LEAST = 1e-11
"""Keeps a division from zero, as `torch.istft` does."""


class Analysis:
    """Samples in, planes of the transform and the network's features out."""

    def __init__(self, config: NetworkConfig) -> None:
        self._config = config
        self._window = window_of(config.fft_samples, torch.device("cpu"))
        self._held = torch.zeros(2, config.fft_samples // 2)
        self._samples = 0
        self._planes = FrameQueue()
        self._power: Tensor | None = None
        self._done = 0
        """Frames at the start of `_power` whose level has been given."""

    @property
    def frames(self) -> int:
        """Frames of the transform that can be given now."""
        return max(0, (self._held.shape[1] - self._config.fft_samples) // self._config.hop_samples + 1)

    @property
    def samples(self) -> int:
        """Samples that came in so far."""
        return self._samples

    def put(self, samples: Tensor) -> None:
        """Append samples, `[2, n]`."""
        self._samples += samples.shape[1]
        self._held = torch.cat((self._held, samples), 1)

    def end(self) -> None:
        """No more samples come: fill up with silence to a whole number of the network's coarsest frames."""
        config = self._config
        frames = frames_needed(self._samples, config.hop_samples, config.time_stride_frames)
        whole = (frames - 1) * config.hop_samples + config.fft_samples  # from half a window before the first sample on
        given = self._samples + config.fft_samples // 2
        self._held = pad(self._held, (0, max(0, whole - given)))

    def take(self, frames: int, last: bool) -> tuple[Tensor, Tensor]:
        """Transform the next `frames`; the features `[1, 4, n, folded]` and planes `[1, 4, n, bins]` that are ready."""
        config = self._config
        stop = (frames - 1) * config.hop_samples + config.fft_samples
        spectrum = torch.stft(
            self._held[:, :stop],
            config.fft_samples,
            config.hop_samples,
            window=self._window,
            center=False,
            normalized=True,
            return_complex=True,
        )
        self._held = self._held[:, frames * config.hop_samples :].clone()
        planes = to_planes(spectrum.unsqueeze(0))  # [1, 2, 2, frames, bins]
        self._planes.push(planes.flatten(1, 2))
        level = self._level(power_of(planes), last)
        if not level.shape[2]:
            empty = planes.flatten(1, 2)[:, :, :0]
            return empty.new_empty(1, 4, 0, config.fft_samples // 4), empty
        ready = self._planes.take(level.shape[2])
        return features_at(torch.unflatten(ready, 1, (2, 2)), level), ready

    def _level(self, power: Tensor, last: bool) -> Tensor:
        """Levels of the frames whose 32 neighbours on either side have come."""
        seen = power if self._power is None else torch.cat((self._power, power), 2)
        stop = seen.shape[2] if last else max(self._done, seen.shape[2] - LEVEL_REACH_FRAMES)
        level = level_of(seen)[:, :, self._done : stop]
        start = max(0, stop - LEVEL_REACH_FRAMES)
        self._power, self._done = seen[:, :, start:], stop - start
        return level


class Synthesis:
    """Masks and the mixture's planes in, vocals out."""

    def __init__(self, config: NetworkConfig) -> None:
        self._config = config
        self._overlap = config.fft_samples // config.hop_samples
        window = window_of(config.fft_samples, torch.device("cpu"))
        self._window = window
        self._squares = window.square().view(self._overlap, config.hop_samples)
        self._sums = torch.zeros(2, self._overlap - 1, config.hop_samples)
        self._weights = torch.zeros(self._overlap - 1, config.hop_samples)
        self._skip = config.fft_samples // 2
        """Samples that lie before the first one of the file."""

    def put(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Masks `[1, 3, n, folded]` on planes `[1, 4, n, bins]` → the samples `[2, …]` that are complete now."""
        vocals = apply_masks(masks, torch.unflatten(planes, 1, (2, 2)))[0]  # [2, 2, n, bins]
        spectrum = pad(torch.complex(vocals[:, 0], vocals[:, 1]), (0, 1))
        pieces = torch.fft.irfft(spectrum, self._config.fft_samples, norm="ortho") * self._window
        frames = pieces.shape[1]
        parts = pieces.view(2, frames, self._overlap, self._config.hop_samples)
        sums, weights = pad(self._sums, (0, 0, 0, frames)), pad(self._weights, (0, 0, 0, frames))
        for part in range(self._overlap - 1, -1, -1):  # the earliest frame first
            sums[:, part : part + frames] += parts[:, :, part]
            weights[part : part + frames] += self._squares[part]
        self._sums, self._weights = sums[:, frames:], weights[frames:]
        return self._given(sums[:, :frames], weights[:frames])

    def end(self) -> Tensor:
        """The samples that only the last frames reach, `[2, …]`."""
        return self._given(self._sums, self._weights)

    def _given(self, sums: Tensor, weights: Tensor) -> Tensor:
        samples = (sums / weights.clamp_min(_LEAST)).flatten(1)
        skipped = min(self._skip, samples.shape[1])
        self._skip -= skipped
        return samples[:, skipped:]
