"""The tree without HTTP, and a machine without the extra."""

import sys

import pytest

from dawbridge.errors import ControlError
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.web.oscquery import OscQueryServer
from dawbridge.surfaces.web.tree import Tree, host_info


def test_every_command_has_a_node_with_a_description(rig):
    from dawbridge.surfaces.osc.server import OscServer

    server = OscServer(rig.store, rig.deck, rig.board, rig.bus, port=0)
    tree = Tree(Knobs(rig.store), server.commands, rig.deck)
    for address in server.commands:
        assert tree.node(address)["DESCRIPTION"]
    named = {"submit", "cancel", "rerender", "focus", "accept", "retry", "forget"}
    assert tree.node("/dawbridge/job")["CONTENTS"].keys() == named
    assert tree.node("/nowhere") is None
    server.close()


def test_host_info_of_a_server_for_all_names_no_address():
    assert "OSC_IP" not in host_info("0.0.0.0", 9320, 9322)


def test_without_aiohttp_it_says_what_to_install(rig, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ControlError, match=r"pip install 'dawbridge\[oscquery\]'"):
        OscQueryServer(rig.store, rig.deck, rig.bus, (), host="127.0.0.1", port=0, osc_port=1)


def test_a_morph_from_elsewhere_is_told_to_all_and_one_of_a_client_to_the_others(rig):
    names = rig.deck.presets.names()
    rig.deck.set_end("a", names[0])
    rig.deck.set_end("b", names[1])
    one, other = rig.client().subscribe(), rig.client().subscribe()
    rig.deck.morph(0.25, "midi:x")
    assert one.wait_for("/dawbridge/preset/morph") == other.wait_for("/dawbridge/preset/morph") == (0.25,)
    one.send("/dawbridge/preset/morph", 0.75)
    assert other.wait_for("/dawbridge/preset/morph") == (0.75,)
    assert "/dawbridge/preset/morph" not in [address for address, _ in one.synced()]


def test_automation_and_transport_over_osc(idle_rig):
    said = []

    class Moves:
        record, stop, clear = (lambda self, name=name: said.append(name) for name in ("record", "stop", "clear"))

        def place(self, seconds, playing):
            said.append((seconds, playing))

    client = idle_rig.serve(moves=Moves()).client()
    for command in ("record", "stop", "clear"):
        client.send(f"/dawbridge/automation/{command}", 1)
        client.send(f"/dawbridge/automation/{command}", 0)
    client.send("/dawbridge/transport", 1.5)
    client.send("/dawbridge/transport", 2.5, 0)
    assert client.synced() == []
    assert said == ["record", "stop", "clear", (1.5, True), (2.5, False)]
    assert client.refused("/dawbridge/transport") == "bad_args"
    assert client.refused("/dawbridge/transport", -1.0) == "bad_args"
    assert client.refused("/dawbridge/transport", float("nan")) == "not_finite"
