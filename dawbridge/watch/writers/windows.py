"""Windows: open the file so that nobody else may write it. That fails as long as somebody has it open for writing.

Untried: written from Microsoft's documentation of `CreateFileW`, and not yet run on Windows. The handle is closed at
once; a program that opens the file for writing in between, some microseconds, is refused.
"""

import sys
from pathlib import Path

from dawbridge.watch.writers.evidence import FREE, UNKNOWN, Evidence, Known

_GENERIC_READ = 0x80000000
_SHARE_READ = 1
_SHARE_DELETE = 4
_OPEN_EXISTING = 3
_SHARING_VIOLATION = 32
_LOCK_VIOLATION = 33

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def ask(path: Path) -> Evidence:
        """Whether somebody has `path` open for writing; who, Windows does not say. Never raises."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = wintypes.HANDLE
        share = _SHARE_READ | _SHARE_DELETE
        handle = kernel.CreateFileW(str(path), _GENERIC_READ, share, None, _OPEN_EXISTING, 0, None)
        if handle not in (None, wintypes.HANDLE(-1).value):
            kernel.CloseHandle(wintypes.HANDLE(handle))
            return FREE
        held = ctypes.get_last_error() in (_SHARING_VIOLATION, _LOCK_VIOLATION)
        return Evidence(Known.HELD) if held else UNKNOWN

else:

    def ask(path: Path) -> Evidence:
        """Other systems have no sharing modes."""
        return UNKNOWN
