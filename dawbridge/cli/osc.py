"""`dawbridge osc`: every address, with the values of a running daemon."""

from argparse import Namespace

from dawbridge.config.settings import reach
from dawbridge.knobs.parameters import TABLE
from dawbridge.surfaces.osc.client import OscClient
from dawbridge.surfaces.osc.table import EVENTS, FACES, commands


def run(options: Namespace) -> int:
    """Print the table. 0 even where no daemon answers: the addresses are the same."""
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
    print("\nbehind each:")
    for face in FACES:
        print(f"  {face.address or '(nothing)':9} {face.arguments:26} {face.effect}")
    _print("commands", tuple(commands()))
    _print("sent to subscribers, beside values", EVENTS)
    return 0


def _print(title: str, rows: tuple[tuple[str, str, str], ...]) -> None:
    print(f"\n{title}:")
    for address, arguments, effect in rows:
        print(f"  {address:32} {arguments}".rstrip())
        print(f"      {effect.replace('`', '')}")
