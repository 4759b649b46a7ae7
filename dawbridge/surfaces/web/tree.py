"""The OSCQuery tree: every address with its type, range and meaning, drawn from the two tables. Pure.

Source: the OSCQuery proposal (Vidvox, github.com/Vidvox/OSCQueryProposal).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dawbridge.commands import Argument, Command, Value
from dawbridge.knobs.faces import FACES, Face
from dawbridge.knobs.parameters import TABLE, Curve, Parameter
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.overview import JobView

Node = dict[str, Any]

READ, WRITE = 1, 2
ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE")
_JOB = "/dawbridge/job/"
BUTTON = "I"
"""OSC's impulse: a command without arguments."""

Choices = Mapping[str, Sequence[str]]
"""Texts that an argument can be, by `Argument.choices`."""


class Tree:
    """Nodes by path. Their values are read when they are asked for."""

    def __init__(
        self,
        knobs: Knobs,
        dispatcher: Dispatcher,
        choices: Callable[[], Choices],
        jobs: Callable[[], Mapping[int, JobView]] = dict,
    ) -> None:
        """`choices` gives, at any time, what a preset's name and a MIDI target can be; `jobs` the newest jobs."""
        self._knobs, self._dispatcher, self._choices, self._jobs = knobs, dispatcher, choices, jobs
        self._leaves: dict[str, Node] = {}
        for row in TABLE:
            self._leaves |= {row.address + face.suffix: _face(row, face) for face in FACES}
        self._commands: dict[str, Command] = {}
        for command in dispatcher.commands:
            if not command.path_argument:
                self._commands[command.address] = command
                self._leaves[command.address] = _command(command)

    def node(self, path: str) -> Node | None:
        """The node at `path` with all below it; None where there is none."""
        return self._node("/" + path.strip("/"), self._leaves | self._buttons() | self._job_nodes())

    def _node(self, path: str, leaves: Mapping[str, Node]) -> Node | None:
        below = sorted({self._child(path, leaf) for leaf in leaves} - {""})
        own = leaves.get(path)
        if own is None and not below:
            return None
        found: Node = {"FULL_PATH": path, **(own or {"ACCESS": 0})}
        if path in self._commands:
            found |= self._ranges(self._commands[path])
        values = self.values(path)
        if values is not None:
            found["VALUE"] = list(values)
        if below:
            prefix = path.rstrip("/") + "/"
            under = {leaf: node for leaf, node in leaves.items() if leaf.startswith(prefix)}
            found["CONTENTS"] = {name: self._node(prefix + name, under) for name in below}
        return found

    def _job_nodes(self) -> dict[str, Node]:
        """A node for each job, to read: its state and its file."""
        node: Node = {"TYPE": "ss", "ACCESS": READ, "DESCRIPTION": "a job's state and its bounce"}
        return {job_path(job_id): node for job_id in self._jobs()}

    def _buttons(self) -> dict[str, Node]:
        """A button for each value of a command whose argument is part of its address."""
        rows = [row for row in self._dispatcher.commands if row.path_argument]
        choices = self._choices() if rows else {}
        return {
            row.address.removesuffix("<name>") + quoted(name): {
                "TYPE": BUTTON,
                "ACCESS": WRITE,
                "DESCRIPTION": row.help,
            }
            for row in rows
            for name in choices[row.arguments[0].choices]
        }

    def values(self, path: str) -> tuple[Value, ...] | None:
        """The values at an address that can be read; None at any other."""
        job_id = path.removeprefix(_JOB)
        if job_id != path and job_id.isdecimal():
            job = self._jobs().get(int(job_id))
            return (str(job.state), job.file) if job else None
        if not self._leaves.get(path, {}).get("ACCESS", 0) & READ:
            return None
        command = self._commands.get(path)
        return self._dispatcher.read(command) if command else (self._knobs.value(path),)

    def _ranges(self, command: Command) -> Node:
        if not any(_has_range(argument) for argument in command.arguments):
            return {}
        choices = self._choices() if any(argument.choices for argument in command.arguments) else {}
        return {"RANGE": [_range(argument, choices) for argument in command.arguments]}

    @staticmethod
    def _child(path: str, leaf: str) -> str:
        """Name of the node right below `path` on the way to `leaf`; empty where `leaf` is not below it."""
        prefix = path.rstrip("/") + "/"
        return leaf.removeprefix(prefix).split("/", 1)[0] if leaf.startswith(prefix) else ""


def quoted(name: str) -> str:
    """A name as part of an address."""
    return name.replace(" ", "%20")


def job_path(job_id: int) -> str:
    """The address of a job's node."""
    return f"{_JOB}{job_id}"


def preset_path(name: str) -> str:
    """The address of the button that loads preset `name`."""
    return "/dawbridge/preset/load/" + quoted(name)


def host_info(host: str, osc_port: int, http_port: int) -> Node:
    """Who answers here, and where OSC is sent."""
    info: Node = {"NAME": "dawbridge", "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP", "WS_PORT": http_port}
    if host not in ("0.0.0.0", "::"):  # left out, it is the address that the client asked
        info |= {"OSC_IP": host, "WS_IP": host}
    known = ("TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "LISTEN", "PATH_ADDED",
             "PATH_REMOVED", "PATH_CHANGED")  # fmt: skip
    return {**info, "EXTENSIONS": dict.fromkeys(known, True)}


def _face(row: Parameter, face: Face) -> Node:
    access = (READ if face.readable else 0) | (WRITE if face.writable else 0)
    node: Node = {"TYPE": "f", "ACCESS": access, "DESCRIPTION": row.help}
    match face.suffix:
        case "":
            node |= {"RANGE": [{"MIN": 0, "MAX": 1}], "CLIPMODE": ["both"]}
            if row.curve is Curve.SWITCH:
                node["RANGE"] = [{"MIN": 0, "MAX": 1, "VALS": [0, 1]}]
        case "/raw":
            node |= {"RANGE": [{"MIN": row.low, "MAX": row.high}], "CLIPMODE": ["both"]}
            node |= {"UNIT": [row.unit]} if row.unit else {}
            node["DESCRIPTION"] = f"{row.help} ({row.allowed})"
        case "/str":
            node |= {"TYPE": "s", "DESCRIPTION": "the value as text"}
        case _:
            node |= {"RANGE": [{"MIN": -1, "MAX": 1}], "DESCRIPTION": face.help}
    return node


def _command(row: Command) -> Node:
    access = (0 if row.is_state else WRITE) | (READ if row.reads else 0)
    node: Node = {"TYPE": row.types or BUTTON, "ACCESS": access, "DESCRIPTION": row.help}
    if any(argument.unit for argument in row.arguments):
        node["UNIT"] = [argument.unit or None for argument in row.arguments]
    if any(argument.clamped for argument in row.arguments):
        node["CLIPMODE"] = ["both" if argument.clamped else "none" for argument in row.arguments]
    return node


def _has_range(argument: Argument) -> bool:
    return bool(argument.choices) or argument.low is not None or argument.high is not None


def _range(argument: Argument, choices: Choices) -> Node | None:
    if argument.choices:
        return {"VALS": list(choices[argument.choices])}
    ends = {"MIN": argument.low, "MAX": argument.high}
    return {name: end for name, end in ends.items() if end is not None} or None
