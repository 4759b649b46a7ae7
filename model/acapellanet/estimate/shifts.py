"""Average several passes of an estimator over the same mixture, each at another position on its grid.

An estimator that works in frames answers slightly differently when the same sound falls differently on its frames. The
mean of `n` answers has less of what differs between them, and takes `n` times as long::

    grid      |       |       |       |
    pass 0    [mixture..............]
    pass 1    00[mixture..............]        n = 4: a quarter of the grid later each time
    pass 2    0000[mixture..............]
    pass 3    000000[mixture..............]

After Demucs (Défossez et al. 2019, arXiv:1911.13254), whose shifts are random; here they are equally spaced, so that
the same mixture always gives the same samples.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from acapellanet.errors import SignalError

Estimate = Callable[[Tensor], Tensor]
"""`[2, samples]` → `[2, samples]`."""

MOST_SHIFTS = 8


def offsets_samples(shifts: int, alignment_samples: int) -> list[int]:
    """Compute how far each pass is shifted: equal parts of the grid, beginning with 0."""
    return [number * alignment_samples // shifts for number in range(shifts)]


def shifted(estimate: Estimate, context_samples: int, alignment_samples: int, shifts: int) -> tuple[Estimate, int]:
    """Wrap `estimate` in a mean over `shifts` (1..8) passes; also return the context that a chunk then needs.

    1 is `estimate` itself. Chunks that start on the grid still give what one whole pass gives: each pass sees the
    chunk as far from the grid as it sees the whole. Raises `SignalError` for another number.
    """
    if not 1 <= shifts <= MOST_SHIFTS:
        raise SignalError(f"{shifts} shifts: allowed are 1 (off) to {MOST_SHIFTS}")
    if shifts == 1:
        return estimate, context_samples
    offsets = offsets_samples(shifts, alignment_samples)

    def mean(mixture: Tensor) -> Tensor:
        total = torch.zeros_like(mixture, dtype=torch.float32)
        for offset in offsets:
            total += estimate(torch.nn.functional.pad(mixture, (offset, 0)))[:, offset:]
        return total / shifts

    # a chunk's edge lies inside a frame of the coarsest grid now, all of which is looked at
    return mean, context_samples + alignment_samples
