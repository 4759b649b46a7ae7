"""The OSC server's UDP socket: bound, told where feedback goes, emptied."""

import socket

from dawbridge.errors import ControlError

RECEIVE_BUFFER_BYTES = 1 << 20
"""Asked of the system, so that a burst of knob moves waits where a small default would drop it."""


def bind(host: str, port: int) -> socket.socket:
    """A socket on UDP `host`:`port` that does not block. Raises `ControlError`."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        raise ControlError(
            f"OSC cannot listen on {host!r}: {error}; choose an address of this machine with --host"
        ) from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise ControlError(
            f"OSC cannot listen on {host}, UDP port {port}: {error.strerror}; "
            "choose another with --osc-port (or --host)"
        ) from error
    bound.setblocking(False)
    return bound


def resolve(feedback: tuple[str, int], bound: socket.socket) -> tuple[str, int]:
    """Address and port that `feedback` names, of the family of `bound`. Raises `ControlError`, with `bound` closed."""
    try:
        where = socket.getaddrinfo(*feedback, family=bound.family, type=socket.SOCK_DGRAM)[0][4]
    except OSError as error:
        bound.close()
        raise ControlError(f"no such host for --osc-feedback: {feedback[0]!r}: {error}") from error
    return str(where[0]), int(where[1])


def is_local(host: str, family: int) -> bool:
    """`host` is an address of this machine."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


def drain(wakened: socket.socket) -> None:
    """Read and forget all that waits."""
    try:
        while wakened.recv(4096):
            pass
    except OSError:
        return
