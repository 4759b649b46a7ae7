"""A weights file's header, whatever has its name."""

import os

import pytest

from acapellanet.errors import ModelError
from acapellanet.net.header import read_header


def test_a_pipe_under_a_weights_name_blocks_nothing(tmp_path):
    os.mkfifo(tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match="not a regular file"):
        read_header(tmp_path / "x.safetensors")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        read_header(tmp_path / "x.safetensors")
