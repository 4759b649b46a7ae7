"""The command line: which commands there are, and how one is run.

Each command is a module of this package with `add_flags(parser)` and `run(options)`. It is imported when its command
is used, so that `dawbridge --help` imports none of them.
"""

import argparse
import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from dawbridge.errors import ConfigError, DawbridgeError
from dawbridge.files.printable import printable

BROKEN_PIPE = 141
"""Exit status of a program whose reader went away, as shells count it: 128 + SIGPIPE."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells count it: 128 + SIGINT."""

COMMANDS = {
    "watch": "watch a folder and separate every bounce (for daily use)",
    "separate": "separate files now, without a daemon",
    "listen": "make a web page of a song and its stems, to hear and see them against each other",
    "presets": "list the presets, or show one",
    "models": "list the models and their licences; import weights of your own, remove them",
    "learn": "make a personal model from a few songs of your own, in ten minutes",
    "weights": "the older name of models",
    "cluster": "lend this computer to others, which have it estimate",
    "jobs": "show what happened to every bounce; retry, cancel, forget or accept one",
    "cache": "show how much space the kept analyses take; clear or limit them",
    "trace": "print what happens in a folder and why, without separating anything",
    "osc": "print every OSC address, with the values of a running dawbridge",
    "midi": "list MIDI ports and bindings; learn a control, watch what comes in",
    "service": "start watching whenever you log in, without a terminal",
    "doctor": "check this computer: each line is ok, or says what to do",
}
"""Every command, which is a module of the same name, and what it does."""

_ABOUT = """\
Bounce a mix into a watched folder; seconds later its acapella and instrumental are in separated/ beside it,
sample-aligned, summing bit for bit to the bounce. OSC and MIDI turn the knobs, during the separation and after it.
"""
_EXAMPLES = """\
examples:
  dawbridge watch ~/Bounces                      keep running; Ctrl-C ends it
  dawbridge watch ~/Bounces --preset karaoke     start with a preset
  dawbridge separate song.wav -o stems/          one file, without a daemon
  dawbridge separate song.wav --mask-contrast 0.7 --acapella-gain -3
  dawbridge presets show "clean acapella"
  dawbridge jobs                                 what happened to every bounce
  dawbridge service install ~/Bounces            watch whenever you are logged in
  dawbridge doctor                               what is there, what is missing, what to do
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 something failed, 2 wrong use."""
    try:
        options = build_parser().parse_args(arguments)
        status: int = import_module(f"dawbridge.cli.{options.command}").run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `dawbridge osc | head`: the reader has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except DawbridgeError as error:
        lines = (printable(line) for line in str(error).split("\n"))
        print("dawbridge:", "\n".join(lines), file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        print("dawbridge: stopped", file=sys.stderr)
        return INTERRUPTED


def build_parser() -> ArgumentParser:
    """The parser of all commands. A command's own flags are added when they are first needed."""
    parser = ArgumentParser(prog="dawbridge", description=_ABOUT, epilog=_EXAMPLES, formatter_class=_Formatter)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", dest="command", parser_class=_CommandParser
    )
    for name, does in COMMANDS.items():
        about = does[0].upper() + does[1:] + "."
        commands.add_parser(name, help=does, description=about, formatter_class=_Formatter)
    return parser


class _CommandParser(ArgumentParser):
    """The parser of one command, whose flags its module adds when it is first asked to parse."""

    _filled = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As always, with the flags there."""
        if not self._filled:
            self._filled = True
            import_module(f"dawbridge.cli.{self.prog.split()[-1]}").add_flags(self)
        return super().parse_known_args(args, namespace)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes as long as all the rest of `--help`."""

    def __call__(self, parser: ArgumentParser, *_: object) -> None:
        from dawbridge.version import VERSION

        print(f"dawbridge {VERSION}")
        parser.exit()


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=110)
