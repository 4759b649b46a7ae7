"""Weights of the catalogue: fetched from a server of this computer, resumed, and believed by their hash alone."""

import hashlib
import os
import threading
from dataclasses import replace
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import count
from pathlib import Path
from urllib.request import Request

import pytest
import torch
from filelock import FileLock

from dawbridge.cli import models
from dawbridge.cli.main import main
from dawbridge.errors import ModelError
from dawbridge.estimators import catalogue, fetching, find_model
from dawbridge.estimators.catalogue import CATALOGUE, Entry
from dawbridge.estimators.fetching import fetched
from tests.estimators.separators import CONFIGURATIONS, random_network

CONTENT = bytes(range(256)) * 5000
ENTRY = Entry("x", "made up", "x.ckpt", (), len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "MIT", "its author")


class Served(BaseHTTPRequestHandler):
    """Serves `content`; sends at most `most` bytes an answer, and ranges if `ranges`."""

    content, most, ranges, asked, honest, refuses = CONTENT, 10**9, True, [], True, 0

    def do_GET(self):
        self.asked.append(self.headers.get("Range"))
        start = int(self.headers["Range"][6:-1]) if self.ranges and "Range" in self.headers else 0
        if start and self.refuses:
            self.send_error(self.refuses)
            return
        body = self.content[start:]
        self.send_response(206 if start else 200)
        if self.honest:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.most])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    """A class to set up, and its address."""
    kind = type("Server", (Served,), {"asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield kind, f"http://127.0.0.1:{running.server_port}/x.ckpt"
    running.shutdown()
    running.server_close()


def fetch(folder, *urls, entry=ENTRY):
    seen = []
    path = fetched(replace(entry, urls=urls), folder, lambda have, size: seen.append((have, size)))
    return path, seen


def test_a_file_is_fetched_once(server, tmp_path):
    kind, url = server
    path, seen = fetch(tmp_path, url)
    assert path == tmp_path / "x.ckpt" and path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(tmp_path, url)[1] == []
    assert kind.asked == [None]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_cut_off_goes_on(server, tmp_path, ranges):
    kind, url = server
    kind.most, kind.ranges = 700_000, ranges
    with pytest.raises(ModelError, match="goes on where it stopped"):
        fetch(tmp_path, url)
    assert (tmp_path / "x.ckpt.part").stat().st_size >= 1
    kind.most = 10**9
    assert fetch(tmp_path, url)[0].read_bytes() == CONTENT
    assert kind.asked[0] is None and kind.asked[1].startswith("bytes=")


@pytest.mark.parametrize(
    ("content", "honest", "said"),
    [
        (CONTENT[::-1], True, "another hash"),
        (CONTENT + b"x", True, "offers 1280001 bytes; x.ckpt has 1280000"),
        (b"<html>", True, "offers 6 bytes"),
        (CONTENT * 9, False, "more than"),
        (b"<html>", False, "ended after"),
    ],
)
def test_what_is_something_else_is_refused_and_the_next_place_asked(server, tmp_path, content, honest, said):
    kind, url = server
    kind.content, kind.honest = content, honest
    with pytest.raises(ModelError, match=said):
        fetch(tmp_path, url)
    assert not (tmp_path / "x.ckpt").exists()
    good = type("Good", (Served,), {"asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), good)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    try:
        assert fetch(tmp_path, url, f"http://127.0.0.1:{running.server_port}/")[0].read_bytes() == CONTENT
    finally:
        running.shutdown()
        running.server_close()


@pytest.mark.parametrize("refuses", [0, 416])
def test_a_part_that_does_not_belong_to_the_file_is_loaded_again(server, tmp_path, refuses):
    kind, url = server
    kind.refuses = refuses
    (tmp_path / "x.ckpt.part").write_bytes(b"wrong" * 1000)
    assert fetch(tmp_path, url)[0].read_bytes() == CONTENT
    assert kind.asked == ["bytes=5000-", None]


def test_a_part_is_gone_if_what_it_became_is_wrong(server, tmp_path):
    kind, url = server
    kind.content = CONTENT[::-1]
    (tmp_path / "x.ckpt.part").write_bytes(b"wrong" * 1000)
    with pytest.raises(ModelError, match="another hash"):
        fetch(tmp_path, url)
    assert not (tmp_path / "x.ckpt.part").exists()


def test_a_page_with_an_error_costs_nothing_of_what_is_there(server, tmp_path):
    kind, url = server
    kind.content, kind.ranges = b"<html>", False
    (tmp_path / "x.ckpt.part").write_bytes(CONTENT[:5000])
    with pytest.raises(ModelError, match="offers 6 bytes"):
        fetch(tmp_path, url)
    assert (tmp_path / "x.ckpt.part").read_bytes() == CONTENT[:5000]


def test_a_server_that_refuses_is_quoted_in_one_line(server, tmp_path, monkeypatch):
    kind, url = server
    monkeypatch.setattr(kind, "do_GET", lambda self: self.send_response(403, "go\taway") or self.end_headers())
    with pytest.raises(ModelError, match="403 go away"):
        fetch(tmp_path, url)
    monkeypatch.setattr(kind, "do_GET", redirecting(url))
    with pytest.raises(ModelError, match="302 ") as error:
        fetch(tmp_path, url)
    assert "\n" not in str(error.value)


def redirecting(to):
    def do_get(self):
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    return do_get


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_server_cannot_send_us_elsewhere(server, tmp_path, monkeypatch, to):
    monkeypatch.setattr(server[0], "do_GET", redirecting(to))
    with pytest.raises(ModelError, match=r"not https|not allowed"):
        fetch(tmp_path, server[1])


def test_nor_from_https_to_http():
    request = Request("https://there/x")
    with pytest.raises(ValueError, match="not https"):
        fetching._Redirects().redirect_request(request, BytesIO(), 302, "", HTTPMessage(), "http://there/x")


def test_a_full_disk_is_not_the_servers_fault(server, tmp_path, monkeypatch):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    opened = Path.open
    monkeypatch.setattr(
        Path, "open",
        lambda path, *more, **kw: opened(Path("/dev/full") if path.suffix == ".part" else path, *more, **kw),
    )  # fmt: skip
    with pytest.raises(ModelError, match="No space left") as error:
        fetch(tmp_path, server[1])
    assert str(error.value).startswith(f"{tmp_path}: cannot be written to") and "http" not in str(error.value)


def test_a_server_that_drips_is_given_up(server, tmp_path, monkeypatch):
    clock = count(0, 40)
    monkeypatch.setattr(fetching.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(fetching, "_BLOCK", 100)
    with pytest.raises(ModelError, match="bytes a second"):
        fetch(tmp_path, server[1])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/nowhere/at/all")])
def test_what_is_no_file_under_the_name_of_a_part_makes_room(server, tmp_path, make):
    make(tmp_path / "x.ckpt.part")
    assert fetch(tmp_path, server[1])[0].read_bytes() == CONTENT


def test_one_model_is_fetched_once_at_a_time(server, tmp_path):
    with FileLock(tmp_path / "x.ckpt.lock"), pytest.raises(ModelError, match="by another dawbridge"):
        fetch(tmp_path, server[1])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://127.0.0.1:1/x", "nonsense", ""])
def test_other_addresses_and_deaf_ones_are_one_line(tmp_path, url):
    with pytest.raises(ModelError, match="could not be fetched") as error:
        fetch(tmp_path, url)
    assert "\n" not in str(error.value)


def test_a_file_that_was_put_there_by_hand_needs_no_network(tmp_path):
    (tmp_path / "x.ckpt").write_bytes(CONTENT)
    assert fetch(tmp_path)[0].read_bytes() == CONTENT
    (tmp_path / "x.ckpt").write_bytes(CONTENT[::-1])
    with pytest.raises(ModelError):
        fetch(tmp_path)


@pytest.fixture
def scnet(tmp_path, monkeypatch, server):
    """A catalogue with one small network in it, and a server that has it."""
    pytest.importorskip("pymss_core")
    source = tmp_path / "given.ckpt"
    torch.save(random_network("scnet")[1].state_dict(), source)
    content = source.read_bytes()
    server[0].content = content
    entry = Entry("tiny", "small", "tiny.ckpt", (server[1],), len(content), hashlib.sha256(content).hexdigest(),
                  "MIT", "its author", config=CONFIGURATIONS["scnet"])  # fmt: skip
    for module in (catalogue, models):
        monkeypatch.setattr(module, "CATALOGUE", (entry,))
    return source


@pytest.mark.filterwarnings("ignore:A window was not provided")
def test_the_command_shows_the_licence_asks_and_imports(scnet, capsys, home):
    assert main(["models", "fetch"]) == 0
    assert "licence: MIT (its author)" in capsys.readouterr().out
    assert main(["models", "fetch", "tiny"]) != 0
    assert "licence was not accepted" in capsys.readouterr().err
    assert main(["models", "fetch", "tiny", "--accept-licence"]) == 0
    assert "--model tiny" in capsys.readouterr().out
    assert find_model("tiny").licence == "MIT"
    assert not list(home.rglob("tiny.ckpt"))
    assert main(["models", "fetch", "huge"]) != 0
    assert "it has tiny" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:A window was not provided")
def test_a_file_of_the_catalogue_is_imported_without_its_configuration(scnet, capsys):
    assert main(["models", "import", str(scnet), "--name", "mine"]) == 0
    assert "this is tiny of the catalogue" in capsys.readouterr().out
    assert find_model("mine").licence == "MIT"


def test_the_catalogue_is_in_order():
    assert len({one.name for one in CATALOGUE}) == len(CATALOGUE)
    for one in CATALOGUE:
        assert len(one.sha256) == 64 and int(one.sha256, 16) and one.size > 10**6
        assert all(url.startswith("https://") for url in one.urls)
        assert one.licence and one.licence_from
