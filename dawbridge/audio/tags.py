"""Text inside audio files: RIFF's LIST/INFO, Vorbis comments, CAF's information.

Tags are pairs of a key as the format spells it and a text, in file order. Reading is lenient: what is cut off or
lies about its length is left out. What a stem takes over stays bytes, whatever encoding its writer used. Sources: RIFF
(Microsoft 1991), the Vorbis I specification, section 5, and Apple Core Audio Format, "Information Chunk".
"""

import struct
from collections.abc import Iterator, Mapping

MARK_PREFIX = "dawbridge"
"""What our mark begins with."""

MAX_TAGS = 4096
"""A file with more tags than this has the rest left out."""

Tags = list[tuple[str, str]]
Lines = list[tuple[bytes, bytes]]

_COMMON = ("title", "artist", "comment", "date", "album", "tracknumber", "genre", "copyright")
INFO_KEYS = dict(zip(_COMMON, ("INAM", "IART", "ICMT", "ICRD", "IPRD", "ITRK", "IGNR", "ICOP"), strict=True))
"""Common tag names, as libsndfile has them, to RIFF's."""
AIFF_KEYS = {"title": "NAME", "artist": "AUTH", "comment": "ANNO", "copyright": "(c) "}
VORBIS_KEYS = {name: name.upper() for name in (*_COMMON, "license")}
CAF_KEYS = {**{name: name for name in _COMMON}, "tracknumber": "track number", "comment": "comments"}


def translated(common: Mapping[str, str], keys: Mapping[str, str]) -> Tags:
    """Common tags under another format's keys, as far as it has them."""
    return [(keys[name], text) for name, text in common.items() if name in keys and text]


def is_loudness(key: str) -> bool:
    """Whether a tag of this name tells a loudness, which for a stem is not that of its bounce."""
    return key.strip().upper().startswith(("REPLAYGAIN_", "R128_"))


def parse_info(body: bytes) -> Tags:
    """A LIST chunk's payload that begins with `INFO`. Bytes that are not UTF-8 are taken as Latin-1."""
    return [(raw[:4].decode("latin-1"), text_of(raw[8:])) for raw in _info_entries(body)]


def build_info(lines: Lines, mark: str = "") -> bytes:
    """The payload that `parse_info` reads, the mark as ISFT in front. Keys have four characters."""
    first = [(b"ISFT", mark.encode())] if mark else []
    return b"INFO" + b"".join(_info_entry(key, text) for key, text in [*first, *lines])


def info_with_mark(bodies: list[bytes], mark: str) -> bytes:
    """All entries of several `INFO` payloads as their bytes are, but for ISFT, which is the mark and comes first."""
    parts = [b"INFO", _info_entry(b"ISFT", mark.encode())]
    for body in bodies:
        for raw in _info_entries(body):
            if raw[:4] != b"ISFT":
                parts += [raw, b"\0" * (len(raw) & 1)]
    return b"".join(parts)


def parse_vorbis(body: bytes) -> Tags:
    """A VORBIS_COMMENT block's payload."""
    return [(text_of(key), text_of(text)) for key, text in vorbis_lines(body)]


def vorbis_lines(body: bytes) -> Lines:
    """The same as bytes."""
    vendor = _length(body, 0)
    place, lines = 12 + vendor, []
    for _ in range(min(_length(body, 4 + vendor), MAX_TAGS)):
        if place > len(body):
            break
        key, equals, text = body[place : place + _length(body, place - 4)].partition(b"=")
        if equals:
            lines.append((key, text))
        place += _length(body, place - 4) + 4
    return lines


def build_vorbis(lines: Lines) -> bytes:
    """The payload that `vorbis_lines` reads."""
    vendor = MARK_PREFIX.encode()
    packed = [key + b"=" + text for key, text in lines]
    head = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(packed))
    return head + b"".join(struct.pack("<I", len(line)) + line for line in packed)


def parse_caf(body: bytes) -> Tags:
    """A CAF info chunk's payload: a count, then keys and values, each ended by a zero."""
    return [(text_of(key), text_of(text)) for key, text in caf_lines(body)]


def caf_lines(body: bytes) -> Lines:
    """The same as bytes."""
    words = body[4:].split(b"\0", 2 * MAX_TAGS)[:-1]
    return list(zip(words[0::2], words[1::2], strict=False))


def build_caf(lines: Lines) -> bytes:
    """The payload that `caf_lines` reads."""
    return struct.pack(">I", len(lines)) + b"".join(word + b"\0" for line in lines for word in line)


def replaced(lines: Lines, key: bytes, text: str) -> Lines:
    """`lines` with `key` (case ignored) set to `text`, in front, where a reader meets it first; no loudness."""
    kept = (line for line in lines if line[0].lower() != key.lower() and not is_loudness(text_of(line[0])))
    return [(key, text.encode()), *kept]


def text_of(raw: bytes) -> str:
    """Bytes up to the first zero as text: UTF-8, else Latin-1."""
    raw = raw.split(b"\0", 1)[0]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _info_entries(body: bytes) -> Iterator[bytes]:
    """Each entry of an INFO payload: key, length, text, without the pad byte, which some writers leave out."""
    place = 4
    for _ in range(MAX_TAGS):
        if body[:4] != b"INFO" or place + 8 > len(body):
            return
        size = _length(body, place + 4)
        end = place + 8 + size
        raw = body[place:end]
        yield raw if end <= len(body) else raw[:4] + struct.pack("<I", len(raw) - 8) + raw[8:]
        following = body[end : end + 5]
        unpadded = size & 1 and following[:4].isalnum() and following[:4].isupper()
        place = end + (0 if unpadded else size & 1)


def _info_entry(key: bytes, text: bytes) -> bytes:
    raw = text + b"\0"
    return struct.pack("<4sI", key, len(raw)) + raw + b"\0" * (len(raw) & 1)


def _length(body: bytes, place: int) -> int:
    """A little-endian 32-bit length; 0 where the body ends before it."""
    return int(struct.unpack_from("<I", body, place)[0]) if 0 <= place <= len(body) - 4 else 0
