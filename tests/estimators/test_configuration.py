"""Configurations as they are passed around with weights: plain values, and what cannot be meant is refused by name."""

import pytest

from dawbridge.errors import ModelError
from dawbridge.estimators.waveform.configuration import describe, read_configuration
from tests.estimators.separators import CONFIGURATIONS, HIDDEN

pytest.importorskip("yaml")
pytest.importorskip("pymss_core")
SCNET = CONFIGURATIONS["scnet"]
DRUMS = {"instruments": ["drums"], "target_instrument": None}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: !!python/name:os.system", "not a plain YAML"),
        ("a: !!python/object/apply:os.system ['touch /tmp/x']", "not a plain YAML"),
        ("a: &a [1,2]\nb: [*a, *a]", "aliases"),
        ("[" * 20_000, "nested too deep|not a plain YAML"),
        ("just text", "holds no settings"),
        ("a: [1, 2", "not a plain YAML"),
        ("\xff", "not a plain YAML"),
        ("a: " + "x" * (1 << 20), "cannot be read"),
    ],
)
def test_hostile_configurations_are_refused(tmp_path, text, reason):
    path = tmp_path / "config.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match=reason):
        read_configuration(path)


def test_tuples_and_numbers_as_people_write_them(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("model:\n  freqs: !!python/tuple [2, 4]\n  lr: 1e-4\n  more: 5.0e-05\n")
    assert read_configuration(path) == {"model": {"freqs": (2, 4), "lr": 1e-4, "more": 5e-5}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"training": DRUMS, "model": {**SCNET["model"], "sources": ["drums"]}}, "none of them is vocals"),
        ({"model": {**SCNET["model"], "dims": [10**9]}}, "dims"),
        ({"model": {"type": "apollo"}}, "apollo"),
        ({"model": {}}, "nothing that is known"),
        ({"audio": {"chunk_size": 10**8}}, "segments"),
        ({"audio": {"sample_rate": 1}}, "sample rate"),
        ({"audio": {"sample_rate": float("inf")}}, "not complete"),
        ({"audio": {"chunk_size": float("inf")}}, "not complete"),
        ({"inference": {"num_overlap": float("inf")}}, "not complete"),
        ({"inference": {"num_overlap": 0.001}}, "not complete|hop"),
        ({"inference": {"num_overlap": 1000}}, "hop"),
    ],
)  # fmt: skip
def test_configurations_that_cannot_be_meant(change, reason):
    with pytest.raises(ModelError, match=reason):
        describe({**SCNET, **change}, HIDDEN)
