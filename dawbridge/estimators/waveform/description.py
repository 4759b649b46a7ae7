"""What has to be known of a network of this kind besides its tensors; kept in the metadata of its weights."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from dawbridge.errors import ModelError

KEY = "separator"
"""Name of the description in a file's metadata."""
ARCHITECTURES = {
    "mel_band_roformer": "Mel-Band RoFormer",
    "bs_roformer": "BS-RoFormer",
    "scnet": "SCNet",
    "mdx23c": "MDX23C",
    "htdemucs": "HT Demucs",
}
"""Architectures that can be used, by the names that configurations give them."""
VOICE = ("vocals", "vocal", "voice")
REST = ("instrumental", "other", "instrum", "no_vocals", "accompaniment")
"""Names of stems: if a network gives only one, and that is the accompaniment, the vocals are what it leaves."""

LONGEST_S = 60.0
"""Longest segment, in seconds."""
_RATES = range(8000, 192001)
_LARGEST = 4096
"""Largest number in a network's settings, sizes of transforms aside."""
_LARGEST_SIZE = 1 << 16
_SIZES = ("fft", "hop", "win", "freq", "dim_f", "sample", "chunk", "seed", "position", "period")
"""Parts of the names of numbers that may be larger."""
_DEEPEST = 6
_MOST_VALUES = 20_000


@dataclass(frozen=True, slots=True)
class Description:
    """An architecture, its settings, and how it is run."""

    architecture: str
    """A key of `ARCHITECTURES`."""
    model: dict[str, Any]
    """Arguments of the network's class; for MDX23C the section `model` of its configuration."""
    stems: tuple[str, ...]
    """Names of what it gives, in its order."""
    sample_rate: int
    """In Hz."""
    segment_samples: int
    """Length of a segment: what it was trained with."""
    hop_samples: int
    """From one segment to the next."""
    audio: dict[str, Any] = field(default_factory=dict)
    """MDX23C: sizes of its transform."""

    @property
    def stem(self) -> int:
        """Number of the stem that holds the vocals, or from which they are left."""
        return next(i for names in (VOICE, REST) for i, stem in enumerate(self.stems) if stem.lower() in names)

    @property
    def is_rest(self) -> bool:
        """Whether that stem is the accompaniment, so that the vocals are the mixture without it."""
        return self.stems[self.stem].lower() not in VOICE

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))


def check(description: Description) -> Description:
    """Return it if it can be run. Raises `ModelError` with what is wrong."""
    if description.architecture not in ARCHITECTURES:
        raise ModelError(f"architecture {description.architecture[:60]!r}: known are {', '.join(ARCHITECTURES)}")
    stems = [stem.lower() for stem in description.stems]
    if not set(stems) & {*VOICE} and not (len(stems) == 1 and stems[0] in REST):
        raise ModelError(f"its stems are {', '.join(description.stems)[:200] or 'unknown'}: none of them is vocals")
    if description.sample_rate not in _RATES:
        raise ModelError(f"its sample rate is {description.sample_rate} Hz; allowed are {_RATES[0]} to {_RATES[-1]} Hz")
    if not 1024 <= description.segment_samples <= LONGEST_S * description.sample_rate:
        raise ModelError(
            f"its segments have {description.segment_samples} samples; allowed are 1024 samples to {LONGEST_S:g} s"
        )
    if not description.segment_samples // 16 <= description.hop_samples <= description.segment_samples:
        raise ModelError(f"its hop is {description.hop_samples} samples; allowed is a 16th of a segment to all of it")
    left = iter(range(_MOST_VALUES))
    _check_numbers(description.model, "model", 0, left)
    _check_numbers(description.audio, "audio", 0, left)
    return description


def _check_numbers(value: object, name: str, depth: int, left: Iterator[int]) -> None:
    """A file from elsewhere must not ask for all memory, nor hold the same list in itself a thousand times."""
    if depth > _DEEPEST or next(left, None) is None:
        raise ModelError(f"its configuration is nested too deep, or too long, at {name}")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ModelError(f"its configuration has a {type(key).__name__} for a name at {name}")
            _check_numbers(inner, key[:60], depth + 1, left)
    elif isinstance(value, list | tuple):
        if len(value) > 512:
            raise ModelError(f"its configuration has {len(value)} values for {name}; allowed are 512")
        for inner in value:
            _check_numbers(inner, name, depth + 1, left)
    elif isinstance(value, int | float):
        most = _LARGEST_SIZE if any(part in name.lower() for part in _SIZES) else _LARGEST
        if not -most <= value <= most * (1 if isinstance(value, int) else 1 << 12):
            raise ModelError(f"its configuration says {name} = {str(value)[:40]}; allowed are numbers up to {most}")
    elif value is not None and not isinstance(value, str):
        raise ModelError(
            f"its configuration has a {type(value).__name__} for {name}; numbers, text and lists are allowed"
        )


def from_json(text: str) -> Description:
    """Read what `to_json` wrote. Raises `ModelError` for anything else."""
    try:
        values = json.loads(text)
        known = {field.name for field in fields(Description)}
        if not isinstance(values, dict) or set(values) - known:
            raise ValueError("fields that are not known")
        stems = values.pop("stems")
        numbers = [values[name] for name in ("sample_rate", "segment_samples", "hop_samples")]
        if not all(type(number) is int for number in numbers) or not all(isinstance(stem, str) for stem in stems):
            raise ValueError("a text for a number, or a number for a text")
        if not isinstance(values["architecture"], str) or not isinstance(values["model"], dict):
            raise ValueError("no architecture or no model")
        return check(Description(stems=tuple(stems), **values))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"not the description of a separator ({str(error)[:100]})") from error
