"""Files that are dropped on the page: whole or not at all, inside the folder, never over another file."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.surfaces.web.api import uploads
from dawbridge.surfaces.web.api.uploads import UploadError, checked_name

WAV = {"Content-Type": "audio/wav"}


def head(length):
    """What an upload begins with."""
    lines = (
        "PUT /api/upload/0/a.wav HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: audio/wav",
        f"Content-Length: {length}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def names(page):
    return sorted(path.name for path in page.rig.root.iterdir())


def test_an_upload_lies_in_the_watched_folder(page):
    content = bytes(range(256)) * 4000
    status, body, _ = page.ask("PUT", "/api/upload/0/my%20song.wav", data=content, headers=WAV)
    assert (status, body["name"]) == (201, "my song.wav")
    assert (page.rig.root / "my song.wav").read_bytes() == content
    assert names(page) == ["my song.wav"]


def test_no_file_is_ever_replaced(page):
    (page.rig.root / "a.wav").write_text("mine")
    (page.rig.root / "a (2).wav").symlink_to("/etc/passwd")
    _, body, _ = page.ask("PUT", "/api/upload/0/a.wav", data=b"new", headers=WAV)
    assert body["name"] == "a (3).wav"
    assert (page.rig.root / "a.wav").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "..", ".hidden.wav", "a%00.wav", "a%0a.wav", "..%5Cx.wav", "con.wav",
     "a%2Fb.wav",      "x" * 300 + ".wav", "%20a.wav", "a.wav.", "a:b.wav"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(page, name):
    raw = (
        f"PUT /api/upload/0/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\nContent-Length: 1\r\n\r\nx"
    )
    with socket.create_connection(("127.0.0.1", page.port), 10) as connection:
        connection.sendall(raw.encode())
        status = int(connection.recv(1000).split()[1])
    assert status in (400, 404, 405)
    assert names(page) == []


@given(st.text(max_size=40))
def test_a_name_that_is_accepted_is_one_name(name):
    try:
        accepted = checked_name(name)
    except UploadError:
        return
    assert not {"/", "\\", "\0"} & set(accepted)
    assert accepted.strip(".") != ""
    assert not accepted.startswith(".")


def test_too_long_an_upload_is_refused_before_it_is_read(make_page):
    page = make_page(upload_limit_bytes=1000)
    status, body, _ = page.ask("PUT", "/api/upload/0/a.wav", data=bytes(1001), headers=WAV)
    assert (status, body["error"]["code"]) == (413, "too_large")

    async def endless():
        for _ in range(20):
            yield bytes(100)

    status, body, _ = page.ask("PUT", "/api/upload/0/a.wav", data=endless(), headers=WAV)
    assert (status, body["error"]["code"]) == (413, "too_large")
    assert names(page) == []


def test_what_breaks_off_leaves_nothing(page):
    with socket.create_connection(("127.0.0.1", page.port), 10) as connection:
        connection.sendall(head(100_000) + bytes(50_000))
    for _ in range(200):
        page.get("/api/health")
        if not names(page):
            break
    assert names(page) == []


def test_one_that_sends_nothing_is_given_up(page, monkeypatch):
    monkeypatch.setattr(uploads, "STALL_S", 0.05)
    with socket.create_connection(("127.0.0.1", page.port), 10) as connection:
        connection.sendall(head(9) + b"x")
        assert b" 408 " in connection.recv(1000)
    assert names(page) == []


def test_what_would_be_left_alone_is_refused(make_page):
    page = make_page(why_not=lambda path: "no audio" if path.suffix == ".txt" else "")
    status, body, _ = page.ask("PUT", "/api/upload/0/a.txt", data=b"x", headers=WAV)
    assert (status, body["error"]["message"]) == (400, "a.txt would be left alone: no audio")


def test_unknown_folders_and_empty_files(page):
    assert page.ask("PUT", "/api/upload/7/a.wav", data=b"x", headers=WAV)[0] == 403
    assert page.ask("PUT", "/api/upload/-1/a.wav", data=b"x", headers=WAV)[0] == 403
    assert page.ask("PUT", "/api/upload/0/a.wav", data=b"", headers=WAV)[1]["error"]["code"] == "empty"
    assert names(page) == []
