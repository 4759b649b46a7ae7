"""The generated parts of the documentation: the table of parameters in README.md, and docs/osc.md."""

from collections.abc import Iterable
from pathlib import Path

from dawbridge.commands import CODES, COMMANDS, DONE, EVENTS, FACES
from dawbridge.knobs.parameters import TABLE, Parameter

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
OSC = ROOT / "docs" / "osc.md"
BEGIN, END = "<!-- parameters: made by make generate -->\n", "<!-- end of parameters -->"

_OSC_HEAD = """\
# OSC addresses

Made by `make generate`; `dawbridge osc` prints the same with the values of a running dawbridge. It listens on UDP port
9320. Arguments may be `i f h d T F` or numeric strings; only `i f s` leave it. On a command that needs no argument,
0 is a button's release and is ignored. Patterns (`?`, `*`, `[a-z]`, `{a,b}`) reach parameters.
"""


def parameter_table() -> str:
    """All rows of the parameter table as Markdown."""
    head = "| parameter | OSC address | range | default | what it does |\n|---|---|---|---|---|\n"
    return head + "".join(_row(row) for row in TABLE)


def refreshed(text: str) -> str:
    """`text` with its generated part made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + parameter_table() + END + after


def osc_page() -> str:
    """The reference page of all addresses as Markdown."""
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
