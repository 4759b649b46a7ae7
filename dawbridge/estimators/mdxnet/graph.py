"""Which operations a graph of ONNX consists of, read off its bytes: nothing in it is run.

Only as much of Protocol Buffers as that takes (https://protobuf.dev/programming-guides/encoding), with the numbers of
the fields from onnx.proto.
"""

from collections.abc import Iterator

ENDLESS = frozenset({"Loop", "Scan", "SequenceMap"})
"""Operations that do a graph again and again: an MDX-Net has none, and with them a file could keep a computer busy for
ever."""
_INSIDE = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {6: "graph", 11: "graph"},
}
"""What is in what, by the numbers of the fields."""
_OPERATION = 4
"""Field of a node."""
_BYTES = 2
"""How a field with a length is marked."""
_FIXED = {1: 8, 5: 4}
"""How fields of a fixed length are marked, and their length."""


def operations(model: memoryview) -> set[str]:
    """Names of the operations in a model, those in its functions and branches included.

    Raises `ValueError` if it is damaged.
    """
    found = set()
    left = [("model", model)]
    while left:
        kind, message = left.pop()
        for field, value in _fields(message):
            if field in _INSIDE[kind]:
                left.append((_INSIDE[kind][field], value))
            elif kind == "node" and field == _OPERATION:
                found.add(str(value, "utf-8"))
    return found


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and content of each field that has a length. Raises `ValueError`."""
    at = 0
    while at < len(message):
        tag, at = _number(message, at)
        kind = tag & 7
        if kind == 0:
            _, at = _number(message, at)
        elif kind == _BYTES:
            length, at = _number(message, at)
            if at + length > len(message):
                raise ValueError("it is cut off")
            yield tag >> 3, message[at : at + length]
            at += length
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise ValueError(f"it has a field of kind {kind}")


def _number(message: memoryview, at: int) -> tuple[int, int]:
    """Read one number of variable length, and where the next one begins. Raises `ValueError`."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it is cut off")
        byte = message[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
    raise ValueError("it has a number that does not end")
