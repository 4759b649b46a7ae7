"""Weights of the catalogue: fetched from a server of this computer, resumed, and believed by their hash alone."""

import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from dawbridge.cli import models
from dawbridge.cli.main import main
from dawbridge.errors import ModelError
from dawbridge.estimators import catalogue, find_model
from dawbridge.estimators.catalogue import CATALOGUE, Entry
from dawbridge.estimators.fetching import fetched
from tests.estimators.separators import CONFIGURATIONS, random_network

CONTENT = bytes(range(256)) * 5000
ENTRY = Entry("x", "made up", "x.ckpt", (), len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "MIT", "its author")


class Served(BaseHTTPRequestHandler):
    """Serves `content`; sends at most `most` bytes an answer, and ranges if `ranges`."""

    content, most, ranges, asked = CONTENT, 10**9, True, []

    def do_GET(self):
        self.asked.append(self.headers.get("Range"))
        start = int(self.headers["Range"][6:-1]) if self.ranges and "Range" in self.headers else 0
        body = self.content[start:]
        self.send_response(206 if start else 200)
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
    threading.Thread(target=running.serve_forever, daemon=True).start()
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
    ("content", "said"), [(CONTENT[::-1], "another hash"), (CONTENT + b"x", "more than"), (b"<html>", "ended after")]
)
def test_what_is_something_else_is_refused_and_the_next_place_asked(server, tmp_path, content, said):
    kind, url = server
    kind.content = content
    with pytest.raises(ModelError, match=said):
        fetch(tmp_path, url)
    assert not (tmp_path / "x.ckpt").exists()
    good = type("Good", (Served,), {"asked": []})
    running = ThreadingHTTPServer(("127.0.0.1", 0), good)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        assert fetch(tmp_path, url, f"http://127.0.0.1:{running.server_port}/")[0].read_bytes() == CONTENT
    finally:
        running.shutdown()
        running.server_close()


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
