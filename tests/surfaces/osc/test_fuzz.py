"""Nonsense at the port: nothing of it ends the server, sets what is no number, or keeps others from being answered."""

import random

from dawbridge.knobs.parameters import TABLE

DATAGRAMS = 20_000
A_TIME = 100
"""So many between two barriers, so that no buffer overflows and nothing is lost unseen."""


def seeds(client):
    """Datagrams with everything that dawbridge understands."""
    message = client.message
    names = ["/dawbridge/" + name for name in (
        "ping", "dump", "sync", "subscribe", "unsubscribe", "preset", "preset/index", "preset/fader", "preset/list",
        "preset/a", "preset/b", "preset/morph", "preset/next", "preset/load/karaoke", "preset/save", "preset/delete",
        "job/submit", "job/cancel", "job/rerender", "job/focus", "job/accept", "*/gain", "{mask,center}/*",
    )]  # fmt: skip
    addresses = [row.address + face for row in TABLE for face in ("", "/raw", "/str", "/delta")] + names
    numbers = [(), (1,), (0,), (0.5,), (-1e38,), (float("nan"),)]
    arguments = [*numbers, ("karaoke",), ("x" * 50, 3), (True, b"blob"), (None,)]
    plain = [message(address, *values) for address in addresses for values in arguments]
    return [*plain, *(client.bundle(*plain[place : place + 4]) for place in range(0, len(plain), 40))]


def mutated(datagram, dice):
    """One to four bytes flipped, cut, doubled or thrown in; or nothing but noise."""
    if dice.random() < 0.1:
        return dice.randbytes(dice.randrange(120))
    data = bytearray(datagram)
    for _ in range(dice.randint(0, 4)):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0 if place < len(data):
                data[place] = dice.randrange(256)
            case 1:
                del data[place : place + dice.randint(1, 8)]
            case 2:
                data[place:place] = dice.randbytes(dice.choice((1, 4, 8)))
            case _:
                data[place:place] = data[place : place + 8]
    return bytes(data)


def test_twenty_thousand_datagrams_and_valid_traffic_is_still_answered(rig, client, caplog):
    dice = random.Random(9320)
    noisy, known = rig.client(), seeds(client)
    for _ in range(DATAGRAMS // A_TIME):
        for _ in range(A_TIME):
            noisy.raw(mutated(dice.choice(known), dice))
        noisy.forget()
        assert client.ask("/dawbridge/ping")[0][0] == "/dawbridge/pong"
    for row in TABLE:
        assert row.low <= rig.store.get(row.name) <= row.high
        client.send(row.address, 1.0)
        assert client.ask(row.address) == [(row.address, (1.0,))]
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
