"""`dawbridge osc`: prints every address, with the values of a running daemon."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from dawbridge.commands import COMMANDS, EVENTS
from dawbridge.config.settings import HOST, OSC_PORT, reach
from dawbridge.knobs.faces import FACES
from dawbridge.knobs.parameters import TABLE
from dawbridge.surfaces.osc.client import OscClient


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge osc`."""
    parser.add_argument("--host", default=HOST, help=f"where dawbridge runs [{HOST}]")
    parser.add_argument("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"[{OSC_PORT}]")


def run(options: Namespace) -> int:
    """Print both tables. 0 even if no daemon answers: the addresses are the same."""
    with OscClient(options.osc_port, options.host) as client:
        values = client.dump()
    where = f"UDP port {options.osc_port} of {options.host}"
    if values:
        print(f"dawbridge listens on {where}{reach(options.host)}\n")
    else:
        print(f"no dawbridge answers on {where}; these are its addresses, with the default values\n")
    for row in TABLE:
        position = values.get(row.address, row.normalize(row.default))
        text = values.get(row.address + "/str", row.display(row.default))
        print(f"{row.address:32} {position:<8.4g} {text!s:10} {row.help}")
    print("\nbelow each:")
    for face in FACES:
        print(f"  {face.suffix or '(nothing)':9} {face.words:26} {face.help}")
    _print("commands", ((row.address, row.words, row.effect) for row in COMMANDS))
    _print("sent to subscribers, besides values", ((row.address, row.words, row.help) for row in EVENTS))
    return 0


def _print(title: str, rows: Iterable[tuple[str, str, str]]) -> None:
    print(f"\n{title}:")
    for address, arguments, effect in rows:
        print(f"  {address:32} {arguments}".rstrip())
        print(f"      {effect.replace('`', '')}")
