"""What is asked of a device itself: its clock, its memory, its energy."""

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress

import torch


def synchronized(device: str) -> float:
    """Wait for the device, and tell the time."""
    if device != "cpu":
        getattr(torch, device).synchronize()
    return time.monotonic()


def seconds_of(run: Callable[[], object], device: str, least_s: float = 1.0) -> float:
    """Measure how long a call takes, over at least `least_s` after one to warm up."""
    run()
    calls, began = 0, synchronized(device)
    while True:
        run()
        calls += 1
        if (now := synchronized(device)) - began > least_s:
            return (now - began) / calls


class Energy:
    """Energy that a card of NVIDIA's has taken, by its driver's library; None elsewhere."""

    def __init__(self, device: str) -> None:
        self._library: ctypes.CDLL | None = None
        self._card = ctypes.c_void_p()
        if device != "cuda":
            return
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL("libnvidia-ml.so.1")
            if library.nvmlInit_v2() == 0 and self._find(library) == 0:
                self._library = library

    def _find(self, library: ctypes.CDLL) -> int:
        """Find torch's first card: the library counts cards that the environment hides from torch."""
        uuid = f"GPU-{torch.cuda.get_device_properties(0).uuid}".encode()
        return int(library.nvmlDeviceGetHandleByUUID(uuid, ctypes.byref(self._card)))

    def joules(self) -> float | None:
        """Energy since the driver was loaded."""
        millijoules = ctypes.c_ulonglong()
        if self._library is None:
            return None
        failed = self._library.nvmlDeviceGetTotalEnergyConsumption(self._card, ctypes.byref(millijoules))
        return None if failed else millijoules.value / 1000
