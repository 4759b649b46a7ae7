import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("matplotlib")
from PIL import Image

from dawbridge.cli.main import main
from dawbridge.listen.page import RATES_KBPS, clock, fitting_kbps
from tools.song import make_song

STUB = Path(__file__).parent / "listen_stub.cjs"
SECONDS = 2.0
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no node here")


class Page(HTMLParser):
    """Elements of a page, each with its attributes; remembers what is open."""

    VOID = ("meta", "img", "input")

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """A folder with both halves of a song, and their mixture at 48 kHz."""
    folder = tmp_path_factory.mktemp("songs") / "a <song> & more"
    folder.mkdir()
    vocals, music = make_song(SECONDS, 48000)
    for name, part in (("vocals", vocals), ("instrumental", music), ("mixture", vocals + music)):
        soundfile.write(folder / f"{name}.wav", part.T, 48000, subtype="PCM_24")
    return folder


def text_of(song, out, *more):
    assert main(["listen", str(song), "--out", str(out), "--model", "center", "--device", "cpu", *more]) == 0
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(song, tmp_path_factory):
    return text_of(song / "mixture.wav", tmp_path_factory.mktemp("page") / "new" / "page.html")


def data(attributes, kind):
    head, _, body = attributes["src"].partition(",")
    assert head == f"data:{kind};base64"
    return io.BytesIO(base64.b64decode(body, validate=True))


def test_the_page_is_html_whose_elements_are_all_closed(text):
    page = Page(text)
    assert page.open == []
    assert [len(page.all(tag)) for tag in ("title", "h1", "section", "audio", "img")] == [1, 1, 3, 3, 3]
    assert "{{" not in text


def test_three_tracks_of_the_songs_length_each_its_own(text):
    tracks = []
    for attributes in Page(text).all("audio"):
        samples, rate = soundfile.read(data(attributes, "audio/mpeg"))
        assert rate == 44100
        assert abs(len(samples) - SECONDS * rate) <= 1152 + 1105
        tracks.append(samples)
    mixture, acapella, instrumental = tracks
    assert np.abs(acapella - mixture).max() > 0.01
    rest = mixture - acapella - instrumental
    assert np.square(rest).mean() < 0.02 * np.square(mixture).mean()


def test_three_pictures(text):
    for attributes in Page(text).all("img"):
        with Image.open(data(attributes, "image/png")) as picture:
            picture.load()
            assert (str(picture.width), str(picture.height)) == (attributes["width"], attributes["height"])
        assert attributes["alt"].startswith("Spectrogram: ")


def test_nothing_is_asked_of_the_network(text):
    plain = re.sub(r"base64,[^\"]+", "", text)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|<iframe", plain)
    assert all(a[name].startswith("data:") for _, a in Page(text).found for name in ("src", "href") if name in a)


def test_every_control_has_a_name(text):
    page = Page(text)
    assert all("aria-label" in attributes for attributes in page.all("input") + page.all("audio"))
    assert len(page.all("button")) == 4


@needs_node
def test_the_script_switches_without_starting_anew(text, tmp_path):
    script = tmp_path / "page.js"
    script.write_text(re.search(r"<script>(.*?)</script>", text, re.S)[1], encoding="utf-8")
    for command in (["node", "--check", script], ["node", STUB, script]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def test_a_folder_of_stems_shows_the_truth(song, tmp_path, capsys):
    text = text_of(song, tmp_path / "page.html", "--start", "0.5", "--seconds", "1", "--kbps", "64")
    assert len(Page(text).all("audio")) == 4
    assert "a &lt;song&gt; &amp; more" in text
    assert re.search(r"SDR -?\d+\.\d dB", text)
    said = capsys.readouterr().out
    assert "64 kbit/s" in said
    assert "0:01 of 0:02" in said


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("nowhere.wav", (), "dawbridge listen path"),
        ("text.wav", (), "no audio file"),
        ("empty", (), "must hold vocals"),
        ("mixture.wav", ("--start", "9"), "is after its end"),
        ("mixture.wav", ("--model", "centre"), "did you mean"),
    ],
)
def test_mistakes_get_one_line(name, more, words, song, tmp_path, capsys):
    (tmp_path / "text.wav").write_text("hello there, no audio")
    (tmp_path / "empty").mkdir()
    path = song / name if (song / name).exists() else tmp_path / name
    assert main(["listen", str(path), "--out", str(tmp_path / "page.html"), *more]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "page.html").exists()


def test_three_minutes_stay_below_six_megabytes():
    assert fitting_kbps(60, 3) == 160
    assert fitting_kbps(180, 3) == fitting_kbps(3000, 3) == RATES_KBPS[-1] == 64
    assert 3 * 180 * 64000 / 8 * 4 / 3 < 6e6
    assert clock(65.4) == "1:05"
