"""What a network is made of, as one value that travels with its weights."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from acapellanet.errors import ModelError

ARCHITECTURE = "acapellanet-1"


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Widths and strides of an `AcapellaNet`; every level below the first halves time and frequency."""

    name: str
    """Name of the model, such as `acapellanet-small`."""
    channels: tuple[int, ...] = (32, 48, 64, 96)
    """Channels per level, the finest first."""
    dilations: tuple[int, ...] = (1, 2, 4, 4)
    """Time dilation of each residual block at the bottleneck, in frames of the coarsest level."""
    blocks: int = 1
    """TFC-TDF blocks per level and direction."""
    patch_bins: int = 4
    """Folded bins that the first convolution joins into one."""
    bottleneck: int = 8
    """The dense layer across frequency narrows by this much."""
    fft_samples: int = 4096
    """Window of the STFT, at 44.1 kHz."""
    hop_samples: int = 1024
    """Step of the STFT."""
    sample_rate: int = 44100
    temper: float = 1.0
    """What is kept of small mask logits, 0..1: below 1 the masks are less sure of themselves (`network.tempered`)."""

    @property
    def time_stride_frames(self) -> int:
        """Frames that one frame of the coarsest level spans."""
        return int(2 ** (len(self.channels) - 1))

    @property
    def alignment_samples(self) -> int:
        """Chunks of a stream must start at multiples of this."""
        return self.hop_samples * self.time_stride_frames

    def to_json(self) -> str:
        """One line of JSON, architecture included."""
        return json.dumps({"architecture": ARCHITECTURE, **asdict(self)})


def config_from_json(text: str) -> NetworkConfig:
    """Read what `to_json` wrote. Raises `ModelError` for another architecture or unknown fields."""
    try:
        values: dict[str, Any] = json.loads(text)
        architecture = values.pop("architecture")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"not a network configuration: {text[:80]!r}") from error
    if architecture != ARCHITECTURE:
        raise ModelError(f"architecture is {architecture!r}, this version reads {ARCHITECTURE!r}")
    unknown = set(values) - {field.name for field in fields(NetworkConfig)}
    if unknown:
        raise ModelError(f"network configuration has unknown fields {sorted(unknown)}")
    lists = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return NetworkConfig(**{**values, **lists})


CONFIGS = {
    "small": NetworkConfig("acapellanet-small"),
    "full": NetworkConfig("acapellanet-full", channels=(48, 80, 128, 160)),
    "tiny": NetworkConfig("acapellanet-tiny", channels=(8, 12, 16), dilations=(1, 2)),
}
"""Configurations by the name that `acapellanet train --config` takes; `tiny` is for trying things out."""
