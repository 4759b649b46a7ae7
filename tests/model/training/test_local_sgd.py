import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from acapellanet.errors import ModelError, TrainingError
from acapellanet.net.tensor_files import read_tensors
from acapellanet.training.local_sgd import SHARED_FILE, MeetingOptions, MeetingPlace

OPTIONS = MeetingOptions(every_steps=1, share=0.5, momentum=0.0, ema=0.5)
MakePlace = Callable[..., MeetingPlace]


@pytest.fixture
def place(tmp_path: Path) -> MakePlace:
    def make(options: MeetingOptions = OPTIONS, config: str = "{}") -> MeetingPlace:
        return MeetingPlace(tmp_path, config, options)

    return make


def network(value: float) -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(module[0].weight, value)
    return module


def weight(module: nn.Module) -> float:
    return float(module.state_dict()["0.weight"][0, 0])


def move(module: nn.Module, by: float) -> None:
    with torch.no_grad():
        next(module.parameters()).add_(by)


def test_who_comes_second_takes_the_weights_of_the_first(place: MakePlace) -> None:
    first, second = network(1.0), network(5.0)
    place().join(first, network(1.0))
    place().join(second, network(5.0))
    assert weight(second) == 1.0


def test_two_that_move_alike_move_the_shared_weights_as_far(place: MakePlace) -> None:
    places, networks = (place(), place()), (network(0.0), network(0.0))
    averaged = network(0.0)
    for at, module in zip(places, networks, strict=True):
        at.join(module, averaged)
    for at, module in zip(places, networks, strict=True):
        move(module, 1.0)
        at.meet(module, averaged, steps=1, audio_s=10.0)
    assert weight(networks[1]) == pytest.approx(1.0)


def test_a_process_that_sleeps_loses_nothing_of_what_others_learned(place: MakePlace) -> None:
    awake, asleep = network(0.0), network(0.0)
    first, second, averaged = place(), place(), network(0.0)
    first.join(awake, averaged)
    second.join(asleep, averaged)
    move(asleep, 2.0)
    for _ in range(3):
        move(awake, 1.0)
        first.meet(awake, averaged, 1, 1.0)
    before = weight(awake)
    second.meet(asleep, averaged, 1, 1.0)
    assert weight(asleep) == pytest.approx(before + 1.0)


def test_momentum_adds_up_what_meetings_agree_on(place: MakePlace) -> None:
    at, module, averaged = place(replace(OPTIONS, share=1.0, momentum=0.5)), network(0.0), network(0.0)
    at.join(module, averaged)
    for expected in (1.0, 2.5, 4.25):
        move(module, 1.0)
        at.meet(module, averaged, 1, 1.0)
        assert weight(module) == pytest.approx(expected)


def test_the_average_follows_the_shared_weights(place: MakePlace) -> None:
    at, module, averaged = place(replace(OPTIONS, share=1.0)), network(0.0), network(0.0)
    at.join(module, averaged)
    move(module, 1.0)
    at.meet(module, averaged, steps=2, audio_s=1.0)
    assert weight(averaged) == pytest.approx(0.75)


def test_statistics_are_averaged_and_have_no_momentum(place: MakePlace) -> None:
    at, module, averaged = place(replace(OPTIONS, share=0.5, momentum=0.9)), network(0.0), network(0.0)
    at.join(module, averaged)
    for expected in (0.5, 0.75):
        module[1].running_var.fill_(1.0)  # type: ignore[index]
        module[1].running_mean.fill_(1.0)  # type: ignore[index]
        at.meet(module, averaged, 1, 1.0)
        assert float(module[1].running_mean) == pytest.approx(expected)  # type: ignore[index]


def test_hours_are_those_of_all_processes_and_survive_a_kill(place: MakePlace, tmp_path: Path) -> None:
    for _ in range(2):
        at, module = place(), network(0.0)
        at.join(module, network(0.0))
        at.meet(module, network(0.0), steps=3, audio_s=30.0)
    state = json.loads(read_tensors(tmp_path / SHARED_FILE)[1]["state"])
    assert state == {"steps": 6, "audio_s": 60.0, "meetings": 2}


def test_another_network_and_a_damaged_file_are_refused(place: MakePlace, tmp_path: Path) -> None:
    place().join(network(0.0), network(0.0))
    with pytest.raises(TrainingError, match="another configuration"):
        place(config='{"other": 1}').join(network(0.0), network(0.0))
    (tmp_path / SHARED_FILE).write_bytes(b"rubbish" * 50)
    with pytest.raises(ModelError, match="damaged"):
        place().join(network(0.0), network(0.0))
