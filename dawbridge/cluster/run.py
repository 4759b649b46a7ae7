"""One estimate of one mixture by a cluster, piece by piece: handed out, awaited, and done again if need be."""

import hashlib
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from dawbridge.cluster.link import ClusterLost, Pool
from dawbridge.cluster.piece import Answer, Piece, estimate, take_weights
from dawbridge.errors import DawbridgeError, ModelError
from dawbridge.estimators.identity import hash_of
from dawbridge.estimators.model import Model
from dawbridge.estimators.streaming import Estimate
from dawbridge.files.printable import printable

Samples = NDArray[np.float32]
WEIGHTS_S = 600.0
"""How long a worker may take to be sent weights, in seconds."""
CONNECT_S = 10.0
"""How long a scheduler may take to answer, in seconds."""
LOOK_S = 0.05
"""How often it is asked while waiting whether the work is still wanted, in seconds."""
ALONE_S = 15.0
"""How long a piece may wait while no worker is there, in seconds."""
TRIES = 3
"""How often a piece is handed out before its bounce fails."""
LOSSES = 5
"""How often the cluster may be lost under one piece before the piece is estimated here, or a rest is made."""
FIRST_S = 900.0
"""How long the first piece may take, in seconds: its worker may have to load the model."""
LEAST_S = 120.0
TIMES = 20
"""How long another may take: so many times what the slowest took, as other computers may have pieces there too."""


@dataclass(slots=True)
class Sent:
    """A piece that is under way."""

    samples: Samples
    future: Any = None
    client: Any = None
    """The connection that it was handed out over."""
    tries: int = 0
    losses: int = 0
    """How often the cluster was lost while it was under way."""
    refusals: int = 0
    """How often a worker that has been sent the weights asked for them."""


class Run:
    """One estimate of one mixture, piece by piece."""

    def __init__(self, pool: Pool, model: Model, values: tuple[tuple[str, float], ...], here: Estimate) -> None:
        self._pool, self._model, self._values, self._here = pool, model, values, here
        self._wish = f"dawbridge-{uuid.uuid4().hex}"
        self._current: Sent | None = None
        self._have_weights: set[str] = set()
        self._digest = hash_of(model.weights) if model.weights else ""

    def send(self, samples: Samples) -> Sent:
        """Hand a piece out; if the cluster is lost, it stays here until it is taken."""
        sent = Sent(np.array(samples, np.float32))
        with suppress(ClusterLost):
            self._submit(sent)
        return sent

    def take(self, sent: Sent) -> Samples:
        """The estimate of a piece, wherever it is made. Raises `ModelError` if it cannot be."""
        self._current = sent
        while True:
            try:
                if sent.future is None or sent.client is not self._pool.client:
                    if not self._pool.ready():
                        return self._estimated_here(sent)
                    self._submit(sent)
                answer = self._awaited(sent)
                if answer.needs_weights and answer.worker in self._pool.workers:
                    sent.future = None
                    self._send_weights(sent, answer.worker)
                    continue
            except ClusterLost as lost:
                if self._is_done_here(sent, lost):
                    return self._estimated_here(sent)
                continue
            sent.future = None
            if _fits(answer.vocals, sent.samples):
                self._pool.received_bytes += answer.vocals.nbytes
                if isinstance(answer.seconds, float) and 0 < answer.seconds < WEIGHTS_S:
                    self._pool.pace_s = max(self._pool.pace_s, answer.seconds / max(1, sent.samples.shape[1]))
                self._current = None
                return answer.vocals
            problem = " ".join(str(answer.problem).split())[:200] or "it gave something else than an estimate"
            if sent.tries >= TRIES:
                worker = str(answer.worker)[:100] or "a worker"
                raise ModelError(printable(f"the cluster cannot estimate a piece of it: {worker}: {problem}"))

    def _is_done_here(self, sent: Sent, lost: ClusterLost) -> bool:
        """Prepare for another try after the cluster was lost; whether there were enough of them."""
        sent.future = None
        sent.tries = max(0, sent.tries - 1)
        sent.losses += 1
        self._pool.close()
        settings = self._pool.settings
        if sent.losses >= LOSSES and settings.without == "local":
            self._pool.say("", f"cluster {settings.address}: {lost}, again and again; a piece is estimated here")
            return True
        self._pool.say("", f"cluster {settings.address}: {lost}; the piece is done again")
        if sent.losses >= LOSSES:
            until_s = time.monotonic() + CONNECT_S
            while time.monotonic() < until_s:
                self._pool.on_step()
                time.sleep(LOOK_S)
        return False

    def _estimated_here(self, sent: Sent) -> Samples:
        self._current = None
        return self._here(torch.from_numpy(sent.samples)).numpy()

    def stop(self, left: list[Sent]) -> None:
        """Nobody wants what is still under way; the workers are told in another thread."""
        client, current = self._pool.client, self._current
        under_way = [*left, *([current] if current is not None else [])]
        futures = [one.future for one in under_way if one.future is not None and one.client is client]
        if not futures or client is None or client.status != "running":
            return

        def tell() -> None:
            with suppress(Exception):
                from distributed import Event

                Event(self._wish, client=client).set()
                client.cancel(futures)

        threading.Thread(target=tell, name="cluster", daemon=True).start()

    def _submit(self, sent: Sent) -> None:
        """Raises `ClusterLost`."""
        self._pool.on_step()
        if self._pool.client is None:
            raise ClusterLost("the connection was lost")
        sent.tries += 1
        sent.client = self._pool.client
        self._pool.sent_bytes += sent.samples.nbytes
        fingerprint = self._model.fingerprint
        piece = Piece(self._model.name, fingerprint, self._digest, self._values, sent.samples, self._wish)
        try:
            sent.future = self._pool.client.submit(
                estimate, piece, pure=False, workers=list(self._pool.workers), allow_other_workers=False
            )
        except Exception as error:
            raise ClusterLost(brief(error)) from error

    def _awaited(self, sent: Sent) -> Answer:
        """Wait for an answer. Raises `ClusterLost`, `ModelError`, and whatever `on_step` raises."""
        from distributed.scheduler import KilledWorker

        pool, alone_s = self._pool, time.monotonic()
        patience_s = max(LEAST_S, TIMES * pool.pace_s * sent.samples.shape[1]) if pool.pace_s else FIRST_S
        until_s = alone_s + min(FIRST_S, patience_s)
        while not sent.future.done():
            pool.on_step()
            time.sleep(LOOK_S)
            if time.monotonic() > until_s or sent.future.key in pool.known.late:
                return self._given_up(sent)
            if pool.client is None or pool.client.status != "running":
                raise ClusterLost("the scheduler is gone")
            if time.monotonic() - alone_s > ALONE_S:
                alone_s = time.monotonic()
                there = set(pool.polled(lambda: pool.client.scheduler_info(n_workers=-1)["workers"], CONNECT_S))
                if not there & set(pool.workers):
                    raise ClusterLost("all of its workers are gone")
        try:
            answer = sent.future.result(timeout=CONNECT_S)
        except KilledWorker as error:
            raise ModelError(
                f"a piece of it ends every worker of the cluster that tries it ({brief(error)})"
            ) from error
        except Exception as error:
            if is_lost(error):
                raise ClusterLost(brief(error)) from error
            return Answer(problem=brief(error))
        return answer if isinstance(answer, Answer) else Answer(problem="it gave something else than an estimate")

    def _given_up(self, sent: Sent) -> Answer:
        """Take a piece from a worker that does not give it back; the worker has a rest. Raises `ClusterLost`."""
        pool, future = self._pool, sent.future
        worker = pool.rest(future.key)
        if worker:
            pool.say(worker, f"cluster worker {worker} does not give a piece back; it is given nothing for a while")
        client = pool.client
        threading.Thread(target=lambda: _cancel(client, future), name="cluster", daemon=True).start()
        if not pool.workers:
            raise ClusterLost("none of its workers gives pieces back")
        return Answer(problem="it does not give the piece back", worker=worker)

    def _send_weights(self, sent: Sent, worker: str) -> None:
        """Give a worker the weights, once. Raises `ModelError`."""
        sent.tries = max(0, sent.tries - 1)
        if worker in self._have_weights:  # it asked before they came, or did not keep them
            sent.refusals += 1
        if self._model.weights is None or sent.refusals > 1:
            raise ModelError(f"cluster worker {worker} does not take the weights of {self._model.name}")
        if worker in self._have_weights:
            return
        content = self._weights()
        try:
            sending = self._pool.client.submit(take_weights, self._digest, content, pure=False, workers=[worker])
            taken = self._pool.polled(sending.result, WEIGHTS_S)
        except (ClusterLost, DawbridgeError):
            raise
        except Exception as error:
            if is_lost(error):
                raise ClusterLost(brief(error)) from error
            raise ModelError(
                f"cluster worker {worker} could not be sent {self._model.name} ({brief(error)})"
            ) from error
        if taken:
            raise ModelError(f"cluster worker {worker}: {taken}")
        self._have_weights.add(worker)

    def _weights(self) -> bytes:
        """The file of the weights, as it was when the estimate began. Raises `ModelError`."""
        assert self._model.weights is not None
        try:
            content = self._model.weights.read_bytes()
        except OSError as error:
            raise ModelError(f"{self._model.weights}: cannot be read ({error.strerror or error})") from error
        if hashlib.sha256(content).hexdigest() != self._digest:
            raise ModelError(f"{self._model.weights}: was changed while it was used; bounce again")
        return content


def _cancel(client: Any, future: Any) -> None:
    with suppress(Exception):
        client.cancel([future])


def _fits(vocals: object, samples: Samples) -> TypeGuard[Samples]:
    if not isinstance(vocals, np.ndarray):
        return False
    return vocals.shape == samples.shape and vocals.dtype == np.float32 and bool(np.isfinite(vocals).all())


def is_lost(error: BaseException) -> bool:
    """Whether an error says that a connection is gone, or that the other side has forgotten what it was asked."""
    return isinstance(error, OSError | TimeoutError) or "Cancelled" in type(error).__name__


def brief(error: BaseException) -> str:
    """What an error says, in one short line."""
    line = " ".join(str(error).split())[:200]
    return line or type(error).__name__
