"""No other web site can turn a knob, read a path or a file; nobody who holds connections locks the user out."""

import asyncio
import socket

import aiohttp
import pytest

from dawbridge.surfaces.web.api import listening, streams
from dawbridge.surfaces.web.connections import MAX_CONNECTIONS

READS = ("/api/state", "/api/jobs", "/api/parameters", "/page/", "/", "/api/jobs/1/audio/mixture", "/api/events")


@pytest.mark.parametrize("path", READS)
def test_a_rebound_name_reads_nothing(page, path):
    for name in ("evil.example", f"evil.example:{page.port}", "127.0.0.1.nip.io", "dawbridge.evil.example"):
        status, body, _ = page.ask("GET", path, headers={"Host": name, "Accept": "text/html"})
        assert status == 403, name
        assert body["error"]["code"] == "foreign"


@pytest.mark.parametrize("path", READS)
def test_another_origin_reads_nothing(page, path):
    port = page.port
    for origin in (
        "http://evil.example",
        "null",
        f"http://127.0.0.1:{port + 1}",
        f"http://localhost:{port}",
        "file://",
    ):
        assert page.ask("GET", path, headers={"Origin": origin})[0] == 403, origin
    assert page.ask("GET", "/api/state", headers={"Origin": page.base})[0] == 200


def test_another_page_cannot_embed_or_load_but_link(page):
    for site in ("cross-site", "same-site"):
        asked = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "audio"}
        assert page.ask("GET", "/api/state", headers=asked)[0] == 403
        framed = {
            "Sec-Fetch-Site": site,
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "iframe",
            "Accept": "text/html",
        }
        assert page.ask("GET", "/", headers=framed)[0] == 403
        assert page.ask("GET", "/", headers={**framed, "Sec-Fetch-Dest": "document"})[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_of_another_page_can_send_changes_nothing(page, kind):
    body = b'{"address": "/dawbridge/mask/depth", "arguments": [0]}'
    for method, path in (("POST", "/api/command"), ("POST", "/api/jobs"), ("PUT", "/api/upload/0/a.wav")):
        assert page.ask(method, path, data=body, headers={"Content-Type": kind})[0] == 415
    asked = {"Content-Type": "application/json", "Origin": "http://evil.example"}
    assert page.ask("POST", "/api/command", data=body, headers=asked)[0] == 403
    assert page.ask("OPTIONS", "/api/command", headers={"Origin": "http://evil.example"})[0] == 403
    assert page.rig.store.get("mask_depth") == 1.0


def test_a_foreign_page_gets_no_stream(page):
    async def ask(session):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect("/api/events", headers={"Origin": "http://evil.example"})
        return refused.value.status

    assert page.run(ask) == 403


def test_answers_tell_browsers_to_run_and_frame_nothing_else(page):
    for path in ("/api/state", "/page/", "/api/nowhere", "/page/nowhere"):
        headers = page.ask("GET", path)[2]
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert f"ws://127.0.0.1:{page.port}" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    ["/page/../../../../../../etc/passwd", "/page/%2e%2e/%2e%2e/desk.py", "/page/..%2f..%2fserver.py",
     "/page//etc/passwd", "/page/%00", "/api/jobs/..%2f..%2fetc/audio/mixture", "/../../etc/passwd"],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(page, path):
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", page.port), 10) as connection:
        connection.sendall(asked.encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert int(answer.split()[1]) in (400, 404)
    assert b"root:" not in answer


def test_a_bounce_that_became_a_link_out_of_the_folder_is_not_read(page, tmp_path):
    job_id = page.job(stems=False)
    (page.rig.root / "song.wav").rename(tmp_path / "secret.wav")
    (page.rig.root / "song.wav").symlink_to(tmp_path / "secret.wav")
    status, body, _ = page.ask("GET", f"/api/jobs/{job_id}/audio/mixture")
    assert (status, body["error"]["code"]) == (403, "path_not_allowed")


def test_a_stem_that_became_a_link_is_not_read(page, tmp_path):
    job_id = page.job()
    stem = page.rig.root / "separated" / "song_acapella.wav"
    stem.rename(tmp_path / "secret.wav")
    stem.symlink_to(tmp_path / "secret.wav")
    assert page.ask("GET", f"/api/jobs/{job_id}/audio/acapella")[0] == 404


def test_too_long_and_broken_bodies_are_refused(page):
    asked = {"Content-Type": "application/json"}
    assert page.ask("POST", "/api/command", data=b'"' + b"x" * 70_000 + b'"', headers=asked)[0] == 413
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 60_000):
        assert page.ask("POST", "/api/command", data=body, headers=asked)[0] == 400


def test_a_token_is_asked_for_beyond_loopback(make_page):
    page = make_page(host="0.0.0.0")
    address = page.server.page
    assert "?token=" in address
    token = address.split("token=")[1]
    for path in ("/api/state", "/page/", "/api/events"):
        assert page.ask("GET", path)[0] == 401
        assert page.ask("GET", path + "?token=wrong")[0] == 401
    assert page.ask("GET", "/", headers={"Accept": "text/html"})[0] == 401
    assert page.command("/dawbridge/mask/depth", 0)[0] == 401
    assert page.ask("GET", "/api/state", headers={"Authorization": f"Bearer {token}"})[0] == 200
    status, _, headers = page.ask("GET", f"/?token={token}", headers={"Accept": "text/html"})
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    name_and_value = cookie.split(";")[0]
    assert page.ask("GET", "/", headers={"Accept": "text/html", "Cookie": name_and_value})[0] == 200
    assert page.get("/?HOST_INFO")["NAME"] == "dawbridge"  # OSC and OSCQuery are as open as they were


def test_hundreds_of_idle_sockets_lock_nobody_out(page):
    idle = [socket.create_connection(("127.0.0.1", page.port)) for _ in range(200)]
    try:
        assert page.get("/api/state")["queue"] == 0
        assert len(page.server._connections) <= MAX_CONNECTIONS
    finally:
        for connection in idle:
            connection.close()


def test_one_page_too_many_is_told_so(page):
    async def ask(session):
        opened = [await session.ws_connect("/api/events") for _ in range(streams.MAX_CLIENTS)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect("/api/events")
        async with session.get("/api/state") as answer:
            status = answer.status
        for stream in opened:
            await stream.close()
        return refused.value.status, status

    assert page.run(ask) == (503, 200)


def test_a_listener_that_reads_nothing_is_ended_and_holds_nobody_up(page, monkeypatch):
    monkeypatch.setattr(listening, "STALL_S", 0.2)
    job_id = page.job("long.wav", seconds=120.0, stems=False)
    asked = f"GET /api/jobs/{job_id}/audio/mixture HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", page.port))
    try:
        slow.sendall(asked)
        for _ in range(2000):
            page.get("/api/state")
            if page.site.desk.listening._now == 0:
                break
        assert page.site.desk.listening._now == 0
    finally:
        slow.close()


def test_one_listener_too_many_is_asked_to_come_again(page, monkeypatch):
    monkeypatch.setattr(listening, "AT_ONCE", 0)
    status, body, headers = page.ask("GET", f"/api/jobs/{page.job()}/audio/mixture")
    assert (status, body["error"]["code"], headers["Retry-After"]) == (503, "busy", "1")


def test_a_slow_page_gets_the_newest_values_only(page):
    """Two thousand moves while it reads nothing: what it is told in the end is where the knob is."""

    async def ask(session):
        async with session.ws_connect("/api/events") as stream:
            assert (await stream.receive_json())["type"] == "snapshot"
            for number in range(2001):
                page.rig.store.set("mask_depth", number / 2000, "test")
                page.rig.store.set("mask_depth", 1 - number / 4000, "test")
            heard = []
            while not heard or heard[-1] != 0.5:
                message = await stream.receive_json()
                if message["type"] == "value":
                    heard.append(message["raw"])
                await asyncio.sleep(0)
            return heard

    assert len(page.run(ask)) < 1000
