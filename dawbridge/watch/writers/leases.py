"""Linux: ask the kernel for a read lease. It refuses one for a file that anybody has open for writing.

The kernel counts writers of every user and in every container, and counts a file that is mapped into memory for
writing until the mapping goes. The lease is given back at once. A program that opens the file for writing between the
two calls, some microseconds, waits until then; the signal that the kernel sends us in that case is one that a process
ignores unless it asked for it. Source: fcntl(2), section "Leases".
"""

import errno
import os
import signal
import sys
from pathlib import Path

from dawbridge.watch.writers.evidence import Known

if sys.platform == "linux":
    import fcntl

    def ask(path: Path) -> Known:
        """Whether somebody on this computer writes `path`. Never raises, never blocks.

        `UNKNOWN` if the kernel gives no lease at all: the file belongs to another user, or its file system has none.
        """
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except BlockingIOError:
            return Known.HELD  # a file server has lent it to a client that writes
        except (OSError, ValueError):
            return Known.UNKNOWN
        try:
            return _lease(handle)
        finally:
            os.close(handle)

    def _lease(handle: int) -> Known:
        try:
            fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return Known.HELD if error.errno == errno.EAGAIN else Known.UNKNOWN
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return Known.FREE

else:

    def ask(path: Path) -> Known:
        """Other systems have no leases."""
        return Known.UNKNOWN
