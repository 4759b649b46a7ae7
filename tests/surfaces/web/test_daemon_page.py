"""A real daemon: a file is put in over the page's API, its stems are listened to, a knob is turned and heard."""

import json
import urllib.request
from contextlib import closing

import numpy as np
import soundfile

from dawbridge.surfaces.osc.client import free_port
from tests.surfaces.web.conftest import sound


def test_from_upload_to_listening(start_daemon, tmp_path):
    port, said = free_port(), (tmp_path / "said").open("w+")
    with closing(said):
        daemon = start_daemon("--http-port", str(port), output=said)
        song = tmp_path / "song.wav"
        soundfile.write(song, sound(2.0), 44100)

        def ask(method, path, body=None, kind="application/json"):
            headers = {"Content-Type": kind} if body is not None else {}
            asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers, method=method)
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.read()

        assert (
            b"<html"
            in urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"}), timeout=60
            ).read()
        )
        ask("PUT", "/api/upload/0/song.wav", song.read_bytes(), "audio/wav")
        job_id, acapella, _ = daemon.done()
        job = json.loads(ask("GET", f"/api/jobs/{job_id}"))
        assert (job["state"], job["name"], job["rate_hz"]) == ("done", "song.wav", 44100)
        assert job["model"]
        (tmp_path / "heard.wav").write_bytes(ask("GET", job["stems"][1]["url"]))
        before = soundfile.read(tmp_path / "heard.wav")[0]
        assert np.array_equal(before, soundfile.read(acapella)[0])
        turned = {"address": "/dawbridge/acapella/gain/raw", "arguments": [-20]}
        ask("POST", "/api/command", json.dumps(turned).encode())
        daemon.done()
        rewritten = json.loads(ask("GET", f"/api/jobs/{job_id}"))["stems"][1]
        assert rewritten["version"] != job["stems"][1]["version"]
        (tmp_path / "heard.wav").write_bytes(ask("GET", rewritten["url"]))
        assert np.abs(soundfile.read(tmp_path / "heard.wav")[0] - before * 0.1).max() < 1e-4
        said.seek(0)
        assert f"page: http://127.0.0.1:{port}/" in said.read()
