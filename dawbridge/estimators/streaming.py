"""How a mixture of any length goes through an estimator in bounded memory.

A convolutional network looks a bounded way to either side: `ContextWindow` gives each chunk that much context and
throws the context's own estimate away. A network with attention, recurrence or norms over time sees its whole segment:
`overlap_add.SegmentGrid` is for those.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Block = NDArray[np.float32]
"""`[2, samples]` at the estimator's rate."""
Estimate = Callable[["Tensor"], "Tensor"]
"""`[2, samples]` → `[2, samples]`."""


class Streaming(Protocol):
    """A way to estimate consecutive blocks as if they were estimated at once."""

    @property
    def reach_samples(self) -> int:
        """How much of the mixture on either side has to be heard for a sample's estimate to be what it is in a whole
        pass: what a loop is unrolled by."""

    @property
    def chunks_can_shrink(self) -> bool:
        """Whether shorter chunks, which take less memory, give the same estimate."""

    def widened(self, samples: int) -> "Streaming":
        """Return the streaming of an estimate that looks `samples` further to either side."""

    def shifted(self, estimate: Estimate, shifts: int) -> "tuple[Estimate, Streaming]":
        """Return the mean of `shifts` (1..8) passes, each with another place of its frames, and its streaming."""

    def stream(self, estimate: Estimate, blocks: Iterable[Block], chunk_samples: int) -> Iterator[Block]:
        """Yield the vocals of `blocks` in consecutive pieces of any lengths; the lengths add up to the same."""


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """Chunks with context on either side, whose own estimate is thrown away."""

    context_samples: int
    alignment_samples: int
    """Chunks must start at multiples of this."""
    chunks_can_shrink = True

    @property
    def reach_samples(self) -> int:
        """The context, and a chunk's own grid."""
        return self.context_samples + self.alignment_samples

    def widened(self, samples: int) -> "ContextWindow":
        """Return the streaming of an estimate that looks `samples` further to either side."""
        return ContextWindow(self.context_samples + samples, self.alignment_samples)

    def shifted(self, estimate: Estimate, shifts: int) -> "tuple[Estimate, ContextWindow]":
        """Return the mean over `shifts` places of the frames, and the streaming that it needs."""
        if shifts == 1:
            return estimate, self
        from acapellanet.estimate.shifts import shifted

        mean, context_samples = shifted(estimate, self.context_samples, self.alignment_samples, shifts)
        return mean, ContextWindow(context_samples, self.alignment_samples)

    def stream(self, estimate: Estimate, blocks: Iterable[Block], chunk_samples: int) -> Iterator[Block]:
        """Yield the vocals of `blocks` in pieces of about `chunk_samples`."""
        from acapellanet.estimate.streaming import stream_estimate

        return stream_estimate(
            estimate,
            blocks,
            chunk_samples=chunk_samples,
            context_samples=self.context_samples,
            alignment_samples=self.alignment_samples,
        )
