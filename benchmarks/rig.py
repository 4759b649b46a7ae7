"""A running `dawbridge watch` to measure, and programs that talk to it over OSC."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dawbridge.surfaces.osc.client import OscClient, free_port

PATIENCE_S = 900.0


@dataclass(frozen=True)
class Rig:
    """The running daemon."""

    port: int
    process: "subprocess.Popen[bytes]"
    bounces: Path

    def client(self) -> OscClient:
        """A subscriber, at the highest rate, so that the daemon's own time is measured and not the rate limit."""
        return OscClient(self.port).subscribe(timeout_s=PATIENCE_S)

    def memory_mb(self) -> float:
        """Resident memory of the daemon's own process; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return next(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@contextmanager
def daemon(model: str, *, midi: bool = False) -> Iterator[Rig]:
    """`dawbridge watch` on a fresh folder."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        bounces = folder / "bounces"
        bounces.mkdir()
        command = [sys.executable, "-m", "dawbridge", "watch", str(bounces), "--http-port", "0"]
        command += ["--osc-port", str(port), "--model", model, *([] if midi else ["--no-midi"])]
        process = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(folder / "home")})
        try:
            with OscClient(port) as probe:
                while not probe.answers():
                    time.sleep(0.1)
            yield Rig(port, process, bounces)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
