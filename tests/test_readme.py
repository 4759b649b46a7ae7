import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import soundfile

from dawbridge.cli.main import build_parser
from tools.song import make_song

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.S | re.M)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a song in it, a home, and a `dawbridge` whose daemon ends by itself."""
    folder = tmp_path_factory.mktemp("readme")
    vocals, music = make_song(3.0)
    soundfile.write(folder / "song.wav", (vocals + music).T, 44100, subtype="PCM_24")
    (folder / "Bounces").mkdir()
    shutil.copy(folder / "song.wav", folder / "Bounces" / "song.wav")
    shim = folder / "bin" / "dawbridge"
    shim.parent.mkdir()
    more = (
        '[ "$1" = watch ] && set -- "$@" --once --no-midi --osc-port 0; [ "$1" = doctor ] && set -- "$@" --osc-port 0'
    )
    shim.write_text(f'#!/bin/sh\n{more}\nexec {shlex.quote(sys.executable)} -m dawbridge "$@"\n')
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    return folder


def commands(language):
    lines = [line for kind, text in BLOCKS if kind == language for line in text.splitlines() if line.strip()]
    return [line.split("#")[0].strip() for line in lines]


def run(place, line):
    environment = {**os.environ, "HOME": str(place), "DAWBRIDGE_HOME": str(place / "home")}
    environment["PATH"] = f"{place / 'bin'}{os.pathsep}{environment['PATH']}"
    return subprocess.run(["bash", "-c", line], cwd=place, env=environment, capture_output=True, text=True, timeout=300)


def test_there_are_blocks_of_known_kinds_only():
    assert {kind for kind, _ in BLOCKS} == {"sh", "bat", "python"}


@pytest.mark.parametrize("line", commands("sh"))
def test_shell_lines_run(place, line):
    if line.startswith("make"):
        line = f"make -C {shlex.quote(str(ROOT))} -n {line.removeprefix('make')}"
    if line.startswith("oscsend") and not shutil.which("oscsend"):
        pytest.skip("oscsend is not installed")
    done = run(place, line)
    assert done.returncode == 0, done.stderr


def test_the_watched_folder_has_its_stems(place):
    assert run(place, "dawbridge watch ~/Bounces").returncode == 0
    stems = sorted(path.name for path in (place / "Bounces" / "separated").iterdir())
    assert stems == ["song_acapella.wav", "song_instrumental.wav"]


def test_windows_lines_name_what_there_is():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in commands("bat"):
        if "pip install" in line:
            (extra,) = re.findall(r"\[(\w+)\]", line)
            assert extra in project["optional-dependencies"]
        elif "dawbridge" in line:
            build_parser().parse_args(shlex.split(line.replace("\\", "/"))[1:])


def test_python_blocks_run(place, monkeypatch):
    monkeypatch.chdir(place)
    for kind, text in BLOCKS:
        if kind == "python":
            exec(compile(text, "README.md", "exec"), {})
    assert soundfile.info("acapella.wav").frames == soundfile.info("song.wav").frames


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
