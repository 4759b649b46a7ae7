"""The jobs of a daemon without a daemon: the real loop, ledger and bus, an engine that is played by the test."""

import threading
from multiprocessing.connection import wait

from dawbridge.config.settings import FolderSettings
from dawbridge.engine.process.messages import Cancel, Describe, Identify, Task
from dawbridge.events import Bus
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.loop import JobLoop, at_once, no_automation
from dawbridge.jobs.watched_roots import WatchedRoots
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets


class JobsRig:
    """`sent` is what the engine was sent, `wishes` what the watch was asked for."""

    def __init__(
        self,
        root,
        home,
        clock,
        *,
        store=None,
        bus=None,
        presets=None,
        read=no_automation,
        submit=at_once,
        prefetch=False,
        describes=False,
        settings=None,
        **roots,
    ):
        self.root, self.sent, self.wishes = root, [], []
        self.store, self.bus = store or ParameterStore(clock=clock), bus or Bus()
        self.ledger = Ledger(home / "ledger.sqlite")
        self.loop = JobLoop(
            self.store, presets or Presets(), self.ledger, self.bus,
            WatchedRoots([settings or FolderSettings(root)], **roots), clock,
            send=self.sent.append, watch=lambda action, path: self.wishes.append((action, path)),
            read_automation=read, submit=submit,
        )  # fmt: skip
        self.loop.start(prefetch=prefetch, describes=describes)
        self._thread, self._over, self._lock = None, threading.Event(), threading.Lock()

    @property
    def jobs(self):
        """As other threads see them."""
        return self.loop.requests

    def handle(self, *events):
        with self._lock:
            self.loop.handle(events)

    def pump(self):
        """Take turns in a thread of its own until `close`, as the daemon does."""
        self._thread = threading.Thread(target=self._turns)
        self._thread.start()
        return self

    def _turns(self):
        while not self._over.is_set():
            wait([self.loop.waitable], 5.0)
            with self._lock:
                self.loop.turn()

    def ask(self, future):
        """The answer to a request, if nobody pumps."""
        self.loop.turn()
        return future.result(0)

    def tasks(self):
        """Tasks that the engine was sent and nobody took yet."""
        taken = [message for message in self.sent if isinstance(message, Task | Identify | Describe)]
        self.sent[:] = [message for message in self.sent if isinstance(message, Cancel)]
        return taken

    def cancels(self):
        """How often the engine was told to stop, since this was last asked."""
        count = sum(isinstance(message, Cancel) for message in self.sent)
        self.sent[:] = [message for message in self.sent if not isinstance(message, Cancel)]
        return count

    def close(self):
        self._over.set()
        self.loop.wake()
        if self._thread:
            self._thread.join(10)
        self.loop.stop()
        self.loop.close()
        self.ledger.close()
