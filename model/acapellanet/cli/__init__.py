"""The command line: `acapellanet COMMAND`, one function `add_…` for each command in the modules beside this one."""

import argparse
import sys
from collections.abc import Sequence

from acapellanet.cli.evaluate import add_ablate, add_evaluate, add_stress_tests
from acapellanet.cli.material import add_mashups, add_pack, add_sing, add_vocal_leaks
from acapellanet.cli.train import add_average, add_learn, add_ship, add_train
from acapellanet.errors import AcapellanetError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 for success, 1 for a reported error, 130 if interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(given, argparse.Namespace(given=given))
    try:
        return int(options.run(options))
    except AcapellanetError as error:
        print(f"acapellanet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line, without importing torch."""
    whole = argparse.ArgumentParser(prog="acapellanet", description="Train and judge the acapella ConvNet.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, help: str, *aliases: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, aliases=aliases)

    add_train(add("train", "train on mashups of a folder of songs and voices"))
    add_learn(add("learn", "make a personal model from a few songs of your own, if it does better"))
    add_evaluate(add("evaluate", "measure models on songs whose vocals are known"))
    add_ablate(add("ablate", "compare short runs that differ in one thing, as a table"))
    add_vocal_leaks(add("vocal-leaks", "list the music without voice in which a model hears one", "strays"))
    add_stress_tests(add("stress-tests", "measure known faults on songs made for each", "probes"))
    add_mashups(add("mashups", "write mashups of held-out voices, to evaluate on"))
    add_pack(add("pack", "write what is trained on into a few files, for a machine with a GPU"))
    add_average(add("average", "write the mean of weights that were trained on from one another"))
    add_ship(add("ship", "write weights in half precision, as they are shipped"))
    add_sing(add("sing", "turn speech into song, as more voices to train on"))
    return whole
