"""npm's node-osc."""

import os
import subprocess
from pathlib import Path

import pytest

from dawbridge.surfaces.osc.client import free_port
from tests.conftest import found

SCRIPT = Path(__file__).with_name("node_client.cjs")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A folder with node-osc in it. Where it cannot be had the test is skipped, or fails if clients are required."""
    if os.environ.get("DAWBRIDGE_NODE_MODULES"):
        return os.environ["DAWBRIDGE_NODE_MODULES"]
    folder = tmp_path_factory.mktemp("npm")
    command = [found("npm"), "install", "--no-audit", "--no-fund", "--silent", "--prefix", folder, "node-osc@11"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if done.returncode:
        refuse = pytest.fail if os.environ.get("DAWBRIDGE_CLIENTS") == "required" else pytest.skip
        refuse(f"npm install node-osc: {done.stderr[-300:]}")
    return str(folder / "node_modules")


def test_node_osc_subscribes_asks_sets_and_prints(modules, start_daemon, start_program, monkeypatch):
    monkeypatch.setenv("NODE_PATH", modules)
    daemon = start_daemon()
    node = start_program("node", SCRIPT, daemon.port, free_port())
    assert node.says("/dawbridge/subscribed")
    assert node.says("/dawbridge/mask/strength 1")
    assert node.says("/dawbridge/mask/strength 0.25")
    assert "unknown_address" in node.says("/dawbridge/error /dawbridge/mask/flor")
    daemon.send("/dawbridge/mask/strength", 0.75)
    assert node.says("/dawbridge/mask/strength 0.75")
    assert node.says("/dawbridge/mask/strength/str 0.75")
    daemon.bounce()
    assert "song_acapella.wav" in node.says("/dawbridge/job/done 1 ")
