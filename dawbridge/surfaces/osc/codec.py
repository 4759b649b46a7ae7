"""OSC datagrams in and out. Source: Open Sound Control 1.0 specification.

python-osc reads and writes each value; addresses, type tags and bundles are read here, because python-osc skips what it
does not know. Nothing passes in silence: unknown type tags, arguments cut short, bundles nested without end and
datagrams with more messages than anybody turns knobs are `Malformed`.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from pythonosc.parsing import osc_types

from dawbridge.commands import Value

MAX_DATAGRAM_BYTES = 1400
"""Size of an outgoing bundle: less than the usual network's packet, so that it is not fragmented."""
MAX_MESSAGE_BYTES = 8192
"""Size of an outgoing list over UDP; a longer one is cut. macOS sends no datagram of more than 9216 bytes."""
MAX_MESSAGES = 512
"""Messages of one datagram that are read; the rest is one `Malformed`."""
AT_ONCE = 1
"""The time tag of a bundle without a time."""

_TAGS = frozenset("ifhdsSbTFNIrmt[]")
MAX_ARGUMENTS = 63
"""Arguments of a message that comes in: more than any command has."""
_READERS: dict[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "i": osc_types.get_int,
    "f": osc_types.get_float,
    "h": osc_types.get_int64,
    "d": osc_types.get_double,
    "t": osc_types.get_uint64,
    "r": osc_types.get_rgba,
    "m": osc_types.get_rgba,
    "s": osc_types.get_string,
    "S": osc_types.get_string,
    "b": osc_types.get_blob,
}
"""By type tag: of a datagram and a place in it, the value there and the place behind it."""
_CONSTANTS = {"T": True, "F": False, "N": False}
_BUNDLE = b"#bundle\0"
_MAX_NESTING = 8
_NTP_EPOCH_S = 2208988800
"""Seconds from 1900, where OSC's time begins, to 1970."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that came in. `arguments` has Python values: int, float, str, bytes, bool, lists."""

    address: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """One message, or a whole datagram, that cannot be read."""

    address: str
    """As far as it could be read."""
    reason: str


class _UnreadableError(Exception):
    pass


def decode(datagram: bytes, max_arguments: int = MAX_ARGUMENTS) -> list[Message | Malformed]:
    """All messages of a datagram in order, those in nested bundles included. Never raises."""
    messages = list(islice(_elements(datagram, 0, max_arguments), MAX_MESSAGES + 1))
    if len(messages) > MAX_MESSAGES:
        messages[MAX_MESSAGES] = Malformed(
            "", f"more than {MAX_MESSAGES} messages in one datagram; the rest is left out"
        )
    return messages


def due_s(datagram: bytes) -> float:
    """When a bundle is to be obeyed, in seconds since 1970; 0 for a message, and for a bundle without a time."""
    if not datagram.startswith(_BUNDLE) or len(datagram) < 16:
        return 0.0
    tag = int.from_bytes(datagram[8:16], "big")
    return 0.0 if tag <= AT_ONCE else tag / 2**32 - _NTP_EPOCH_S


def encode(address: str, values: Iterable[Value] = ()) -> bytes:
    """One message with types `f`, `i` and `s` only.

    Text that is not UTF-8, such as an old file name, is sent with `?` for what cannot be encoded.
    Raises `OverflowError` for an integer beyond 32 bits.
    """
    tags, body = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, body = tags + "s", body + _text(value)
        elif isinstance(value, int):
            if not -(2**31) <= value < 2**31:
                raise OverflowError(f"{value} does not fit into OSC's 32 bits")
            tags, body = tags + "i", body + osc_types.write_int(value)
        else:
            tags, body = tags + "f", body + _float(float(value))
    return _text(address) + _text(tags) + body


def bundled(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Encoded messages → datagrams: bundles of at most `MAX_DATAGRAM_BYTES`, a lone message as it is."""
    batch: list[bytes] = []
    size = 0
    for message in messages:
        if batch and size + 4 + len(message) > MAX_DATAGRAM_BYTES:
            yield _bundle(batch)
            batch, size = [], 0
        batch.append(message)
        size += 4 + len(message) + (16 if size == 0 else 0)
    if batch:
        yield _bundle(batch)


def cut(message: bytes, most: int = MAX_MESSAGE_BYTES) -> list[bytes]:
    """A message of at most `most` bytes as it is; a longer list as several, each with the count of all ahead.

    ```
    /dawbridge/preset/list  3 a b c   →   /dawbridge/preset/list 3 a b    /dawbridge/preset/list 3 c
    ```

    Any other message that is longer stays whole.
    """
    if len(message) <= most:
        return [message]
    read = _message(message, most)
    if isinstance(read, Malformed) or len(read.arguments) < 2 or not isinstance(read.arguments[0], int):
        return [message]
    count, *values = cast(tuple[Value, ...], read.arguments)
    parts: list[list[Value]] = [[]]
    room = most - len(encode(read.address, (count,))) - 3
    left = room
    for value in values:
        size = 1 + (_padded(len(value.encode()) + 1) if isinstance(value, str) else 4)
        if parts[-1] and size > left:
            parts.append([])
            left = room
        parts[-1].append(value)
        left -= size
    return [encode(read.address, (count, *part)) for part in parts]


def too_long(message: bytes) -> bytes:
    """An error in the place of a message that is too long for any datagram, and cannot be cut."""
    address = message.split(b"\0", 1)[0].decode("utf-8", "replace")[:200]
    why = f"{len(message)} bytes are too long for a datagram; ask over TCP (--osc-tcp) or OSCQuery's WebSocket"
    return encode("/dawbridge/error", (address, "internal", why))


def _elements(data: bytes, depth: int, max_arguments: int) -> Iterator[Message | Malformed]:
    if not data.startswith(_BUNDLE):
        yield _message(data, max_arguments)
        return
    if depth >= _MAX_NESTING:
        yield Malformed("", f"bundles nested more than {_MAX_NESTING} deep")
        return
    place = 16
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        element = data[place + 4 : place + 4 + size]
        if size == 0 or len(element) < size:
            yield Malformed("", "a bundle's element is cut short")
            return
        yield from _elements(element, depth + 1, max_arguments)
        place += 4 + size


def _message(data: bytes, max_arguments: int) -> Message | Malformed:
    if not data.startswith(b"/"):
        return Malformed("", "neither an OSC message (first byte /) nor a bundle")
    address = data.split(b"\0", 1)[0]
    name = address.decode("utf-8", "replace")
    if b"\0" not in data or len(data) % 4:
        return Malformed(name, "an OSC message is padded with zeros to a multiple of 4 bytes")
    try:
        return Message(name, _arguments(data, _padded(len(address) + 1), max_arguments))
    except _UnreadableError as error:
        return Malformed(name, str(error))


def _arguments(data: bytes, start: int, most: int) -> tuple[object, ...]:
    """Raises `_UnreadableError`."""
    tags = data[start:].split(b"\0", 1)[0].decode("ascii", "replace")
    if not tags and not data[start:].strip(b"\0"):
        return ()  # no type tag string at all, as very old senders have it
    if not tags.startswith(","):
        raise _UnreadableError("the type tag string does not start with a comma")
    unknown = sorted(set(tags[1:]) - _TAGS)
    if unknown:
        raise _UnreadableError(f"type tags {''.join(unknown)[:20]!r} are not understood; use i, f, s, h, d, T or F")
    if len(tags) > most + 1:
        raise _UnreadableError(f"more than {most} arguments")
    if tags == ",I":
        return ()  # a trigger: a press for a command, a query for a parameter
    return _values(data, start + _padded(len(tags) + 1), tags[1:])


def _values(data: bytes, place: int, tags: str) -> tuple[object, ...]:
    lists: list[list[object]] = [[]]
    for tag in tags:
        if tag == "[":
            lists.append([])
        elif tag == "]":
            if len(lists) < 2:
                raise _UnreadableError("an array is closed that was not opened")
            closed = lists.pop()
            lists[-1].append(closed)
        else:
            value, place = _value(data, place, tag)
            lists[-1].append(value)
    if len(lists) > 1:
        raise _UnreadableError("an array is not closed")
    return tuple(lists[0])


def _value(data: bytes, place: int, tag: str) -> tuple[object, int]:
    """The argument at `place`, and where the next one starts."""
    if tag in _READERS:
        try:
            value, end = _READERS[tag](data, place)
        except (osc_types.ParseError, UnicodeDecodeError) as error:
            reason = "a text is not UTF-8" if isinstance(error, UnicodeDecodeError) else "arguments are cut short"
            raise _UnreadableError(reason) from None
        if end > len(data):  # python-osc fills short floats and blobs up in silence
            raise _UnreadableError("arguments are cut short")
        return value, end
    return _CONSTANTS.get(tag, True), place


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4


def _text(text: str) -> bytes:
    """Without zeros, and with `?` for what UTF-8 cannot say."""
    return osc_types.write_string(text.replace("\0", "").encode("utf-8", "replace").decode("utf-8"))


def _float(value: float) -> bytes:
    try:
        return osc_types.write_float(value)
    except OverflowError:  # beyond 32 bits: infinite, as every C program has it
        return struct.pack(">f", float("inf") if value > 0 else float("-inf"))


def _bundle(messages: list[bytes]) -> bytes:
    if len(messages) == 1:
        return messages[0]
    return _BUNDLE + struct.pack(">Q", AT_ONCE) + b"".join(struct.pack(">i", len(m)) + m for m in messages)
