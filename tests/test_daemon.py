import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from dawbridge.surfaces.osc.client import OscClient

PATIENCE_S = 120


def read(path):
    return soundfile.read(path, dtype="float64")[0]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("subtype", "rate"), [("PCM_16", 44100), ("PCM_24", 48000)])
def test_a_bounce_comes_back_as_stems_that_null_and_a_knob_rewrites_them(start_daemon, subtype, rate):
    daemon = start_daemon()
    path, bounce = daemon.bounce(subtype=subtype, rate=rate)
    before = path.read_bytes()
    job_id, acapella, instrumental = daemon.done()
    assert (acapella.parent, acapella.name) == (path.parent.resolve() / "separated", "song_acapella.wav")
    assert soundfile.info(acapella).samplerate == rate
    np.testing.assert_array_equal(read(acapella) + read(instrumental), bounce)
    first = read(acapella)
    for address, value in (
        ("/dawbridge/mask/strength", 0.5),
        ("/dawbridge/mask/depth", 0.3),
        ("/dawbridge/center/amount", 0.7),
        ("/dawbridge/center/width", 0.1),
        ("/dawbridge/band/low", 0.6),
    ):
        daemon.send(address, value)
        assert daemon.done()[0] == job_id
        assert np.abs(read(acapella) - first).max() > 1e-4
        np.testing.assert_array_equal(read(acapella) + read(instrumental), bounce)
        first = read(acapella)
    assert path.read_bytes() == before
    assert names(acapella.parent) == ["song_acapella.wav", "song_instrumental.wav"]


def test_knob_positions_survive_a_restart(start_daemon):
    daemon = start_daemon()
    daemon.send("/dawbridge/mask/strength", 0.25)
    daemon.heard.wait_for("/dawbridge/mask/strength", PATIENCE_S, 0.25)
    assert daemon.stop() == 0
    again = start_daemon()
    again.send("/dawbridge/mask/strength")
    assert again.heard.wait_for("/dawbridge/mask/strength", PATIENCE_S) == (0.25,)
    again.bounce()
    quarter = read(again.done()[1])
    again.send("/dawbridge/mask/strength", 1.0)
    assert np.abs(read(again.done()[1]) - quarter).max() > 1e-4


def test_kill_9_then_start_does_the_unfinished_once_and_nothing_again(start_daemon):
    daemon = start_daemon()
    done, _ = daemon.bounce("done.wav")
    daemon.done()
    stem = done.parent / "separated" / "done_acapella.wav"
    stamp = stem.stat().st_mtime_ns
    daemon.bounce("interrupted.wav", seconds=20, seed=2)
    daemon.heard.wait_for("/dawbridge/queue", PATIENCE_S)
    daemon.process.kill()
    daemon.process.wait()
    daemon.bounce("meanwhile.wav", seed=3)
    again = start_daemon()
    names = {again.done()[1].name, again.done()[1].name}
    assert names == {"interrupted_acapella.wav", "meanwhile_acapella.wav"}
    assert stem.stat().st_mtime_ns == stamp
    assert len(list(stem.parent.iterdir())) == 6


def test_files_of_before_the_first_watch_are_left_alone(start_daemon, tmp_path):
    (tmp_path / "bounces" / "old.wav").write_bytes(b"")
    soundfile.write(tmp_path / "bounces" / "old.wav", np.zeros((500, 2)), 44100)
    daemon = start_daemon()
    daemon.bounce("new.wav")
    assert daemon.done()[1].name == "new_acapella.wav"
    daemon.stop()
    again = start_daemon()
    again.bounce("newer.wav", seed=4)
    assert again.done()[1].name == "newer_acapella.wav"
    assert not (tmp_path / "bounces" / "separated" / "old_acapella.wav").exists()


def test_broken_files_fail_with_a_line_and_the_next_bounce_is_done(start_daemon):
    daemon = start_daemon()
    samples = np.full((4000, 2), np.nan)
    soundfile.write(daemon.folder / "nan.wav", samples, 44100, subtype="FLOAT")
    _, code, message = daemon.heard.wait_for("/dawbridge/job/failed", PATIENCE_S)
    assert (code, "NaN" in message, "nan.wav" in message) == ("unreadable", True, True)
    daemon.bounce()
    daemon.done()
    assert names(daemon.folder / "separated") == ["song_acapella.wav", "song_instrumental.wav"]


def test_once_takes_what_lies_there_and_ends(start_daemon, tmp_path):
    for index in range(3):
        soundfile.write(tmp_path / "bounces" / f"{index}.wav", np.full((2000, 1), 0.1), 8000)
    daemon = start_daemon("--once")
    assert daemon.process.wait(PATIENCE_S) == 0
    assert len(names(tmp_path / "bounces" / "separated")) == 6


def test_a_killed_engine_is_started_anew(start_daemon):
    daemon = start_daemon()
    daemon.bounce()
    daemon.done()
    children = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True).stdout.split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    daemon.bounce("next.wav", seed=2)
    assert daemon.done()[1].name == "next_acapella.wav"


def test_a_port_in_use_is_one_line_that_names_the_option(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "dawbridge", "watch", str(tmp_path), "--no-midi", "--osc-port", str(port)]
        environment = {**os.environ, "DAWBRIDGE_HOME": str(tmp_path / "home")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "--osc-port" in done.stderr
    assert done.stderr.count("\n") == 1


def test_recorded_knob_moves_are_rendered_into_the_bounce(start_daemon):
    daemon = start_daemon()
    _, bounce = daemon.bounce(seconds=2.0)
    _, acapella, _ = daemon.done()
    flat = read(acapella)
    daemon.send("/dawbridge/live/enable", 0)
    daemon.send("/dawbridge/automation/record", 1)
    for at, position in ((0.5, 0.5), (1.5, 60 / 66)):
        daemon.send("/dawbridge/transport", at, 0)
        daemon.send("/dawbridge/acapella/gain", position)
    daemon.send("/dawbridge/automation/stop")
    _, acapella, instrumental = daemon.done()
    moved = read(acapella)
    for at, db in ((0.2, 0.0), (0.5, -27.0), (1.0, -27.0), (1.5, 0.0)):
        first = round(at * 44100)
        loud = np.abs(flat[first : first + 4]) > 1e-3
        measured = 20 * np.log10(np.abs(moved[first : first + 4][loud] / flat[first : first + 4][loud]))
        assert np.abs(measured - db).max() < 0.1
    np.testing.assert_array_equal(flat + read(instrumental), bounce)
    daemon.send("/dawbridge/automation/clear")
    np.testing.assert_array_equal(read(daemon.done()[1]), flat)


def test_one_whose_output_nobody_reads_answers_separates_and_ends(start_daemon):
    """A pipe that nobody drains, a terminal after Ctrl-S."""
    reader, writer = os.pipe()
    daemon = start_daemon(output=writer)
    with OscClient(daemon.port) as client:
        for number in range(5000):  # a line each, together far more than the 64 KiB that a pipe holds
            client.send("/dawbridge/preset/next")
            if number % 100 == 99:
                client.send("/dawbridge/sync", number)
                client.wait_for("/dawbridge/synced", PATIENCE_S, number)
        client.send("/dawbridge/ping")
        client.wait_for("/dawbridge/pong", PATIENCE_S)
    daemon.bounce()
    daemon.done()
    assert daemon.stop() == 0
    os.close(writer)
    with os.fdopen(reader, "rb") as read:
        assert len(read.read()) > 2**15
