"""`dawbridge separate FILES…`: stems without a daemon."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dawbridge.cli.flags import add_engine_flags
from dawbridge.config.paths import cache_folder
from dawbridge.engine import memory
from dawbridge.errors import DawbridgeError
from dawbridge.events import Done, JobState, Notice, Progress, StateChanged
from dawbridge.files.output import DEFAULT_OUTPUT, Output
from dawbridge.files.paths import user_path
from dawbridge.files.printable import printable
from dawbridge.knobs.parameters import SOUND, complete, described
from dawbridge.knobs.presets import Presets

if TYPE_CHECKING:
    from dawbridge.surfaces.terminal import PlainDisplay


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge separate`; those of the knobs come from the parameter table."""
    add = parser.add_argument
    add("files", nargs="+", type=user_path, metavar="FILE", help="audio files")
    add("-o", "--output", default=DEFAULT_OUTPUT, metavar="DIR", help="folder for the stems [separated, beside each file]")  # fmt: skip
    add_engine_flags(parser)
    group = parser.add_argument_group("parameters")
    for name, help in described(*SOUND):
        group.add_argument("--" + name.replace("_", "-"), type=float, metavar="X", help=help)


def run(options: Namespace) -> int:
    """Separate every file; one that fails is named and the rest is done. 1 where any failed."""
    values = read_values(options)
    memory.reuse_freed_blocks()
    from dawbridge.audio.files import StemFormat
    from dawbridge.engine.analysis import AnalysisCache
    from dawbridge.engine.estimate import Engine
    from dawbridge.engine.job import SeparationJob
    from dawbridge.engine.log import log_failure
    from dawbridge.engine.separate import separate
    from dawbridge.surfaces.terminal import make_display

    format = StemFormat.parse(options.format) if options.format else None
    folder = options.output if options.output == "separated" else str(user_path(options.output).resolve())
    output = Output(folder)
    engine = Engine(options.model, options.device)
    engine.warm()
    cache = AnalysisCache(cache_folder() / "analyses")
    display, failures, taken = make_display(), 0, dict[str, Path]()
    try:
        for number, file in enumerate(options.files, 1):
            display(StateChanged(number, JobState.RUNNING, str(file)))
            acapella, instrumental = _free_paths(file.resolve(), output, taken)
            job = SeparationJob(
                file.resolve(), acapella, instrumental, values, format=format, loop=options.loop,
                dawproject=options.dawproject,
            )  # fmt: skip
            try:
                outcome = separate(job, engine, cache, _reporter(display, number))
            except DawbridgeError as error:
                failures += 1
                print(f"dawbridge: {printable(str(error))}", file=sys.stderr)
                continue
            except Exception as error:
                failures += 1
                print(f"dawbridge: {printable(log_failure(f'while separating {file}', error))}", file=sys.stderr)
                continue
            for note in outcome.notes:
                display(Notice(note))
            report = outcome.report
            assert report is not None  # only a prefetch has none
            paths = [str(path) if path else "" for path in (report.acapella, report.instrumental)]
            factor = outcome.seconds / outcome.duration_s
            display(Done(number, paths[0], paths[1], outcome.seconds, report.null_db, factor, report.claim))
    finally:
        display.close()
    return 1 if failures else 0


def _free_paths(file: Path, output: Output, taken: dict[str, Path]) -> tuple[Path, Path]:
    """Where a file's stems go, unless those of another one of this command lie there; the same file keeps its own."""
    from dawbridge.jobs.stem_names import candidates, one_name

    every = (output.paths(file, name) for name in candidates(file))
    acapella, instrumental = next(paths for paths in every if taken.get(one_name(paths[0]), file) == file)
    taken[one_name(acapella)] = file
    return acapella, instrumental


def _reporter(display: "PlainDisplay", number: int) -> Callable[[float], None]:
    return lambda fraction: display(Progress(number, fraction))


def read_values(options: Namespace) -> dict[str, float]:
    """The preset's setting, the flags over it, both over the defaults; raw. Raises `PresetError`, `ParameterError`."""
    preset = Presets().load(options.preset).setting if options.preset else {}
    flags = {name: getattr(options, name) for name in SOUND}
    given = {name: value for name, value in flags.items() if value is not None}
    for name, value in given.items():
        clamped = complete({name: value})[name]
        if clamped != value:
            print(f"dawbridge: --{name.replace('_', '-')} {value:g} lies outside; {clamped:g} is used", file=sys.stderr)
    return dict(complete({**preset, **given}))
