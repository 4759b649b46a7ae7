"""dawbridge.maxpat and dawbridge.amxd, the same patch for Max and as a Max for Live audio effect.

An .amxd that is not frozen is 32 bytes and the patch's JSON; all numbers are little-endian:

```
"ampf" 4 "aaaa"   "meta" 4 0   "ptch" SIZE   JSON
          aaaa: audio effect
```
"""

import json
import struct
from pathlib import Path
from typing import Any

from dawbridge.knobs.parameters import TABLE, Parameter

FOLDER = Path(__file__).parent.parent / "examples" / "max"
PORT, FEEDBACK_PORT = 9320, 9321
_COLUMN, _ROW, _PER_ROW = 72, 70, 7

Json = dict[str, Any]


class Patch:
    """Boxes and the lines between them."""

    def __init__(self) -> None:
        self.boxes: list[Json] = []
        self.lines: list[Json] = []

    def box(self, maxclass: str, place: tuple[float, ...], ins: int = 1, outs: int = 1, **more: object) -> str:
        """Add a box at `place` (x, y, width, height), hidden in the presentation unless `more` says otherwise."""
        name = f"obj-{len(self.boxes) + 1}"
        types = {"outlettype": [""] * outs} if outs else {}
        box = {"id": name, "maxclass": maxclass, "numinlets": ins, "numoutlets": outs, "patching_rect": list(place)}
        self.boxes.append({"box": {**box, **types, **more}})
        return name

    def object(self, text: str, place: tuple[float, float], ins: int = 1, outs: int = 1, **more: object) -> str:
        """Add an object box with `text` in it."""
        return self.box("newobj", (*place, 12.0 + 6.2 * len(text), 22.0), ins, outs, text=text, **more)

    def message(self, text: str, place: tuple[float, float]) -> str:
        """Add a message box."""
        return self.box("message", (*place, 12.0 + 6.2 * len(text), 22.0), 2, 1, text=text)

    def line(self, source: str, target: str, outlet: int = 0, inlet: int = 0) -> None:
        """Connect two boxes."""
        self.lines.append({"patchline": {"source": [source, outlet], "destination": [target, inlet]}})

    def document(self, *, is_device: bool) -> Json:
        """The whole patch."""
        patcher: Json = {
            "fileversion": 1,
            "appversion": {"major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1},
            "classnamespace": "box",
            "rect": [80.0, 80.0, 1000.0, 640.0],
            "openinpresentation": 1 if is_device else 0,
            "boxes": self.boxes,
            "lines": self.lines,
        }
        return {"patcher": {**patcher, "devicewidth": float(_COLUMN * _PER_ROW + 12)} if is_device else patcher}


def patch(*, is_device: bool) -> Json:
    """A dial for every knob, feedback into it, presets, and where the stems are."""
    made = Patch()
    send = made.object(f"udpsend 127.0.0.1 {PORT}", (20.0, 600.0), 1, 0)
    gate = made.object("gate", (20.0, 570.0), 2, 1)
    made.line(gate, send)
    receive = made.object(f"udpreceive {FEEDBACK_PORT}", (560.0, 20.0), 1, 1)
    addresses = [*(row.address for row in TABLE), "/dawbridge/job/done", "/dawbridge/dumped"]
    route = made.object("route " + " ".join(addresses), (560.0, 50.0), 1, len(addresses) + 1)
    made.line(receive, route)
    for place, row in enumerate(TABLE):
        _knob(made, place, row, route, gate)
    _stems(made, route, len(TABLE))
    _start(made, route, len(TABLE) + 1, gate, send, is_device=is_device)
    _buttons(made, send)
    if is_device:
        _through(made)
    return made.document(is_device=is_device)


def _knob(made: Patch, place: int, row: Parameter, route: str, gate: str) -> None:
    x, y = 20.0 + _COLUMN * (place % _PER_ROW), 120.0 + 140.0 * (place // _PER_ROW)
    shown = [6.0 + _COLUMN * (place % _PER_ROW), 4.0 + _ROW * (place // _PER_ROW), 68.0, 48.0]
    value = {
        "parameter_longname": row.name,
        "parameter_shortname": row.name.replace("_", " "),
        "parameter_type": 0,
        "parameter_mmin": 0.0,
        "parameter_mmax": 1.0,
        "parameter_unitstyle": 1,
        "parameter_initial_enable": 0,
    }
    dial = made.box(
        "live.dial", (x, y, 68.0, 48.0), 1, 2, parameter_enable=1, presentation=1, presentation_rect=shown,
        varname=row.name, saved_attribute_attributes={"valueof": value},
    )  # fmt: skip
    out = made.object(f"prepend {row.address}", (x, y + 60.0))
    back = made.object("prepend set", (x, y - 30.0))
    made.line(route, back, place)
    made.line(back, dial)
    made.line(dial, out)
    made.line(out, gate, 0, 1)


def _stems(made: Patch, route: str, outlet: int) -> None:
    """Id, acapella, instrumental, seconds: shown, and sent on for a `buffer~` or `sfplay~` of your own."""
    done = made.object("unpack 0 s s 0.", (560.0, 420.0), 1, 4)
    made.line(route, done, outlet)
    for number, stem in enumerate(("acapella", "instrumental"), 1):
        shown = made.box("message", (560.0, 430.0 + 40.0 * number, 380.0, 22.0), 2, 1, text=stem)
        out = made.object(f"send dawbridge-{stem}", (560.0, 560.0 + 30.0 * number), 1, 0)
        into = made.object("prepend set", (720.0, 430.0 + 40.0 * number - 20.0))
        for target in (into, out):
            made.line(done, target, number)
        made.line(into, shown)


def _start(made: Patch, route: str, outlet: int, gate: str, send: str, *, is_device: bool) -> None:
    """Ask every two seconds until dawbridge has sent all values; only then may the dials send any.

    So a patch that opens, and a Live set that puts its dials back where they were saved, turns no running knob.
    """
    start = made.object("live.thisdevice" if is_device else "loadbang", (20.0, 20.0), 1, 2 if is_device else 1)
    begin = made.object("t 1", (20.0, 45.0), 1, 1)
    again = made.object("metro 2000", (20.0, 70.0), 2, 1)
    subscribe = made.message(f"/dawbridge/subscribe {FEEDBACK_PORT}, /dawbridge/dump", (120.0, 70.0))
    for source, target in ((start, begin), (begin, again), (again, subscribe), (subscribe, send)):
        made.line(source, target)
    come = made.object("t 1 0", (560.0, 390.0), 1, 2)
    made.line(route, come, outlet)
    made.line(come, gate, 0, 0)
    made.line(come, again, 1, 0)


def _buttons(made: Patch, send: str) -> None:
    for number, text in enumerate(("/dawbridge/preset/prev", "/dawbridge/preset/next", "/dawbridge/dump")):
        made.line(made.message(text, (20.0 + 170.0 * number, 530.0)), send)


def _through(made: Patch) -> None:
    """The track's audio passes unchanged."""
    come = made.object("plugin~", (800.0, 20.0), 2, 2)
    go = made.object("plugout~", (800.0, 60.0), 2, 2)
    for channel in (0, 1):
        made.line(come, go, channel, channel)


def text(document: Json) -> str:
    """As a .maxpat file has it."""
    return json.dumps(document, indent=1) + "\n"


def device(document: Json) -> bytes:
    """As an .amxd file has it."""
    body = text(document).encode()
    return struct.pack("<4sI4s4sII4sI", b"ampf", 4, b"aaaa", b"meta", 4, 0, b"ptch", len(body)) + body


def files() -> dict[Path, str | bytes]:
    """Both files and what is to be in them."""
    return {
        FOLDER / "dawbridge.maxpat": text(patch(is_device=False)),
        FOLDER / "dawbridge.amxd": device(patch(is_device=True)),
    }
