"""Computes pictures in two threads of its own, a bounded number at a time, each only once."""

import json
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from dawbridge.audio.files import open_source
from dawbridge.errors import AudioError, JobBusyError
from dawbridge.surfaces.web.pictures import peaks as waveform
from dawbridge.surfaces.web.pictures import spectrogram
from dawbridge.surfaces.web.pictures.png import png
from dawbridge.surfaces.web.pictures.sources import Sources
from dawbridge.surfaces.web.pictures.spectrogram import Axis, Grid
from dawbridge.surfaces.web.pictures.store import PictureStore

T = TypeVar("T")

WAITING = 96
"""Pictures that wait or are computed at most; whoever asks for one more is told to come again."""
WHOLE_S = 600.0
"""Up to this length, in seconds, peaks are exact at once; longer audio is sketched until its overview is there."""
MAX_POINTS = 8192


class PictureWorker:
    """Peaks and tiles of files, by their version. Its methods return at once; what they return resolves later."""

    def __init__(self, store: PictureStore, sources: Sources) -> None:
        self._store, self._sources = store, sources
        self._thread = ThreadPoolExecutor(2, "pictures")
        self._running: dict[Hashable, Future[object]] = {}
        self._closing = False

    def close(self) -> None:
        """Drop what waits, and end after what is computed now."""
        self._closing = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def tile(self, path: Path, version: str, axis: Axis, level: int, number: int) -> "Future[bytes | None]":
        """A PNG; None if the file has no such tile."""
        key = f"tile 1 {version} {axis} {level} {number}"
        return self._once(key, lambda: self._tile(path, key, axis, level, number))

    def peaks(self, path: Path, version: str, points: int, start: int, stop: int | None) -> "Future[bytes]":
        """JSON: `min` and `max` of each point, -1..1, whether they are `exact`, and the samples they cover."""
        key = f"peaks {version} {points} {start} {stop}"
        return self._once(key, lambda: self._peaks(path, version, points, start, stop))

    def _once(self, key: Hashable, compute: Callable[[], T]) -> "Future[T]":
        """Raises `JobBusyError` if too much waits. From one thread: the event loop's."""
        running = self._running.get(key)
        if running is not None and not running.done():
            return running  # type: ignore[return-value]
        self._running = {key: future for key, future in self._running.items() if not future.done()}
        if len(self._running) >= WAITING:
            raise JobBusyError(f"{WAITING} pictures are being drawn; ask again in a moment")
        future = self._thread.submit(compute)
        self._running[key] = future  # type: ignore[assignment]
        return future

    def _tile(self, path: Path, key: str, axis: Axis, level: int, number: int) -> bytes | None:
        kept = self._store.get(key)
        if kept is not None:
            return kept
        with self._sources.borrow(path) as source:
            grid = Grid(source.info.sample_rate, source.info.frames)
            if not 0 <= number < grid.tiles(level):
                return None
            drawn = png(spectrogram.tile(source.read, grid, axis, level, number))
        self._store.put(key, drawn)
        return drawn

    def _peaks(self, path: Path, version: str, points: int, start: int, stop: int | None) -> bytes:
        with self._sources.borrow(path) as source:
            frames, read = source.info.frames, source.read
            stop = frames if stop is None else min(stop, frames)
            if not 0 <= start < stop:
                raise AudioError(f"samples {start}..{stop} were asked for; the file has 0..{frames}")
            exact = True
            if (stop - start) // points < waveform.SPAN:
                found = waveform.close_up(read, start, stop, points)
            else:
                kept = self._overview(version, read, frames, source.info.duration_s <= WHOLE_S)
                exact = kept is not None
                found = (
                    waveform.sketch(read, start, stop, points)
                    if kept is None
                    else waveform.from_overview(kept, start, stop, points)
                )
        low, high = (np.round(row / 32767, 4).tolist() for row in found)
        return json.dumps({"start": start, "stop": stop, "exact": exact, "min": low, "max": high}).encode()

    def complete(self, path: Path, version: str) -> "Future[bool]":
        """Make the overview of a long file; whether it is there now."""
        return self._once(f"overview {version}", lambda: self._complete(path, version))

    def _complete(self, path: Path, version: str) -> bool:
        with open_source(path) as source:  # one of its own: this may take seconds, and tiles are wanted meanwhile
            return self._overview(version, source.read, source.info.frames, True) is not None

    def _overview(self, version: str, read: waveform.Read, frames: int, now: bool) -> "waveform.Peaks | None":
        key = f"overview 1 {version}"
        kept = self._store.get(key)
        if kept is not None and len(kept) == 4 * -(-frames // waveform.SPAN):
            return np.frombuffer(kept, np.int16).reshape(2, -1)
        if not now:
            return None
        found = waveform.overview(read, frames, self._heed)
        self._store.put(key, found.tobytes())
        return found

    def _heed(self) -> None:
        if self._closing:
            raise JobBusyError("dawbridge is ending")
