"""Does blocks of work on several cores at once, in order, and stops cleanly."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, wait

import torch

Done = Callable[[float], None]
"""Called with the fraction of the blocks that is done, 0..1; may raise to stop the work."""


class ParallelBlocks:
    """Runs blocks on an executor's threads, or without one on the caller's own.

    Each block is one thread's work. torch's own threads, which wait for each other after every step, would make each
    step as slow as the busiest core, and a DAW that plays meanwhile keeps one busy.
    """

    def __init__(self, executor: Executor | None = None, threads: int = 1) -> None:
        self._executor, self._threads = executor, threads

    def each(self, work: Callable[[int], None], starts: Iterable[int], done: Done = lambda _: None) -> None:
        """Call `work(start)` for all of `starts`; what it or `done` raises is raised after all have stopped."""
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
