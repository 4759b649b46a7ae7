"""Flags that several commands share."""

import sys
from argparse import ArgumentParser

from dawbridge.estimators import DEFAULT_MODEL, model_names
from dawbridge.files.paths import user_path
from dawbridge.files.printable import printable

DEVICES = ("auto", "cuda", "mps", "cpu")


def warn(text: str) -> None:
    """Print a line for the user that is no answer."""
    print(printable(text), file=sys.stderr)


def add_config_flag(parser: ArgumentParser) -> None:
    """`--config FILE`."""
    parser.add_argument("--config", type=user_path, metavar="FILE", help="settings of the watched folders [dawbridge.toml in the settings folder]")  # fmt: skip


def add_engine_flags(parser: ArgumentParser) -> None:
    """What separates, and what is written."""
    add = parser.add_argument_group("engine and files").add_argument
    names = ", ".join(model_names())
    add(
        "--model",
        default=DEFAULT_MODEL,
        help=f"{names}, a .safetensors file, or a mean of several: a+b, 0.6*a+0.4*b [{DEFAULT_MODEL}]",
    )
    add("--device", default="auto", choices=DEVICES, help="where the network runs [auto]")
    add("--preset", default="", metavar="NAME", help="start with this preset (see: dawbridge presets)")
    add("--loop", action="store_true", help="the audio is a loop: its end leads into its start, also in the stems; files with loop points are always treated so")  # fmt: skip
    add("--dawproject", action="store_true", help="write song.dawproject beside the stems, which Bitwig, Cubase and Studio One open: the bounce, muted, and both stems on tracks of their own")  # fmt: skip
    add("--format", default="", metavar="FORMAT", help="source, wav, aiff or flac, alone or followed by 16 or 24: wav24; default: the bounce's own, at least 24 bits")  # fmt: skip
