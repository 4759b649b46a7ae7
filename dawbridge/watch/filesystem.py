"""Does this folder send events? Network drives and folders shared into virtual machines do not."""

import os
import sys
from pathlib import Path

SILENT = frozenset((
    "9p", "afpfs", "cifs", "davfs", "drvfs", "fakeowner", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "fuse.vmhgfs-fuse", "grpcfuse", "ncpfs", "nfs", "nfs4", "osxfs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
    "vmhgfs", "webdav",
))  # fmt: skip
"""Types of file systems on which other machines' writes cause no event."""

_MOUNTS = Path("/proc/self/mountinfo")


def sends_events(root: Path, mounts: str | None = None) -> bool:
    """False where `root` lies on a network or shared drive and has to be polled.

    `mounts` is the text of Linux's mountinfo, for tests. Where the system does not tell, a path that begins with two
    slashes or backslashes (Windows) is taken for a network drive and all else for a disk.
    """
    if os.fspath(root).startswith(("\\\\", "//")) and sys.platform == "win32":
        return False
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return True
    return _type_of(root, mounts) not in SILENT


def _type_of(root: Path, mounts: str) -> str:
    """Type of the file system that is mounted nearest above `root` (proc_pid_mountinfo(5))."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 4 and right:
            point = Path(fields[4].replace("\\040", " ").replace("\\134", "\\"))
            if len(point.parts) >= best and root.is_relative_to(point):
                best, kind = len(point.parts), right.split()[0]
    return kind
