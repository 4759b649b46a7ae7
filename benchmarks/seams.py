"""Seams: what is streamed in chunks against one whole pass, through the real network.

    python -m benchmarks.seams [--model NAME] [--seconds 40] [--chunk 5]

One song is estimated at once, as if memory had no end, and in chunks, each with its context, as a bounce is. Printed:
the greatest difference in dBFS, where it lies, and how far that is from the nearest border between two chunks. Ends
with 1 where it is over -90 dBFS, about half a step of 16 bits. Both in float32.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from acapellanet import DEFAULT_MODEL, load_estimator
from acapellanet.estimate.estimator import Estimator
from acapellanet.estimate.streaming import stream_estimate
from benchmarks.center import RATE_HZ, mashup

LIMIT_DBFS = -90.0
BLOCK_SAMPLES = 1 << 16


class Seam(NamedTuple):
    """The worst place."""

    error_dbfs: float
    """-inf where there is no difference at all."""
    place_s: float
    """From the start of the song."""
    border_s: float
    """From the nearest border between two chunks."""
    chunks: int


def worst(
    estimator: Estimator, mixture: NDArray[np.float32], chunk_s: float, context_samples: int | None = None
) -> Seam:
    """Streamed in chunks of `chunk_s` against one whole pass; `mixture` `[2, samples]` at the model's rate.

    `context_samples` other than the estimator's own show what too little of it does.
    """
    context = estimator.context_samples if context_samples is None else context_samples
    step = estimator.alignment_samples
    chunk = -(-round(chunk_s * estimator.sample_rate) // step) * step
    whole = estimator.estimate(torch.from_numpy(mixture)).numpy()
    streamed = np.concatenate(list(_streamed(estimator, mixture, chunk, context)), axis=1)
    error = np.abs(streamed - whole).max(axis=0)
    place = int(error.argmax())
    border = abs(place - chunk * max(1, round(place / chunk)))
    level = 20 * np.log10(float(error[place])) if error[place] else -np.inf
    return Seam(level, place / RATE_HZ, border / RATE_HZ, -(-mixture.shape[1] // chunk))


def _streamed(
    estimator: Estimator, mixture: NDArray[np.float32], chunk: int, context: int
) -> Iterator[NDArray[np.float32]]:
    blocks = (mixture[:, start : start + BLOCK_SAMPLES] for start in range(0, mixture.shape[1], BLOCK_SAMPLES))
    yield from stream_estimate(
        estimator.estimate,
        blocks,
        chunk_samples=chunk,
        context_samples=context,
        alignment_samples=estimator.alignment_samples,
    )


def main() -> int:
    """Print the worst seam; 1 where it is over the limit."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--model", default=DEFAULT_MODEL)
    arguments.add_argument("--seconds", type=float, default=40.0)
    arguments.add_argument("--chunk", type=float, default=5.0, help="in seconds; what the program uses is 30")
    options = arguments.parse_args()
    mixture = np.add(*mashup(options.seconds, 0))
    seam = worst(load_estimator(options.model), mixture, options.chunk)
    print(f"{options.model}: {options.seconds:g} s in {seam.chunks} chunks against one whole pass")
    if seam.error_dbfs == -np.inf:
        print("no difference: bit for bit the same")
        return 0
    print(f"greatest difference {seam.error_dbfs:.1f} dBFS at {seam.place_s:.3f} s, "
          f"{seam.border_s:.3f} s from the nearest border")  # fmt: skip
    return 1 if seam.error_dbfs > LIMIT_DBFS else 0


if __name__ == "__main__":
    sys.exit(main())
