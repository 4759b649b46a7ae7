"""Writes the generated parts of the documentation: `make docs`. A test checks that they are fresh."""

from pathlib import Path

from dawbridge.parameters import TABLE, Parameter

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- parameters: made by make docs -->\n", "<!-- end of parameters -->"


def parameter_table() -> str:
    """All rows of the parameter table as Markdown."""
    head = "| parameter | OSC address | range | default | what it does |\n|---|---|---|---|---|\n"
    return head + "".join(_row(row) for row in TABLE)


def refreshed(text: str) -> str:
    """`text` with its generated part made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + parameter_table() + END + after


def _row(row: Parameter) -> str:
    return f"| `{row.name}` | `{row.address}` | {row.allowed} | {row.display(row.default)} | {row.help} |\n"


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
