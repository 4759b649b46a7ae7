"""Bounces for the audio tests: real files, written by libsndfile."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

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
