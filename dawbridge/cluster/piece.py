"""What runs on another computer: one piece of a mixture through a model that is found by its hash.

Only plain data travels: names, numbers, and samples as an array. A worker that lacks the weights says so, and is sent
them once; it keeps them under their hash.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.config.paths import cache_folder
from dawbridge.errors import DawbridgeError
from dawbridge.estimators import find_model
from dawbridge.estimators.model import Estimator, LoadRequest, Model
from dawbridge.version import VERSION

Samples = NDArray[np.float32]
"""`[2, samples]`."""
LOOK_S = 0.25
"""How often a running piece asks whether it is still wanted, in seconds."""
_LOCK = threading.Lock()
"""One piece at a time runs on a worker's device."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a mixture, and the model that is to hear it."""

    model: str
    """Its name where the bounce is."""
    fingerprint: str
    weights: str
    """SHA-256 of the file of its weights; empty if it has none."""
    values: tuple[tuple[str, float], ...]
    """Parameters that the model depends on."""
    samples: Samples
    wish: str
    """Name of the event that is set when nobody wants the estimate any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a piece. One of `vocals`, `problem` and `needs_weights` is set."""

    vocals: Samples | None = None
    problem: str = ""
    needs_weights: bool = False
    worker: str = ""
    seconds: float = 0.0
    """How long the estimate took."""


class _Unwanted(Exception):
    """Nobody wants the estimate any more."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a worker is."""

    version: str
    device: str


def facts() -> Facts:
    """What this worker is; asked before it is given work."""
    return Facts(VERSION, device())


def device() -> str:
    """The device that this worker estimates on: what `dawbridge cluster worker` was told, else the best there is."""
    return _DEVICE[0] or _best_device()


_DEVICE = [""]


def use_device(name: str) -> None:
    """From now on estimate on this device."""
    _DEVICE[0] = name


def _best_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def estimate(piece: Piece) -> Answer:
    """Estimate the vocals of a piece. Never raises for what a model or its weights are."""
    import torch

    worker = _address()
    try:
        model = _found(piece)
        if model is None:
            return Answer(needs_weights=True, worker=worker)
        with _LOCK:
            estimator = _loaded(piece.model, piece.fingerprint, piece.weights, piece.values, device())
            _set_wanted(piece.wish)
            since_s = time.monotonic()
            vocals = estimator.estimate(torch.from_numpy(np.array(piece.samples)).to(device())).cpu().numpy()
            seconds = time.monotonic() - since_s
        return Answer(np.asarray(vocals, np.float32), worker=worker, seconds=seconds)
    except _Unwanted:
        return Answer(problem="cancelled", worker=worker)
    except DawbridgeError as error:
        return Answer(problem=str(error), worker=worker)
    except Exception as error:  # out of memory, a lost card, whatever a foreign network runs into
        return Answer(problem=" ".join(f"{type(error).__name__}: {error}".split())[:200], worker=worker)


def take_weights(digest: str, content: bytes) -> str:
    """Keep weights under their hash; what is wrong, or nothing."""
    if hashlib.sha256(content).hexdigest() != digest:
        return "the weights arrived damaged"
    place = weights_place(digest)
    partial = place.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(place)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        return f"the weights cannot be kept in {place.parent} ({error.strerror or error})"
    return ""


def weights_place(digest: str) -> Path:
    """Where weights that were sent here are kept."""
    return cache_folder() / "cluster" / f"{digest}.safetensors"


def _found(piece: Piece) -> Model | None:
    """The model with the piece's fingerprint: one that is here under its name, or weights that were sent."""
    named = "" if {"/", "\\"} & set(piece.model) else piece.model  # a path means something on its own computer alone
    for name in (named, str(weights_place(piece.weights)) if piece.weights else ""):
        try:
            model = find_model(name) if name else None
        except DawbridgeError:
            continue
        if model is not None and model.fingerprint == piece.fingerprint:
            return model
    if not piece.weights or weights_place(piece.weights).is_file():
        raise DawbridgeError(
            f"it has another {piece.model[:80]!r} than the computer with the bounce; install the same versions there"
        )
    return None


_wanted: list[Callable[[], bool]] = [lambda: True]
_asked_s = [0.0]


def _set_wanted(wish: str) -> None:
    """From now on ask this event whether the piece at hand is still wanted."""
    _asked_s[0] = time.monotonic()
    _wanted[0] = (lambda: not _event(wish).is_set()) if wish else lambda: True


def _on_step() -> None:
    now = time.monotonic()
    if now - _asked_s[0] >= LOOK_S:
        _asked_s[0] = now
        if not _wanted[0]():
            raise _Unwanted


def _event(name: str):  # type: ignore[no-untyped-def]
    from distributed import Event

    return Event(name)


@lru_cache(maxsize=2)
def _loaded(name: str, fingerprint: str, weights: str, values: tuple[tuple[str, float], ...], where: str) -> Estimator:
    model = _found(Piece(name, fingerprint, weights, values, np.zeros((2, 0), np.float32), ""))
    assert model is not None
    return model.load(LoadRequest(where, dict(values), _on_step))


def _address() -> str:
    from distributed import get_worker

    try:
        return str(get_worker().address)
    except ValueError:  # not on a worker
        return ""
