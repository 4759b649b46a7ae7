"""How a batch of pieces goes to a graphics card and comes back; on CUDA the copies run beside the work::

    copies there   [ 1 ]  [ 2 ]   [ 3 ]
    network             [   1   ][   2   ][   3   ]
    copies back                  [ 1 ]    [ 2 ]    [ 3 ]

`start` gives the work to the card and does not wait. What it returns waits, and the caller decodes or writes meanwhile.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from dawbridge.estimators.streaming import Estimate

Wait = Callable[[], Tensor]
"""Waits for a batch; returns it on the processor, `[pieces, 2, samples]`. Raises what went wrong on the card."""

MOST_ON_CUDA, MOST_ON_MPS = 16, 4
"""Pieces of a batch: more made no network faster (docs/network.md)."""
SHARE_OF_FREE = 0.7
"""Share of the card's free memory that a batch may take; other programs use the card too."""
LOOK_S = 0.001
"""How often a batch that is waited for is looked at, in seconds."""
LOST_SIGNS = ("cuda error", "no cuda", "cuda driver", "device lost", "device not found", "mps device")
"""What torch says of a device that was unplugged, reset, or taken down by an error."""


class Device(Protocol):
    """Runs batches. Not thread-safe."""

    peak_bytes: int
    """Most memory that was in use at once; 0 if it cannot be known."""

    def start(self, work: Estimate, pieces: Sequence[Tensor]) -> Wait:
        """Begin `work` on pieces `[2, samples]` of one length. Raises what torch raises if memory runs out."""

    def most(self, samples: int) -> int:
        """How many pieces of so many samples fit in a batch now; 1 before any has been measured."""

    def free(self) -> None:
        """Give back memory that is kept for later."""


class CudaDevice:
    """A card of NVIDIA's or, with ROCm, of AMD's."""

    def __init__(self, on_step: Callable[[], None] = lambda: None) -> None:
        """`on_step` is called while a batch is waited for, and may raise to stop."""
        self._on_step = on_step
        self._there, self._back = torch.cuda.Stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._measured = (0, 0)
        """Length of the longest piece so far, in samples, and the memory that one took, in bytes."""
        self.peak_bytes = 0

    @torch.inference_mode()
    def start(self, work: Estimate, pieces: Sequence[Tensor]) -> Wait:
        """Copy the pieces on one stream, work on the current one, and copy the estimates back on a third."""
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        host = _pinned((len(pieces), *pieces[0].shape))
        torch.stack(list(pieces), out=host)
        current = torch.cuda.current_stream()
        with torch.cuda.stream(self._there):
            mixtures = host.to("cuda", non_blocking=True)
        current.wait_stream(self._there)
        mixtures.record_stream(current)  # its memory is not given away before the work has read it
        vocals = work(mixtures)
        self._measure(before, len(pieces), pieces[0].shape[-1])
        if vocals.device.type == "cpu":
            return lambda: vocals
        result = _pinned(tuple(vocals.shape))
        done: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._back.wait_stream(current)
        with torch.cuda.stream(self._back):
            result.copy_(vocals, non_blocking=True)
            done.record(self._back)
        vocals.record_stream(self._back)

        def wait() -> Tensor:
            while not done.query():
                self._on_step()
                time.sleep(LOOK_S)
            return result

        return wait

    def most(self, samples: int) -> int:
        """As many as fit in the free memory, that which torch keeps for later included."""
        longest, taken = self._measured
        if not longest:
            return 1
        free = torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return max(1, min(MOST_ON_CUDA, int(SHARE_OF_FREE * free * longest / (taken * samples))))

    def free(self) -> None:
        """Wait for what is under way, and empty torch's cache."""
        torch.cuda.synchronize()
        torch.cuda.empty_cache()

    def _measure(self, before: int, pieces: int, samples: int) -> None:
        """Remember what a piece took: torch counts what is allocated, whether the card has come to it yet or not."""
        peak = torch.cuda.max_memory_allocated()
        self.peak_bytes = max(self.peak_bytes, peak)
        taken = max(1, (peak - before) // pieces)
        if samples >= self._measured[0]:
            self._measured = samples, max(taken, self._measured[1] if samples == self._measured[0] else 0)


class WaitingDevice:
    """A device without streams of its own, such as Apple's: each batch is waited for at once."""

    def __init__(self, name: str) -> None:
        self._name, self.peak_bytes = name, 0

    @torch.inference_mode()
    def start(self, work: Estimate, pieces: Sequence[Tensor]) -> Wait:
        """Do the whole work."""
        vocals = work(torch.stack(list(pieces)).to(self._name)).cpu()
        return lambda: vocals

    def most(self, samples: int) -> int:
        """The same for any length: its memory is the computer's, and what a batch takes cannot be measured."""
        return MOST_ON_MPS

    def free(self) -> None:
        """Empty torch's cache."""
        if self._name == "mps":
            torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether torch, on whatever device, or Python ran out of memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def is_device_lost(error: BaseException) -> bool:
    """Return whether a graphics card is gone, or in a state in which it does nothing more for this process."""
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in LOST_SIGNS)


def device_of(name: str, on_step: Callable[[], None] = lambda: None) -> Device:
    """Return the way to `cuda` or `mps`."""
    return CudaDevice(on_step) if name == "cuda" else WaitingDevice(name)


def _pinned(shape: tuple[int, ...]) -> Tensor:
    """Make a buffer that the card copies from and to by itself; torch keeps it until a copy under way is done."""
    return torch.empty(shape, dtype=torch.float32, pin_memory=True)
