"""The structure of the TouchOSC layout. TouchOSC itself was not at hand."""

import zlib
from xml.etree import ElementTree as Xml

from dawbridge.knobs.parameters import TABLE
from tools.touchosc_layout import FILE, HEIGHT, WIDTH


def nodes():
    root = Xml.fromstring(zlib.decompress(FILE.read_bytes()))
    assert (root.tag, root.get("version")) == ("lexml", "3")
    return list(root.iter("node"))


def test_every_knob_sends_and_receives_and_shows_its_value():
    paths = {}
    for node in nodes():
        for osc in node.iter("osc") if node.get("type") != "GROUP" else ():
            path = osc.findtext("path/partial/value")
            paths[path] = (osc.findtext("send"), osc.findtext("receive"), osc.findtext("arguments/partial/value"))
    for row in TABLE:
        assert paths[row.address] == ("1", "1", "x")
        assert paths[row.address + "/str"] == ("0", "1", "text")
    assert paths["/dawbridge/preset/next"] == ("1", "0", "x")


def test_names_are_unique_and_frames_on_the_page():
    ids = [node.get("ID") for node in nodes()]
    assert len(set(ids)) == len(ids)
    for node in nodes():
        (frame,) = (p for p in node.find("properties") if p.findtext("key") == "frame")
        x, y, width, height = (int(frame.findtext(f"value/{key}")) for key in "xywh")
        assert 0 <= x < x + width <= WIDTH
        assert 0 <= y < y + height <= HEIGHT
