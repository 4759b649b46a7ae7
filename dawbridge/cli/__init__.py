"""The command line. `main` is what the installed command `dawbridge` calls."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 done, 1 something failed, 2 wrong use."""
    from dawbridge.cli.main import main as run

    return run(arguments)
