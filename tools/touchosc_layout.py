"""dawbridge.tosc, a TouchOSC layout: XML, compressed with zlib."""

import uuid
import zlib
from pathlib import Path
from xml.etree import ElementTree as Xml

from dawbridge.knobs.parameters import TABLE, Curve

FILE = Path(__file__).parent.parent / "examples" / "touchosc" / "dawbridge.tosc"
WIDTH, HEIGHT = 1024, 768
_CONNECTIONS = "1" * 10
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "dawbridge.tosc")
_PRESETS = ("/dawbridge/preset/prev", "/dawbridge/preset/next", "/dawbridge/subscribe")

Frame = tuple[int, int, int, int]
"""x, y, width, height in pixels."""


def layout() -> Xml.Element:
    """Faders and switches for all knobs, their values as text, and three buttons."""
    root = Xml.Element("lexml", version="3")
    page = _node(root, "GROUP", "dawbridge", (0, 0, WIDTH, HEIGHT))
    children = Xml.SubElement(page, "children")
    width = WIDTH // len(TABLE)
    for place, row in enumerate(TABLE):
        x, is_switch = place * width, row.curve is Curve.SWITCH
        _label(children, row.name, (x, 20, width, 40), row.name.replace("_", "\n"))
        frame = (x + 8, 80, width - 16, width - 16 if is_switch else 480)
        knob = _node(children, "BUTTON" if is_switch else "FADER", row.name, frame)
        if is_switch:
            _property(knob, "i", "buttonType", "2")  # 2: toggle on press
        _value(knob, "x", "0")
        _osc(knob, row.address, "x", "FLOAT", "ANY", receive=True)
        text = _label(children, row.name + "_text", (x, 580, width, 40), row.display(row.default))
        _osc(text, row.address + "/str", "text", "STRING", "ANY", send=False, receive=True)
    for place, address in enumerate(_PRESETS):
        frame = (20 + place * 330, 660, 310, 80)
        button = _node(children, "BUTTON", address.rpartition("/")[2], frame)
        _value(button, "x", "0")
        _osc(button, address, "x", "FLOAT", "RISE")
        _label(children, address.rpartition("/")[2] + "_text", frame, address.removeprefix("/dawbridge/"))
    return root


def packed(root: Xml.Element) -> bytes:
    """As a .tosc file has it."""
    return zlib.compress(Xml.tostring(root, encoding="UTF-8", xml_declaration=True), 9)


def _node(parent: Xml.Element, kind: str, name: str, frame: Frame) -> Xml.Element:
    """A control with the properties and values that every one has."""
    node = Xml.SubElement(parent, "node", ID=str(uuid.uuid5(_NAMES, f"{kind} {name}")), type=kind)
    Xml.SubElement(node, "properties")
    Xml.SubElement(node, "values")
    _property(node, "s", "name", name)
    place = Xml.SubElement(_property(node, "r", "frame", None), "value")
    for key, pixels in zip("xywh", frame, strict=True):
        Xml.SubElement(place, key).text = str(pixels)
    colour = Xml.SubElement(_property(node, "c", "color", None), "value")
    for key, share in zip("rgba", ("0.2", "0.6", "0.7", "1"), strict=True):
        Xml.SubElement(colour, key).text = share
    for key in ("background", "visible", "interactive", "grabFocus", "outline"):
        is_off = kind in ("TEXT", "LABEL", "GROUP") and key in ("interactive", "grabFocus")
        _property(node, "b", key, "0" if is_off else "1")
    _value(node, "touch", "false")
    return node


def _label(parent: Xml.Element, name: str, frame: Frame, text: str) -> Xml.Element:
    node = _node(parent, "LABEL", name, frame)
    _property(node, "i", "textSize", "13")
    _value(node, "text", text)
    return node


def _property(node: Xml.Element, kind: str, key: str, value: str | None) -> Xml.Element:
    properties = node.find("properties")
    assert properties is not None  # every node is made with one
    made = Xml.SubElement(properties, "property", type=kind)
    Xml.SubElement(made, "key").text = key
    if value is not None:
        Xml.SubElement(made, "value").text = value
    return made


def _value(node: Xml.Element, key: str, default: str) -> None:
    values = node.find("values")
    assert values is not None  # every node is made with one
    made = Xml.SubElement(values, "value")
    for name, text in (
        ("key", key), ("locked", "0"), ("lockedDefaultCurrent", "0"), ("default", default), ("defaultPull", "0"),
    ):  # fmt: skip
        Xml.SubElement(made, name).text = text


def _osc(
    node: Xml.Element, address: str, variable: str, kind: str, when: str, *, send: bool = True, receive: bool = False
) -> None:
    """One OSC message: `variable` to and from `address`; `when` is ANY change or RISE (a press)."""
    osc = Xml.SubElement(Xml.SubElement(node, "messages"), "osc")
    switches = {"enabled": True, "send": send, "receive": receive, "feedback": False, "noDuplicates": False}
    for name, is_on in switches.items():
        Xml.SubElement(osc, name).text = str(int(is_on))
    Xml.SubElement(osc, "connections").text = _CONNECTIONS
    trigger = Xml.SubElement(Xml.SubElement(osc, "triggers"), "trigger")
    Xml.SubElement(trigger, "var").text = variable
    Xml.SubElement(trigger, "condition").text = when
    _partial(Xml.SubElement(osc, "path"), "CONSTANT", "STRING", address)
    _partial(Xml.SubElement(osc, "arguments"), "VALUE", kind, variable)


def _partial(parent: Xml.Element, kind: str, conversion: str, value: str) -> None:
    made = Xml.SubElement(parent, "partial")
    for name, text in (
        ("type", kind), ("conversion", conversion), ("value", value), ("scaleMin", "0"), ("scaleMax", "1"),
    ):  # fmt: skip
        Xml.SubElement(made, name).text = text


def files() -> dict[Path, bytes]:
    """The layout's file and what is to be in it."""
    return {FILE: packed(layout())}
