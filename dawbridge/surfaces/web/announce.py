"""Announces dawbridge among the local network's services (DNS-SD), if zeroconf is installed."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from dawbridge.config.settings import OSC_PORT

SERVICES = ("_oscjson._tcp.local.", "_osc._udp.local.")


class Announcement:
    """Both services. If they cannot be announced, that is one notice, and nothing else changes."""

    def __init__(self, host: str, http_port: int, osc_port: int, notice: Callable[[str], None]) -> None:
        """On every interface if `host` is all of them, else on `host` alone; `notice` is given a line for the user."""
        self._host, self._ports, self._notice = host, (http_port, osc_port), notice

    async def stand(self, over: asyncio.Event) -> None:
        """Announce both until `over` is set. Never raises."""
        try:
            from zeroconf.asyncio import AsyncZeroconf
        except ImportError:
            self._notice("OSCQuery is not announced: zeroconf is not installed; pip install 'dawbridge[oscquery]'")
            return
        every = self._host in ("0.0.0.0", "::")
        try:
            async with AsyncZeroconf() if every else AsyncZeroconf(interfaces=[self._host]) as network:
                for service in self._services():
                    await (await network.async_register_service(service, allow_name_change=True))
                await over.wait()
                await network.async_unregister_all_services()
        except Exception as error:  # zeroconf's own errors, OSError, and whatever else a network leads to
            self._notice(f"OSCQuery is not announced on the network ({type(error).__name__}: {error})")

    def _services(self) -> list[Any]:
        from zeroconf.asyncio import AsyncServiceInfo

        name = service_name(self._ports[1])
        host = own_address() if self._host in ("0.0.0.0", "::") else self._host
        return [
            AsyncServiceInfo(kind, f"{name}.{kind}", port=port, parsed_addresses=[host], server=f"{name}.local.")
            for kind, port in zip(SERVICES, self._ports, strict=True)
        ]


def service_name(osc_port: int) -> str:
    """Name in a list of services; with the port if it is not the usual one, as a second dawbridge's is not."""
    name = f"dawbridge on {socket.gethostname().split('.')[0]}"
    return name if osc_port == OSC_PORT else f"{name} {osc_port}"


def own_address() -> str:
    """This machine's address on its network; loopback if it has none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: only the route is looked up
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
