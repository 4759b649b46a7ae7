"""Which workers of a cluster are given work: those of this version of dawbridge that answer.

Each worker is asked once what it is, in a thread of its own, so that one that is frozen holds up nobody.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from dawbridge.cluster.piece import Facts, facts
from dawbridge.version import VERSION

FIRST_S = 10.0
"""How long it may take until one of the new workers says what it is, in seconds."""
ANSWER_S = 3.0
"""How long the others may take after that."""
REST_S = 600.0
"""How long a worker that did not give a piece back is given nothing, in seconds."""

Name = tuple[str, str]
"""Address and folder: one that was started again under the same address has another folder."""


class Workers:
    """What is known of the workers of one scheduler."""

    def __init__(self) -> None:
        self._asked: dict[Name, Future[object]] = {}
        self._resting: dict[Name, float] = {}
        self.late: set[str] = set()
        """Keys of the pieces that workers which rest now had, and that are not waited for."""

    def usable(
        self, client: Any, known: dict[str, Any], polled: Callable[[Callable[[], None], float], None],
        say: Callable[[str, str], None],
    ) -> tuple[str, ...]:  # fmt: skip
        """Addresses of the workers to be given work, of those that the scheduler knows.

        `polled` waits for a call, `say` is given an address and a line about it.
        """
        names = [_name(address, about) for address, about in known.items()]
        for name in self._asked.keys() - set(names):
            del self._asked[name]
        asked = {name: _ask(client, name[0]) for name in names if name not in self._asked}
        self._asked |= asked
        if asked:  # those that did not answer then are not waited for again
            polled(lambda: _await_some(asked.values()), 2 * (FIRST_S + ANSWER_S))
        return tuple(name[0] for name in names if self._is_usable(name, say))

    def rest(self, address: str, keys: Iterable[str]) -> None:
        """Give a worker nothing for a while, and wait for none of its pieces."""
        now_s = time.monotonic()
        self._resting = {name: until_s for name, until_s in self._resting.items() if until_s > now_s}
        self._resting |= {name: now_s + REST_S for name in self._asked if name[0] == address}
        self.late = set(keys) if len(self._resting) < 2 else self.late | set(keys)

    def _is_usable(self, name: Name, say: Callable[[str, str], None]) -> bool:
        address, asked = name[0], self._asked[name]
        if not asked.done() or isinstance(asked.result(), OSError | TimeoutError):
            if asked.done():
                del self._asked[name]  # it is asked again next time
            say(address, f"cluster worker {address} does not answer; it is given nothing until it does")
            return False
        found = asked.result()
        if not isinstance(found, Facts):
            del self._asked[name]
            say(address, f"cluster worker {address} cannot be used: dawbridge is not installed there, or fails")
            return False
        if found.version != VERSION:
            other = str(found.version)[:40]
            say(address, f"cluster worker {address} has dawbridge {other}, not {VERSION}; it is given nothing")
            return False
        return self._resting.get(name, 0.0) <= time.monotonic()


def _name(address: str, about: object) -> Name:
    return str(address), str(about.get("local_directory", ""))[:500] if isinstance(about, dict) else ""


def _await_some(asked: Collection[Future[object]]) -> None:
    """Wait for the first answer, and a little for the others."""
    wait(asked, FIRST_S, FIRST_COMPLETED)
    wait(asked, ANSWER_S)


def _ask(client: Any, address: str) -> Future[object]:
    """Ask one worker what it is; the answer, or what went wrong."""
    done: Future[object] = Future()

    def run() -> None:
        try:
            done.set_result(client.run(facts, workers=[address], on_error="return").get(address))
        except BaseException as error:
            done.set_result(error)

    threading.Thread(target=run, name="cluster", daemon=True).start()
    return done
