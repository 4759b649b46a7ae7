"""The OSC server's UDP socket: how it is bound, where feedback goes, what came back as refused."""

import socket
import sys
from collections.abc import Iterator

from dawbridge.errors import ControlError

RECEIVE_BUFFER_BYTES = 1 << 20
"""Asked of the system, so that a burst of knob moves waits instead of being dropped, as it is with a small default."""

_LINUX = sys.platform == "linux"
_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE = 11, 25, 0x2000
"""Linux, ip(7): errors of single datagrams are kept, with the address that they were sent to."""
_MAX_ERRORS = 64


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
    if _LINUX:
        is_6 = family == socket.AF_INET6
        bound.setsockopt(socket.IPPROTO_IPV6 if is_6 else socket.IPPROTO_IP, _IPV6_RECVERR if is_6 else _IP_RECVERR, 1)
    return bound


def refused(bound: socket.socket) -> Iterator[tuple[str, int]]:
    """Where datagrams went that were refused since; nothing on systems that do not report it."""
    for _ in range(_MAX_ERRORS if _LINUX else 0):
        try:
            *_, target = bound.recvmsg(0, 512, _MSG_ERRQUEUE)
        except OSError:
            return
        if target:
            yield target[0], target[1]


def resolve(feedback: tuple[str, int], bound: socket.socket) -> tuple[str, int]:
    """Address and port that `feedback` names, of the family of `bound`. Raises `ControlError`, with `bound` closed."""
    try:
        where = socket.getaddrinfo(*feedback, family=bound.family, type=socket.SOCK_DGRAM)[0][4]
    except OSError as error:
        bound.close()
        raise ControlError(f"no such host for --osc-feedback: {feedback[0]!r}: {error}") from error
    return str(where[0]), int(where[1])


def is_local(host: str, family: int) -> bool:
    """Whether `host` is an address of this machine."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True
