"""The generated parts of the documentation: the table of parameters in README.md, and docs/osc.md."""

from collections.abc import Iterable
from pathlib import Path

from dawbridge.commands import CODES, COMMANDS, DONE, EVENTS
from dawbridge.knobs.faces import FACES
from dawbridge.knobs.parameters import TABLE, Parameter

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
OSC = ROOT / "docs" / "osc.md"
BEGIN, END = "<!-- parameters: made by make generate -->\n", "<!-- end of parameters -->"

_OSC_HEAD = """\
# OSC addresses

Made by `make generate`; `dawbridge osc` prints the same with the values of a running dawbridge. It listens on UDP
port 9320. Arguments may be `i f h d T F` or numeric strings; `S` is a text, `N` is false, and a lone `I` is a message
without arguments: a press of a command, a query of a parameter. Only `i f s` are sent. On a command that needs no
argument, 0 is a button's release and is ignored. Patterns (`?`, `*`, `[a-z]`, `{a,b}`) reach parameters.

**Bundles** are applied together. A time tag up to 10 s ahead is honoured; one further ahead (its sender's clock is
wrong) or in the past is obeyed at once. `/dawbridge/sync` does not wait for bundles that lie ahead. One datagram may
hold 512 messages, fewer if they ask for much (a dump counts 32, a pattern 16, a list of presets 8); what is beyond is
refused once as `busy`.

**Subscribers** are told every change except their own. At most 16 can be subscribed; one that nobody listens for any
more, or that has sent nothing for a minute (`/ping` will do), makes room for the next. A value that comes back within
0.5 s, rounded by no more than 0.006, is taken for an echo, so that two programs that mirror what they hear come to
rest. A client is sent at most 64 errors at once and 32 a second; how many were left out is in the next one.

**On the WebSocket of OSCQuery** (HTTP port 9322) the same messages can be sent as binary OSC. Presets and jobs are
paths that come and go there (`PATH_ADDED`, `PATH_REMOVED`).

**Over TCP**, with `--osc-tcp PORT`, each packet is a SLIP frame as OSC 1.1 has it; a subscription there holds as long
as the connection does. A list of more than 8 KB comes whole there and on the WebSocket; over UDP it is cut into
messages to the same address, each with the count of all and its part. Any other answer that is longer than a datagram
is an error.
"""


def parameter_table() -> str:
    """Return all rows of the parameter table as Markdown."""
    head = "| parameter | OSC address | range | default | what it does |\n|---|---|---|---|---|\n"
    return head + "".join(_row(row) for row in TABLE)


def refreshed(text: str) -> str:
    """Return `text` with its generated part made again."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + parameter_table() + END + after


def osc_page() -> str:
    """Return the reference page of all addresses as Markdown."""
    codes = ", ".join(f"`{code}`" for code in sorted(CODES))
    parts = (
        _OSC_HEAD,
        "## Parameters\n\n" + parameter_table(),
        "Below each:\n\n" + _address_table((face.suffix, face.words, face.help) for face in FACES),
        "## Commands\n\n" + _address_table((row.address, row.words, row.effect) for row in COMMANDS),
        f"A command without an answer of its own is answered with `{DONE.address}` {DONE.words}.\n",
        "## Sent to subscribers, besides values\n\n"
        + _address_table((row.address, row.words, row.help) for row in EVENTS),
        f"Codes of errors: {codes}.\n",
    )
    return "\n".join(parts)


def _row(row: Parameter) -> str:
    return f"| `{row.name}` | `{row.address}` | {row.allowed} | {row.display(row.default)} | {row.help} |\n"


def _address_table(rows: Iterable[tuple[str, str, str]]) -> str:
    head = "| address | arguments | what it does |\n|---|---|---|\n"
    lines = (f"| `{address or '(nothing)'}` | {arguments or '–'} | {effect} |\n" for address, arguments, effect in rows)
    return head + "".join(lines)


def files() -> dict[Path, str]:
    """Every page with generated parts and what is to be in it."""
    return {README: refreshed(README.read_text(encoding="utf-8")), OSC: osc_page()}
