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
    gate = texts["gate"]
    assert (gate, texts["udpsend 127.0.0.1 9320"]) in joined
    dials = {box["varname"]: name for name, box in boxes.items() if box["maxclass"] == "live.dial"}
    (route,) = (text for text in texts if text and text.startswith("route "))
    assert set(dials) == {row.name for row in TABLE}
    for row in TABLE:
        out = texts[f"prepend {row.address}"]
        assert {(dials[row.name], out), (out, gate)} <= joined
        assert row.address in route.split()
        value = boxes[dials[row.name]]["saved_attribute_attributes"]["valueof"]
        assert value["parameter_initial_enable"] == 0


def opened(patcher):
    """Plays what happens after the patch is opened: what reaches `udpsend`, and a function that brings in a message.

    Knows the few objects that matter for it: loadbang, t, metro, message boxes, gate, route, prepend, dials.
    """
    boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
    lines = [line["patchline"] for line in patcher["lines"]]
    sent, state = [], {"gate": 0, "metro": 0}

    def out(name, outlet, value):
        for line in lines:
            if line["source"] == [name, outlet]:
                into(line["destination"][0], line["destination"][1], value)

    def into(name, inlet, value):
        kind, *arguments = boxes[name].get("text", boxes[name]["maxclass"]).split()
        if boxes[name]["maxclass"] == "message":
            for part in boxes[name]["text"].split(", ") if value == "bang" else ():
                out(name, 0, part)
        elif kind == "t":
            for outlet in reversed(range(len(arguments))):  # from right to left, as Max does
                out(name, outlet, int(arguments[outlet]))
        elif kind == "metro":
            state["metro"] = value
            if value:
                out(name, 0, "bang")
        elif kind == "gate" and inlet == 0:
            state["gate"] = value
        elif kind == "gate" and state["gate"]:
            out(name, 0, value)
        elif kind == "prepend" and arguments != ["set"]:
            out(name, 0, f"{arguments[0]} {value}")
        elif kind == "udpsend":
            sent.append(value)

    def receive(address):
        (route,) = (name for name, box in boxes.items() if box.get("text", "").startswith("route "))
        out(route, boxes[route]["text"].split().index(address) - 1, "bang")

    (start,) = (name for name, box in boxes.items() if box.get("text") in ("loadbang", "live.thisdevice"))
    dial = next(name for name, box in boxes.items() if box["maxclass"] == "live.dial")
    turn = lambda position: out(dial, 0, position)  # noqa: E731
    turn(0.3)  # Live puts a saved value back before the device hears that it is there
    out(start, 0, "bang")
    return sent, state, turn, receive


@pytest.mark.parametrize("which", ["maxpat", "amxd"])
def test_dials_turn_nothing_before_dawbridge_has_sent_its_values(which):
    sent, state, turn, receive = opened(documents()[which]["patcher"])
    assert sent == ["/dawbridge/subscribe 9321", "/dawbridge/dump"]
    turn(0.7)
    assert len(sent) == 2
    assert state["metro"] == 1  # it asks again until somebody answers
    receive("/dawbridge/dumped")
    assert state["metro"] == 0
    turn(0.7)
    assert sent[2:] == [f"{TABLE[0].address} 0.7"]


def test_the_device_lets_the_audio_pass():
    texts = [box["box"].get("text") for box in documents()["amxd"]["patcher"]["boxes"]]
    assert {"plugin~", "plugout~", "live.thisdevice"} <= set(texts)
