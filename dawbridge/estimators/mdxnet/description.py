"""What has to be known of an MDX-Net besides its graph; kept in the metadata of its file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from dawbridge.errors import ModelError
from dawbridge.estimators.waveform.description import LONGEST_S, REST, VOICE

KEY = "mdxnet"
"""Name of the description in a file's metadata."""
GRAPH = "graph"
"""Name of the tensor of bytes that holds the ONNX file."""
CHANNELS = 4
"""Planes of its input and output: real and imaginary part, of left and right."""

_RATES = range(8000, 192001)
_TRANSFORMS = range(512, 65537)
_FRAMES = range(8, 8193)
_NAMES = {"n_fft": ("n_fft", "mdx_n_fft_scale_set"), "hop_samples": ("hop_length", "hop"), "stem": ("primary_stem",)}
"""What configurations call it, those that are passed around with such files included."""


@dataclass(frozen=True, slots=True)
class Description:
    """A transform, the part of it that the network hears, and what the network gives."""

    n_fft: int
    """Window of the transform, in samples."""
    bins: int
    """The lowest bins, which the network hears."""
    frames: int
    """Length of its input."""
    stem: str
    """`vocals`, or a name of the accompaniment."""
    hop_samples: int = 1024
    compensate: float = 1.0
    """What its output is multiplied by: such networks give a little less than there is."""
    sample_rate: int = 44100
    """In Hz."""

    @property
    def segment_samples(self) -> int:
        """Length of audio whose transform has as many frames as the network takes."""
        return self.hop_samples * (self.frames - 1)

    @property
    def is_rest(self) -> bool:
        """Whether it gives the accompaniment, so that the vocals are the mixture without it."""
        return self.stem.lower() not in VOICE

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))


def describe(config: Mapping[str, Any], bins: int, frames: int) -> Description:
    """Describe a network that takes `frames` of `bins` by the configuration that belongs to it. Raises `ModelError`."""

    def given(name: str, default: Any = None) -> Any:
        return next((config[key] for key in _NAMES.get(name, (name,)) if config.get(key) is not None), default)

    if given("n_fft") is None or given("stem") is None:
        raise ModelError(
            "its configuration does not say n_fft (or mdx_n_fft_scale_set), the window of its transform, and "
            "primary_stem, what it gives; write both into a .yaml file, and give that: --config FILE"
        )
    try:
        return check(
            Description(
                int(given("n_fft")), bins, frames, str(given("stem")), int(given("hop_samples", 1024)),
                float(given("compensate", 1.0)), int(given("sample_rate", 44100)),
            )
        )  # fmt: skip
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"its configuration has something else where a number is wanted ({str(error)[:200]})"
        ) from error


def check(description: Description) -> Description:
    """Return it if it can be run. Raises `ModelError` with what is wrong."""
    if description.stem.lower() not in (*VOICE, *REST):
        raise ModelError(f"it gives {description.stem[:60]!r}; wanted are {', '.join((*VOICE, *REST))}")
    for value, allowed, what in (
        (description.n_fft, _TRANSFORMS, "window"),
        (description.frames, _FRAMES, "number of frames"),
        (description.sample_rate, _RATES, "sample rate"),
        (description.bins, range(1, description.n_fft // 2 + 2), "number of bins"),
        (description.hop_samples, range(description.n_fft // 16, description.n_fft // 2 + 1), "hop"),
    ):
        if value not in allowed:
            raise ModelError(f"its {what} is {value}; allowed are {allowed.start} to {allowed.stop - 1}")
    length, most = description.segment_samples, int(LONGEST_S * description.sample_rate)
    if not description.n_fft // 2 < length <= most:
        raise ModelError(
            f"its {description.frames} frames are {length} samples; allowed are more than half a window, which is "
            f"{description.n_fft // 2}, and at most {LONGEST_S:g} s"
        )
    if not 0.25 <= description.compensate <= 4.0:
        raise ModelError(f"its compensation is {description.compensate}; allowed are 0.25 to 4")
    return description


def from_json(text: str) -> Description:
    """Read what `to_json` wrote. Raises `ModelError` for anything else."""
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or set(values) - {field.name for field in fields(Description)}:
            raise ValueError("fields that are not known")
        whole = ("n_fft", "bins", "frames", "hop_samples", "sample_rate")
        if not all(type(values[name]) is int for name in whole) or not isinstance(values["stem"], str):
            raise ValueError("a text for a number, or a number for a text")
        return check(Description(**{**values, "compensate": float(values["compensate"])}))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ModelError(f"not the description of an MDX-Net ({str(error)[:100]})") from error
