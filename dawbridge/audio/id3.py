"""ID3v2 tags inside other containers: carried as they are, but for the bounce's loudness.

Source: id3.org, ID3 tag version 2.3.0 and 2.4.0.
"""

from dawbridge.audio.tags import is_loudness

_WHOLE_FRAMES = (b"RVA2", b"RVAD", b"RGAD")


def without_loudness(body: bytes) -> bytes:
    """The tag without ReplayGain and relative volume. What cannot be read with certainty stays as it is."""
    if body[:3] != b"ID3" or len(body) < 10 or body[3] not in (3, 4) or body[5]:
        return body  # another version, or flags: unsynchronised, extended header, footer
    end = 10 + _synchsafe(body[6:10])
    place, kept, dropped = 10, [], 0
    while place + 10 <= min(end, len(body)) and body[place] != 0:
        raw = body[place + 4 : place + 8]
        size = _synchsafe(raw) if body[3] == 4 else int.from_bytes(raw, "big")
        stop = place + 10 + size
        if stop > min(end, len(body)):
            return body
        frame = body[place:stop]
        if _is_loudness(frame):
            dropped += len(frame)
        else:
            kept.append(frame)
        place = stop
    if not dropped:
        return body
    return body[:10] + b"".join(kept) + bytes(dropped) + body[place:]  # padding, so that all sizes stay


def _is_loudness(frame: bytes) -> bool:
    if frame[:4] in _WHOLE_FRAMES:
        return True
    if frame[:4] != b"TXXX":
        return False
    wide = frame[10:11] in (b"\1", b"\2")
    name = (
        frame[11:].decode("utf-16" if frame[10:11] == b"\1" else "utf-16-be", "ignore")
        if wide
        else frame[11:].decode("latin-1")
    )
    return is_loudness(name.split("\0")[0])


def _synchsafe(raw: bytes) -> int:
    size = 0
    for byte in raw:
        size = size << 7 | byte & 0x7F
    return size
