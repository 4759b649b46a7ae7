"""Draws spectrograms of a bounce and its stems, one below the other."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

LONGEST_S = 16.0
FLOOR_DB = -80.0


def draw_spectrograms(bounce: Path, acapella: Path, instrumental: Path, picture: Path) -> None:
    """Write a PNG with the first seconds of all three, frequency in kHz, dB below the bounce's peak."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, rows = plt.subplots(3, 1, figsize=(10, 9), sharex=True, layout="constrained")
    reference = 0.0
    for axes, path, title in zip(
        rows, (bounce, acapella, instrumental), ("bounce", "acapella", "instrumental"), strict=True
    ):
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            mono = file.read(int(LONGEST_S * rate), always_2d=True).mean(axis=1)
        level = _levels_db(mono)
        reference = reference or float(level.max())
        extent = (0.0, mono.size / rate, 0.0, rate / 2000)
        shown = axes.imshow(
            level - reference, origin="lower", aspect="auto", extent=extent, vmin=FLOOR_DB, vmax=0, cmap="magma"
        )
        axes.set(title=title, ylabel="kHz", ylim=(0, min(12.0, rate / 2000)))
    rows[-1].set_xlabel("seconds")
    figure.colorbar(shown, ax=rows, label="dB")
    figure.savefig(picture, dpi=80)
    plt.close(figure)


def _levels_db(mono: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[bins, frames]`, dB."""
    padded = np.pad(mono, (0, max(0, 4096 - mono.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 4096)[::1024] * np.hanning(4096)
    levels: NDArray[np.float64] = 20 * np.log10(np.abs(np.fft.rfft(frames)).T + 1e-9)
    return levels
