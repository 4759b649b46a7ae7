"""The examples that use the API, against the real server."""

import os
import shutil
import subprocess
import sys

import pytest
import soundfile

from tests.surfaces.conftest import Rig
from tests.surfaces.web.conftest import Page, sound

EXAMPLES = __file__.rsplit("/tests/", 1)[0] + "/examples"


@pytest.fixture
def page(tmp_path):
    rig = Rig(tmp_path).serve()
    page = Page(rig, tmp_path)
    yield page
    page.close()
    rig.close()


def run(page, *command):
    environment = {**os.environ, "DAWBRIDGE": page.base}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


@pytest.fixture
def node():
    found = shutil.which("node")
    if not found:
        pytest.skip("node is not installed")
    return found


def test_javascript_turns_a_knob_and_lists_jobs(page, node):
    page.job()
    done = run(page, node, f"{EXAMPLES}/api_client.mjs", "acapella/gain/raw", "-12")
    assert done.returncode == 1  # /raw has no text of its own
    assert page.rig.store.get("acapella_gain") == -12.0
    done = run(page, node, f"{EXAMPLES}/api_client.mjs", "mask/depth", "0.25")
    assert done.stdout.splitlines() == ["/dawbridge/mask/depth: 0.25", "1 done song.wav"]
    done = run(page, node, f"{EXAMPLES}/api_client.mjs", "mask/dept", "0.25")
    assert "nothing is at /dawbridge/mask/dept" in done.stderr


def test_the_extension_s_sending_half(page, node, tmp_path):
    soundfile.write(tmp_path / "clip.wav", sound(0.1), 44100)
    done = run(page, node, f"{EXAMPLES}/ableton/extension/send_clip.mjs", str(tmp_path / "clip.wav"))
    assert done.stdout.strip() == str(page.rig.root / "clip.wav")


def test_python_uploads_waits_and_fetches(page, tmp_path):
    soundfile.write(tmp_path / "song.wav", sound(0.5), 44100)
    page.job("other.wav")
    job_id = page.job()  # as if it were separated already
    page.rig.jobs.ledger.update(job_id, path=str(page.rig.root / "song (2).wav"))
    code = (
        f"import sys, pathlib; sys.path.insert(0, {EXAMPLES!r}); import api_client; api_client.BASE = {page.base!r}; "
        "sys.exit(api_client.main(*map(pathlib.Path, sys.argv[1:])))"
    )
    done = run(page, sys.executable, "-c", code, str(tmp_path / "song.wav"), str(tmp_path / "a.wav"))
    assert (done.returncode, done.stderr) == (0, "")
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_24"
