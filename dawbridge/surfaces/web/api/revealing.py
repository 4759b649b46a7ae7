"""Shows a file in the file manager of this computer."""

import shutil
import subprocess
import sys
from pathlib import Path

from dawbridge.errors import JobError


def reveal(file: str | Path) -> None:
    """Open the folder of a file, with the file selected where the system can do that. Raises `JobError`."""
    path = Path(file)
    if not path.parent.is_dir():
        raise JobError(f"{path.parent} is not there any more")
    command = _command(path, sys.platform)
    if shutil.which(command[0]) is None:
        raise JobError(f"no file manager can be asked ({command[0]} is not installed); the file is {path}")
    try:
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise JobError(f"{command[0]} cannot be started ({error.strerror}); the file is {path}") from error


def _command(path: Path, platform: str) -> list[str]:
    if platform == "darwin":
        return ["open", "-R", str(path)]
    if platform == "win32":
        return ["explorer", f"/select,{path}"]
    return ["xdg-open", str(path.parent)]
