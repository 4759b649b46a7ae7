"""One bounce in memory, with its acapella: a turned gain or switch is answered from it.

Both are kept as they are written: integers on a grid of 24 bits, or 32-bit floats, interleaved. The instrumental is
bounce - acapella (see `null`) and is formed while it is written.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio import null
from dawbridge.audio.formats import StemEncoding, decide, widened
from dawbridge.audio.gain import Gain
from dawbridge.audio.info import NOT_FINITE, AudioInfo, SampleKind
from dawbridge.audio.source import Source
from dawbridge.config.stem_format import StemFormat
from dawbridge.errors import AudioError

LIMIT_BYTES = 384 * 2**20
"""Greatest size of a bounce in memory: some 9 minutes of 44.1 kHz stereo. A longer one is streamed."""
BLOCK_FRAMES = 2**16

_GRID = 2.0**23
_LOAD_FRAMES = 2**17
_BEYOND = 2.0**30
"""Bound of an acapella's integers: 42 dB over full scale, so that no difference leaves 32 bits."""

ACAPELLA, INSTRUMENTAL = "acapella", "instrumental"
Numbers = NDArray[Any]
"""Integers on the grid, or floats: `is_float` says which."""


@dataclass(slots=True)
class _Extremes:
    """Least and greatest sample of a stem, on the grid or in full scale."""

    low: float = 0.0
    high: float = 0.0

    def take(self, low: float, high: float) -> None:
        self.low, self.high = min(self.low, low), max(self.high, high)


def fits(info: AudioInfo, format: StemFormat | None) -> bool:
    """Whether a bounce can be held in memory: not too long, its stems 24-bit integers or 32-bit floats."""
    layout = decide(info, format or StemFormat())
    if info.frames * info.channels * 8 > LIMIT_BYTES:
        return False
    if info.kind is SampleKind.FLOAT:
        return layout.subtype == "FLOAT"
    return info.grid_bits == 24 and layout.subtype == "PCM_24"


class LoadedBounce:
    """The samples of one bounce and its acapella. `put` may be called from several threads for separate spans."""

    def __init__(self, source: Source, format: StemFormat | None) -> None:
        """Read the whole bounce, which must be one that `fits`. Raises `AudioError`."""
        self.bounce = source.bounce
        self.info = source.info
        self.layout = decide(self.info, format or StemFormat())
        self.is_float = self.layout.bits == 0
        dtype, shape = (np.float32 if self.is_float else np.int32), (self.info.frames, self.info.channels)
        self._bounce, self._acapella = np.empty(shape, dtype), np.zeros(shape, dtype)
        for start in range(0, self.info.frames, _LOAD_FRAMES):
            exact = (source.read if self.is_float else source.read_grid)(start, _LOAD_FRAMES)
            self._bounce[start : start + exact.shape[1]] = exact.T
        self._lock = threading.Lock()
        self.begin()

    def begin(self) -> None:
        """Begin a new acapella."""
        self.error = 0.0
        self._extremes = {ACAPELLA: _Extremes(), INSTRUMENTAL: _Extremes()}

    @property
    def null_db(self) -> float:
        """As `StemWriter.null_db`."""
        return null.decibels(self.error)

    # The mixture, for the render

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.info.sample_rate

    @property
    def channels(self) -> int:
        """1 or more."""
        return self.info.channels

    @property
    def frames(self) -> int:
        """Samples per channel."""
        return self.info.frames

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """The bounce's samples `start..stop`, `[channels, stop - start]`, full scale ±1."""
        block = self._bounce[start:stop].T.astype(np.float32)
        return block if self.is_float else block * np.float32(1 / _GRID)

    def put(self, start: int, acapella: NDArray[np.float32]) -> None:
        """The acapella from frame `start` on, `[channels, samples]`. Raises `AudioError` for NaN or infinity.

        The rounding is that of `null`: a float32 times a power of two is exact, and so is its nearest integer.
        """
        if not np.isfinite(acapella).all():
            raise AudioError(f"{self.info.path}: {NOT_FINITE.format(start)}")
        span = slice(start, start + acapella.shape[1])
        if self.is_float:
            self._acapella[span] = acapella.T
        else:
            self._acapella[span] = np.clip(np.rint(acapella * np.float32(_GRID)), -_BEYOND, _BEYOND).T
        rest = self._stem(INSTRUMENTAL, span.start, span.stop)
        summed = self._stem(ACAPELLA, span.start, span.stop) + rest
        error = float(np.abs(summed - self._bounce[span]).max(initial=0.0)) / self._scale
        ends = [(float(part.min()), float(part.max())) for part in (self._acapella[span], rest)]
        with self._lock:
            self.error = max(self.error, error)
            for stem, (low, high) in zip((ACAPELLA, INSTRUMENTAL), ends, strict=True):
                self._extremes[stem].take(low, high)

    # The stems, for the files

    def span(self, stem: str, gain: Gain) -> tuple[float, float]:
        """Least and greatest sample of a stem as written, full scale ±1."""
        if gain.lane is not None:
            found = _Extremes()
            for block in self.levelled(stem, gain):
                found.take(float(block.min()), float(block.max()))
            return found.low / self._scale, found.high / self._scale
        factor = 10.0 ** (gain.db / 20.0)
        ends = np.array([self._extremes[stem].low, self._extremes[stem].high]) * factor
        low, high = (ends if self.is_float else np.rint(ends)) / self._scale
        return float(low), float(high)

    def layout_for(self, spans: Iterable[tuple[float, float]]) -> StemEncoding:
        """How stems of these least and greatest samples are written: as float if integers would clip."""
        spans = list(spans)
        if self.is_float or all(low >= -1.0 and high <= 1.0 - 2.0**-23 for low, high in spans):
            return self.layout
        peak = max(max(-low, high) for low, high in spans)
        return widened(self.info, self.layout, null.float_subtype(24, peak))

    def levelled(self, stem: str, gain: Gain) -> Iterator[Numbers]:
        """A stem's samples at its level, block by block, `[samples, channels]`, on the grid or in full scale."""
        for start in range(0, self.frames, BLOCK_FRAMES):
            stop = min(start + BLOCK_FRAMES, self.frames)
            samples = self._stem(stem, start, stop)
            if gain.is_neutral:
                yield samples
                continue
            louder = samples * gain.factor(start, stop, self.sample_rate)
            yield louder if self.is_float else np.rint(louder)

    def blocks(self, stem: str, gain: Gain, layout: StemEncoding) -> Iterator[tuple[Numbers, int]]:
        """A stem's samples as `StemFile.append` takes them, each block with its count of samples beyond full scale."""
        top = self._scale if self.is_float else self._scale - 1
        for block in self.levelled(stem, gain):
            overs = 0
            if layout is not self.layout or self.is_float:
                overs = int(np.count_nonzero((block > top) | (block < -self._scale)))
            yield block if layout.subtype == "PCM_24" else block / self._scale, overs

    @property
    def _scale(self) -> float:
        return 1.0 if self.is_float else _GRID

    def _stem(self, stem: str, start: int, stop: int) -> Numbers:
        """On the grid int32; in floats float64 that holds what 32 bits hold."""
        acapella = self._acapella[start:stop]
        if not self.is_float:
            return acapella if stem == ACAPELLA else self._bounce[start:stop] - acapella
        if stem == ACAPELLA:
            return acapella.astype(np.float64)
        exact = self._bounce[start:stop].astype(np.float64) - acapella
        return exact.astype(np.float32).astype(np.float64)
