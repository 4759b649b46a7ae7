"""OSCQuery's announcement on the local network."""

import asyncio
import threading

import pytest

pytest.importorskip("aiohttp")

from dawbridge.surfaces.web.announce import SERVICES, Announcement, service_name


def test_nothing_is_announced_that_only_this_machine_can_reach(rig):
    """zeroconf listens on every interface whatever it is told."""
    server = rig.query(announce=True)
    assert not server._announce
    server.serve(stopped())


def stopped():
    over = threading.Event()
    over.set()
    return over


def test_both_services_are_announced(rig):
    pytest.importorskip("zeroconf")
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    said = []

    async def ask():
        over = asyncio.Event()
        announcement = Announcement("127.0.0.1", 9322, rig.address[1], said.append)
        standing = asyncio.create_task(announcement.stand(over))
        async with AsyncZeroconf(interfaces=["127.0.0.1"]) as network:
            name = service_name(rig.address[1])
            ports = []
            for kind in SERVICES:
                info = AsyncServiceInfo(kind, f"{name}.{kind}")
                found = await info.async_request(network.zeroconf, 5000)
                ports.append(info.port if found else None)
        over.set()
        await standing
        return ports

    ports = asyncio.run(ask())
    if said:
        pytest.skip("no multicast on this machine")
    assert ports == [9322, rig.address[1]]
