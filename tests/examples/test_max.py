"""The structure of the Max patch and of the Max for Live device. Max itself was not at hand."""

import json
import struct

import pytest

from dawbridge.knobs.parameters import TABLE
from tools.max_patch import FOLDER


def documents():
    data = (FOLDER / "dawbridge.amxd").read_bytes()
    return {
        "maxpat": json.loads((FOLDER / "dawbridge.maxpat").read_text(encoding="utf-8")),
        "amxd": json.loads(data[32:]),
    }


def test_the_devices_header():
    data = (FOLDER / "dawbridge.amxd").read_bytes()
    magic, version, kind, meta, meta_size, meta_value, tag, size = struct.unpack("<4sI4s4sII4sI", data[:32])
    assert (magic, version, kind, meta, meta_size, meta_value, tag) == (b"ampf", 4, b"aaaa", b"meta", 4, 0, b"ptch")
    assert size == len(data) - 32


@pytest.mark.parametrize("which", ["maxpat", "amxd"])
def test_every_line_joins_an_outlet_and_an_inlet(which):
    patcher = documents()[which]["patcher"]
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    assert len(boxes) == len(patcher["boxes"])
    for line in (line["patchline"] for line in patcher["lines"]):
        (source, outlet), (target, inlet) = line["source"], line["destination"]
        assert outlet < boxes[source]["numoutlets"]
        assert inlet < boxes[target]["numinlets"]


@pytest.mark.parametrize("which", ["maxpat", "amxd"])
def test_every_knob_has_a_dial_that_sends_and_follows(which):
    patcher = documents()[which]["patcher"]
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    joined = {(line["patchline"]["source"][0], line["patchline"]["destination"][0]) for line in patcher["lines"]}
    texts = {box.get("text"): name for name, box in boxes.items()}
    send = texts["udpsend 127.0.0.1 9320"]
    dials = {box["varname"]: name for name, box in boxes.items() if box["maxclass"] == "live.dial"}
    (route,) = (text for text in texts if text and text.startswith("route "))
    assert set(dials) == {row.name for row in TABLE}
    for row in TABLE:
        out = texts[f"prepend {row.address}"]
        assert {(dials[row.name], out), (out, send)} <= joined
        assert row.address in route.split()
        value = boxes[dials[row.name]]["saved_attribute_attributes"]["valueof"]
        assert value["parameter_initial"] == [row.normalize(row.default)]


def test_the_device_lets_the_audio_pass():
    texts = [box["box"].get("text") for box in documents()["amxd"]["patcher"]["boxes"]]
    assert {"plugin~", "plugout~", "live.thisdevice"} <= set(texts)
