"""Bounces for the audio tests: real files, written by libsndfile."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files

Bounce = Callable[..., Path]


@pytest.fixture
def bounce(tmp_path: Path) -> Bounce:
    """`bounce(container, subtype, channels=2, frames=5000, level=0.5, name=...)` → a file of noise."""

    def write(container: str, subtype: str, channels: int = 2, frames: int = 5000, level: float = 0.5,
              name: str | None = None, rate: int = 44100) -> Path:  # fmt: skip
        path = tmp_path / (name or f"bounce.{container.lower()}")
        noise = np.random.default_rng(1).uniform(-level, level, (frames, channels))
        soundfile.write(path, noise, rate, subtype, format=container)
        return path

    return write


def separate(
    path: Path, level: float = 0.3, format: str = "source", block: int = 1999, **gains: float
) -> files.WriteReport:
    """Write both stems of `path`; the acapella is noise of `level`, nothing of the bounce."""
    noise = np.random.default_rng(2)
    with (
        files.open_source(path) as source,
        files.StemWriter(
            source.bounce,
            *files.stem_paths(path.parent / "separated", path),
            format=files.StemFormat.parse(format),
            **gains,  # type: ignore[arg-type]
        ) as writer,
    ):
        for mixture in source.blocks(block):
            writer.write(mixture, noise.uniform(-level, level, mixture.shape))
        return writer.publish("dawbridge 0.1.0; model=test")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
