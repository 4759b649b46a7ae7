from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder to watch."""
    folder = tmp_path.resolve() / "bounces"
    folder.mkdir()
    return folder
