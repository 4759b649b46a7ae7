"""A command is one row and one method: everything else comes out of the row."""

from concurrent.futures import Future

import pytest

from dawbridge.commands import COMMANDS, DONE, Argument, Command, Outgoing
from dawbridge.errors import JobBusyError
from dawbridge.events import Notice
from dawbridge.surfaces.arguments import Refused, checked
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.web.tree import Tree
from tests.surfaces.conftest import message

SHOUT = Command(
    "/dawbridge/shout",
    lambda targets, text, times: (text.upper() * times, len(text) * times),
    "say it loud",
    (Argument("text", "s"), Argument("times", "i", 1, 3, default=1)),
    Outgoing("/dawbridge/shouted", "what was said", (Argument("text", "s"), Argument("length", "i"))),
)


@pytest.fixture
def loud(idle_rig):
    return idle_rig.serve(commands=(*COMMANDS, SHOUT)).client()


def test_a_made_up_command_is_obeyed_answered_refused_and_described(idle_rig, loud):
    assert loud.ask("/dawbridge/shout", "ho") == [("/dawbridge/shouted", ("HO", 2))]
    assert loud.ask("/dawbridge/shout", "ho", 2.0) == [("/dawbridge/shouted", ("HOHO", 4))]
    ((_, (_, code, text)),) = loud.ask("/dawbridge/shout")
    assert (code, text) == ("bad_args", "0 arguments; wanted: s text [i times = 1]")
    ((_, (_, _, text)),) = loud.ask("/dawbridge/shout", "ho", 4)
    assert text == "4 is not a whole number within 1..3"
    ((_, (_, _, text)),) = loud.ask("/dawbridge/shuot", "ho")
    assert "did you mean '/dawbridge/shout'" in text
    node = Tree(Knobs(idle_rig.store), idle_rig.osc.dispatcher, lambda: {"presets": ()}).node("/dawbridge/shout")
    assert (node["TYPE"], node["RANGE"]) == ("si", [None, {"MIN": 1, "MAX": 3}])
    assert SHOUT.effect == "say it loud; `/dawbridge/shouted` s text, i length"


def test_every_address_stands_once():
    assert len({row.address for row in COMMANDS}) == len(COMMANDS)
    assert all(row.help for row in COMMANDS)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.address)
def test_each_row_checks_what_it_says(row):
    """As many arguments as it names are accepted, and one more is refused with its own words."""
    if row.lenient or row.path_argument:
        return
    example = {"i": 2, "f": 0.5, "s": "x"}
    whole = tuple(example[argument.type] for argument in row.arguments)
    assert checked(row, whole) is not None
    with pytest.raises(Refused) as refused:
        checked(row, (*whole, 1, 1))
    assert refused.value.code == "bad_args"
    assert (row.words or "nothing") in str(refused.value)
    assert row.reply is None or row.reply is DONE or row.reply.fields


class Slow:
    """Requests that are done when the test says so."""

    def __init__(self):
        self.requests = []

    def record(self):
        self.requests.append(Future())
        return self.requests[-1]

    stop = clear = undo = redo = record
    position, zero = (-1.0, 0, ""), -1.0

    def place(self, seconds, playing):
        pass

    def is_recording(self):
        return False


@pytest.fixture
def slow(idle_rig):
    moves = Slow()
    idle_rig.serve(moves=moves)
    return moves


def test_a_request_is_answered_when_it_is_done_and_sync_waits_for_it(idle_rig, slow):
    one, other = idle_rig.client(), idle_rig.client()
    one.send("/dawbridge/automation/record")
    one.send("/dawbridge/sync", 1)
    one.send("/dawbridge/ping")
    one.wait_for("/dawbridge/pong")  # was not held up
    other.synced()  # nor was another client
    slow.requests[0].set_result(None)
    assert one.heard() == ("/dawbridge/done", ("/dawbridge/automation/record",))
    assert one.heard() == ("/dawbridge/synced", (1,))


def test_a_request_that_fails_is_an_error_with_its_address(idle_rig, slow):
    client = idle_rig.client()
    client.send("/dawbridge/automation/stop")
    client.send("/dawbridge/automation/clear")
    client.send("/dawbridge/sync", 7)
    client.send("/dawbridge/ping")
    client.wait_for("/dawbridge/pong")
    slow.requests[1].set_result(None)
    assert client.heard() == ("/dawbridge/done", ("/dawbridge/automation/clear",))
    slow.requests[0].set_exception(JobBusyError("not now"))
    assert client.heard() == ("/dawbridge/error", ("/dawbridge/automation/stop", "busy", "not now"))
    assert client.heard() == ("/dawbridge/synced", (7,))


def end_turn(client):
    """What is done at the end of a turn is done: a turn takes 64 datagrams at most."""
    for _ in range(66):
        client.synced()


def test_an_answer_that_comes_after_its_connection_has_gone_is_looked_up_nowhere(idle_rig, slow, monkeypatch):
    """A host's name of no such host keeps the thread waiting for seconds."""
    heard, sent, send = [], [], idle_rig.osc._send_udp
    for source in (("tcp:127.0.0.1", 7), ("ws:127.0.0.1", 1)):
        idle_rig.osc.receive(message("/dawbridge/automation/record"), source, heard.append)
    client = idle_rig.client()
    client.synced()
    for source in (("tcp:127.0.0.1", 7), ("ws:127.0.0.1", 1)):
        idle_rig.osc.disconnect(source)
    client.synced()
    monkeypatch.setattr(idle_rig.osc, "_send_udp", lambda data, to: sent.append(to[0]) or send(data, to))
    for request in slow.requests:
        request.set_result(None)
    end_turn(client)
    assert (heard, set(sent)) == ([], {"127.0.0.1"})


def test_a_refusal_that_comes_late_names_the_command_that_it_is_about(idle_rig, slow):
    said = idle_rig.bus.mailbox()
    idle_rig.osc.command("/dawbridge/automation/stop")
    client = idle_rig.client()
    client.synced()
    idle_rig.osc.command("/dawbridge/preset/next")
    client.synced()
    slow.requests[0].set_exception(JobBusyError("not now"))
    end_turn(client)
    texts = [event.text for event in said.drain() if isinstance(event, Notice)]
    assert texts == ["MIDI: /dawbridge/automation/stop: not now"]
