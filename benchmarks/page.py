"""The page in a browser, and its server under a thousand idle sockets: `python -m benchmarks.page`.

A daemon whose ledger has a thousand finished jobs, one of them three hours long (silence in a sparse file), and
Debian's Chromium. Printed beside their limits: first paint, until knobs and jobs are there, size of the page, until the
long bounce is open with its pictures, memory of its tab, scrolling through all jobs, the daemon's processor time with
the page open (after the long bounce's overview was made), and the slowest answer with a thousand idle sockets.
"""

import argparse
import gzip
import os
import shutil
import socket
import struct
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import soundfile

from dawbridge.events import JobState
from dawbridge.jobs.ledger import Ledger
from dawbridge.surfaces.osc.client import free_port

HOURS = 3
SETTLES_S = 45.0
"""Until the overview of the long bounce is made, in seconds."""
RATE = 44100


def answer_ms(base: str) -> float:
    """How long `/api/state` takes."""
    began = time.perf_counter()
    with urllib.request.urlopen(base + "/api/state", timeout=10) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def long_wav(path: Path, seconds: int) -> None:
    """Silence in a file that takes no room."""
    size = seconds * RATE * 4
    head = (
        b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, RATE, 4 * RATE, 4, 16)
    )
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)


def fill(home: Path, folder: Path, count: int) -> int:
    """A ledger with so many finished jobs; the id of the long one, the last."""
    separated = folder / "separated"
    separated.mkdir(parents=True)
    noise = 0.1 * np.random.default_rng(1).standard_normal((4410, 2))
    (home / "state").mkdir(parents=True)
    ledger = Ledger(home / "state" / "ledger.sqlite")
    job_id = 0
    for number in range(count):
        name, is_long = f"song {number:04}", number == count - 1
        paths = [folder / f"{name}.wav", *(separated / f"{name}_{stem}.wav" for stem in ("acapella", "instrumental"))]
        for path in paths:
            if is_long:
                long_wav(path, HOURS * 3600)
            else:
                soundfile.write(path, noise, RATE, "PCM_16")
        job_id = ledger.add(paths[0], JobState.DONE)
        ledger.update(job_id, acapella=str(paths[1]), instrumental=str(paths[2]))
    ledger.close()
    return job_id


def main() -> int:
    """Print; 1 if a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--sockets", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = measure(Path(name), options.jobs, options.sockets)
    print(f"\n{'':52} {'measured':>14} {'limit':>12}")
    for what, value, limit, unit in rows:
        print(f"{what:52} {value:10.2f} {unit:3} {limit:8.2f} {unit:3}  {'ok' if value <= limit else 'OVER'}")
    return int(any(value > limit for _, value, limit, _ in rows))


def measure(folder: Path, jobs: int, sockets: int) -> list[tuple[str, float, float, str]]:
    """All rows."""
    import subprocess

    home, bounces, port = folder / "home", folder / "bounces", free_port()
    long_job = fill(home, bounces, jobs)
    command = [sys.executable, "-m", "dawbridge", "watch", str(bounces), "--no-midi", "--osc-port", "0",
               "--http-port", str(port), "--model", "center"]  # fmt: skip
    daemon = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(home)}, stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(base)
        before = max(answer_ms(base) for _ in range(10))
        rows = in_browser(base, long_job, jobs)
        time.sleep(SETTLES_S)
        rows.append(("daemon with a page open, share of a core", 100 * idle_share(daemon.pid), 1.0, "%"))
        opened = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(sockets)]
        rows.append(
            (f"slowest of ten answers, {sockets} idle sockets", max(answer_ms(base) for _ in range(10)), 500.0, "ms")
        )
        rows.append(("slowest of ten answers without them", before, 500.0, "ms"))
        for one in opened:
            one.close()
        return rows
    finally:
        daemon.terminate()
        daemon.wait(60)
        BROWSER.clear()


BROWSER: list[object] = []


def in_browser(base: str, long_job: int, jobs: int) -> list[tuple[str, float, float, str]]:
    """What a user sees."""
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    path = shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--mute-audio"])
    tab = browser.new_page()
    tab.goto(base)
    tab.wait_for_selector("#job-list li")
    while not tab.evaluate("document.querySelectorAll('.knob').length > 10"):
        tab.wait_for_timeout(5)
    ready_s = tab.evaluate("performance.now()") / 1000
    paint_s = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    page = Path(sys.modules["dawbridge"].__file__ or "").parent / "surfaces" / "web" / "page"
    kilobytes = sum(len(gzip.compress(file.read_bytes())) for file in page.iterdir()) / 1000
    begun = time.perf_counter()
    tab.evaluate(f"document.querySelector('#job-list li [data-what=open]').click(), {long_job}")
    while not tab.evaluate("dawbridge.player.frames > 44100 * 3600 && Boolean(dawbridge.picture.grids.acapella)"):
        tab.wait_for_timeout(5)
    open_s = time.perf_counter() - begun
    tab.locator("#play").click()
    tab.wait_for_timeout(3000)
    for _ in range(6):
        tab.locator("#zoom-in").click()
    tab.locator("#seek").fill("5000")
    tab.wait_for_timeout(3000)
    heap_mb = tab.evaluate("performance.memory.usedJSHeapSize") / 1e6
    begun = time.perf_counter()
    while tab.locator("#more").is_visible():
        tab.locator("#more").click()
        tab.wait_for_timeout(100)
    tab.evaluate("document.getElementById('job-list').scrollTo(0, 1e9)")
    tab.locator("#job-list li", has_text="song 0000.wav").wait_for()
    scroll_s = time.perf_counter() - begun
    tab.locator("#play").click()
    BROWSER.extend((playwright, browser))
    return [
        ("first paint", paint_s, 1.0, "s"),
        ("knobs and jobs are there", ready_s, 2.0, "s"),
        ("the page, gzipped", kilobytes, 150.0, "kB"),
        (f"a bounce of {HOURS} hours is open, with its pictures' grid", open_s, 2.0, "s"),
        ("memory of the tab's script while it plays", heap_mb, 300.0, "MB"),
        (f"all {jobs} jobs listed and scrolled to the end", scroll_s, 5.0, "s"),
    ]


def idle_share(pid: int, seconds: float = 20.0) -> float:
    """Processor time of a process while nothing happens."""

    def used() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


def wait_for(base: str) -> None:
    """Until the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            answer_ms(base)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
