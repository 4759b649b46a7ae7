"""Tells glibc's allocator to use freed blocks again.

By default glibc takes every large block from the kernel and gives it back when it is freed, so that each tensor's
pages are cleared again: nearly half of the network's time on a processor. On other systems nothing is done.
Source: mallopt(3), malloc_trim(3).
"""

import ctypes
import sys
from contextlib import suppress
from functools import cache

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h
_KEEP_BYTES = (1 << 31) - 1


def reuse_freed_blocks() -> None:
    """Take large blocks out of what was freed before, from now on; `release` gives that back."""
    libc = _glibc()
    if libc is not None:
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)


def release() -> None:
    """Give freed memory back to the system; to be called when there is nothing to do."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    with suppress(OSError, AttributeError):  # AttributeError: another C library
        libc = ctypes.CDLL(None)
        _ = libc.mallopt, libc.malloc_trim, libc.gnu_get_libc_version
        return libc
    return None
