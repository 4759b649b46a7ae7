"""`acapellanet mashups`, `vocal-leaks` and `sing`: commands that make or search audio to train and judge with."""

import argparse
import sys
from pathlib import Path

from acapellanet.estimate.registry import DEFAULT_MODEL


def add_mashups(command: argparse.ArgumentParser) -> None:
    """Give `mashups` its options."""
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, help="folder to write songs into")
    command.add_argument("--cache", type=Path, help="folder for decoded audio (default: OUT/cache)")
    command.add_argument("--count", type=int, default=20, help="how many (default: 20)")
    command.add_argument("--seconds", type=float, default=15.0, help="length of each (default: 15)")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument(
        "--judge", action="store_true", help="the fixed set that models are judged by, of all kinds of voices"
    )
    command.add_argument("--seen", action="store_true", help="with --judge: of voices and music that are trained on")
    command.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="leave out files whose path matches"
    )
    command.set_defaults(run=_mashups)


def _mashups(options: argparse.Namespace) -> int:
    from acapellanet.data.library import open_library
    from acapellanet.evaluation.mashup_songs import export_mashups

    library = open_library(options.data, options.cache or options.out / "cache", tuple(options.exclude))
    if options.judge:
        from acapellanet.evaluation.judge import write_songs

        songs = write_songs(library, options.out, options.seen)
        print(f"{len(songs)} songs in {options.out}")
        return 0
    songs = export_mashups(library, options.out, options.count, options.seconds, options.seed)
    print(f"{len(songs)} songs in {options.out}")
    return 0


def add_pack(command: argparse.ArgumentParser) -> None:
    """Give `pack` its options."""
    command.description = (
        "All that training hears, as Ogg Opus in parts of at most 36 MiB, for a machine with a GPU: "
        "train --packed PACK, or make gpu-train."
    )
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, metavar="PACK", help="folder to write the parts into")
    command.add_argument("--cache", type=Path, required=True, help="folder for decoded audio, as for train")
    command.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="leave out files whose path matches"
    )
    command.set_defaults(run=_pack)


def _pack(options: argparse.Namespace) -> int:
    from rich.progress import Progress

    from acapellanet.data.library import open_library
    from acapellanet.data.pack import write_pack
    from acapellanet.data.splits import split

    library = open_library(options.data, options.cache, tuple(options.exclude))
    chosen = split(library.tracks, validation=False)
    tracks = [*(track for voices in chosen.voices.values() for track in voices), *chosen.instrumentals]
    with Progress(transient=True) as bars:
        task = bars.add_task("packing", total=len(tracks))
        paths = write_pack(library, tracks, options.data, options.out, lambda count: bars.update(task, completed=count))
    size = sum(path.stat().st_size for path in paths)
    print(f"{len(tracks)} tracks, {size / 1e6:.0f} MB in {len(paths) - 1} parts: {options.out}")
    return 0


def add_vocal_leaks(command: argparse.ArgumentParser) -> None:
    """Give `vocal-leaks` its options."""
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, help="list to write, for train --exclude-from")
    command.add_argument("--cache", type=Path, required=True, help="folder for decoded audio, as for train")
    command.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help=f"default: {DEFAULT_MODEL}")
    command.add_argument(
        "--limit-db",
        type=float,
        default=-9.0,
        help="list what has louder vocals, in dB to the whole (default: -9)",
    )
    command.set_defaults(run=_vocal_leaks)


def _vocal_leaks(options: argparse.Namespace) -> int:
    from rich.progress import track

    from acapellanet.data.library import open_library
    from acapellanet.estimate.estimator import load_estimator
    from acapellanet.evaluation.vocal_leaks import vocal_leak_db

    library, estimator = open_library(options.data, options.cache), load_estimator(options.model)
    music = [entry for entry in library.tracks if entry.role == "instrumental" and not entry.paired]
    levels = {entry.name: vocal_leak_db(library, entry, estimator) for entry in track(music, "listening")}
    loud = sorted((name for name in levels if levels[name] > options.limit_db), key=lambda name: -levels[name])
    options.out.write_text("".join(f"{name}\n" for name in loud), encoding="utf-8")
    for name in loud:
        print(f"{levels[name]:6.1f} dB  {name}")
    print(f"{len(loud)} of {len(music)} with vocals above {options.limit_db:g} dB: {options.out}")
    return 0


def add_sing(command: argparse.ArgumentParser) -> None:
    """Give `sing` its options."""
    command.description = (
        "Speech into song: pitch and pace of every speaker that flite and festival have here, or of recordings, are "
        "put to melodies with the WORLD vocoder (extra: voices); the singing synthesizer Sinsy, where it is installed "
        "(extra: sinsy), sings too. With --out DATA/vocals/songs, train hears them."
    )
    command.add_argument("speech", type=Path, nargs="?", metavar="SPEECH", help="folder of recorded speech instead")
    command.add_argument("--out", type=Path, required=True, help="folder to write one bank for each speaker into")
    command.add_argument(
        "--melodies", type=Path, metavar="FOLDER", help="solo songs whose melodies half of the recorded speech follows"
    )
    command.add_argument("--minutes", type=float, default=60.0, help="of song from the synthesizers (default: 60)")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run=_sing)


def _sing(options: argparse.Namespace) -> int:
    from rich.progress import Progress

    from acapellanet.voices.songbook import sing_recordings, sing_verses

    with Progress(transient=True) as bars:
        task = bars.add_task("singing", total=None if options.speech else options.minutes * 60)
        if options.speech:
            book = sing_recordings(
                options.speech, options.out, options.seed, lambda s: bars.advance(task, s), options.melodies
            )
        else:
            book = sing_verses(options.out, options.minutes, options.seed, lambda s: bars.advance(task, s))
    for problem in book.problems:
        print(f"skipped {problem}", file=sys.stderr)
    for bank, seconds in sorted(book.seconds.items()):
        print(f"{seconds / 60:6.1f} min  {bank}")
    print(f"{sum(book.seconds.values()) / 60:.0f} minutes in {options.out}")
    return 0
