"""A controller's way into the daemon over JACK: from a CC on another program's port to the feedback over OSC."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TOOLS = ("jackd", "jack_wait", "jack_connect")
PERIOD_SAMPLES = 64
PATIENCE_S, SETTLED_S = 30.0, 3.0
_ADDRESS = "/dawbridge/mask/strength"
_CONTROLLER = 20


def is_there() -> bool:
    """JACK's programs and python-rtmidi are installed."""
    try:
        import rtmidi  # noqa: F401
    except ImportError:
        return False
    return all(map(shutil.which, TOOLS))


@contextmanager
def server() -> Iterator[None]:
    """A JACK server without a sound card, which this process and those that it starts take for the usual one."""
    name = f"dawbridge-bench-{os.getpid()}"
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    command = ["jackd", "-n", name, "-S", "-r", "-d", "dummy", "-r", "48000", "-p", str(PERIOD_SAMPLES)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        subprocess.run(
            ["jack_wait", "-w", "-t", "30"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        yield
    finally:
        process.terminate()  # it then clears away what it keeps in shared memory
        process.wait(PATIENCE_S)
        del os.environ["JACK_DEFAULT_SERVER"]


def times_ms(count: int, heard: Callable[[str, float], bool]) -> tuple[list[float], int]:
    """From `send` on a port of our own to what `heard(address, position)` waits for; a value of its own each time.

    Also how many were never heard: a server without real-time priority may skip a cycle, and with it what it
    carried. Those of the first three seconds, in which the graph is made, do not count.
    """
    import rtmidi

    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="controller")
    try:
        out.open_virtual_port("out")
        subprocess.run(["jack_connect", "controller:out", "dawbridge:in"], check=True)
        begun = time.monotonic()
        while time.monotonic() - begun < SETTLED_S:
            _time_ms(out, 64, heard)
            _time_ms(out, 0, heard)
        times = [_time_ms(out, number % 126 + 1, heard) for number in range(count)]
        known = [took for took in times if took is not None]
        return known, count - len(known)
    finally:
        out.delete()


def _time_ms(out: object, value: int, heard: Callable[[str, float], bool]) -> float | None:
    begun = time.perf_counter()
    out.send_message([0xB0, _CONTROLLER, value])  # type: ignore[attr-defined]
    was_heard = heard(_ADDRESS, value / 127)
    took = (time.perf_counter() - begun) * 1000
    time.sleep(0.002)
    return took if was_heard else None
