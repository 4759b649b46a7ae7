"""`dawbridge learn`: a personal model from a few songs of one's own."""

import time
from argparse import ArgumentParser, Namespace

from dawbridge.errors import ConfigError, ModelError
from dawbridge.files.paths import user_path

DEFAULT = "acapellanet-full"


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge learn`."""
    add = parser.add_argument
    add("folder", type=user_path, metavar="FOLDER", help="songs of yours, ten seconds or longer, each a folder with vocals.* and instrumental.*, whose sum is the mix")  # fmt: skip
    add("--name", default="mine", help="what --model will call the new model [mine]")
    add("--minutes", type=float, default=10.0, help="how long to train [10]")
    add("--model", default=DEFAULT, metavar="NAME", help=f"the model to start from [{DEFAULT}]")


def run(options: Namespace) -> int:
    """Train, judge on what was held back, and keep the model if it does better. Raises `ConfigError`, `ModelError`."""
    from rich.console import Console
    from rich.progress import Progress

    from acapellanet.errors import AcapellanetError
    from acapellanet.training.learn import learn
    from dawbridge.cli.models import free_place

    if not options.folder.is_dir():
        raise ConfigError(f"{options.folder}: no such folder; give one with a folder for each song")
    if not options.minutes > 0:
        raise ConfigError(f"--minutes {options.minutes:g}: give more than 0; ten are a good start")
    place = free_place(options.name)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    began = time.monotonic()
    try:
        with Progress(transient=True, console=console, disable=not console.is_terminal) as bars:
            task = bars.add_task("learning", total=1.0)
            learned = learn(
                options.folder,
                place,
                options.minutes,
                options.model,
                lambda share: bars.update(task, completed=share),
                say=console.print,
            )
    except AcapellanetError as error:
        raise ModelError(str(error)) from error
    minutes = (time.monotonic() - began) / 60
    print(
        f"vocals on the parts held back: {learned.before_db:.2f} dB before, {learned.after_db:.2f} dB after "
        f"{minutes:.0f} minutes"
    )
    if learned.weights is None:
        print(
            f"not better than {options.model}: nothing was kept; more songs, or more minutes (some hundred steps), may help"
        )
        return 1
    print(f"{learned.weights}\nuse it: dawbridge watch FOLDER --model {options.name}")
    return 0
