"""Which folders are polled."""

from pathlib import Path

import pytest

from dawbridge.watch.filesystem import sends_events

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:40 / /mnt/studio rw - cifs //server/share rw
23 22 0:41 / /mnt/studio/fast\\040disk rw - xfs /dev/sdb rw
24 21 0:42 / /mnt/nas rw - nfs4 nas:/x rw
"""


@pytest.mark.parametrize(
    ("root", "events"),
    [
        ("/home/me/bounces", True),
        ("/mnt/studio", False),
        ("/mnt/studio/a/b", False),
        ("/mnt/studio/fast disk/a", True),
        ("/mnt/studio2", True),
        ("/mnt/nas/x", False),
    ],
)
def test_nearest_mount_decides(root: str, events: bool) -> None:
    assert sends_events(Path(root), MOUNTS) is events


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert sends_events(tmp_path, "")
    assert isinstance(sends_events(tmp_path), bool)
