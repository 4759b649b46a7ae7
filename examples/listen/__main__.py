"""python -m examples.listen SONG: separate a song and write the page. Run by `make listen SONG=path`."""

import argparse
import math
import sys
from pathlib import Path

from acapellanet.estimate.registry import DEFAULT_MODEL
from dawbridge.errors import DawbridgeError

LONGEST_S = 300.0


def main(arguments: list[str] | None = None) -> int:
    """Write the page; 0 done, 1 with one line on what is wrong, 130 interrupted."""
    options = _options(arguments)
    try:
        _write(options)
    except DawbridgeError as error:
        print(f"listen: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"listen: {error.filename}: {error.strerror}; give another place with --out", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="listen", description="A song and its stems as one HTML file.")
    add = parser.add_argument
    add("song", type=Path, metavar="SONG", help="audio file, or folder with vocals.* and instrumental.*")
    add("--out", type=Path, metavar="FILE", help="the page [listen/SONG.html]")
    add("--model", default=DEFAULT_MODEL, help=f"name, or path of weights [{DEFAULT_MODEL}]")
    add("--device", default="auto", help="auto, cuda, mps or cpu [auto]")
    add("--start", type=_seconds, default=0.0, metavar="S", help="begin there [0]")
    add("--seconds", type=_seconds, default=LONGEST_S, metavar="S", help=f"at most so long [{LONGEST_S:g}]")
    rates = "bit rate of a track [the highest that keeps the page below 6 MB, at least 64]"
    add("--kbps", type=int, choices=(64, 80, 96, 112, 128, 160, 192, 224, 256, 320), help=rates)
    return parser.parse_args(arguments)


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text}: give seconds, 0 or more")
    return value


def _write(options: argparse.Namespace) -> None:
    from examples.listen.page import clock, fitting_kbps, render_page
    from examples.listen.tracks import make_tracks, read_excerpt

    excerpt = read_excerpt(options.song, options.start, options.seconds or LONGEST_S)
    out = options.out or Path("listen") / f"{excerpt.name}.html"
    out.parent.mkdir(parents=True, exist_ok=True)
    seconds = excerpt.mixture.shape[1] / excerpt.sample_rate
    left = excerpt.song_s - excerpt.start_s - seconds
    if left > 0.05:
        print(f"{clock(seconds)} of {clock(excerpt.song_s)}; more with --seconds, elsewhere with --start")
    tracks = make_tracks(excerpt, options.model, options.device, _progress)
    kbps = options.kbps or fitting_kbps(seconds, len(tracks))
    print("\rseparated; drawing and encoding", flush=True)
    out.write_text(render_page(excerpt, tracks, Path(options.model).stem, kbps), encoding="utf-8")
    for track in tracks:
        if track.note:
            print(f"{track.name:12}  {track.note}")
    print(f"{out}  ({out.stat().st_size / 1e6:.1f} MB, {kbps} kbit/s a track)")


def _progress(fraction: float) -> None:
    print(f"\rseparating {100 * fraction:3.0f} %", end="", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
