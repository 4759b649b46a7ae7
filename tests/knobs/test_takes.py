"""Takes as data: what undo costs, and how they are kept as JSON."""

import json

import pytest

from dawbridge.knobs import takes as takes_module
from dawbridge.knobs import takes_json
from dawbridge.knobs.automation import Automation, Lane
from dawbridge.knobs.takes import UNDOABLE, Takes


def lane(name="mask_depth", count=10, value=0.5):
    return Lane(name, tuple((float(second), value) for second in range(count)))


def test_lanes_that_stay_the_same_are_kept_once_in_memory_and_on_disk():
    still, takes = lane("acapella_gain", 1000, -3.0), Takes()
    for step in range(UNDOABLE + 10):
        takes = takes.changed(Automation((Lane(still.name, tuple(still.points)), lane(value=step / 100))))
    lanes = {id(one.lane("acapella_gain")) for one in takes.past[1:]}
    assert (len(takes.past), len(lanes)) == (UNDOABLE, 1)
    plain = json.loads(json.dumps(takes_json.plain(takes)))
    assert len(plain["lanes"]) == UNDOABLE + 2
    assert takes_json.read(plain) == takes


def test_what_can_be_undone_is_bounded_by_its_points(monkeypatch):
    monkeypatch.setattr(takes_module, "UNDO_POINTS", 100)
    takes = Takes()
    for step in range(30):
        takes = takes.changed(Automation((lane(value=step / 100),)))
    assert len(takes.past) == 10
    takes = takes.changed(Automation((lane(count=500),))).changed(Automation((lane(value=0.1),)))
    assert [len(one.lanes[0].points) for one in takes.past] == [500]


def test_takes_of_an_earlier_version_are_read():
    former = {
        "acapella_gain": [[0.0, -3.0]], "past": [{}], "undone": [{"mask_depth": [[1, 0.5]]}],
        "takes": [{"number": 2, "lanes": {"acapella_gain": [[0, -3]]}}], "file": {"mask_depth": [[2, 0.5]]},
    }  # fmt: skip
    takes = takes_json.read(former)
    assert takes.automation.plain() == {"acapella_gain": [[0.0, -3.0]]}
    assert takes.past == (Automation(),)
    assert takes.undone[0].plain() == {"mask_depth": [[1.0, 0.5]]}
    assert (takes.kept[0].number, takes.kept[0].names, takes.kept[0].span_s) == (2, ("acapella_gain",), (0.0, 0.0))
    assert takes.from_file.plain() == {"mask_depth": [[2.0, 0.5]]}


@pytest.mark.parametrize("lanes", [[["mask_depth", [[0, 1e999]]]], [["mask_depth", [[float("nan"), 0.5]]]], [3, "no"],
                                   [["mask_depth", []]], [["no", [[0, 1]]]], [["mask_depth", [[0]]]]])  # fmt: skip
def test_what_is_damaged_is_left_out(lanes):
    document = {"lanes": [["acapella_gain", [[1, -3]]], *lanes], "automation": [0, 1, 99, "x"], "past": [[1], 3],
                "takes": [{"number": 1, "passes": [[1]]}, {"number": 2, "passes": [[0], 7]}, 5]}  # fmt: skip
    takes = takes_json.read(document)
    assert takes.automation.plain() == {"acapella_gain": [[1.0, -3.0]]}
    assert [take.number for take in takes.kept] == [2]
    former = takes_json.read({"acapella_gain": [[1, -3]], "mask_depth": lanes[0][1] if lanes[0] != 3 else 3})
    assert former.automation == takes.automation or lanes[0][0] == "no"
