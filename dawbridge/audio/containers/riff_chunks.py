"""Chunks of the RIFF family (WAV, RF64, W64): what a stem takes over from its bounce, and what no longer holds.

Sources: RIFF (Microsoft 1991 and 1994), EBU 3285 (bext; TimeReference is a 64-bit number at byte 338), EBU R98
(CodingHistory), ITU-R BS.2088 (axml, chna), AES46 (cart), Steinberg (r64m).
"""

import re
import struct
from collections.abc import Iterator

from dawbridge.audio import id3, tags
from dawbridge.audio.containers.base import MARK_LIMIT, Blob, Chunk, ChunkMap, StemFacts, payload
from dawbridge.audio.metadata import Metadata, Part, within_limits
from dawbridge.audio.speakers import from_format

BEFORE = ("bext", "iXML", "cart", "chna")
"""Ahead of the samples: where the stem lies on the timeline, and what its channels are."""
AFTER = ("cue ", "smpl", "acid", "inst", "id3 ", "ID3 ", "r64m", "strc", "plst", "DISP", "axml", "bxml", "_PMX", "CSET")
_DROPPED = (
    "fmt ",
    "fact",
    "data",
    "ds64",
    "JUNK",
    "junk",
    "PAD ",
    "FLLR",
    "PEAK",
    "LGWV",
    "minf",
    "elm1",
    "regn",
    "umid",
)
_FLOAT, _PCM, _EXTENSIBLE = 3, 1, 0xFFFE

KNOWN = frozenset(name.encode("latin-1") for name in (*BEFORE, *AFTER, *_DROPPED, "LIST"))
"""Names by which a chunk is found after one of odd length that has no pad byte."""
_LOUDNESS = re.compile(
    rb"<(BWF_(?:LOUDNESS_VALUE|LOUDNESS_RANGE|MAX_TRUE_PEAK_LEVEL|MAX_MOMENTARY_LOUDNESS|MAX_SHORT_TERM_LOUDNESS))>"
    rb"[^<]*</\1>"
)


def texts(blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
    """ISFT entries, in which our mark may stand."""
    for chunk in found.chunks:
        if chunk.id.upper() == "LIST":
            for key, text in tags.parse_info(payload(blob, chunk, MARK_LIMIT)):
                if key == "ISFT":
                    yield chunk, text


def metadata(blob: Blob, found: ChunkMap) -> Metadata:
    """All chunks that stems may carry, whole and within the limits, and the channel layout."""
    form = found.find("fmt ")
    body = payload(blob, form, 64) if form else b""
    wanted = [chunk for chunk in found.chunks if chunk.id in (*BEFORE, *AFTER, "LIST", "list")]
    there = [chunk for chunk in wanted if chunk.end <= found.file_size]
    numbers = within_limits((number, chunk.size) for number, chunk in enumerate(there))
    parts = tuple((there[number].id, payload(blob, there[number])) for number in numbers)
    return Metadata("RIFF", parts, speakers=from_format(body))


def carried(facts: StemFacts, bounce: Metadata, mark: str) -> tuple[list[Part], list[Part]]:
    """A stem's chunks ahead of its samples and after them, with `mark` as its ISFT."""
    before = [
        ("fmt ", format_chunk(facts)),
        *([("fact", struct.pack("<I", min(facts.frames, 0xFFFFFFFF)))] if facts.is_float else []),
    ]
    lists = bounce.named("LIST", "list")
    if bounce.family != "RIFF":
        lines = [(key.encode("latin-1"), text.encode()) for key, text in tags.translated(bounce.common, tags.INFO_KEYS)]
        return before, [("LIST", tags.build_info(lines, mark))]
    before += [(id, for_stem(id, body, facts, mark)) for id, body in bounce.chunks if id in BEFORE]
    after = [(id, for_stem(id, body, facts, mark)) for id, body in bounce.chunks if id in AFTER]
    after += [("LIST", body) for body in lists if body[:4] == b"adtl"]
    return before, [*after, ("LIST", tags.info_with_mark([body for body in lists if body[:4] == b"INFO"], mark))]


def format_chunk(facts: StemFacts) -> bytes:
    """A `fmt ` payload: extensible if the bounce's is, or if its channels have places."""
    code = _FLOAT if facts.is_float else _PCM
    mask = facts.speakers.as_mask()
    extensible = facts.format == "WAVEX" or mask is not None
    align, bits = facts.channels * facts.sample_bytes, 8 * facts.sample_bytes
    head = struct.pack(
        "<HHIIHH",
        _EXTENSIBLE if extensible else code,
        facts.channels,
        facts.sample_rate,
        min(facts.sample_rate * align, 0xFFFFFFFF),
        align,
        bits,
    )
    if not extensible:
        return head
    return head + struct.pack("<HHIH", 22, bits, mask or 0, code) + facts.speakers.guid_tail


def history_line(sample_rate: int, bits: int, channels: int, text: str) -> str:
    """One line of CodingHistory after EBU R98, without its line end; rate in Hz."""
    mode = {1: "mono", 2: "stereo"}.get(channels, "multichannel")
    return f"A=PCM,F={sample_rate},W={bits},M={mode},T={text.replace(',', ';')}"


def bext_for_stem(body: bytes, history: str) -> bytes:
    """A bext payload with `history` appended and its loudness unset: the stem's is not the bounce's."""
    body = body.ljust(602, b"\0")
    if struct.unpack_from("<H", body, 346)[0] >= 2:
        body = body[:412] + struct.pack("<h", 0x7FFF) * 5 + body[422:]
    past = body[602:].split(b"\0", 1)[0]
    if past and not past.endswith(b"\r\n"):
        past += b"\r\n"
    return body[:602] + past + (f"{history}\r\n".encode("ascii", "replace") if history else b"") + b"\0"


def for_stem(id: str, body: bytes, facts: StemFacts, mark: str) -> bytes:
    """A chunk without what it says of the bounce's loudness."""
    if id == "bext":
        return bext_for_stem(
            body, history_line(facts.sample_rate, 8 * facts.sample_bytes, facts.channels, mark.split(";")[0])
        )
    if id == "iXML":
        return _LOUDNESS.sub(b"", body)
    return id3.without_loudness(body) if id in ("id3 ", "ID3 ") else body
