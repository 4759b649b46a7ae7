"""What MIDI does to stems: a controller's turn, and moves placed by another program's clock or time code."""

import asyncio
import subprocess
import time

import numpy as np
import pytest
import soundfile

from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs.automation import RAMP_S
from dawbridge.knobs.parameters import PARAMETERS, TABLE
from dawbridge.surfaces.osc.codec import decode
from tests.clients.jack import CC_20_IS_32, PATIENCE_S, are_connected, send_cc, wait_until

RATE = 22050


def test_a_control_of_csound_changes_the_stem_on_disk(daemon, start, tmp_path):
    before = bounced(daemon)
    csound = send_cc(start, tmp_path, CC_20_IS_32.replace("1, 20, 32", "1, 22, 100"))
    daemon.heard.wait_for("/dawbridge/job/done", PATIENCE_S)
    csound.kill()
    after = soundfile.read(daemon.folder / "separated" / "song_acapella.wav", dtype="float64")[0]
    assert gain_db(after, before, 0.0, 1.0) == pytest.approx(
        PARAMETERS["acapella_gain"].denormalize(100 / 127), abs=0.1
    )


def bounced(daemon):
    """Bounce eight seconds into the folder; its acapella."""
    bounce = (0.1 * np.random.default_rng(1).standard_normal((8 * RATE, 1))).repeat(2, axis=1)
    soundfile.write(daemon.folder / "song.wav", bounce, RATE, subtype="PCM_24")
    daemon.heard.wait_for("/dawbridge/job/done", PATIENCE_S)
    return soundfile.read(daemon.folder / "separated" / "song_acapella.wav", dtype="float64")[0]


def gain_db(after, before, begin_s, end_s):
    """How much louder `after` is than `before` between two times."""
    span = slice(round(begin_s * RATE), round(end_s * RATE))
    return 10 * np.log10(np.square(after[span]).sum() / np.square(before[span]).sum())


class Hand:
    """A controller and a machine with time code in one, on a JACK port of its own: `acapella_gain` is its CC 22."""

    def __init__(self, daemon):
        import rtmidi

        self._heard = daemon.heard
        self.out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="hand")
        self.out.open_virtual_port("out")
        assert subprocess.run(["jack_connect", "hand:out", "dawbridge:in"]).returncode == 0

    def turn(self, value):
        """Turn the knob; its new position in dB, once the daemon has told it."""
        self.out.send_message([0xB0, 22, value])
        (position,) = self._heard.wait_for("/dawbridge/acapella/gain", PATIENCE_S)
        assert position == pytest.approx(value / 127)
        return PARAMETERS["acapella_gain"].denormalize(value / 127)


def test_a_click_on_the_page_learns_what_a_controller_moves(daemon, start):
    import rtmidi

    from tests.surfaces.web.browser import Browser

    controller = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="fresh")
    controller.open_virtual_port("out")
    assert subprocess.run(["jack_connect", "fresh:out", "dawbridge:in"]).returncode == 0
    browser = Browser()
    try:
        tab, _ = browser.tab(f"http://127.0.0.1:{daemon.http_port}/")
        tab.get_by_role("button", name="Learn: mask floor").click()
        tab.get_by_text("Move a control").wait_for()
        for value in range(10, 120, 5):  # one way, as a fader goes
            controller.send_message([0xB0, 77, value])
            time.sleep(0.02)
        Browser.until(tab, "[...document.querySelectorAll('button')].every((b) => b.textContent !== 'Move a control…')")
        for value in (115, 118, 121, 124, 127):
            controller.send_message([0xB0, 77, value])
            time.sleep(0.02)
        Browser.until(tab, "document.getElementById('knob-mask_floor').value === '1'")
    finally:
        browser.close()
        controller.delete()
    assert daemon.heard.wait_for("/dawbridge/midi/learned", PATIENCE_S)[0] == "mask_floor"


START, TICK = 0xFA, 0xF8
TICKS_A_SECOND = 24 * 120 / 60


@pytest.fixture
def hand(daemon):
    made = Hand(daemon)
    yield made
    made.out.delete()


def record(daemon):
    """Begin a recording; no knob is rendered before its end."""
    daemon.send("/dawbridge/automation/record")
    daemon.send("/dawbridge/live/enable", 0)
    assert daemon.heard.wait_for("/dawbridge/live/enable", PATIENCE_S) == (0,)  # what came before was obeyed


def recorded(daemon):
    """End the recording; the acapella that it was rendered into, and its lane."""
    daemon.send("/dawbridge/automation/stop")
    daemon.heard.wait_for("/dawbridge/job/done", PATIENCE_S)
    (file,) = daemon.home.rglob("ledger.sqlite")
    ledger = Ledger(file)
    lane = ledger.takes(1).automation.plain()["acapella_gain"]
    ledger.close()
    acapella = soundfile.read(daemon.folder / "separated" / "song_acapella.wav", dtype="float64")[0]
    return acapella, lane


def test_time_code_from_a_port_places_the_knob_moves_of_a_recording(daemon, hand):
    before = bounced(daemon)
    record(daemon)
    hand.out.send_message([0xF0, 0x7F, 0x7F, 1, 1, 0x60, 0, 1, 15, 0xF7])  # 1.5 s at 30 frames a second, at rest
    first = hand.turn(64)
    for piece, nibble in enumerate((0, 0, 4, 0, 0, 0, 0, 2)):  # 4.0 s at 25 frames a second, two frames ago
        hand.out.send_message([0xF1, piece << 4 | nibble])
    second = hand.turn(110)
    after, lane = recorded(daemon)
    assert [time_s for time_s, _ in lane[:2]] == pytest.approx([1.45, 1.5])
    assert 4.08 <= lane[2][0] < 6.1
    assert [db for _, db in lane] == pytest.approx([0.0, first, second])
    assert gain_db(after, before, 0.1, 1.4) == pytest.approx(0.0, abs=0.1)
    assert gain_db(after, before, 1.6, 4.0) == pytest.approx(first, abs=0.1)
    assert gain_db(after, before, 6.2, 8.0) == pytest.approx(second, abs=0.1)


def roll(hand, from_s, until_s, turns):
    """Time code from 01:00:00:00 on in quarter frames, in real time, as a DAW sends it; `turns` by time, in seconds."""
    began, frame = time.monotonic(), round(from_s * 25)
    waiting = sorted(turns.items())
    while frame < until_s * 25:
        seconds, frames = divmod(frame, 25)
        pieces = frames & 15, frames >> 4, seconds & 15, seconds >> 4, 0, 0, 1, 1 << 1  # hour 1, 25 frames a second
        for piece, nibble in enumerate(pieces):
            time.sleep(max(0.0, began + (frame / 25 - from_s) + piece * 0.01 - time.monotonic()))
            hand.out.send_message([0xF1, piece << 4 | nibble])
            while waiting and waiting[0][0] <= frame / 25 + piece * 0.01:
                hand.out.send_message([0xB0, 22, waiting.pop(0)[1]])
        frame += 2


def assert_follows(after, before, lane):
    """The gain between two breakpoints, and after the last, is that of the first of them."""
    ends = [time_s - RAMP_S for time_s, _ in lane[1:]] + [8.0]
    for (time_s, db), end_s in zip(lane, ends, strict=True):
        if end_s - time_s > 0.02:
            assert gain_db(after, before, time_s + 0.005, end_s - 0.005) == pytest.approx(db, abs=0.1)


def test_a_performance_with_time_code_from_one_hour_a_punch_in_and_undo(daemon, hand):
    before = bounced(daemon)
    record(daemon)
    hand.turn(126)  # the knob takes over before the music starts
    roll(hand, 0.0, 3.2, {0.5: 64, 1.5: 110, 2.6: 40})
    first, lane = recorded(daemon)
    moves = [point for point in lane if point[0] > 0.3]
    assert [round(db) for _, db in moves[-3:]] == [
        round(PARAMETERS["acapella_gain"].denormalize(value / 127)) for value in (64, 110, 40)
    ]
    assert [time_s for time_s, _ in moves[-3:]] == pytest.approx([0.5, 1.5, 2.6], abs=0.2)
    assert_follows(first, before, lane)

    daemon.send("/dawbridge/automation/record")
    roll(hand, 1.6, 2.4, {1.8: 42, 2.1: 90})
    second, punched = recorded(daemon)
    assert punched[: len(lane) - 1] == lane[:-1] and punched[-1] == lane[-1]
    assert [time_s for time_s, _ in punched[len(lane) - 1 : -1]] == pytest.approx([1.8, 2.1], abs=0.2)
    assert_follows(second, before, punched)

    for command, stem in (("undo", first), ("redo", second)):
        daemon.send(f"/dawbridge/automation/{command}")
        daemon.heard.wait_for("/dawbridge/job/done", PATIENCE_S)
        now = soundfile.read(daemon.folder / "separated" / "song_acapella.wav", dtype="float64")[0]
        assert np.array_equal(now, stem)


def test_the_clock_of_another_program_places_the_knob_moves_of_a_recording(daemon, hand, start):
    import rtmidi

    before = bounced(daemon)
    record(daemon)
    heard = []
    ear = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="clock-ear")
    ear.ignore_types(timing=False)
    ear.set_callback(lambda message, _: heard.append(message[0][0]))
    ear.open_virtual_port("in")
    transport = subprocess.Popen(["jack_transport"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    print("stop\nlocate 0", file=transport.stdin, flush=True)
    clock = start("jack_midi_clock", "-b", "120", "-B", "dawbridge:in", "clock-ear:in")
    wait_until(lambda: are_connected("jack_midi_clock:mclk_out", "dawbridge:in", "clock-ear:in"))
    print("play", file=transport.stdin, flush=True)
    wait_until(lambda: heard.count(TICK) > 1.5 * TICKS_A_SECOND)
    before_the_turn = heard.count(TICK)
    db = hand.turn(64)
    transport.communicate("stop\nlocate 0\nquit\n", PATIENCE_S)
    ear.delete()
    clock.terminate()
    clock.wait()
    after, lane = recorded(daemon)
    assert heard[0] == START
    # what was heard before the turn reached dawbridge before it, too, through the same JACK server
    assert (before_the_turn - 2) / TICKS_A_SECOND <= lane[1][0] < 8.0
    assert gain_db(after, before, 0.0, 1.3) == pytest.approx(0.0, abs=0.1)
    assert gain_db(after, before, lane[1][0], 8.0) == pytest.approx(db, abs=0.1)


def paths(node):
    """All addresses of an OSCQuery tree."""
    yield node["FULL_PATH"]
    for child in node.get("CONTENTS", {}).values():
        yield from paths(child)


def test_an_oscquery_client_walks_the_tree_and_hears_what_a_controller_turned(daemon, hand):
    aiohttp = pytest.importorskip("aiohttp")
    base, address = f"http://127.0.0.1:{daemon.http_port}/", "/dawbridge/acapella/gain"

    async def ask():
        async with aiohttp.ClientSession() as session, session.ws_connect(base) as stream:
            tree = await (await session.get(base)).json()
            await stream.send_json({"COMMAND": "LISTEN", "DATA": address})
            for value in range(1, 127):  # nobody says when the wish was heard
                hand.out.send_message([0xB0, 22, value])
                try:
                    packet = await asyncio.wait_for(stream.receive(), 0.5)
                except TimeoutError:
                    continue
                return tree, decode(packet.data)[0], value
        raise AssertionError("nothing was heard")

    tree, message, value = asyncio.run(ask())
    assert {row.address for row in TABLE} <= set(paths(tree))
    assert message.address == address
    assert message.arguments[0] * 127 == pytest.approx(round(message.arguments[0] * 127), abs=1e-3)
    assert 1 <= round(message.arguments[0] * 127) <= value
