"""How quick and how sure control is: `make bench-control`.

One `dawbridge watch` as a user has it, and OSC clients with a socket each. Rows: from a set to the feedback at another
subscriber, idle and while the engine separates; the same for a controller over JACK; 2,000 messages a second for a
minute; from a knob at rest to rewritten stems; on demand a million mutilated datagrams. Fixed seeds; each row stands
beside its limit.
"""

import argparse
import random
import time

import numpy as np
import soundfile

from benchmarks import jack
from benchmarks.rig import PATIENCE_S, Rig, daemon
from benchmarks.speed import Row
from dawbridge.jobs.live import SETTLE_S
from dawbridge.knobs.parameters import TABLE
from dawbridge.surfaces.osc.client import OscClient
from dawbridge.surfaces.osc.codec import encode
from tools.song import make_song

FLOOD_HZ = 2000
GAIN_S, MASK_S = 0.3, 1.0
IDLE_MS, BUSY_MS, CONTROLLER_MS = 10.0, 20.0, 10.0
CONTROLLER_MOVES = 2000
AUDITION = (  # name, address, position, limit in seconds from the moment the knob counts as settled
    ("acapella gain", "/dawbridge/acapella/gain", 0.8, GAIN_S),
    ("instrumental gain", "/dawbridge/instrumental/gain", 0.8, GAIN_S),
    ("acapella switch off", "/dawbridge/acapella/enable", 0, GAIN_S),
    ("acapella switch on", "/dawbridge/acapella/enable", 1, GAIN_S),
    ("mask depth", "/dawbridge/mask/depth", 0.6, MASK_S),
    ("centre amount", "/dawbridge/center/amount", 0.4, MASK_S),
    ("band low", "/dawbridge/band/low", 0.5, MASK_S),
    ("mask contrast", "/dawbridge/mask/contrast", 0.7, MASK_S),
    ("mask floor", "/dawbridge/mask/floor", 0.6, MASK_S),
    ("mask strength, all the others turned", "/dawbridge/mask/strength", 0.7, MASK_S),
)


def latencies_ms(rig: Rig, count: int, busy: bool = False) -> list[float]:
    """From one client's set to another's feedback; `busy`: until the running job is done."""
    turner, watcher = OscClient(rig.port), rig.client()
    times: list[float] = []
    dice = random.Random(1)
    while len(times) < count:
        value = dice.random()
        begun = time.perf_counter()
        turner.send("/dawbridge/mask/depth", value)
        for address, _ in watcher.heard(5):
            if address == "/dawbridge/mask/depth":
                times.append((time.perf_counter() - begun) * 1000)
                break
            if busy and address == "/dawbridge/job/done":
                return times
        time.sleep(0.002)
    return times


def flood(rig: Rig, seconds: float) -> list[Row]:
    """Sets of one knob, always upwards, and steps of another, which add up only if none is lost."""
    sender, watcher = OscClient(rig.port), rig.client()
    total = int(FLOOD_HZ * seconds)
    step = 1 / total
    sender.send("/dawbridge/mask/floor", 0.0)
    sender.send("/dawbridge/mask/strength", 0.0)
    sender.send("/dawbridge/sync", 1)
    sender.wait_for("/dawbridge/synced", PATIENCE_S, 1)
    watcher.wait_for("/dawbridge/mask/strength", PATIENCE_S, 0.0)
    memory, begun = rig.memory_mb(), time.perf_counter()
    last, backwards = 0.0, 0
    for number in range(1, total + 1):
        if number % 2:
            sender.send("/dawbridge/mask/floor/delta", step)
        else:
            sender.send("/dawbridge/mask/strength", number * step)
        if number % 20 == 0:
            for address, arguments in watcher.heard(0):
                if address == "/dawbridge/mask/strength":
                    value = float(str(arguments[0]))
                    backwards += value < last
                    last = value
            for _ in sender.heard(0):
                pass
            time.sleep(max(0.0, begun + number / FLOOD_HZ - time.perf_counter()))
    took = time.perf_counter() - begun
    sender.send("/dawbridge/sync", 2)
    sender.wait_for("/dawbridge/synced", PATIENCE_S, 2)
    sender.send("/dawbridge/mask/floor")
    arrived = float(str(sender.wait_for("/dawbridge/mask/floor", PATIENCE_S)[0])) * total
    sender.send("/dawbridge/mask/strength")
    end = float(str(sender.wait_for("/dawbridge/mask/strength", PATIENCE_S)[0]))
    return [
        Row(f"flood: {total} messages in {took:.1f} s, steps lost", abs(total / 2 - arrived), 0.5, ""),
        Row("flood: last value off by", abs(end - (total - total % 2) * step), 1e-6, ""),
        Row("flood: values that went backwards", backwards, 0, ""),
        Row("flood: growth of memory", max(0.0, rig.memory_mb() - memory), 5.0, "MB"),
    ]


def audition(rig: Rig, seconds: float) -> list[Row]:
    """From a knob at rest for the settle time to the event that says that the stems stand."""
    vocals, music = make_song(seconds)
    watcher = rig.client()
    soundfile.write(rig.bounces / "song.wav", (vocals + music).T, 44100, subtype="PCM_24")
    watcher.wait_for("/dawbridge/job/done", PATIENCE_S)
    watcher.send("/dawbridge/center/amount", 0.01)  # its estimate is made once, in idle time where there is some
    watcher.wait_for("/dawbridge/job/done", PATIENCE_S)
    watcher.send("/dawbridge/center/amount", 0.0)
    watcher.wait_for("/dawbridge/job/done", PATIENCE_S)
    rows = []
    for name, address, position, limit in AUDITION:
        time.sleep(0.5)
        begun = time.perf_counter()
        watcher.send(address, position)
        render_s = float(str(watcher.wait_for("/dawbridge/job/done", PATIENCE_S)[3]))
        took = time.perf_counter() - begun - SETTLE_S
        rows.append(Row(f"{name}: settled to stems (engine {render_s:.3f} s)", took, limit, "s"))
    return rows


def fuzz(rig: Rig, count: int) -> list[Row]:
    """Mutilated datagrams, a hundred between two barriers; then the daemon must answer, no larger than before."""
    dice, sender = random.Random(7), OscClient(rig.port)
    names = [row.address + face for row in TABLE for face in ("", "/raw", "/str", "/delta")]
    names += ["/dawbridge/" + name for name in ("ping", "dump", "preset", "preset/index", "job/submit", "*/gain")]
    arguments: tuple[tuple[float | int | str, ...], ...] = ((), (1,), (0.5,), (-1e38,), ("karaoke",), ("x" * 50, 3))
    seeds = [encode(name, values) for name in names for values in arguments]
    memory = rig.memory_mb()
    for number in range(count):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(0, 4)):
            place = dice.randrange(len(data) + 1)
            data[place : place + dice.randint(0, 4)] = dice.randbytes(dice.randint(0, 4))
        sender.send_raw(bytes(data))
        if number % 100 == 99:
            sender.send("/dawbridge/sync", number)
            sender.wait_for("/dawbridge/synced", 30, number)
    alive = 0.0 if rig.process.poll() is None else 1.0
    return [
        Row(f"fuzz: {count} datagrams, daemons lost", alive, 0, ""),
        Row("fuzz: growth of memory", max(0.0, rig.memory_mb() - memory), 5.0, "MB"),
    ]


def measure(options: argparse.Namespace) -> list[Row]:
    """All rows."""
    rows: list[Row] = []
    with daemon("center") as rig:
        idle = latencies_ms(rig, 2000)
        rows += latency_rows("set to feedback, idle", idle, IDLE_MS)
        rows += flood(rig, options.flood)
        if options.fuzz:
            rows += fuzz(rig, options.fuzz)
    rows += controller_rows()
    with daemon("center") as rig:
        rows += audition(rig, options.seconds)
    if options.model != "none":
        rows += busy_rows(options)
    return rows


def latency_rows(name: str, times_ms: list[float], limit_ms: float) -> list[Row]:
    """The slowest in a hundred, and the median."""
    return [
        Row(f"{name}, p99 of {len(times_ms)}", float(np.percentile(times_ms, 99)), limit_ms, "ms"),
        Row(f"{name}, median", float(np.percentile(times_ms, 50)), limit_ms, "ms"),
    ]


def controller_rows() -> list[Row]:
    """A controller's turn over JACK to the parameter's feedback over OSC; nothing where JACK is not there."""
    if not jack.is_there():
        print("JACK's programs or python-rtmidi are not installed: no row for controllers")
        return []
    with jack.server(), daemon("center", midi=True) as rig:
        watcher = rig.client()

        def heard(address: str, position: float) -> bool:
            for heard_at, arguments in watcher.heard(0.5):
                if heard_at == address and abs(float(str(arguments[0])) - position) < 1e-3:
                    return True
            return False

        times_ms, lost = jack.times_ms(CONTROLLER_MOVES, heard)
    rows = latency_rows("controller over JACK to parameter", times_ms, CONTROLLER_MS)
    return [*rows, Row("controller over JACK: moves never heard", float(lost), CONTROLLER_MOVES / 100, "")]


def busy_rows(options: argparse.Namespace) -> list[Row]:
    """The same latency while the network separates on all cores."""
    with daemon(options.model) as rig:
        watcher = rig.client()
        vocals, music = make_song(options.seconds)
        soundfile.write(rig.bounces / "song.wav", (vocals + music).T, 44100, subtype="PCM_24")
        watcher.wait_for("/dawbridge/job/progress", PATIENCE_S)
        busy = latencies_ms(rig, 100_000, busy=True)
    return latency_rows("set to feedback while separating", busy, BUSY_MS)


def main() -> int:
    """Measure and print; 1 where a limit is broken."""
    from acapellanet.estimate.registry import DEFAULT_MODEL

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="length of the bounce [180]")
    parser.add_argument("--flood", type=float, default=60.0, metavar="SECONDS", help="length of the flood [60]")
    parser.add_argument("--fuzz", type=int, default=0, metavar="COUNT", help="mutilated datagrams [0]")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="what separates while latency is measured; none: skip")
    rows = measure(parser.parse_args())
    print(f"\n{'':68} {'measured':>14} {'limit':>13} {'ratio':>7}")
    for row in rows:
        ratio = f"{row.value / row.limit:7.2f}" if row.limit else "       "
        verdict = "ok" if row.value <= row.limit else "OVER"
        print(f"{row.name:68} {row.value:10.3f} {row.unit:3} {row.limit:9.3f} {row.unit:3} {ratio}  {verdict}")
    return int(any(row.value > row.limit for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
