import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dawbridge.surfaces.osc.slip import MAX_FRAME_BYTES, FrameError, Frames, frame

PACKETS = some.lists(some.binary(min_size=1, max_size=60), max_size=10)


@settings(deadline=None)
@given(PACKETS, some.integers(1, 50))
def test_packets_come_out_whole_however_the_stream_is_cut(packets, size):
    frames, stream = Frames(), b"".join(map(frame, packets))
    pieces = [stream[place : place + size] for place in range(0, len(stream), size)]
    assert [packet for piece in pieces for packet in frames.feed(piece)] == packets


def test_the_example():
    assert frame(b"\xc0\x01\xdb") == b"\xc0\xdb\xdc\x01\xdb\xdd\xc0"


@pytest.mark.parametrize("stream", [b"\xdb\x01\xc0", b"\xdb\xc0", bytes(MAX_FRAME_BYTES + 1) + b"\xc0"])
def test_what_is_no_slip_is_refused(stream):
    with pytest.raises(FrameError):
        Frames().feed(stream)


def test_a_frame_without_an_end_is_bounded():
    frames = Frames()
    with pytest.raises(FrameError):
        for _ in range(200):
            frames.feed(bytes(1024))


@settings(deadline=None)
@given(some.binary(max_size=300))
def test_any_bytes_give_packets_or_an_error(data):
    with contextlib.suppress(FrameError):
        assert all(isinstance(packet, bytes) for packet in Frames().feed(data))
