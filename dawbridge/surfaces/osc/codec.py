"""OSC datagrams in and out, and address patterns. Source: Open Sound Control 1.0 specification.

python-osc reads and writes the messages; what it lets pass in silence is refused here first: type tags that it
skips without their bytes, arguments cut short, bundles nested without end.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

Value = float | int | str
"""What goes out: Pd, JUCE and openFrameworks between them read no other types than f, i and s."""

MAX_DATAGRAM_BYTES = 1400
"""Size of an outgoing bundle: below the usual network's packet, so that it is not cut up on the way."""

_TAGS = frozenset("ifhdsbTFNrmt[]")
_MAX_TAGS = 64
_FIXED_BYTES = {"i": 4, "f": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8}
_BUNDLE = b"#bundle\0"
_AT_ONCE = struct.pack(">Q", 1)
_MAX_NESTING = 8
_MAX_PATTERN = 256


@dataclass(frozen=True, slots=True)
class Message:
    """One message that came in. `arguments` has Python values: int, float, str, bytes, bool, None, lists."""

    address: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """One message, or a whole datagram, that cannot be read."""

    address: str
    """As far as it could be read."""
    reason: str


def decode(datagram: bytes) -> list[Message | Malformed]:
    """All messages of a datagram in order, those in (nested) bundles too; time tags are ignored. Never raises."""
    return list(_elements(datagram, 0))


def encode(address: str, values: Iterable[Value] = ()) -> bytes:
    """One message with types `f`, `i` and `s` only.

    Text that is not UTF-8 (a file name from another age) is sent with `?` in place of what cannot be said.
    Raises `OverflowError` for an integer beyond 32 bits.
    """
    builder = OscMessageBuilder(address)
    for value in values:
        if isinstance(value, str):
            builder.add_arg(_sayable(value), "s")
        elif isinstance(value, int):
            if not -(2**31) <= value < 2**31:
                raise OverflowError(f"{value} does not fit into OSC's 32 bits")
            builder.add_arg(int(value), "i")
        else:
            builder.add_arg(float(value), "f")
    return bytes(builder.build().dgram)


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


def is_pattern(address: str) -> bool:
    """The address has wildcards."""
    return any(character in address for character in "*?[{")


def matches(pattern: str, address: str) -> bool:
    """Whether an OSC address pattern (`?`, `*`, `[a-z]`, `[!a]`, `{one,two}`; none of them crosses `/`) fits.

    Steps through the pattern with all positions at once: no pattern takes more than its length times the address's.
    """
    places = {0} if len(pattern) <= _MAX_PATTERN else set()
    for kind, body in _tokens(pattern):
        places = {after for place in places for after in _step(kind, body, address, place)}
        if not places:
            return False
    return len(address) in places


def _elements(data: bytes, depth: int) -> Iterator[Message | Malformed]:
    if not data.startswith(_BUNDLE):
        yield _message(data)
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
        yield from _elements(element, depth + 1)
        place += 4 + size


def _message(data: bytes) -> Message | Malformed:
    if not data.startswith(b"/"):
        return Malformed("", "neither an OSC message (first byte /) nor a bundle")
    address = data.split(b"\0", 1)[0]
    name = address.decode("utf-8", "replace")
    if b"\0" not in data or len(data) % 4:
        return Malformed(name, "an OSC message is padded with zeros to a multiple of 4 bytes")
    if wrong := _wrong_tags(data, _padded(len(address) + 1)):
        return Malformed(name, wrong)
    try:
        parsed = OscMessage(data)
    except (ParseError, ValueError, IndexError, struct.error, RecursionError) as error:
        return Malformed(name, f"not readable as OSC: {error}")
    return Message(parsed.address, tuple(parsed.params))


def _wrong_tags(data: bytes, start: int) -> str:
    """What is wrong with the type tags at `start` or with the arguments behind them; empty if nothing is."""
    tags = data[start:].split(b"\0", 1)[0].decode("latin-1")
    if start == len(data):
        return ""
    if not tags.startswith(","):
        return "the type tag string does not start with a comma"
    unknown = sorted(set(tags[1:]) - _TAGS)
    if unknown:
        return f"type tags {''.join(unknown)[:20]!r} are not understood; use i, f, s, h, d, T or F"
    if len(tags) > _MAX_TAGS:
        return f"more than {_MAX_TAGS} arguments"
    return "arguments are cut short" if _end(tags[1:], data, start + _padded(len(tags) + 1)) > len(data) else ""


def _end(tags: str, data: bytes, place: int) -> int:
    """Where the arguments end that start at `place`: python-osc fills up short floats with zeros in silence."""
    for tag in tags:
        if tag == "s":
            length = data.find(b"\0", place) - place
            place += _padded(length + 1) if length >= 0 else len(data)
        elif tag == "b":
            place += 4 + _padded(int.from_bytes(data[place : place + 4], "big"))
        else:
            place += _FIXED_BYTES.get(tag, 0)
    return place


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4


def _sayable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _bundle(messages: list[bytes]) -> bytes:
    if len(messages) == 1:
        return messages[0]
    return _BUNDLE + _AT_ONCE + b"".join(struct.pack(">i", len(message)) + message for message in messages)


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    """`/a*{b,c}` → ("", "/"), ("", "a"), ("*", ""), ("{", "b,c"). An unclosed bracket stands for itself."""
    place = 0
    while place < len(pattern):
        character = pattern[place]
        closing = {"[": "]", "{": "}"}.get(character)
        end = pattern.find(closing, place + 1) if closing else -1
        if end > 0:
            yield character, pattern[place + 1 : end]
            place = end + 1
        else:
            yield (character, "") if character in "*?" else ("", character)
            place += 1


def _step(kind: str, body: str, address: str, place: int) -> Iterable[int]:
    """Places in `address` that can follow `place` after one token."""
    if kind == "*":
        end = address.find("/", place)
        return range(place, (len(address) if end < 0 else end) + 1)
    if kind == "{":
        return [place + len(word) for word in body.split(",") if "/" not in word and address.startswith(word, place)]
    here = address[place : place + 1]
    fits = {"?": here not in ("", "/"), "[": _in_set(body, here), "": here == body}[kind]
    return (place + 1,) if fits else ()


def _in_set(body: str, character: str) -> bool:
    if character in ("", "/"):
        return False
    negated = body.startswith("!")
    body = body[negated:]
    inside, place = False, 0
    while place < len(body):
        if body[place + 1 : place + 2] == "-" and place + 2 < len(body):
            inside |= body[place] <= character <= body[place + 2]
            place += 3
        else:
            inside |= body[place] == character
            place += 1
    return inside != negated
