import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from acapellanet.errors import ModelError
from acapellanet.estimate import registry


@pytest.fixture(autouse=True)
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "WEIGHTS_FOLDER", tmp_path)
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))
    (tmp_path / "acapellanet-small.safetensors").write_bytes(b"weights")
    return tmp_path


def test_names() -> None:
    assert registry.model_names() == ("acapellanet-small", "center")


def test_hash_is_of_the_file() -> None:
    assert registry.model_hash("acapellanet-small") == hashlib.sha256(b"weights").hexdigest()


def test_hash_follows_the_file(weights: Path) -> None:
    path = weights / "own.safetensors"
    path.write_bytes(b"one")
    first = registry.model_hash(str(path))
    path.write_bytes(b"another")
    assert registry.model_hash(str(path)) != first


def test_center_has_a_hash_of_its_own() -> None:
    assert len(registry.model_hash("center")) == 64


def test_near_misses_get_a_hint() -> None:
    with pytest.raises(ModelError, match="did you mean 'acapellanet-small'"):
        registry.model_hash("acapelanet-smal")


def test_missing_weights_say_what_to_do(weights: Path) -> None:
    (weights / "acapellanet-small.safetensors").unlink()
    with pytest.raises(ModelError, match="reinstall"):
        registry.weights_path(registry.DEFAULT_MODEL)
    with pytest.raises(ModelError, match="no such weights file"):
        registry.weights_path(str(weights / "acapellanet-small.safetensors"))


@pytest.mark.parametrize("name", ["../acapellanet-small", "", "/"])
def test_names_do_not_walk_folders(name: str) -> None:
    with pytest.raises(ModelError):
        registry.weights_path(name)


def test_neither_import_nor_help_loads_torch() -> None:
    code = (
        "import sys, acapellanet, acapellanet.cli, acapellanet.estimate.registry;"
        "acapellanet.model_names(); acapellanet.cli.parser().format_help();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
