"""This computer's side of a cluster: hands out pieces, a few ahead, and waits for their estimates in order.

Whatever happens out there, a piece is either estimated or done again: on another worker if one dies (the scheduler
sees to that), after a new connection if the scheduler was restarted, and here if the settings say so. A worker of
another version of dawbridge is given nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from itertools import tee
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from dawbridge.cluster.link import ClusterLost
from dawbridge.cluster.run import CONNECT_S, LOOK_S, Run, Sent, brief
from dawbridge.cluster.workers import Workers
from dawbridge.config.cluster import ClusterSettings
from dawbridge.errors import DawbridgeError, ModelError
from dawbridge.estimators.model import Model
from dawbridge.estimators.streaming import Block, Estimate, Streaming
from dawbridge.files.printable import printable

Samples = NDArray[np.float32]
T = TypeVar("T")
AGAIN_S = 5.0
"""How long to wait before the cluster is tried again, in seconds."""
AHEAD = 2
"""Pieces for each worker that are under way at once."""
AHEAD_BYTES = 256 << 20
"""Samples that are under way at once, however many workers there are; they take about three times that in memory."""
MOST_SUBJECTS = 64
"""Workers of whom something is told."""


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
        self._said: dict[str, str] = {}
        self.known = Workers()
        """What is known of the workers."""
        self.pace_s = 0.0
        """Longest time that a worker took for a sample, in seconds; 0 if none has given a piece back."""
        self.client: Any = None
        """The connection; None if there is none."""
        self.workers: tuple[str, ...] = ()
        """Addresses of those that are given work."""
        self._lost_s = float("-inf")
        self.sent_bytes = self.received_bytes = 0
        """Samples over the wire so far."""

    def say(self, about: str, text: str) -> None:
        """Tell the user something about the cluster, or one worker's address, unless that is what was told last of it.

        A worker that is started again and again has another port each time, and is the same.
        """
        subject = about.rpartition(":")[0] or about
        state = text.replace(about, subject)
        if self._said.get(subject) != state and (subject in ("", *self._said) or len(self._said) < MOST_SUBJECTS):
            self._said[subject] = state
            self._tell(printable(text[:400]))

    def rest(self, key: str) -> str:
        """Give the worker that has this piece nothing for a while; its address, empty if nobody knows."""
        try:
            processing = self.polled(lambda: self.client.processing(), CONNECT_S)
            address = next(str(one) for one, keys in processing.items() if key in map(str, keys))
            self.known.rest(address, map(str, processing[address]))
        except DawbridgeError:
            raise
        except Exception:  # nobody has it, or the scheduler does not say
            return ""
        self.workers = tuple(one for one in self.workers if one != address)
        return address

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
                if "" in self._said:
                    self.say("", f"cluster {self.settings.address} estimates, with {len(self.workers)} workers")
                return True
            except ClusterLost as lost:
                address = self.settings.address
                if self.settings.without == "local":
                    self.say("", f"cluster {address}: {lost}; bounces are estimated on this computer until it is back")
                    return False
                self.say("", f"cluster {address}: {lost}; bounces wait until it is back")
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
        sent: deque[Sent] = deque()
        run = Run(self, model, tuple(sorted(values.items())), here)

        def send(piece: torch.Tensor) -> torch.Tensor:
            sent.append(run.send(piece.cpu().numpy()))
            return torch.zeros_like(piece)

        def take(piece: torch.Tensor) -> torch.Tensor:
            most = min(AHEAD * len(self.workers), AHEAD_BYTES // max(1, piece.numel() * 4))
            while len(sent) < max(1, most) and next(scout, None) is not None:
                pass
            return torch.from_numpy(run.take(sent.popleft()))

        scout = streaming.stream(send, ahead_of, chunk_samples, shifts)
        try:
            yield from streaming.stream(take, behind, chunk_samples, shifts)
        finally:
            run.stop(list(sent))

    def _connect(self) -> None:
        """Have a connection and workers that can be used. Raises `ClusterLost`."""
        if self.client is None:
            if time.monotonic() - self._lost_s < AGAIN_S and self.settings.without == "local":
                raise ClusterLost("it could not be reached a moment ago")
            try:
                self.client = self.polled(lambda: _client(self.settings), 2 * CONNECT_S)
            except ClusterLost:
                self._lost_s = time.monotonic()
                raise
        self.workers = self._usable()
        if not self.workers:
            raise ClusterLost("it has no worker that can be used; start one: dawbridge cluster worker ADDRESS")

    def _usable(self) -> tuple[str, ...]:
        """Addresses of the workers that can be given work. Raises `ClusterLost`."""
        try:
            known = self.polled(lambda: self.client.scheduler_info(n_workers=-1)["workers"], CONNECT_S)
            if not isinstance(known, dict):
                raise ClusterLost("it does not say who its workers are")
            return self.known.usable(self.client, known, self.polled, self.say)
        except ClusterLost:
            self.close()
            raise
        except (DawbridgeError, KeyboardInterrupt):  # the work is not wanted any more
            raise
        except Exception as error:
            self.close()
            raise ClusterLost(f"the connection was lost ({brief(error)})") from error

    def polled(self, work: Callable[[], T], limit_s: float) -> T:
        """Do something that waits for other computers, in a thread of its own; `on_step` may stop the wait.

        Raises `ClusterLost` if it takes longer than `limit_s`, and whatever `work` raises.
        """
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=run, name="cluster", daemon=True).start()
        until = time.monotonic() + limit_s
        while not done.done():
            self.on_step()
            if time.monotonic() > until:
                raise ClusterLost(f"it does not answer within {limit_s:.0f} s")
            time.sleep(LOOK_S)
        return done.result()

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.on_step()
            time.sleep(LOOK_S)


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
        raise ClusterLost(brief(error)) from error
