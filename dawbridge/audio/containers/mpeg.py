"""MPEG audio, layers I to III: a row of frames without a header of their own. Source: ISO 11172-3, ISO 13818-3."""

from dataclasses import dataclass

from dawbridge.audio.containers.base import Blob, ChunkMap, Container, id3_length, number

_BITRATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by (version 1 or 2, layer) and the header's number."""
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Hz by the header's version and number."""
_BLOCK = 2**20
_RESYNC = 2**17
"""Bytes that are searched for the next frame where one is broken, or a tag stands between two files."""


class Mpeg(Container):
    """A file that begins with a frame."""

    names = ("MPEG",)
    promised_by = (".mp3", ".mp2")

    def recognises(self, head: bytes) -> bool:
        """By the first frame's header: layer II or III, a bitrate and a rate that exist."""
        if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
            return False
        exists = head[2] >> 4 != 15 and head[2] & 0x0C != 12 and head[1] & 0x18 != 0x08
        return exists and head[1] & 0x06 in (2, 4)

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """No chunks: frames take `count_samples` to find."""
        return ChunkMap("MPEG", (), blob.size, None, head, base)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame by its header."""

    size: int
    """In bytes, header included."""
    samples: int
    """Per channel."""
    sample_rate: int
    """In Hz."""
    layer: int


def frame_of(head: bytes) -> Frame | None:
    """The frame that begins with these bytes; None if none does, or its length is not given (free format)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    number, rate_number = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or number in (0, 15) or rate_number == 3:
        return None
    rate, bitrate = _RATES[version][rate_number], 1000 * _BITRATES[(1 if version == 3 else 2, layer)][number]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return Frame((12 * bitrate // rate + padding) * 4, 384, rate, layer)
    samples = 576 if layer == 3 and version != 3 else 1152
    return Frame(samples // 8 * bitrate // rate + padding, samples, rate, layer)


def indexed_samples(blob: Blob, base: int = 0) -> int:
    """Samples per channel by the encoder's index in the first frame (Xing, Info, VBRI); 0 if there is none.

    Raises `OSError`.
    """
    head = blob.at(base, 256)
    frame = frame_of(head)
    for magic, place in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        at = head.find(magic)
        if frame and at > 0 and (magic == b"VBRI" or (head[at + 7 : at + 8] and head[at + 7] & 1)):
            return number(head[at + place : at + place + 4], ">I") * frame.samples
    return 0


def count_samples(blob: Blob, base: int = 0) -> int:
    """Samples per channel of all frames, those of joined files too. Raises `OSError`.

    A file's first frame, if it holds no sound but an encoder's index, counts too.
    """
    window, start, position, total = b"", 0, base, 0
    searched = 0
    while position + 4 <= blob.size and searched < _RESYNC:
        if not (start <= position and position + 16 <= start + len(window)):
            window, start = blob.at(position, _BLOCK), position
        head = window[position - start : position - start + 10]
        frame = frame_of(head)
        if frame is not None:
            position, total, searched = position + frame.size, total + frame.samples, 0
        elif length := id3_length(head):
            position, searched = position + length, 0
        elif head[:3] == b"TAG":
            position, searched = position + 128, 0
        else:
            next_sync = window.find(b"\xff", position - start + 1)
            step = next_sync + start - position if next_sync >= 0 else len(window) - (position - start)
            position, searched = position + max(step, 1), searched + max(step, 1)
    return total


CONTAINERS = (Mpeg(),)
