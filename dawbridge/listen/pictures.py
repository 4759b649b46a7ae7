"""Draws spectrograms for the page: mel frequency, dB below the mixture's loudest, labels that are legible on dark and
light."""

import io
from typing import Any

import librosa
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Levels = NDArray[np.float32]
"""`[mels, frames]`, dB of power."""

WIDTH_PIXELS, HEIGHT_PIXELS = 1400, 300
LEFT, RIGHT, TOP, BOTTOM = 0.05, 0.945, 0.97, 0.14
"""Edges of the spectrogram in the picture, as fractions of it; `BOTTOM` is counted from below."""
FLOOR_DB = -80.0
MELS, FFT_SAMPLES, HOP_SAMPLES = 200, 4096, 1024
LOWEST_HZ, HIGHEST_HZ = 30.0, 18000.0
TICKS_HZ = (100, 300, 1000, 2000, 4000, 8000, 16000)
INK = "#808080"
COLOURS = 96


def mel_levels(samples: Samples, sample_rate: int) -> Levels:
    """Mel spectrogram of the channels' mean, in dB of power."""
    mono = np.pad(samples.mean(axis=0), (0, max(0, FFT_SAMPLES - samples.shape[1])))
    power = librosa.feature.melspectrogram(
        y=mono, sr=sample_rate, n_fft=FFT_SAMPLES, hop_length=HOP_SAMPLES, n_mels=MELS,
        fmin=LOWEST_HZ, fmax=min(HIGHEST_HZ, sample_rate / 2),
    )  # fmt: skip
    return np.asarray(10 * np.log10(power + 1e-10), np.float32)


def png(levels: Levels, reference_db: float, start_s: float, stop_s: float, sample_rate: int) -> bytes:
    """A picture of `levels` less `reference_db`, from -80 to 0 dB; the song's seconds below, Hz at the left."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    style: Any = {
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.edgecolor": INK,
    }
    with plt.rc_context(style):
        figure = plt.figure(figsize=(WIDTH_PIXELS / 100, HEIGHT_PIXELS / 100), dpi=100)
        axes = figure.add_axes((LEFT, BOTTOM, RIGHT - LEFT, TOP - BOTTOM))
        low, high = _mel(LOWEST_HZ), _mel(min(HIGHEST_HZ, sample_rate / 2))
        shown = axes.imshow(
            levels - reference_db, origin="lower", aspect="auto", extent=(start_s, stop_s, low, high),
            vmin=FLOOR_DB, vmax=0, cmap="magma",
        )  # fmt: skip
        ticks = [hz for hz in TICKS_HZ if hz < sample_rate / 2]
        axes.set_yticks([_mel(hz) for hz in ticks], [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in ticks])
        axes.set(ylabel="Hz (mel)", ylim=(low, high))
        axes.text(1.016, -0.035, "s", transform=axes.transAxes, color=INK, va="top")
        bar = figure.colorbar(shown, cax=figure.add_axes((RIGHT + 0.007, BOTTOM, 0.007, TOP - BOTTOM)))
        bar.set_ticks([-80, -60, -40, -20, 0], labels=["-80", "-60", "-40", "-20", "0 dB"], fontsize=8)
        data = _saved(figure)
        plt.close(figure)
    return data


def _mel(hz: float) -> float:
    return float(librosa.hz_to_mel(hz))


def _saved(figure: Any) -> bytes:
    """As a PNG of few colours on a transparent ground: a quarter of the bytes."""
    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", transparent=True)
    with Image.open(raw) as picture:
        picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(small, format="png", optimize=True)
    return small.getvalue()
