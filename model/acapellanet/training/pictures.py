"""Draw spectrograms of mixture, estimate and truth. This needs matplotlib (extra `train`)."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

WINDOW, HOP = 2048, 512


def draw_spectrograms(path: Path, panels: dict[str, npt.NDArray[np.float32]], sample_rate: int) -> bool:
    """Write a PNG of `panels` (title → `[channels, samples]`); return False if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(11, 2.6 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axis, (title, audio) in zip(axes, panels.items(), strict=True):
        extent = (0, audio.shape[1] / sample_rate, 0, sample_rate / 2000)
        axis.imshow(_levels_db(audio.mean(0)), origin="lower", aspect="auto", vmin=-90, vmax=-10, extent=extent)
        axis.set(title=title, ylabel="kHz", ylim=(0, 12))
    axes[-1].set_xlabel("s")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    return True


def _levels_db(mono: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Compute a spectrogram `[bins, frames]` in decibels."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(mono, WINDOW // 2), WINDOW)[::HOP]
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32))) * (4 / WINDOW)
    return np.asarray(20 * np.log10(magnitude.T + 1e-6), dtype=np.float32)
