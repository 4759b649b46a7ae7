"""The OSCQuery tree: every address with its type, range and meaning, out of the parameter table. Pure.

Source: the OSCQuery proposal (Vidvox, github.com/Vidvox/OSCQueryProposal).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from dawbridge.knobs.parameters import TABLE, Curve, Parameter
from dawbridge.surfaces.osc.knobs import Knobs

Node = dict[str, Any]

READ, WRITE, READ_WRITE = 1, 2, 3
MORPH = "/dawbridge/preset/morph"
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE")

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "/ping": ("", "renews the leases of the sender's host"),
    "/dawbridge/ping": ("", "answered by /dawbridge/pong: version, ports, state, queue"),
    "/dawbridge/subscribe": ("isii", "feedback to a port: port, prefix, messages a second, lease in seconds"),
    "/dawbridge/unsubscribe": ("i", "no more feedback to that port"),
    "/dawbridge/dump": ("", "every value"),
    "/dawbridge/sync": ("i", "answered once all before it was applied"),
    "/dawbridge/transport": ("fi", "the playhead: seconds from the bounce's start, playing or not"),
    "/dawbridge/preset": ("s", "loads a preset"),
    "/dawbridge/preset/index": ("i", "loads a preset by number, from 1"),
    "/dawbridge/preset/fader": ("f", "the whole list of presets on one fader"),
    "/dawbridge/preset/a": ("s", "preset at the morph's lower end"),
    "/dawbridge/preset/b": ("s", "preset at the morph's upper end"),
    "/dawbridge/preset/save": ("s", "keeps the knobs as a preset"),
    "/dawbridge/preset/delete": ("s", "deletes a preset of one's own"),
    "/dawbridge/job/submit": ("ss", "queues a file inside the watched folders: path, preset"),
    "/dawbridge/job/cancel": ("i", "stops a job"),
    "/dawbridge/job/rerender": ("i", "renders a job again with the knobs as they are"),
    "/dawbridge/job/focus": ("i", "knob moves render this job"),
    "/dawbridge/job/accept": ("i", "takes a stalled file as it is"),
}


class Morph(Protocol):
    """What the tree needs of the deck."""

    @property
    def position(self) -> float:
        """0..1."""


class Tree:
    """Nodes by path. Their values are read when they are asked for."""

    def __init__(self, knobs: Knobs, commands: Iterable[str], morph: Morph) -> None:
        """`commands` are the addresses that are no parameters."""
        self._knobs, self._morph = knobs, morph
        self._leaves: dict[str, Node] = {}
        for row in TABLE:
            self._leaves |= _faces(row)
        for address in commands:
            kind, text = _COMMANDS.get(address, ("", ""))
            self._leaves.setdefault(address, {"TYPE": kind, "ACCESS": WRITE, "DESCRIPTION": text or "a button"})
        self._leaves[MORPH] = _knob("all knobs between the presets a and b")

    def node(self, path: str) -> Node | None:
        """The node at `path` with all below it; None where there is none."""
        path = "/" + path.strip("/")
        below = sorted({self._child(path, leaf) for leaf in self._leaves} - {""})
        own = self._leaves.get(path)
        if own is None and not below:
            return None
        found: Node = {"FULL_PATH": path, **(own or {"ACCESS": 0})}
        value = self.value(path)
        if value is not None:
            found["VALUE"] = [value]
        if below:
            prefix = path.rstrip("/") + "/"
            found["CONTENTS"] = {name: self.node(prefix + name) for name in below}
        return found

    def value(self, path: str) -> float | int | str | None:
        """The value at an address that can be read; None at any other."""
        if path == MORPH:
            return self._morph.position
        if self._leaves.get(path, {}).get("ACCESS", 0) & READ:
            return self._knobs.value(path)
        return None

    @staticmethod
    def _child(path: str, leaf: str) -> str:
        """Name of the node right below `path` on the way to `leaf`; empty where `leaf` is not below it."""
        prefix = path.rstrip("/") + "/"
        return leaf.removeprefix(prefix).split("/", 1)[0] if leaf.startswith(prefix) else ""


def host_info(host: str, osc_port: int, http_port: int) -> Node:
    """Who answers here, and where OSC goes."""
    info: Node = {"NAME": "dawbridge", "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP", "WS_PORT": http_port}
    if host not in ("0.0.0.0", "::"):  # else: the address that the client came by
        info |= {"OSC_IP": host, "WS_IP": host}
    known = ("TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "LISTEN")
    return {**info, "EXTENSIONS": dict.fromkeys(known, True)}


def _faces(row: Parameter) -> dict[str, Node]:
    unit = {"UNIT": [row.unit]} if row.unit else {}
    raw = {"MIN": row.low, "MAX": row.high}
    top = _knob(row.help)
    if row.curve is Curve.SWITCH:
        top["RANGE"] = [{"MIN": 0, "MAX": 1, "VALS": [0, 1]}]
    step = {"TYPE": "f", "ACCESS": WRITE, "RANGE": [{"MIN": -1, "MAX": 1}], "DESCRIPTION": "a step of the knob"}
    return {
        row.address: top,
        row.address + "/raw": {**_knob(f"{row.help} ({row.allowed})"), "RANGE": [raw], **unit},
        row.address + "/str": {"TYPE": "s", "ACCESS": READ, "DESCRIPTION": "as a person reads it"},
        row.address + "/delta": step,
    }


def _knob(text: str) -> Node:
    span = [{"MIN": 0, "MAX": 1}]
    return {"TYPE": "f", "ACCESS": READ_WRITE, "RANGE": span, "CLIPMODE": ["both"], "DESCRIPTION": text}
