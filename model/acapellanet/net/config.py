"""The configuration of a network, as one value that is saved with its weights."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from acapellanet.errors import ModelError

ARCHITECTURE = "acapellanet-1"


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Widths and strides of an `AcapellaNet`. Every level below the first halves time and frequency."""

    name: str
    """Name of the model, such as `acapellanet-small`."""
    channels: tuple[int, ...] = (32, 48, 64, 96)
    """Number of channels of each level, the finest level first."""
    dilations: tuple[int, ...] = (1, 2, 4, 4)
    """Time dilation of each residual block at the bottleneck, in frames of the coarsest level."""
    blocks: int = 1
    """Number of TFC-TDF blocks for each level and direction."""
    patch_bins: int = 4
    """Number of folded bins that the first convolution joins into one."""
    bottleneck: int = 8
    """Factor by which the dense layer across frequency narrows."""
    fft_samples: int = 4096
    """Length of the STFT's window, in samples at 44.1 kHz."""
    hop_samples: int = 1024
    """Step of the STFT, in samples."""
    sample_rate: int = 44100
    temper: float = 1.0
    """Factor applied to small mask logits, 0..1; below 1 the masks are less certain (`network.tempered`)."""

    @property
    def time_stride_frames(self) -> int:
        """Number of frames that one frame of the coarsest level spans."""
        return int(2 ** (len(self.channels) - 1))

    @property
    def alignment_samples(self) -> int:
        """Grid that the chunks of a stream must start on, in samples."""
        return self.hop_samples * self.time_stride_frames

    def to_json(self) -> str:
        """Return one line of JSON, which includes the architecture."""
        return json.dumps({"architecture": ARCHITECTURE, **asdict(self)})


def config_from_json(text: str) -> NetworkConfig:
    """Read what `to_json` wrote. Raises `ModelError` for another architecture or unknown fields."""
    try:
        values: dict[str, Any] = json.loads(text)
        architecture = values.pop("architecture")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"not a network configuration: {text[:80]!r}") from error
    if architecture != ARCHITECTURE:
        raise ModelError(f"architecture is {architecture!r}, this version reads {ARCHITECTURE!r}")
    unknown = set(values) - {field.name for field in fields(NetworkConfig)}
    if unknown:
        raise ModelError(f"network configuration has unknown fields {sorted(unknown)}")
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    try:
        config = NetworkConfig(**{**values, **lists})
    except TypeError as error:
        raise ModelError(f"network configuration is not complete: {error}") from error
    _check(config)
    return config


_RANGES: dict[str, tuple[float, float]] = {
    "blocks": (1, 16), "patch_bins": (1, 64), "bottleneck": (1, 256), "fft_samples": (64, 65536),
    "hop_samples": (16, 65536), "sample_rate": (4000, 192000), "temper": (0.0, 1.0),
}  # fmt: skip
_LISTS = {"channels": (1, 8, 4096), "dilations": (0, 64, 4096)}
"""Least and greatest length, and greatest value."""


def _check(config: NetworkConfig) -> None:
    """Raise `ModelError` for values that no training writes: a file from elsewhere must not ask for all memory."""
    for name, (least, most) in _RANGES.items():
        value = getattr(config, name)
        whole = isinstance(value, int) or (name == "temper" and isinstance(value, float))
        if isinstance(value, bool) or not whole or not least <= value <= most:
            raise ModelError(f"network configuration: {name} is {str(value)[:40]}, allowed are {least:g} to {most:g}")
    for name, (shortest, longest, most) in _LISTS.items():
        values = getattr(config, name)
        if not isinstance(values, tuple) or not shortest <= len(values) <= longest:
            raise ModelError(f"network configuration: {name} must be a list of {shortest} to {longest} numbers")
        if not all(type(value) is int and 1 <= value <= most for value in values):
            raise ModelError(f"network configuration: {name} must be whole numbers of 1 to {most}")


CONFIGS = {
    "small": NetworkConfig("acapellanet-small"),
    "full": NetworkConfig("acapellanet-full", channels=(48, 80, 128, 160)),
    "tiny": NetworkConfig("acapellanet-tiny", channels=(8, 12, 16), dilations=(1, 2)),
}
"""Configurations by the name that `acapellanet train --config` takes; `tiny` is for experiments."""
