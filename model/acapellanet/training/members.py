"""Start the processes that train one network apart and meet through files: `acapellanet train --processes N`."""

import os
import subprocess
import sys
from collections.abc import Sequence

from acapellanet.errors import TrainingError


def run_members(count: int, arguments: Sequence[str]) -> None:
    """Start `acapellanet` with `arguments` and `--member 0` to `--member count - 1`, and wait for all of them.

    Each has one thread, so that none waits for another. Raises `TrainingError` if one fails; the others are ended then.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    members = [
        subprocess.Popen([sys.executable, "-m", "acapellanet", *arguments, "--member", str(number)], env=environment)
        for number in range(count)
    ]
    try:
        failed = [number for number, member in enumerate(members) if member.wait()]
    finally:
        for member in members:
            if member.poll() is None:
                member.terminate()
                member.wait()
    if failed:
        raise TrainingError(f"process {failed[0]} of {count} failed; what it printed says why. --resume goes on")
