"""Loads a model of the package acapellanet, and torch with it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.estimator import NetworkEstimator, load_estimator
from acapellanet.estimate.tiles import TILE_FRAMES
from dawbridge.errors import ModelError
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.streaming import Block, ContextWindow, Estimate, Streaming


class AcapellanetEstimator:
    """A model that `acapellanet.load_estimator` knows."""

    def __init__(self, name: str, request: LoadRequest) -> None:
        """Load it. Raises `ModelError` if its weights are missing, damaged or of another architecture."""
        width = request.values.get("center_width", 0.5)
        try:
            estimator = load_estimator(
                name, request.device, center_width=width, precision=request.precision, on_step=request.on_step
            )
        except AcapellanetError as error:
            raise ModelError(str(error)) from error
        self.sample_rate = estimator.sample_rate
        self.estimate = estimator.estimate
        self.estimate_batch: Estimate | None = getattr(estimator, "estimate_batch", None)
        self.streaming: Streaming = ContextWindow(estimator.context_samples, estimator.alignment_samples)
        if isinstance(estimator, NetworkEstimator) and estimator.can_stream_tiles:
            self.streaming = TileStreaming(self.streaming, estimator.hop_samples, estimator.stream)


@dataclass(frozen=True, slots=True)
class TileStreaming:
    """Tiles through a network whose layers keep their own edges: nothing is computed twice."""

    chunks: ContextWindow
    """What is used for the mean of several shifts."""
    hop_samples: int
    tiles: Callable[[Iterable[Block], int], Iterator[Block]]
    """Blocks and frames of a tile → vocals."""
    chunks_can_shrink = True

    @property
    def reach_samples(self) -> int:
        """As with chunks."""
        return self.chunks.reach_samples

    def stream(
        self, estimate: Estimate, blocks: Iterable[Block], chunk_samples: int, shifts: int = 1
    ) -> Iterator[Block]:
        """Yield the vocals of `blocks`; `estimate` is needed only if there are shifts."""
        if shifts > 1:
            return self.chunks.stream(estimate, blocks, chunk_samples, shifts)
        return self.tiles(blocks, max(1, min(TILE_FRAMES, chunk_samples // self.hop_samples)))
