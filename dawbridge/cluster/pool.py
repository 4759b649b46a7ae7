"""This computer's side of a cluster: hands out pieces, a few ahead, and waits for their estimates in order.

Whatever happens out there, a piece is either estimated or done again: on another worker if one dies (the scheduler
sees to that), after a new connection if the scheduler was restarted, and here if the settings say so. A worker of
another version of dawbridge is given nothing.
"""

import hashlib
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import tee
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dawbridge.cluster.piece import Answer, Piece, estimate, facts, take_weights
from dawbridge.config.cluster import ClusterSettings
from dawbridge.errors import ModelError
from dawbridge.estimators.model import Model
from dawbridge.estimators.streaming import Block, Estimate, Streaming
from dawbridge.version import VERSION

Samples = NDArray[np.float32]
CONNECT_S = 10.0
"""How long a scheduler may take to answer, in seconds."""
LOOK_S = 0.05
"""How often it is asked while waiting whether the work is still wanted, in seconds."""
AGAIN_S = 5.0
"""How long to wait before the cluster is tried again, in seconds."""
ALONE_S = 15.0
"""How long a piece may wait while no worker is there, in seconds."""
AHEAD = 2
"""Pieces for each worker that are under way at once."""
TRIES = 3
"""How often a piece is handed out before its bounce fails."""


class ClusterLost(Exception):
    """The cluster cannot be reached, or has no worker that can be used; the text says why."""


@dataclass(slots=True)
class _Sent:
    """A piece that is under way."""

    samples: Samples
    future: Any = None
    client: Any = None
    """The connection that it was handed out over."""
    tries: int = 0
    sent_weights_to: set[str] = field(default_factory=set)


class ClusterPool:
    """A connection to a scheduler, opened when it is first needed. Not thread-safe."""

    def __init__(
        self, settings: ClusterSettings, on_step: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`on_step` is called many times a second while it waits, and may raise to stop; `say` is given a line for the
        user.
        """
        self.settings = settings
        self.on_step, self._tell = on_step, say
        self._said = ""
        self.client: Any = None
        """The connection; None if there is none."""
        self.workers: tuple[str, ...] = ()
        """Addresses of those that are given work."""
        self._lost_s = float("-inf")
        self.sent_bytes = self.received_bytes = 0
        """Samples over the wire so far."""

    def say(self, text: str) -> None:
        """Tell the user something, unless it was the last thing that was told."""
        if text != self._said:
            self._said = text
            self._tell(text)

    def close(self) -> None:
        """End the connection."""
        client, self.client = self.client, None
        if client is not None:
            with suppress(Exception):
                client.close(timeout=1)

    def ready(self) -> bool:
        """Whether pieces can go to the cluster now; if not, and the settings say so, after a wait."""
        while True:
            try:
                self._connect()
                if self._said:
                    self.say(f"cluster {self.settings.address} estimates, with {len(self.workers)} workers")
                return True
            except ClusterLost as lost:
                self._lost_s = time.monotonic()
                address = self.settings.address
                if self.settings.without == "local":
                    self.say(f"cluster {address}: {lost}; bounces are estimated on this computer until it is back")
                    return False
                self.say(f"cluster {address}: {lost}; bounces wait until it is back")
                self._rest(AGAIN_S)

    def stream(
        self, model: Model, values: dict[str, float], streaming: Streaming, here: Estimate, blocks: Iterable[Block],
        chunk_samples: int, shifts: int,
    ) -> Iterator[Block]:  # fmt: skip
        """As `streaming.stream`, with the pieces on the cluster; `here` estimates one on this computer.

        A scout goes through the blocks first, and hands out the pieces that it is asked to estimate; then the stream
        itself takes the estimates in the same order.
        """
        ahead_of, behind = tee(blocks)
        sent: deque[_Sent] = deque()
        run = _Run(self, model, tuple(sorted(values.items())), here)

        def send(piece: torch.Tensor) -> torch.Tensor:
            sent.append(run.send(piece.cpu().numpy()))
            return torch.zeros_like(piece)

        def take(piece: torch.Tensor) -> torch.Tensor:
            while len(sent) < max(1, AHEAD * len(self.workers)) and next(scout, None) is not None:
                pass
            return torch.from_numpy(run.take(sent.popleft()))

        scout = streaming.stream(send, ahead_of, chunk_samples, shifts)
        try:
            yield from streaming.stream(take, behind, chunk_samples, shifts)
        finally:
            run.stop([one for one in sent if one.future is not None])

    def _connect(self) -> None:
        """Have a connection and workers that can be used. Raises `ClusterLost`."""
        if self.client is None:
            if time.monotonic() - self._lost_s < AGAIN_S and self.settings.without == "local":
                raise ClusterLost("it could not be reached a moment ago")
            self.client = _client(self.settings)
        self.workers = self._usable()
        if not self.workers:
            raise ClusterLost("it has no worker that can be used; start one: dawbridge cluster worker ADDRESS")

    def _usable(self) -> tuple[str, ...]:
        """Addresses of the workers that have this version of dawbridge. Raises `ClusterLost`."""
        try:
            known = self.client.run(facts, on_error="return")
        except Exception as error:
            self.close()
            raise ClusterLost(f"the connection was lost ({_brief(error)})") from error
        usable = []
        for address, found in known.items():
            version = getattr(found, "version", None)
            if version == VERSION:
                usable.append(address)
            elif version is None:
                self.say(f"cluster worker {address} cannot be used: dawbridge is not installed there, or fails")
            else:
                self.say(f"cluster worker {address} has dawbridge {version}, not {VERSION}; it is given nothing")
        return tuple(usable)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.on_step()
            time.sleep(LOOK_S)


class _Run:
    """One estimate of one mixture, piece by piece."""

    def __init__(self, pool: ClusterPool, model: Model, values: tuple[tuple[str, float], ...], here: Estimate) -> None:
        self._pool, self._model, self._values, self._here = pool, model, values, here
        self._wish = f"dawbridge-{uuid.uuid4().hex}"
        self._digest = hashlib.sha256(model.weights.read_bytes()).hexdigest() if model.weights else ""

    def send(self, samples: Samples) -> _Sent:
        """Hand a piece out; if the cluster is lost, it stays here until it is taken."""
        sent = _Sent(np.array(samples, np.float32))
        with suppress(ClusterLost):
            self._submit(sent)
        return sent

    def take(self, sent: _Sent) -> Samples:
        """The estimate of a piece, wherever it is made. Raises `ModelError` if it cannot be."""
        while True:
            try:
                if sent.future is None or sent.client is not self._pool.client:
                    if not self._pool.ready():
                        return self._here(torch.from_numpy(sent.samples)).numpy()
                    self._submit(sent)
                answer = self._awaited(sent)
            except ClusterLost as lost:
                sent.future = None
                sent.tries -= 1
                self._pool.close()
                self._pool.say(f"cluster {self._pool.settings.address}: {lost}; the piece is done again")
                continue
            sent.future = None
            if answer.needs_weights:
                self._send_weights(sent, answer.worker)
                continue
            if answer.vocals is not None and _fits(answer.vocals, sent.samples):
                self._pool.received_bytes += answer.vocals.nbytes
                return answer.vocals
            problem = answer.problem or "it gave something else than an estimate"
            if sent.tries >= TRIES:
                raise ModelError(f"the cluster cannot estimate a piece of it: {answer.worker or 'a worker'}: {problem}")

    def stop(self, left: list[_Sent]) -> None:
        """Nobody wants what is still under way."""
        client = self._pool.client
        if not left or client is None:
            return
        with suppress(Exception):
            from distributed import Event

            Event(self._wish, client=client).set()
            client.cancel([one.future for one in left])

    def _submit(self, sent: _Sent) -> None:
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
            raise ClusterLost(_brief(error)) from error

    def _awaited(self, sent: _Sent) -> Answer:
        """Wait for an answer. Raises `ClusterLost`, `ModelError`, and whatever `on_step` raises."""
        from distributed.scheduler import KilledWorker

        pool, alone_s = self._pool, time.monotonic()
        while not sent.future.done():
            pool.on_step()
            time.sleep(LOOK_S)
            if pool.client is None or pool.client.status != "running":
                raise ClusterLost("the scheduler is gone")
            if time.monotonic() - alone_s > ALONE_S:
                alone_s = time.monotonic()
                there = set(pool.client.scheduler_info(n_workers=-1)["workers"])
                if not there & set(pool.workers):
                    raise ClusterLost("all of its workers are gone")
        try:
            answer = sent.future.result(timeout=CONNECT_S)
        except KilledWorker as error:
            raise ModelError(
                f"a piece of it ends every worker of the cluster that tries it ({_brief(error)})"
            ) from error
        except Exception as error:
            raise ClusterLost(_brief(error)) from error
        return answer if isinstance(answer, Answer) else Answer(problem="it gave something else than an estimate")

    def _send_weights(self, sent: _Sent, worker: str) -> None:
        """Give a worker the weights, once. Raises `ModelError`."""
        if self._model.weights is None or worker in sent.sent_weights_to:
            raise ModelError(f"cluster worker {worker} does not take the weights of {self._model.name}")
        sent.sent_weights_to.add(worker)
        try:
            taken = self._pool.client.submit(
                take_weights, self._digest, self._model.weights.read_bytes(), pure=False, workers=[worker]
            ).result(timeout=600)
        except Exception as error:
            raise ModelError(
                f"cluster worker {worker} could not be sent {self._model.name} ({_brief(error)})"
            ) from error
        if taken:
            raise ModelError(f"cluster worker {worker}: {taken}")
        sent.tries -= 1


def _client(settings: ClusterSettings) -> Any:
    """Connect. Raises `ClusterLost`."""
    try:
        import dask
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ModelError(f"--cluster needs the package {error.name}; pip install 'dawbridge[cluster]'") from error
    from dawbridge.cluster.security import security_of

    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})  # pieces go inline, on purpose
    try:
        return Client(
            settings.address, security=security_of(settings), timeout=CONNECT_S, set_as_default=False, name="dawbridge"
        )
    except Exception as error:  # OSError, TimeoutError, SSL errors, and whatever the other side makes of the handshake
        raise ClusterLost(_brief(error)) from error


def _fits(vocals: Samples, samples: Samples) -> bool:
    return vocals.shape == samples.shape and vocals.dtype == np.float32 and bool(np.isfinite(vocals).all())


def _brief(error: BaseException) -> str:
    line = " ".join(str(error).split())[:200]
    return line or type(error).__name__
