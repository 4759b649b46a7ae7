"""What an estimate needs of the connection to a cluster."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from dawbridge.cluster.workers import Workers
from dawbridge.config.cluster import ClusterSettings

T = TypeVar("T")


class ClusterLost(Exception):
    """The cluster cannot be reached, or has no worker that can be used; the text says why."""


class Pool(Protocol):
    """What a run needs of the connection that it uses: `pool.ClusterPool`."""

    settings: ClusterSettings
    client: Any
    """The connection; None if there is none."""
    workers: tuple[str, ...]
    """Addresses of those that are given work."""
    sent_bytes: int
    received_bytes: int
    on_step: Callable[[], None]
    """Called many times a second; may raise to stop."""

    known: Workers
    """What is known of the workers."""
    pace_s: float
    """Longest time that a worker took for a sample, in seconds; 0 if none has given a piece back."""

    def say(self, about: str, text: str) -> None:
        """Tell the user something about the cluster, or one worker's address."""

    def rest(self, key: str) -> str:
        """Give the worker that has this piece nothing for a while; its address."""

    def polled(self, work: Callable[[], T], limit_s: float) -> T:
        """Do something that waits for other computers. Raises `ClusterLost` if it takes longer than `limit_s`."""

    def ready(self) -> bool:
        """Whether pieces can go to the cluster now."""

    def close(self) -> None:
        """End the connection."""
