"""The command line: `dawbridge watch | separate | presets | weights | jobs | cache | trace | osc | midi | service |
doctor`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from acapellanet.estimate.registry import ANCESTOR, GRIFFIN_LIM
from dawbridge.cli import cache, doctor, jobs, midi, osc, presets, separate, service, trace, watch, weights
from dawbridge.cli.service_files import SYSTEMS
from dawbridge.config.settings import HOST, HTTP_PORT, OSC_PORT
from dawbridge.errors import ConfigError, DawbridgeError
from dawbridge.estimators import DEFAULT_MODEL, model_names
from dawbridge.files.output import DEFAULT_OUTPUT
from dawbridge.knobs.parameters import TABLE
from dawbridge.version import VERSION

BROKEN_PIPE = 141
"""Exit status of a program whose reader went away, as shells count it: 128 + SIGPIPE."""
DEVICES = ("auto", "cuda", "mps", "cpu")

_ABOUT = """\
Bounce a mix into a watched folder; seconds later its acapella and instrumental lie in separated/ beside it,
sample-aligned, summing bit for bit to the bounce. OSC and MIDI turn the knobs, while it happens and after.
"""
_EXAMPLES = """\
examples:
  dawbridge watch ~/Bounces                      keep running; Ctrl-C ends it
  dawbridge watch ~/Bounces --preset karaoke     start with a preset
  dawbridge separate song.wav -o stems/          one file, no daemon
  dawbridge separate song.wav --mask-contrast 0.7 --acapella-gain -3
  dawbridge presets show "clean acapella"
  dawbridge jobs                                 what became of every bounce
  dawbridge service install ~/Bounces            watch whenever you are logged in
  dawbridge doctor                               what is there, what is missing, what to do
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=110)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 something failed, 2 wrong use."""
    options = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `dawbridge osc | head`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except ConfigError as error:
        print(f"dawbridge: {error}", file=sys.stderr)
        return 2
    except DawbridgeError as error:
        print(f"dawbridge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dawbridge: stopped", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; parameter flags come from the table."""
    parser = argparse.ArgumentParser(prog="dawbridge", description=_ABOUT, epilog=_EXAMPLES, formatter_class=_Formatter)
    parser.add_argument("--version", action="version", version=f"dawbridge {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    _add_watch(_command(commands, "watch", watch.run, "watch a folder and separate every bounce (the daily one)"))
    _add_separate(_command(commands, "separate", separate.run, "separate files now, without a daemon"))
    _add_presets(_command(commands, "presets", presets.run, "list the presets, or show one"))
    _add_weights(_command(commands, "weights", weights.run, "list the models, or import the 2017 network's weights.h5"))
    _add_jobs(_command(commands, "jobs", jobs.run, "what became of every bounce; retry, cancel, forget or accept one"))
    _add_cache(_command(commands, "cache", cache.run, "how much the kept analyses take; clear or limit them"))
    _add_trace(_command(commands, "trace", trace.run, "print what happens in a folder and why, separating nothing"))
    _add_osc(_command(commands, "osc", osc.run, "every OSC address, with the values of a running dawbridge"))
    _add_midi(_command(commands, "midi", midi.run, "MIDI ports and bindings; learn a control, watch what comes in"))
    _add_service(_command(commands, "service", service.run, "start the watch with the computer, without a terminal"))
    _add_doctor(_command(commands, "doctor", doctor.run, "check this computer: each line ok, or what to do"))
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    help: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=help, description=help[0].upper() + help[1:] + ".", formatter_class=_Formatter
    )
    parser.set_defaults(command=run)
    return parser


def _add_engine(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("engine and files")
    names = ", ".join(model_names())
    group.add_argument("--model", default=DEFAULT_MODEL, help=f"{names}, or a .safetensors file [{DEFAULT_MODEL}]")
    group.add_argument("--device", default="auto", choices=DEVICES, help="where the network runs [auto]")
    group.add_argument("--preset", default="", metavar="NAME", help="start from this preset (see: dawbridge presets)")
    group.add_argument("--loop", action="store_true", help="the audio goes round: its end leads into its start, in the stems too; files with loop points are taken so anyway")  # fmt: skip
    group.add_argument("--format", default="", metavar="FORMAT", help="source, wav, aiff or flac, also with 16 or 24 behind it: wav24; default: the bounce's own, at least 24 bits")  # fmt: skip


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="the folder that your DAW bounces into; without one, those of dawbridge.toml")  # fmt: skip
    _add_config(parser)
    parser.add_argument("--once", action="store_true", help="separate what lies there, then end")
    parser.add_argument(
        "--existing", action="store_true", default=None, help="at a folder's first watch, take what lies there already"
    )
    parser.add_argument("--output", default="", metavar="TEMPLATE", help="folder beside the bounce, or a template: 'separated/{name}_{stem}' [separated]")  # fmt: skip
    parser.add_argument("--poll", action="store_true", default=None, help="scan the folder instead of waiting for events (network drives)")  # fmt: skip
    parser.add_argument("--accept-streamed", action="store_true", help="take files whose header a pipe never completed")
    parser.add_argument("--no-prefetch", action="store_true", help="do not use idle time to make the first turn of center_amount quick")  # fmt: skip
    _add_engine(parser)
    group = parser.add_argument_group("control surfaces")
    group.add_argument("--host", default=HOST, help=f"address to listen on; 0.0.0.0 lets tablets in [{HOST}]")
    group.add_argument("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"UDP port for OSC [{OSC_PORT}]")
    group.add_argument("--http-port", type=int, default=HTTP_PORT, metavar="PORT", help=f"TCP port for OSCQuery, 0: none [{HTTP_PORT}]")  # fmt: skip
    group.add_argument(
        "--osc-feedback", metavar="HOST:PORT", help="send every change there too (TouchOSC, Max: port 9321)"
    )
    group.add_argument("--midi-port", metavar="NAME", help="listen to this MIDI device too: part of its name, or 'all'")
    group.add_argument("--no-midi", action="store_true", help="leave MIDI alone")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of the watched folders [dawbridge.toml in the settings folder]")  # fmt: skip


def _add_trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder that your DAW bounces into")
    _add_config(parser)
    parser.add_argument("--existing", action="store_true", help="judge what lies there already, too")
    parser.add_argument("--poll", action="store_true", default=None, help="scan instead of waiting for events")
    parser.add_argument("--seconds", type=float, metavar="S", help="end after so long [Ctrl-C ends it]")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=jobs.ACTIONS, default="list", help="[list]")
    parser.add_argument("which", nargs="?", default="", metavar="ID", help="a job's number; for accept also a file")
    parser.add_argument("--all", action="store_true", help="list every job, not only the newest 20")


def _add_cache(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("show", "clear", "limit"), default="show", help="[show]")
    parser.add_argument("size", nargs="?", default="", metavar="SIZE", help="with limit: 500MB, 5GB, 0")


def _add_separate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="audio files")
    parser.add_argument("-o", "--output", default=DEFAULT_OUTPUT, metavar="DIR", help="folder for the stems [separated, beside each file]")  # fmt: skip
    _add_engine(parser)
    group = parser.add_argument_group("parameters")
    for row in TABLE:
        if row.stage != "control":
            flag = "--" + row.name.replace("_", "-")
            group.add_argument(flag, type=float, metavar="X", help=f"{row.help} ({row.allowed}) [{row.default:g}]")


def _add_presets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "show"), default="list", help="[list]")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="with show: which one")


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("list", "import"), default="list", help="[list]")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="with import: weights.h5 as Keras wrote it, of acapellabot, 2017; needs h5py")  # fmt: skip
    parser.add_argument("--name", default=ANCESTOR, help=f"with import: what --model will call it [{ANCESTOR}]; --model NAME{GRIFFIN_LIM} then takes its phase from Griffin-Lim, as in 2017, and leaves most of the voice in the instrumental")  # fmt: skip


def _add_osc(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help=f"where dawbridge runs [{HOST}]")
    parser.add_argument("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"[{OSC_PORT}]")


def _add_midi(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=midi.ACTIONS, metavar="ACTION", help=f"{', '.join(midi.ACTIONS)}")
    parser.add_argument("parameter", nargs="?", default="", metavar="PARAMETER", help="with learn and forget: mask_strength, preset_morph ...")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=600.0, metavar="N", help="with monitor: end after so long [600]")  # fmt: skip
    parser.add_argument("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"where a running dawbridge is asked [{OSC_PORT}]")  # fmt: skip


def _add_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("install", "remove", "status"), help="of the service that watches FOLDERs")
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="the folders that your DAW bounces into"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the file and the commands; change nothing")
    parser.add_argument("--preset", default="", metavar="NAME", help="start from this preset")
    parser.add_argument("--model", default="", help=f"[{DEFAULT_MODEL}]")
    parser.add_argument("--system", choices=SYSTEMS, help="print it for another system [this one]")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="also check that this folder can be watched"
    )
    parser.add_argument("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"[{OSC_PORT}]")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"[{DEFAULT_MODEL}]")
