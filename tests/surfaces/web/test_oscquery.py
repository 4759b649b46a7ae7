"""OSCQuery over real HTTP and a real WebSocket."""

import asyncio
import socket
import threading

import pytest

aiohttp = pytest.importorskip("aiohttp")

from dawbridge.errors import ControlError  # noqa: E402
from dawbridge.knobs.parameters import TABLE  # noqa: E402
from dawbridge.surfaces.osc.codec import decode, encode  # noqa: E402
from dawbridge.surfaces.web.connections import MAX_CONNECTIONS  # noqa: E402
from dawbridge.surfaces.web.oscquery import MAX_CLIENTS  # noqa: E402

PATIENCE_S = 10


@pytest.fixture
def announced():
    return False


@pytest.fixture
def query(rig, announced):
    """The server in its own thread, and its notices."""
    server = rig.query(announce=announced)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def run(query, ask):
    """What the coroutine `ask(session, base address)` returns."""

    async def whole():
        timeout = aiohttp.ClientTimeout(PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            return await ask(session, f"http://127.0.0.1:{query.address[1]}")

    return asyncio.run(asyncio.wait_for(whole(), 3 * PATIENCE_S))


def get(query, path, **more):
    async def ask(session, base):
        async with session.get(base + path, **more) as answer:
            body = await answer.json() if answer.content_type == "application/json" else None
            return answer.status, body

    return run(query, ask)


def nodes(node):
    yield node
    for below in node.get("CONTENTS", {}).values():
        yield from nodes(below)


def test_the_whole_tree_comes_out_of_the_table(query):
    status, root = get(query, "/")
    assert status == 200
    by_path = {node["FULL_PATH"]: node for node in nodes(root)}
    for row in TABLE:
        node = by_path[row.address]
        assert (node["TYPE"], node["ACCESS"], node["DESCRIPTION"]) == ("f", 3, row.help)
        assert node["VALUE"] == [pytest.approx(row.normalize(row.default))]
        raw = by_path[row.address + "/raw"]
        assert raw["RANGE"] == [{"MIN": row.low, "MAX": row.high}]
        assert raw.get("UNIT") == ([row.unit] if row.unit else None)
        assert by_path[row.address + "/str"]["VALUE"] == [row.display(row.default)]
        assert "VALUE" not in by_path[row.address + "/delta"]
    index = by_path["/dawbridge/preset/index"]
    assert (index["TYPE"], index["ACCESS"], index["RANGE"]) == ("i", 3, [{"MIN": 1}])
    assert index["VALUE"] == [0]
    assert by_path["/dawbridge/preset/morph"]["VALUE"] == [0.0]
    assert by_path["/dawbridge"]["ACCESS"] == 0


def test_host_info(query, rig):
    status, info = get(query, "/?HOST_INFO")
    assert status == 200
    assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == (*rig.address, "UDP")
    assert info["WS_PORT"] == query.address[1]
    assert info["EXTENSIONS"]["LISTEN"] is True


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/dawbridge/mask/strength?VALUE", 200, {"VALUE": [1.0]}),
        ("/dawbridge/mask/strength/?TYPE", 200, {"TYPE": "f"}),
        ("/dawbridge/mask/strength?UNIT", 204, None),
        ("/dawbridge/mask/strength?NONSENSE", 204, None),
        ("/dawbridge/dump?VALUE", 204, None),
        ("/dawbridge/mask/strenght", 404, None),
        ("/dawbridge/mask/strenght?VALUE", 404, None),
        ("/dawbridge/mask/strength?value", 400, None),
        ("/dawbridge/mask/strength?VALUE=1", 400, None),
        ("/dawbridge/mask/strength?VALUE&TYPE", 400, None),
    ],
)
def test_attributes_and_refusals(query, path, status, body):
    assert get(query, path) == (status, body)


def test_other_methods_are_refused(query):
    async def ask(session, base):
        async with session.post(base + "/", data=b"x") as answer:
            return answer.status

    assert run(query, ask) == 405


SETTLES = "/dawbridge/center/width"
"""What `settled` listens to for a moment; a late value of it may still be on its way."""


async def heard(stream, but=""):
    """The next packet's address and value, passing over those of the address `but`."""
    while True:
        (message,) = decode((await stream.receive(PATIENCE_S)).data)
        if message.address != but:
            return message.address, *message.arguments


def test_values_stream_to_who_listens_until_they_ignore(query, rig):
    async def ask(session, base):
        async with session.ws_connect(base + "/") as stream:
            await stream.send_str("no command")
            await stream.send_json({"COMMAND": "LISTEN", "DATA": "/dawbridge/nowhere"})
            await stream.send_json({"COMMAND": "LISTEN", "DATA": 5})
            await stream.send_json(["LISTEN"])
            for face in ("", "/raw"):
                await stream.send_json({"COMMAND": "LISTEN", "DATA": "/dawbridge/acapella/gain" + face})
            await settled(stream, rig)
            rig.store.set("mask_depth", 0.25, "test")
            rig.store.set("acapella_gain", -27.0, "test")
            got = {await heard(stream), await heard(stream)}
            await stream.send_json({"COMMAND": "IGNORE", "DATA": "/dawbridge/acapella/gain"})
            await settled(stream, rig)
            rig.store.set("acapella_gain", -60.0, "test")
            return got, await heard(stream)

    first, then = run(query, ask)
    assert first == {("/dawbridge/acapella/gain", 0.5), ("/dawbridge/acapella/gain/raw", -27.0)}
    assert then == ("/dawbridge/acapella/gain/raw", -60.0)


async def settled(stream, rig):
    """All that was sent before has been read: a value that is listened to for the first time comes back."""
    await stream.send_json({"COMMAND": "LISTEN", "DATA": SETTLES})
    async with asyncio.timeout(PATIENCE_S):
        while True:
            rig.store.set("center_width", rig.store.get("center_width") / 2, "test")
            try:
                assert (await asyncio.wait_for(heard(stream), 0.2))[0] == SETTLES
                break
            except TimeoutError:
                continue
    await stream.send_json({"COMMAND": "IGNORE", "DATA": SETTLES})
    await stream.ping()


def test_the_morph_streams_too(query, rig):
    names = rig.deck.presets.names()
    rig.deck.set_end("a", names[0])
    rig.deck.set_end("b", names[1])

    async def ask(session, base):
        async with session.ws_connect(base + "/") as stream:
            await stream.send_json({"COMMAND": "LISTEN", "DATA": "/dawbridge/preset/morph"})
            await settled(stream, rig)
            rig.deck.morph(0.25, "midi:x")
            return await heard(stream, but=SETTLES)

    assert run(query, ask) == ("/dawbridge/preset/morph", 0.25)


def test_a_page_from_elsewhere_and_one_too_many_are_refused(query):
    async def ask(session, base):
        with pytest.raises(aiohttp.WSServerHandshakeError) as foreign:
            await session.ws_connect(base, headers={"Origin": "http://evil.example"})
        own = await session.ws_connect(base, headers={"Origin": base})
        streams = [own] + [await session.ws_connect(base) for _ in range(MAX_CLIENTS - 1)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as crowded:
            await session.ws_connect(base)
        for stream in streams:
            await stream.close()
        return foreign.value.status, crowded.value.status

    assert run(query, ask) == (403, 503)


def test_a_port_in_use_is_said(query, rig):
    with pytest.raises(ControlError, match="--http-port"):
        rig.query(port=query.address[1])


def test_a_rebound_name_is_refused(query):
    for name in ("evil.example", "evil.example:9322", "127.0.0.1.evil.example"):
        assert get(query, "/", headers={"Host": name})[0] == 403
    for name in ("localhost", "127.0.0.1", "[::1]:9322", socket.gethostname()):
        assert get(query, "/", headers={"Host": name})[0] == 200
    assert get(query, "/", headers={"Origin": "http://evil.example"})[0] == 403
    assert get(query, "/", headers={"Origin": f"http://127.0.0.1:{query.address[1]}"})[0] == 200


def test_binary_osc_on_the_websocket_sets_values_and_is_answered(query, rig):
    async def ask(session, base):
        async with session.ws_connect(base) as one, session.ws_connect(base) as other:
            for stream in (one, other):
                await stream.send_json({"COMMAND": "LISTEN", "DATA": "/dawbridge/mask/depth"})
            await settled(one, rig)
            await settled(other, rig)
            await one.send_bytes(encode("/dawbridge/mask/depth", [0.25]))
            heard_by_other = await heard(other, but=SETTLES)
            await one.send_bytes(encode("/dawbridge/mask/contrast"))
            return heard_by_other, await heard(one, but=SETTLES)

    told, answered = run(query, ask)
    assert told == ("/dawbridge/mask/depth", 0.25)
    assert answered == ("/dawbridge/mask/contrast", 0.5)  # and no echo of its own move came first
    assert rig.store.get("mask_depth") == 0.25


def test_a_websocket_subscribes_and_is_forgotten_when_it_ends(query, rig):
    async def ask(session, base):
        async with session.ws_connect(base) as stream:
            await stream.send_bytes(encode("/dawbridge/subscribe", [9999, "/dawbridge/mask/depth"]))
            while (await heard(stream))[0] != "/dawbridge/subscribed":
                pass

    run(query, ask)
    client = rig.client()
    for _ in range(100):
        client.synced()
        if not list(rig.osc._subscribers):
            break
    assert not list(rig.osc._subscribers)


def test_presets_that_come_and_go_are_paths_that_come_and_go(query, rig):
    async def ask(session, base):
        async with session.ws_connect(base) as stream:
            await stream.send_json({"COMMAND": "LISTEN", "DATA": SETTLES})
            await settled(stream, rig)
            rig.deck.save("my mix")
            rig.deck.delete("my mix")
            commands = []
            while len(commands) < 4:
                message = await stream.receive(PATIENCE_S)
                if message.type is aiohttp.WSMsgType.TEXT:
                    commands.append(message.json())
            return commands

    path = "/dawbridge/preset/load/my%20mix"
    changed = {"COMMAND": "PATH_CHANGED", "DATA": "/dawbridge/preset"}
    assert run(query, ask) == [
        {"COMMAND": "PATH_ADDED", "DATA": path}, changed, {"COMMAND": "PATH_REMOVED", "DATA": path}, changed,
    ]  # fmt: skip


def test_a_thousand_idle_connections_take_no_descriptors_and_lock_nobody_out(query):
    idle = [socket.create_connection(query.address) for _ in range(300)]
    try:
        assert get(query, "/?HOST_INFO")[0] == 200
        assert len(query._connections) <= MAX_CONNECTIONS
    finally:
        for connection in idle:
            connection.close()
