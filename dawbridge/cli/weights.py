"""`dawbridge weights`: the older name of `dawbridge models`."""

from dawbridge.cli.models import add_flags, run

__all__ = ["add_flags", "run"]
