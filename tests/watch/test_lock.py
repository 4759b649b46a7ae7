import subprocess
import sys
from pathlib import Path

import pytest

from dawbridge.errors import WatchError
from dawbridge.watch.lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from dawbridge.watch.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), Path(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_is_watched_by_one_process_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "bounces"), str(tmp_path / "locks")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WatchError, match=r"bounces is watched by another dawbridge already; stop that one"):
            FolderLock(tmp_path / "bounces", tmp_path / "locks")
        FolderLock(tmp_path / "elsewhere", tmp_path / "locks").release()
        other.kill()
    FolderLock(tmp_path / "bounces", tmp_path / "locks").release()
