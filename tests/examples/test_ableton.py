"""live_stems against a made-up AbletonOSC on a real socket. Live itself was not at hand."""

import runpy
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

from dawbridge.surfaces.osc.client import OscClient, free_port

PROGRAM = Path(__file__).parents[2] / "examples" / "ableton" / "live_stems.py"
Live = runpy.run_path(str(PROGRAM))["Live"]


class AbletonOsc:
    """A Live set of two tracks. Answers on a port of its own, as AbletonOSC does on 11001."""

    def __init__(self, answer_port, loads=True):
        self.names, self.clips, self.deleted, self.loads = ["1-MIDI", "2-Audio"], {}, 0, loads
        self._answers = SimpleUDPClient("127.0.0.1", answer_port)
        dispatcher = Dispatcher()
        for address, method in (
            ("/live/song/create_audio_track", lambda _, place: self.names.append("new")),
            ("/live/song/get/num_tracks", self._count),
            ("/live/track/set/name", lambda _, track, name: self.names.__setitem__(track, name)),
            ("/live/clip_slot/create_audio_clip", self._create),
            ("/live/clip_slot/delete_clip", self._delete),
            ("/live/clip_slot/get/has_clip", self._has_clip),
        ):
            dispatcher.map(address, method)
        self._server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def port(self):
        return self._server.server_address[1]

    def _count(self, address):
        self._answers.send_message(address, [len(self.names)])

    def _create(self, _, track, slot, path):
        if self.loads:
            assert (track, slot) not in self.clips
            self.clips[track, slot] = path

    def _delete(self, _, track, slot):
        del self.clips[track, slot]
        self.deleted += 1

    def _has_clip(self, address, track, slot):
        self._answers.send_message(address, [track, slot, (track, slot) in self.clips])

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._answers._sock.close()
        self._thread.join()


@pytest.fixture
def start_live():
    started = []

    def start(answer_port, **more):
        started.append(AbletonOsc(answer_port, **more))
        return started[-1]

    yield start
    for live in started:
        live.close()


def test_a_stem_gets_a_track_and_the_next_version_the_same(start_live):
    live = start_live(answer_port := free_port())
    with OscClient(live.port, listen=answer_port) as answers:
        into = Live(answers)
        assert [into.put(Path(f"/x/song_{stem}.wav")) for stem in ("acapella", "instrumental", "acapella")] == [2, 3, 2]
    assert live.names[2:] == ["song_acapella", "song_instrumental"]
    assert live.clips == {(2, 0): "/x/song_acapella.wav", (3, 0): "/x/song_instrumental.wav"}
    assert live.deleted == 1


def test_an_ableton_osc_that_cannot_load_is_said(start_live):
    live = start_live(answer_port := free_port(), loads=False)
    with (
        OscClient(live.port, listen=answer_port) as answers,
        pytest.raises(RuntimeError, match="create_audio_clip"),
    ):
        Live(answers).put(Path("/x/song_acapella.wav"))


def test_a_bounce_goes_into_the_set(start_daemon, start_live):
    daemon, answer_port = start_daemon(), free_port()
    live = start_live(answer_port)
    command = [sys.executable, PROGRAM, "--once", "--patience", "60"]
    command += ["--port", daemon.port, "--live-port", live.port, "--answer-port", answer_port]
    script = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
    assert "waiting" in script.stdout.readline()
    daemon.bounce()
    assert script.wait(60) == 0
    shown = script.stdout.read()
    script.stdout.close()
    assert "track 3: " in shown
    assert [Path(path).name for path in live.clips.values()] == ["song_acapella.wav", "song_instrumental.wav"]
