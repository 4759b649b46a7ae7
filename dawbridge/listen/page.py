"""The page itself: everything in one HTML file that loads nothing from the network."""

import base64
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from dawbridge.listen import pictures
from dawbridge.listen.tracks import PAGE_HZ, Excerpt, Samples, Track

TEMPLATE = Path(__file__).parent / "page.html"
RATES_KBPS = (192, 160, 128, 112, 96, 80, 64)
"""Bit rates of a track; all keep its length to the sample."""
BUDGET_BYTES = 5_500_000
"""How much the audio of a page may take, in bytes, if the lowest bit rate allows it."""


def fitting_kbps(seconds: float, tracks: int) -> int:
    """Return the highest bit rate with which so many tracks, as base64, fit into the budget; at least 64 kbit/s."""
    spent = [rate for rate in RATES_KBPS if tracks * seconds * rate * 1000 / 8 * 4 / 3 <= BUDGET_BYTES]
    return spent[0] if spent else RATES_KBPS[-1]


def mp3(samples: Samples, kbps: int) -> bytes:
    """Encode `[1 or 2, samples]` at 44.1 kHz as an MP3 of constant bit rate, 64..320 kbit/s."""
    stream = io.BytesIO()
    level = (320 - kbps) / (320 - 32)  # libsndfile spreads 0..1 over LAME's 320..32 kbit/s
    soundfile.write(
        stream, samples.T, PAGE_HZ, format="MP3", subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT", compression_level=level,
    )  # fmt: skip
    return stream.getvalue()


def render_page(excerpt: Excerpt, tracks: Sequence[Track], model: str, kbps: int) -> str:
    """Return the whole page as HTML."""
    levels = [pictures.mel_levels(track.samples, PAGE_HZ) for track in tracks]
    reference_db = float(levels[0].max())
    seconds = tracks[0].samples.shape[1] / PAGE_HZ
    stop_s = excerpt.start_s + seconds
    images = [pictures.png(level, reference_db, excerpt.start_s, stop_s, PAGE_HZ) for level in levels]
    sections = [
        _section(number, track, image, mp3(track.samples, kbps))
        for number, (track, image) in enumerate(zip(tracks, images, strict=True), 1)
    ]
    part = f"{clock(excerpt.start_s)} to {clock(stop_s)} of {clock(excerpt.song_s)}"
    return _filled(
        title=html.escape(excerpt.name),
        facts=html.escape(f"{part}; separated by {model}; MP3, {kbps} kbit/s a track"),
        keys=f"1 to {len(tracks)}",
        duration=f"{seconds:.6f}",
        start=f"{excerpt.start_s:.6f}",
        left=str(pictures.LEFT),
        right=str(pictures.RIGHT),
        axis=f"{1 - pictures.BOTTOM:.4f}",
        tracks="\n".join(sections),
    )


def _section(number: int, track: Track, image: bytes, audio: bytes) -> str:
    name = html.escape(track.name)
    note = html.escape(track.note)
    return (
        f'<section class="track" aria-label="{name}">\n'
        f'<h2><button type="button" class="choose" aria-pressed="{"true" if number == 1 else "false"}">'
        f"<kbd>{number}</kbd> {name}</button> <small>{note}</small></h2>\n"
        f'<div class="picture"><img alt="Spectrogram: {name}" width="{pictures.WIDTH_PIXELS}" '
        f'height="{pictures.HEIGHT_PIXELS}" src="data:image/png;base64,{_base64(image)}">'
        f'<div class="head" aria-hidden="true"></div></div>\n'
        f'<audio controls preload="none" aria-label="{name}" src="data:audio/mpeg;base64,{_base64(audio)}"></audio>\n'
        "</section>"
    )


def _filled(**values: str) -> str:
    """Return the template with each `{{name}}` replaced."""
    template = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def clock(seconds: float) -> str:
    """`1:05`."""
    whole = int(np.floor(seconds + 0.5))
    return f"{whole // 60}:{whole % 60:02}"
