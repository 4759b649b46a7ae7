"""Which HTTP requests are answered: not those that a page from elsewhere has a browser send.

A page cannot read a server of another origin, unless its own name is made to point here (DNS rebinding). Then `Host`
carries that name: only addresses, and names of this machine, are accepted there.
"""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit


def refusal(headers: Mapping[str, str], host: str) -> str:
    """Why a request with `headers` is refused; empty if it is not. `host` is what the server listens on."""
    asked = headers.get("Host", "")
    if asked and not _is_ours(asked, host):
        return "this name is not this machine's: ask for it by its address, as http://127.0.0.1"
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != asked.lower():
        return "a web page from elsewhere may not ask here"
    return ""


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_ours(asked: str, host: str) -> bool:
    try:
        name = urlsplit(f"//{asked}").hostname or ""
        urlsplit(f"//{asked}").port  # noqa: B018 - raises for a port that is no number
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower().removesuffix(".local")
        return name in ("localhost", host.lower(), own, f"{own}.local")
    return True
