"""How a mixture of any length goes through an estimator in bounded memory.

A convolutional network looks a bounded way to either side: `ContextWindow` gives each chunk that much context and
throws the context's own estimate away. An estimator may bring a `Streaming` of its own.
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

    def stream(
        self, estimate: Estimate, blocks: Iterable[Block], chunk_samples: int, shifts: int = 1
    ) -> Iterator[Block]:
        """Yield the vocals of `blocks` in consecutive pieces of any lengths; the lengths add up to the same.

        `shifts` (1..8): the mean of so many passes, each with another place of its frames or segments.
        """


@dataclass(frozen=True, slots=True)
class ContextWindow:
    """Chunks with context on either side, whose own estimate is thrown away."""

    context_samples: int
    """How far to either side a sample's estimate depends on the mixture."""
    alignment_samples: int
    """Chunks must start at multiples of this."""
    chunks_can_shrink = True

    @property
    def reach_samples(self) -> int:
        """The context, and a chunk's own grid."""
        return self.context_samples + self.alignment_samples

    def stream(
        self, estimate: Estimate, blocks: Iterable[Block], chunk_samples: int, shifts: int = 1
    ) -> Iterator[Block]:
        """Yield the vocals of `blocks` in pieces of about `chunk_samples`."""
        from acapellanet.estimate.shifts import shifted
        from acapellanet.estimate.streaming import stream_estimate

        mean, context_samples = shifted(estimate, self.context_samples, self.alignment_samples, shifts)
        return stream_estimate(
            mean,
            blocks,
            chunk_samples=chunk_samples,
            context_samples=context_samples,
            alignment_samples=self.alignment_samples,
        )
