"""liblo's oscsend and oscdump: OSC that is not ours, at both ends."""

import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile


def read(path):
    return soundfile.read(path, dtype="float64")[0]


@pytest.fixture
def oscdump(start_program):
    """oscdump on a free port, listening: the program and its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dump = start_program("oscdump", "-L", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
        while dump.says("/knock", 0.1) is None:
            assert dump.process.poll() is None, "oscdump ended"
            knock.sendto(b"/knock\0\0,\0\0\0", ("127.0.0.1", port))
    return dump, port


def test_oscsend_turns_a_knob_and_the_stems_on_disk_follow(start_daemon, start_program):
    daemon = start_daemon()
    _, bounce = daemon.bounce()
    job_id, acapella, instrumental = daemon.done()
    before = read(acapella)
    np.testing.assert_array_equal(before + read(instrumental), bounce)
    for tag, value in (("f", "0.5"), ("s", "0.25"), ("i", "0"), ("d", "0.75"), ("T", None)):
        sent = [value] if value else []
        assert start_program("oscsend", "127.0.0.1", daemon.port, "/dawbridge/mask/strength", tag, *sent).ended() == 0
        assert daemon.done()[0] == job_id
        after = read(acapella)
        assert np.abs(after - before).max() > 1e-4
        np.testing.assert_array_equal(after + read(instrumental), bounce)
        before = after


def test_oscdump_prints_the_feedback(oscdump, start_program, tmp_path):
    dump, port = oscdump
    folder = tmp_path / "bounces"
    folder.mkdir()
    command = [sys.executable, "-m", "dawbridge", "watch", str(folder), "--model", "center", "--no-midi"]
    command += ["--osc-port", "0", "--osc-feedback", f"127.0.0.1:{port}"]
    daemon = subprocess.Popen(
        command, env={**os.environ, "DAWBRIDGE_HOME": str(tmp_path / "home")}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert dump.says('/dawbridge/startup s "')
        assert dump.says("/dawbridge/mask/strength f 1.0")
        assert dump.says('/dawbridge/band/high/str s "off"')
        soundfile.write(folder / "Größe.wav", np.full((44100, 2), 0.1), 44100)
        assert dump.says('/dawbridge/job/state iss 1 "settling"')
        assert dump.says('/dawbridge/job/state iss 1 "done"')
        assert dump.says("/dawbridge/job/done issf 1 ")
    finally:
        daemon.send_signal(signal.SIGINT)
        daemon.communicate(timeout=60)
    assert daemon.returncode == 0


def test_oscdump_is_subscribed_by_another_port(start_daemon, oscdump, start_program):
    daemon = start_daemon()
    dump, port = oscdump
    start_program("oscsend", "127.0.0.1", daemon.port, "/dawbridge/subscribe", "is", port, "/dawbridge/mask")
    assert f"{port}" in dump.says("/dawbridge/subscribed")
    start_program("oscsend", "127.0.0.1", daemon.port, "/dawbridge/mask/depth", "f", "0.5")
    assert dump.says("/dawbridge/mask/depth f 0.5")


def test_a_subscriber_that_is_killed_harms_nobody(oscdump, start_daemon):
    """It is killed without a word while values stream to it; the others hear each value, and none of them late."""
    dump, port = oscdump
    daemon = start_daemon()
    daemon.send("/dawbridge/subscribe", port)
    assert dump.says("/dawbridge/subscribed")
    for step in range(1, 101):
        if step == 20:
            assert dump.says("/dawbridge/mask/depth f 0.1")
            dump.kill()
        daemon.send("/dawbridge/mask/depth", step / 100)
        if step % 10 == 0:
            while abs(daemon.heard.wait_for("/dawbridge/mask/depth", 5)[0] - step / 100) > 1e-6:
                pass
    daemon.bounce()
    daemon.done()
    assert daemon.process.poll() is None
