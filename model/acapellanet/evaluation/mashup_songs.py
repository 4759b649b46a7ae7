"""Write mashups of held-out voices as a folder of songs, for `acapellanet evaluate`."""

from pathlib import Path

import numpy as np
import soundfile

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.library import Library
from acapellanet.data.mashups import Mashups
from acapellanet.data.shares import HELD_OUT_SHARES
from acapellanet.data.splits import split

TRIES = 10


def export_mashups(library: Library, out: Path, count: int, seconds: float, seed: int) -> list[Path]:
    """Write `count` validation mashups as `<out>/mashup-000/vocals.wav` and `instrumental.wav`.

    Float WAV, 44.1 kHz. Mashups without voice or without music are left out. Raises `DataError` if the
    library has no held-out voice or instrumental.
    """
    mashups = Mashups(
        library, split(library.tracks, validation=True), int(seconds * SAMPLE_RATE), seed, shares=HELD_OUT_SHARES
    )
    songs: list[Path] = []
    for number in range(count * TRIES):
        example = mashups.example(number)
        if len(songs) == count:
            break
        if np.any(example.vocals) and np.any(example.instrumental):
            songs.append(out / f"mashup-{len(songs):03}")
            _write(songs[-1] / "vocals.wav", example.vocals)
            _write(songs[-1] / "instrumental.wav", example.instrumental)
    return songs


def _write(path: Path, audio: np.typing.NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio.T, SAMPLE_RATE, subtype="FLOAT")
