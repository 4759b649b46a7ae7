"""Nonsense at the control surfaces, for as long as wanted: OSC datagrams at a real server, MIDI bytes at a surface.

python -m benchmarks.fuzz --datagrams 1000000 --midi-bytes 1000000 --seed 1

A run with the same seed sends the same. It ends with 1 where the server did not answer, a parameter left its range, or
anything was logged as an error.
"""

import argparse
import logging
import math
import random
import socket
import tempfile
import threading
import time
from multiprocessing.connection import wait
from pathlib import Path

import mido

from dawbridge.commands import COMMANDS
from dawbridge.config.settings import FolderSettings
from dawbridge.events import Bus
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.loop import JobLoop
from dawbridge.jobs.watched_roots import WatchedRoots
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import PARAMETERS, TABLE, ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, PRESET_MORPH, Binding
from dawbridge.surfaces.midi.controls import PortControls
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.gesture import GestureRecognizer
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.osc.client import OscClient
from dawbridge.surfaces.osc.codec import encode
from dawbridge.surfaces.osc.server import OscServer

A_TIME = 100
"""So many datagrams between two pings, so that no buffer overflows."""
ANSWER_S = 10.0
BINDINGS = (
    *DEFAULT_BINDINGS,
    Binding("band_low", Kind.CC14, 1),
    Binding("band_high", Kind.NRPN, 0),
    Binding("mask_floor", Kind.RPN, 0),
    Binding("mask_depth", Kind.CC, 20, channel=1, encoding=Encoding.SIGN_MAGNITUDE),
    Binding("acapella_enable", Kind.NOTE, 60),
    Binding(PRESET_MORPH, Kind.CC, 25),
)
_ARGUMENTS: tuple[tuple[float | int | str, ...], ...] = (
    (), (1,), (0,), (0.5,), (-1e38,), (float("nan"),),
    ("karaoke",), ("x" * 50, 3), ("mask_strength",), (60000, "", 30, 0),
)  # fmt: skip


class Errors(logging.Handler):
    """Counts what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep its text."""
        self.messages.append(record.getMessage())


def mutated(datagram: bytes, dice: random.Random) -> bytes:
    """Up to four places overwritten, cut, filled or doubled; or noise."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(120))
    data = bytearray(datagram)
    for _ in range(dice.randint(0, 4)):
        place = dice.randrange(len(data) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            data[place : place + 1] = dice.randbytes(1)
        elif kind == 1:
            del data[place : place + dice.randint(1, 8)]
        else:
            data[place:place] = dice.randbytes(dice.choice((1, 4, 8))) if kind == 2 else data[place : place + 8]
    return bytes(data)


def seeds() -> list[bytes]:
    """Datagrams with everything that dawbridge understands."""
    faces = [row.address + face for row in TABLE for face in ("", "/raw", "/str", "/delta")]
    addresses = (*faces, *sorted(row.address for row in COMMANDS), "/dawbridge/*/gain", "/dawbridge/{mask,center}/*")
    return [encode(address, values) for address in addresses for values in _ARGUMENTS]


def fuzz_osc(store: ParameterStore, deck: PresetLoader, jobs: JobLoop, bus: Bus, count: int, seed: int) -> str:
    """Send `count` datagrams; what went wrong, or nothing."""
    server, over = OscServer(store, deck, jobs.requests, bus, port=0), threading.Event()

    def take_turns() -> None:
        while not over.is_set():
            wait([jobs.waitable], ANSWER_S)
            jobs.turn()

    threads = [threading.Thread(target=server.serve), threading.Thread(target=take_turns)]
    for thread in threads:
        thread.start()
    dice, known = random.Random(seed), seeds()
    sent = 0
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noisy, OscClient(server.address[1]) as client:
            noisy.bind(("127.0.0.1", 0))
            noisy.setblocking(False)
            for sent in range(0, count, A_TIME):
                for _ in range(min(A_TIME, count - sent)):
                    noisy.sendto(mutated(dice.choice(known), dice), server.address)
                empty(noisy)
                client.send("/dawbridge/ping")
                if not any(address == "/dawbridge/pong" for address, _ in client.heard(ANSWER_S)):
                    return f"no answer after {sent + A_TIME} datagrams"
        return ""
    except OSError as error:
        return f"{error} after {sent} datagrams"
    finally:
        server.close()
        over.set()
        jobs.wake()
        for thread in threads:
            thread.join()


def empty(listening: socket.socket) -> None:
    """Read and forget what waits."""
    try:
        while True:
            listening.recv(65535)
    except BlockingIOError:
        return


def fuzz_midi(store: ParameterStore, deck: PresetLoader, count: int, seed: int) -> str:
    """Feed `count` bytes, through a parser, to a surface and to a learner; what went wrong, or nothing."""
    surface, learner = (
        PortControls("fuzz", store, deck, BINDINGS, lambda _text: None),
        GestureRecognizer("mask_strength", 0.0),
    )
    parser, dice, now_s = mido.Parser(), random.Random(seed), 0.0
    numbers = (0, 1, 6, 20, 21, 22, 23, 24, 25, 32, 33, 38, 80, 81, 96, 97, 98, 99, 100, 101, 121)
    for fed in range(0, count, 3):
        now_s += 0.002
        message = [0xB0 | dice.randrange(16), dice.choice(numbers), dice.randrange(128)]
        if dice.random() < 0.4:
            message[dice.randrange(3)] = dice.randrange(256)
        for byte in message:
            parser.feed_byte(byte)
        for whole in parser:
            surface.feed(whole, now_s)
            if learner.feed("fuzz", whole, now_s):
                learner = GestureRecognizer("mask_strength", now_s)
        if fed % 300 == 0:
            surface.flush(now_s)
            if not all(0 <= data <= 255 for sent in surface.feedback(now_s) for data in sent):
                return f"feedback is no MIDI after {fed} bytes"
    return ""


def out_of_range(store: ParameterStore) -> str:
    """Parameters that are not what they may be; empty where all are."""
    values = store.snapshot().items()
    return ", ".join(name for name, raw in values if not math.isfinite(raw) or PARAMETERS[name].clamp(raw) != raw)


def main() -> int:
    """Run both and print what came of it."""
    options = _options()
    errors = Errors()
    logging.getLogger("dawbridge").addHandler(errors)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bounces").mkdir()
        store, bus, presets = ParameterStore(), Bus(), Presets(user=folder / "presets")
        deck, ledger = PresetLoader(presets, store, bus), Ledger(folder / "ledger.sqlite")
        roots = WatchedRoots([FolderSettings(folder / "bounces")])
        jobs = JobLoop(
            store, presets, ledger, bus, roots, time.monotonic, send=lambda _: None, watch=lambda _action, _path: None
        )
        jobs.start(prefetch=False)
        deck.set_end("a", presets.names()[0])
        deck.set_end("b", presets.names()[-1])
        failed = False
        for what, count, run in (
            ("OSC datagrams", options.datagrams, lambda n: fuzz_osc(store, deck, jobs, bus, n, options.seed)),
            ("MIDI bytes", options.midi_bytes, lambda n: fuzz_midi(store, deck, n, options.seed)),
        ):
            began_s = time.monotonic()
            problem = run(count) or out_of_range(store)
            took_s = time.monotonic() - began_s
            failed |= bool(problem)
            print(f"{what}: {count} in {took_s:.0f} s ({count / max(took_s, 1e-9):.0f}/s): {problem or 'all well'}")
        jobs.close()
        ledger.close()
    print(f"errors logged: {len(errors.messages)}", *errors.messages[:5], sep="\n  ")
    return 1 if failed or errors.messages else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datagrams", type=int, default=20_000, help="[20000]")
    parser.add_argument("--midi-bytes", type=int, default=20_000, help="[20000]")
    parser.add_argument("--seed", type=int, default=1, help="[1]")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
