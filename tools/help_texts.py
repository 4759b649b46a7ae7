"""The help of every command, as it was agreed: tests compare it with what the command prints."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from dawbridge.cli.main import COMMANDS, build_parser

FOLDER = Path(__file__).parent.parent / "tests" / "cli" / "help"
_MODELS = ("acapellanet-small", "center")
"""In place of the models that this computer happens to have."""


def help_text(command: str) -> str:
    """What `dawbridge COMMAND --help` prints; `command` empty: `dawbridge --help`."""
    with (
        redirect_stdout(StringIO()) as shown,
        patch("dawbridge.cli.flags.model_names", lambda: _MODELS),
        patch.dict("os.environ", {"COLUMNS": "110", "NO_COLOR": "1"}),
    ):
        try:
            build_parser().parse_args([command, "--help"] if command else ["--help"])
        except SystemExit:
            return shown.getvalue()
    raise AssertionError("--help ends the program")


def help_file(command: str) -> Path:
    """Where the agreed text is kept."""
    return FOLDER / f"{command or 'dawbridge'}.txt"


def files() -> dict[Path, str]:
    """Every file of help texts and what is to be in it."""
    return {help_file(command): help_text(command) for command in ("", *COMMANDS)}
