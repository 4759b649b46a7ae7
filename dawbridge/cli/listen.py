"""`dawbridge listen SONG`: a song and its stems as one web page, to hear and to see them against each other."""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from dawbridge.errors import AudioError, ConfigError
from dawbridge.estimators import DEFAULT_MODEL
from dawbridge.files.paths import user_path

LONGEST_S = 300.0
KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge listen`."""
    add = parser.add_argument
    add("song", type=user_path, metavar="SONG", help="audio file, or folder with vocals.* and instrumental.*")
    add("--out", type=user_path, metavar="FILE", help="the page [listen/SONG.html]")
    add("--model", default=DEFAULT_MODEL, help=f"name, or path of weights [{DEFAULT_MODEL}]")
    add("--device", default="auto", help="auto, cuda, mps or cpu [auto]")
    add("--start", type=_seconds, default=0.0, metavar="S", help="where in the song to begin, in seconds [0]")
    add("--seconds", type=_seconds, default=LONGEST_S, metavar="S", help=f"how much of it at most, in seconds [{LONGEST_S:g}]")  # fmt: skip
    add("--kbps", type=int, choices=KBPS, help="bit rate of a track [the highest that keeps the page below 6 MB, at least 64]")  # fmt: skip


def run(options: Namespace) -> int:
    """Separate the song and write the page. Raises `AudioError`, `ModelError`, `ConfigError`."""
    try:
        from dawbridge.listen.page import clock, fitting_kbps, render_page
        from dawbridge.listen.tracks import make_tracks, read_excerpt
    except ModuleNotFoundError as error:
        raise ConfigError(f"the page's pictures need {error.name}; pip install 'dawbridge[listen]'") from error

    excerpt = read_excerpt(options.song, options.start, options.seconds or LONGEST_S)
    out = options.out if options.out else Path("listen") / f"{excerpt.name}.html"
    _make_folder(out)
    seconds = excerpt.mixture.shape[1] / excerpt.sample_rate
    if excerpt.song_s - excerpt.start_s - seconds > 0.05:
        print(f"{clock(seconds)} of {clock(excerpt.song_s)}; --seconds takes more, --start begins elsewhere")
    tracks = make_tracks(excerpt, options.model, options.device, _progress)
    kbps = options.kbps or fitting_kbps(seconds, len(tracks))
    print("\rseparated; drawing and encoding", flush=True)
    _write(out, render_page(excerpt, tracks, Path(options.model).stem, kbps))
    for track in tracks:
        if track.note:
            print(f"{track.name:12}  {track.note}")
    print(f"{out}  ({out.stat().st_size / 1e6:.1f} MB, {kbps} kbit/s a track)")
    return 0


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise ArgumentTypeError(f"{text}: give seconds, 0 or more")
    return value


def _make_folder(out: Path) -> None:
    """Before the separation, so that a place that cannot be written is known at once."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"{out.parent}: {error.strerror}; name another place with --out") from error


def _write(out: Path, page: str) -> None:
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise AudioError(f"{out}: {error.strerror}; name another place with --out") from error


def _progress(fraction: float) -> None:
    print(f"\rseparating {100 * fraction:3.0f} %", end="", flush=True)
