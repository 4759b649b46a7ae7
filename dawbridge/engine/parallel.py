"""Blocks of work on several cores at once, in order, stopped cleanly."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, wait

import torch

Done = Callable[[float], None]
"""Told which part of the blocks is done, 0..1; may raise to stop the work."""


class ParallelBlocks:
    """An executor's threads, or none: then the caller's own.

    Each block is one thread's work. torch's own threads, which wait for each other after every step, would make each
    step as slow as the busiest core; a DAW that plays meanwhile makes one.
    """

    def __init__(self, executor: Executor | None = None, threads: int = 1) -> None:
        self._executor, self._threads = executor, threads

    def each(self, work: Callable[[int], None], starts: Iterable[int], done: Done = lambda _: None) -> None:
        """`work(start)` for all of `starts`; whatever it or `done` raises ends it, once nothing runs any more."""
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        under_way: deque[Future[None]] = deque()
        try:
            waiting = deque(starts)
            total = len(waiting)
            while waiting or under_way:
                while waiting and len(under_way) < self._threads + 1:
                    under_way.append(self._begin(work, waiting.popleft()))
                under_way.popleft().result()
                done(1 - (len(waiting) + len(under_way)) / total)
        finally:
            for future in under_way:
                future.cancel()
            wait(under_way)
            torch.set_num_threads(before)

    def _begin(self, work: Callable[[int], None], start: int) -> Future[None]:
        if self._executor is not None:
            return self._executor.submit(work, start)
        future: Future[None] = Future()
        try:
            work(start)
            future.set_result(None)
        except BaseException as error:
            future.set_exception(error)
        return future
