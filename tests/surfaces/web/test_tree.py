"""The tree without HTTP, and a machine without the extra."""

import pytest

from dawbridge.commands import COMMANDS
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.web.tree import Tree, host_info


def tree_of(rig):
    return Tree(Knobs(rig.store), rig.osc.dispatcher, lambda: {"presets": rig.deck.presets.names(), "targets": ["x"]})


@pytest.mark.parametrize("row", [row for row in COMMANDS if not row.path_argument], ids=lambda row: row.address)
def test_every_command_has_its_types_access_and_ranges(rig, row):
    node = tree_of(rig).node(row.address)
    assert node["TYPE"] == (row.types or "I")
    assert node["ACCESS"] == (1 if row.is_state else 3 if row.reads else 2)
    assert node["DESCRIPTION"] == row.help
    assert ("VALUE" in node) is bool(row.reads)
    for argument, span in zip(row.arguments, node.get("RANGE", [None] * len(row.arguments)), strict=True):
        if argument.choices:
            assert span == {"VALS": list(rig.deck.presets.names()) if argument.choices == "presets" else ["x"]}
        else:
            assert (span or {}).get("MIN") == argument.low
            assert (span or {}).get("MAX") == argument.high


def test_a_command_with_its_argument_in_the_address_is_a_button_for_each_value(rig):
    buttons = tree_of(rig).node("/dawbridge/preset/load")["CONTENTS"]
    assert buttons.keys() == {name.replace(" ", "%20") for name in rig.deck.presets.names()}
    assert {button["TYPE"] for button in buttons.values()} == {"I"}
    assert tree_of(rig).node("/nowhere") is None


def test_host_info_of_a_server_for_all_names_no_address():
    assert "OSC_IP" not in host_info("0.0.0.0", 9320, 9322)
