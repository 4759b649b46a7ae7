"""The options of `acapellanet train`, besides the data and the model."""

import argparse
from pathlib import Path

from acapellanet.data.licences import FOLDERS_BY_LICENCE


def add_schedule(train: argparse.ArgumentParser) -> None:
    """Add what says how long and how fast it learns."""
    train.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate (default: 0.0015)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", action="store_true", help="go on where OUT's checkpoint stands")
    train.add_argument(
        "--schedule",
        choices=("cosine", "flat"),
        default="cosine",
        help="flat: the rate does not fall, for runs that go on for days; --cool ends them (default: cosine)",
    )
    train.add_argument(
        "--cool", type=Path, metavar="RUN", help="end a flat run: from its state on, the rate falls to nothing"
    )
    train.add_argument(
        "--processes", type=int, default=1, metavar="N", help="train in N processes of one thread each, which meet"
    )
    train.add_argument("--member", type=int, help=argparse.SUPPRESS)  # the number of one of --processes
    train.add_argument("--other-data", action="store_true", help="resume although the data is not what it was")
    train.add_argument(
        "--judge-every", type=float, default=9.0, metavar="MIN", help="minutes between judgements (default: 9)"
    )


def add_computing(train: argparse.ArgumentParser) -> None:
    """Add what says how and where it computes."""
    train.add_argument("--batch", type=int, default=5, help="examples per step (default: 5)")
    train.add_argument("--frames", type=int, default=192, help="length of an example in hops (default: 192)")
    train.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    train.add_argument("--device", default="auto", help="cuda, mps or cpu (default: auto); torchrun uses several")
    train.add_argument("--compile", action="store_true", help="compile features and loss; needs a C++ compiler")
    train.add_argument(
        "--bfloat16",
        action=argparse.BooleanOptionalAction,
        help="autocast (default: where the processor has it in hardware)",
    )
    train.add_argument("--matched", action="store_true", help="mix sung voices and music in one key and tempo")


def add_left_out(train: argparse.ArgumentParser) -> None:
    """Add what says which data it does not hear."""
    train.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="leave out files whose path matches"
    )
    train.add_argument(
        "--exclude-from", type=Path, metavar="FILE", help="leave out the files listed in FILE (acapellanet vocal-leaks)"
    )
    train.add_argument(
        "--licence-free-of",
        action="append",
        default=[],
        choices=sorted(FOLDERS_BY_LICENCE),
        help="leave out data under share-alike (sa) or GPL (gpl) terms; may be repeated",
    )
