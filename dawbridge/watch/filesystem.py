"""What kind of file system a folder is on: does it send events, and does it know everybody who writes there?"""

import os
import sys
from pathlib import Path

SILENT = frozenset((
    "9p", "afpfs", "cifs", "davfs", "drvfs", "fakeowner", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "fuse.vmhgfs-fuse", "grpcfuse", "ncpfs", "nfs", "nfs4", "osxfs", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs",
    "vmhgfs", "webdav",
))  # fmt: skip
"""Types of file systems on which other machines' writes cause no event."""

_SHARED_DISKS = frozenset(("ceph", "gfs2", "glusterfs", "lustre", "ocfs2", "beegfs"))
"""Types of file systems that several computers write at once, although they send events for our own writes."""

_MOUNTS = Path("/proc/self/mountinfo")


def sends_events(root: Path, mounts: str | None = None) -> bool:
    """False if `root` is on a network or shared drive and has to be polled.

    `mounts` is the text of Linux's mountinfo, for tests. If the system does not tell, a path that begins with two
    slashes or backslashes (Windows) is taken for a network drive and everything else for a disk.
    """
    if os.fspath(root).startswith(("\\\\", "//")) and sys.platform == "win32":
        return False
    return _kind(root, mounts) not in SILENT


def is_local(path: Path, mounts: str | None = None) -> bool:
    """Whether everybody who can write to `path` runs on this computer, as far as the system tells.

    False for network and shared drives, for file systems in user space, which may be either, and for macOS's volumes
    other than its own disk.
    """
    if sys.platform == "darwin" and path.is_relative_to("/Volumes"):
        return False
    kind = _kind(path, mounts)
    return sends_events(path, mounts) and not kind.startswith("fuse.") and kind not in _SHARED_DISKS


def _kind(path: Path, mounts: str | None) -> str:
    """Type of the file system that `path` is on; empty if the system does not tell."""
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    return _type_of(path, mounts)


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
