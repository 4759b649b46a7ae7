"""Speed and latency of the running daemon: `make bench`.

A 3-minute stereo bounce through `dawbridge watch`, as a user has it: real-time factor, time from a knob to
rewritten stems, and how fast OSC answers while all cores separate. Each row stands beside its limit, and after
them what this computer could do at best.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.limits import print_limits
from dawbridge.surfaces.osc.client import OscClient
from tools.song import make_song

PATIENCE_S = 900.0
PROFILE = (  # parameter's address, knob position
    ("mask strength", "/dawbridge/mask/strength", 0.7),
    ("mask contrast", "/dawbridge/mask/contrast", 0.7),
    ("mask depth", "/dawbridge/mask/depth", 0.6),
    ("band low", "/dawbridge/band/low", 0.5),
    ("acapella gain", "/dawbridge/acapella/gain", 0.8),
    ("centre amount", "/dawbridge/center/amount", 0.4),
)


@dataclass(frozen=True)
class Row:
    """One measured figure and the limit it must keep."""

    name: str
    value: float
    limit: float
    unit: str

    def __str__(self) -> str:
        verdict = "ok" if self.value <= self.limit else "OVER"
        figures = f"{self.value:10.3f} {self.unit:3} {self.limit:9.3f} {self.unit:3}"
        ratio = f"{self.value / self.limit:7.2f}" if self.limit else " " * 7
        return f"{self.name:44} {figures} {ratio}  {verdict}"


def main() -> int:
    """Measure and print; 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="length of the bounce [180]")
    parser.add_argument("--model", default="", help="model to measure [the default one]")
    parser.add_argument("--osc-port", type=int, default=19320)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.seconds, options.model, options.osc_port)
    print(f"\n{'':44} {'measured':>14} {'limit':>13} {'ratio':>7}")
    print("\n".join(map(str, rows)))
    by_name = {row.name.partition(":")[0]: row.value for row in rows}
    print_limits(by_name["acapella gain"], by_name["mask contrast"], options.seconds)
    return int(any(row.value > row.limit for row in rows))


def measure(folder: Path, seconds: float, model: str, port: int) -> list[Row]:
    """All rows, from one run of the daemon."""
    bounces = folder / "bounces"
    bounces.mkdir()
    vocals, music = make_song(seconds)
    command = [sys.executable, "-m", "dawbridge", "watch", str(bounces), "--no-midi", "--osc-port", str(port)]
    command += ["--model", model] if model else []
    with OscClient(port) as heard:
        command += ["--osc-feedback", f"127.0.0.1:{heard.port}"]
        daemon = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(folder / "home")})
        try:
            heard.wait_for("/dawbridge/startup", PATIENCE_S)
            time.sleep(5)  # the model is loading
            return _rows(heard, port, bounces / "song.wav", (vocals + music).T, seconds)
        finally:
            daemon.send_signal(signal.SIGINT)
            daemon.wait(30)


def _rows(heard: OscClient, port: int, bounce: Path, samples: np.ndarray, seconds: float) -> list[Row]:
    idle = _answer_times_ms(port, threading.Event(), count=2000)
    soundfile.write(bounce, samples, 44100, subtype="PCM_24")
    heard.wait_for("/dawbridge/job/progress", PATIENCE_S)
    over = threading.Event()
    busy: list[float] = []
    asking = threading.Thread(target=lambda: busy.extend(_answer_times_ms(port, over)))
    asking.start()
    took = float(str(heard.wait_for("/dawbridge/job/done", PATIENCE_S)[3]))
    over.set()
    asking.join()
    rows = [
        Row(f"real-time factor, {seconds:.0f} s stereo, bounce to stems", took / seconds, 0.15, ""),
        Row("OSC answer while idle, p99", float(np.percentile(idle, 99)), 20.0, "ms"),
        Row(f"OSC answer while separating, p99 of {len(busy)}", float(np.percentile(busy, 99)), 20.0, "ms"),
        Row("OSC answer while separating, median", float(np.percentile(busy, 50)), 20.0, "ms"),
    ]
    time.sleep(max(5.0, 2.0 * took))  # idle time, in which the centre estimate is made ready
    for name, address, position in PROFILE:
        begun = time.perf_counter()
        heard.send(address, position)
        heard.wait_for("/dawbridge/job/done", PATIENCE_S)
        rows.append(Row(f"{name}: knob to stems rewritten", time.perf_counter() - begun, 3.0, "s"))
    return rows


def _answer_times_ms(port: int, over: threading.Event, count: int = 1_000_000) -> list[float]:
    """Round trips of a ping and of a set with its query, until `over`."""
    import socket

    from pythonosc.osc_message_builder import OscMessageBuilder

    ping = OscMessageBuilder("/dawbridge/ping").build().dgram
    times: list[float] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        while not over.is_set() and len(times) < count:
            begun = time.perf_counter()
            client.sendto(ping, ("127.0.0.1", port))
            client.recv(4096)
            times.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.002)
    return times


if __name__ == "__main__":
    raise SystemExit(main())
