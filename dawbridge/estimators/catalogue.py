"""Weights of other people that `dawbridge models fetch` knows: where they are, what they are, under which licence.

dawbridge ships none of them. Sizes and hashes are those of the files as their authors published them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dawbridge.errors import ModelError


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of weights."""

    name: str
    """What `--model` calls it after it was fetched."""
    about: str
    file: str
    """Its name as it is passed around."""
    urls: tuple[str, ...]
    """Where it is; the next one is tried if one fails."""
    size: int
    """In bytes."""
    sha256: str
    licence: str
    """As its author states it."""
    licence_from: str
    """Where the author states it."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """What its network is made with, if the file does not say so itself."""


_KIM = {
    "audio": {"chunk_size": 352800, "sample_rate": 44100},
    "model": {
        "dim": 384, "depth": 6, "stereo": True, "num_stems": 1, "time_transformer_depth": 1,
        "freq_transformer_depth": 1, "num_bands": 60, "dim_head": 64, "heads": 8, "attn_dropout": 0, "ff_dropout": 0,
        "flash_attn": True, "dim_freqs_in": 1025, "sample_rate": 44100, "stft_n_fft": 2048, "stft_hop_length": 441,
        "stft_win_length": 2048, "stft_normalized": False, "mask_estimator_depth": 2,
    },
    "training": {"instruments": ["vocals", "other"], "target_instrument": "vocals"},
    "inference": {"num_overlap": 2},
}  # fmt: skip

CATALOGUE: tuple[Entry, ...] = (
    Entry(
        "kim-mel-band-roformer",
        "Mel-Band RoFormer for vocals by Kimberley Jensen, 228 million parameters; wants a graphics card",
        "MelBandRoformer.ckpt",
        (
            "https://huggingface.co/KimberleyJSN/melbandroformer/resolve/main/MelBandRoformer.ckpt",
            "https://github.com/nomadkaraoke/python-audio-separator/releases/download/model-configs/vocals_mel_band_roformer.ckpt",
        ),
        913_106_900,
        "87201f4d31afb5bc79993230fc49446918425574db48c01c405e44f365c7559e",
        "MIT",
        "the licence tag of https://huggingface.co/KimberleyJSN/melbandroformer",
        config=_KIM,
    ),
    Entry(
        "htdemucs",
        "HT Demucs by Meta, 42 million parameters, four stems of which dawbridge takes the vocals",
        "955717e8-8726e21a.th",
        ("https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/955717e8-8726e21a.th",),
        84_141_911,
        "8726e21a993978c7ba086d3872e7608d7d5bfca646ca4aca459ffda844faa8b4",
        "not covered by Demucs's MIT licence; published for scientific purposes only",
        "what its authors answer in the issues of https://github.com/facebookresearch/demucs",
    ),
)


def entry(name: str) -> Entry:
    """The entry of this name. Raises `ModelError`."""
    found = next((one for one in CATALOGUE if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in CATALOGUE)
        raise ModelError(f"the catalogue has no {name[:60]!r}; it has {names}; dawbridge models import takes any file")
    return found


def by_hash(sha256: str) -> Entry | None:
    """The entry whose file has this hash."""
    return next((one for one in CATALOGUE if one.sha256 == sha256), None)
