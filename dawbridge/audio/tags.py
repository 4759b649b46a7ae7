"""Text inside audio files: RIFF's LIST/INFO, Vorbis comments, CAF's info, AIFF's text chunks.

Tags are pairs of a key as the format spells it and a text, in file order. Reading is lenient: what is cut off or
lies about its length is left out. Sources: RIFF (Microsoft 1991), the Vorbis I specification, section 5, and
Apple Core Audio Format, "Information Chunk".
"""

import struct

MARK_PREFIX = "dawbridge"
"""What our mark begins with."""

MAX_TAGS = 4096
"""A file with more tags than this has the rest left out."""

Tags = list[tuple[str, str]]

_COMMON = ("title", "artist", "comment", "date", "album", "tracknumber", "genre", "copyright")
INFO_KEYS = dict(zip(_COMMON, ("INAM", "IART", "ICMT", "ICRD", "IPRD", "ITRK", "IGNR", "ICOP"), strict=True))
"""Common tag names, as libsndfile has them, to RIFF's."""
AIFF_KEYS = {"title": "NAME", "artist": "AUTH", "comment": "ANNO", "copyright": "(c) "}
VORBIS_KEYS = {name: name.upper() for name in (*_COMMON, "license")}
CAF_KEYS = {**{name: name for name in _COMMON}, "tracknumber": "track number", "comment": "comments"}


def parse_info(body: bytes) -> Tags:
    """A LIST chunk's payload, `INFO` in front. Bytes that are no UTF-8 are taken as Latin-1."""
    tags: Tags = []
    place = 4
    while body[:4] == b"INFO" and place + 8 <= len(body) and len(tags) < MAX_TAGS:
        key, size = struct.unpack_from("<4sI", body, place)
        tags.append((key.decode("latin-1"), text_of(body[place + 8 : place + 8 + size])))
        place += 8 + size + (size & 1)
    return tags


def build_info(tags: Tags) -> bytes:
    """The payload that `parse_info` reads. Keys have four characters."""
    parts = [b"INFO"]
    for key, text in tags:
        raw = text.encode() + b"\0"
        parts.append(struct.pack("<4sI", key.encode("latin-1"), len(raw)) + raw + b"\0" * (len(raw) & 1))
    return b"".join(parts)


def parse_vorbis(body: bytes) -> Tags:
    """A VORBIS_COMMENT block's payload."""
    vendor = _length(body, 0)
    place, tags = 12 + vendor, []
    for _ in range(min(_length(body, 4 + vendor), MAX_TAGS)):
        if place > len(body):
            break
        key, equals, text = text_of(body[place : place + _length(body, place - 4)]).partition("=")
        if equals:
            tags.append((key, text))
        place += _length(body, place - 4) + 4
    return tags


def build_vorbis(tags: Tags) -> bytes:
    """The payload that `parse_vorbis` reads."""
    vendor = MARK_PREFIX.encode()
    lines = [f"{key}={text}".encode() for key, text in tags]
    head = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(lines))
    return head + b"".join(struct.pack("<I", len(line)) + line for line in lines)


def parse_caf(body: bytes) -> Tags:
    """A CAF info chunk's payload: a count, then keys and values, each ended by a zero."""
    words = [text_of(word) for word in body[4:].split(b"\0", 2 * MAX_TAGS)[:-1]]
    return list(zip(words[0::2], words[1::2], strict=False))


def build_caf(tags: Tags) -> bytes:
    """The payload that `parse_caf` reads."""
    words = (word for pair in tags for word in pair)
    return struct.pack(">I", len(tags)) + b"".join(word.encode() + b"\0" for word in words)


def replaced(tags: Tags, key: str, text: str) -> Tags:
    """`tags` with `key` (case ignored) set to `text`, in front, where a reader meets it first."""
    return [(key, text), *(pair for pair in tags if pair[0].lower() != key.lower())]


def _length(body: bytes, place: int) -> int:
    """A little-endian 32-bit length; 0 where the body ends before it."""
    return int(struct.unpack_from("<I", body, place)[0]) if 0 <= place <= len(body) - 4 else 0


def text_of(raw: bytes) -> str:
    """Bytes up to the first zero as text: UTF-8, else Latin-1."""
    raw = raw.split(b"\0", 1)[0]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
