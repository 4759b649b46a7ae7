"""What `mask_contrast` trades: how free of music the acapella is, over how complete it is.

    python -m benchmarks.contrast SONGS --picture docs/images/contrast.png [--model NAME] [--limit N]

SONGS: a folder as for `acapellanet evaluate`, such as `acapellanet mashups DATA --out SONGS --judge` writes. Each is
analysed once and rendered at each contrast, as a knob turned in the daemon would do; means over the songs.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapellanet import DEFAULT_MODEL
from acapellanet.audio import SAMPLE_RATE
from acapellanet.evaluation.audibility import bleedless_and_fullness
from acapellanet.evaluation.evaluate import find_songs, read_song
from acapellanet.evaluation.metrics import usdr
from dawbridge import VocalIsolator

CONTRASTS = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """The acapella at one contrast, as means over songs."""

    contrast: float
    bleedless: float
    fullness: float
    usdr_db: float


def curve(folder: Path, model: str, limit: int) -> list[Point]:
    """One point for each of `CONTRASTS`, over `limit` songs, evenly spread over a folder."""
    isolator = VocalIsolator(model=model)
    found = find_songs(folder)
    count = min(limit, len(found))
    songs = [found[number * len(found) // count] for number in range(count)]  # of every kind of the judge
    values = np.array([list(_of_song(isolator, folder, song)) for song in songs])  # [songs, contrasts, measures]
    return [Point(contrast, *row) for contrast, row in zip(CONTRASTS, values.mean(0).tolist(), strict=True)]


def _of_song(isolator: VocalIsolator, folder: Path, song: tuple[object, object]) -> Iterator[tuple[float, ...]]:
    halves = read_song(folder, song)  # type: ignore[arg-type]
    analysis = isolator.analyse(halves.vocals + halves.instrumental, SAMPLE_RATE)
    for contrast in CONTRASTS:
        isolator.mask_contrast = contrast
        acapella = np.asarray(isolator.render(analysis).acapella, dtype=np.float32)
        bleedless, fullness = bleedless_and_fullness(halves.vocals, acapella, SAMPLE_RATE)
        yield bleedless, fullness, usdr(halves.vocals, acapella)


def draw(points: Sequence[Point], path: Path) -> None:
    """Bleedless over fullness as a line, with the contrast written at its points."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), dpi=120)
    axes.plot([p.fullness for p in points], [p.bleedless for p in points], "o-", color="#2b6cb0")
    for point in points[::2]:
        offset = (7, 4) if point.contrast > 0.25 else (7, -4) if point.contrast else (-14, -4)  # the line turns back
        axes.annotate(f"{point.contrast:g}", (point.fullness, point.bleedless), offset, textcoords="offset points")
    axes.margins(0.1)
    axes.set_xlabel("fullness: how much of the voice is there")
    axes.set_ylabel("bleedless: how little else is")
    axes.set_title("One knob, /dawbridge/mask/contrast, from 0 to 1", fontsize=10)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the curve, and draw it if a path is given."""
    parser = argparse.ArgumentParser(description="Bleedless over fullness as mask_contrast goes from 0 to 1.")
    parser.add_argument("songs", type=Path, metavar="SONGS")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="PNG to draw")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--limit", type=int, default=24, help="songs, evenly spread over the folder (default: 24)")
    options = parser.parse_args(arguments)
    points = curve(options.songs, options.model, options.limit)
    print("contrast  bleedless  fullness  whole-song SDR (dB)")
    for point in points:
        print(f"{point.contrast:8.3f}  {point.bleedless:9.2f}  {point.fullness:8.2f}  {point.usdr_db:19.2f}")
    if options.picture:
        draw(points, options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
