import json

import pytest

from acapellanet.errors import ModelError
from acapellanet.net.config import CONFIGS, config_from_json


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_json_and_back(name: str) -> None:
    assert config_from_json(CONFIGS[name].to_json()) == CONFIGS[name]


def test_another_architecture_is_named() -> None:
    text = CONFIGS["small"].to_json().replace("acapellanet-1", "wavenet-9")
    with pytest.raises(ModelError, match="wavenet-9"):
        config_from_json(text)


def test_unknown_fields_are_named() -> None:
    values = {**json.loads(CONFIGS["small"].to_json()), "heads": 8}
    with pytest.raises(ModelError, match="heads"):
        config_from_json(json.dumps(values))


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json"])
def test_no_configuration_at_all(text: str) -> None:
    with pytest.raises(ModelError):
        config_from_json(text)


def test_alignment_of_small() -> None:
    assert CONFIGS["small"].alignment_samples == 8192
