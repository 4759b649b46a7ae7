"""macOS: ask libproc which processes have a file open, and which of them for writing.

Untried: written from Apple's headers (`libproc.h`, `sys/proc_info.h`), and not yet run on a Mac. A process of another
user shows nothing unless we are root, so that an empty answer is only certain for our own processes; the caller gets
`FREE` then, as `lsof` would say.
"""

import ctypes
import ctypes.util
import os
import sys
from pathlib import Path

from dawbridge.watch.writers.evidence import FREE, UNKNOWN, Evidence, Known, Writer

_ALL_PIDS = 1
_EXCLUDE_EVENT_ONLY = 2
_LIST_FDS = 1
_VNODE_PATH = 2
_FD_VNODE = 1
_WRITE = 2
_MOST_PIDS = 256
_MOST_FDS = 4096
_PATH_OFFSET = 24 + 152
"""Of the path in a `vnode_fdinfowithpath`: behind `proc_fileinfo` (24 bytes) and `vnode_info` (152)."""
_INFO_BYTES = _PATH_OFFSET + 1024


class _Fd(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int32), ("type", ctypes.c_uint32))


def ask(path: Path) -> Evidence:
    """Who has `path` open for writing. Never raises."""
    if sys.platform != "darwin":
        return UNKNOWN
    try:
        return _ask(ctypes.CDLL(ctypes.util.find_library("proc") or "libproc.dylib", use_errno=True), os.fsencode(path))
    except (OSError, AttributeError, ValueError):
        return UNKNOWN


def _ask(library: ctypes.CDLL, path: bytes) -> Evidence:
    pids = (ctypes.c_int32 * _MOST_PIDS)()
    size = library.proc_listpidspath(_ALL_PIDS, 0, path, _EXCLUDE_EVENT_ONLY, pids, ctypes.sizeof(pids))
    if size < 0:
        return UNKNOWN
    found = []
    for pid in pids[: size // 4]:
        if pid and _writes(library, pid, path):
            name = ctypes.create_string_buffer(256)
            library.proc_name(pid, name, 256)
            found.append(Writer(name.value.decode("utf-8", "replace") or "a program", pid))
    return Evidence(Known.HELD, tuple(found)) if found else FREE


def _writes(library: ctypes.CDLL, pid: int, path: bytes) -> bool:
    fds = (_Fd * _MOST_FDS)()
    size = library.proc_pidinfo(pid, _LIST_FDS, ctypes.c_uint64(0), fds, ctypes.sizeof(fds))
    for fd in fds[: max(size, 0) // ctypes.sizeof(_Fd)]:
        if fd.type != _FD_VNODE:
            continue
        info = ctypes.create_string_buffer(_INFO_BYTES)
        got = library.proc_pidfdinfo(pid, fd.fd, _VNODE_PATH, info, _INFO_BYTES)
        where = info.raw[_PATH_OFFSET:].split(b"\0", 1)[0]
        if got == _INFO_BYTES and where == path and int.from_bytes(info.raw[:4], sys.byteorder) & _WRITE:
            return True
    return False
