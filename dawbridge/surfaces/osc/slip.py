"""SLIP frames, by which OSC 1.1 sends packets over a stream. Source: RFC 1055, with an END at both ends. Pure."""

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
MAX_FRAME_BYTES = 65536


class FrameError(ValueError):
    """A stream that is not SLIP, or a frame beyond `MAX_FRAME_BYTES`."""

    packets: tuple[bytes, ...] = ()
    """What was whole before it."""


def frame(packet: bytes) -> bytes:
    """One packet as a frame.

    ```
    C0 01 DB  →  C0  DB DC 01 DB DD  C0
    ```
    """
    escaped = packet.replace(bytes((ESC,)), bytes((ESC, ESC_ESC))).replace(bytes((END,)), bytes((ESC, ESC_END)))
    return bytes((END,)) + escaped + bytes((END,))


class Frames:
    """Takes a stream in pieces and gives the packets in it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The packets that are whole now. Raises `FrameError`."""
        *whole, self._rest = (self._rest + piece).split(bytes((END,)))
        if len(self._rest) > 2 * MAX_FRAME_BYTES:
            raise FrameError("a frame does not end")
        packets: list[bytes] = []
        for one in filter(None, whole):
            try:
                packets.append(_unescaped(one))
            except FrameError as error:
                error.packets = tuple(packets)
                raise
        return packets


def _unescaped(data: bytes) -> bytes:
    parts = data.split(bytes((ESC,)))
    packet = bytearray(parts[0])
    for part in parts[1:]:
        if part[:1] not in (bytes((ESC_END,)), bytes((ESC_ESC,))):
            raise FrameError("a byte is escaped that need not be")
        packet.append(END if part[0] == ESC_END else ESC)
        packet += part[1:]
    if len(packet) > MAX_FRAME_BYTES:
        raise FrameError(f"a packet of more than {MAX_FRAME_BYTES} bytes")
    return bytes(packet)
