"""Every block of code in README.md and docs/ is run, or at least taken apart; every link leads somewhere.

```sh              every line is run; of `make` what it would do
```sh parse-only   too long, or for another computer: every command's options are checked
```bat             for Windows: the same
```python          is run
```toml            is read by what reads it
```text            is no code
"""

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

from acapellanet.cli import parser as network_parser
from dawbridge.cli.main import build_parser
from dawbridge.surfaces.midi import bindings_file
from tools.song import make_song

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [*PAGES, *sorted((ROOT / "examples").glob("*.md")), ROOT / "model/acapellanet/weights/README.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.S | re.M)
BLOCKS = [
    (page.name, kind.strip(), text) for page in PAGES for kind, text in BLOCK.findall(page.read_text(encoding="utf-8"))
]
KINDS = {"sh", "sh parse-only", "sh certificates", "bat", "python", "toml", "text"}


def lines(*kinds):
    """Commands of these kinds of blocks, without comments, as parameters of a test."""
    joined = [(page, text.replace("\\\n", " ")) for page, kind, text in BLOCKS if kind in kinds]
    found = [(page, line) for page, text in joined for line in text.splitlines()]
    commands = [(page, line.split(" #")[0].strip()) for page, line in found]
    return [pytest.param(line, id=f"{page}: {line}") for page, line in commands if line]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a song in it, a home, and a `dawbridge` whose daemon ends by itself and needs no network."""
    folder = tmp_path_factory.mktemp("docs")
    vocals, music = make_song(3.0)
    soundfile.write(folder / "song.wav", (vocals + music).T, 44100, subtype="PCM_24")
    (folder / "Bounces").mkdir()
    shutil.copy(folder / "song.wav", folder / "Bounces" / "song.wav")
    shim = folder / "bin" / "dawbridge"
    shim.parent.mkdir()
    shim.write_text(f"""\
#!/bin/sh
[ "$1" = watch ] && set -- "$@" --once --no-midi --osc-port 0 --http-port 0
[ "$1" = doctor ] && set -- "$@" --osc-port 0
case "$1 $*" in
  *--model*) ;;
  watch* | separate* | doctor*) set -- "$@" --model center ;;
esac
exec {shlex.quote(sys.executable)} -m dawbridge "$@"
""")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    return folder


def run(place, line):
    environment = {**os.environ, "HOME": str(place), "DAWBRIDGE_HOME": str(place / "home")}
    environment["PATH"] = f"{place / 'bin'}{os.pathsep}{environment['PATH']}"
    return subprocess.run(["bash", "-c", line], cwd=place, env=environment, capture_output=True, text=True, timeout=300)


def test_every_block_says_what_it_is():
    assert {(page, kind) for page, kind, _ in BLOCKS if kind not in KINDS} == set()
    assert {"sh", "bat", "python", "toml"} <= {kind for _, kind, _ in BLOCKS}


@pytest.mark.slow
@pytest.mark.parametrize("line", lines("sh"))
def test_shell_lines_run(place, line):
    if line.startswith("make"):
        line = f"make -C {shlex.quote(str(ROOT))} -n {line.removeprefix('make')}"
    if line.startswith("oscsend") and not shutil.which("oscsend"):
        pytest.skip("oscsend is not installed")
    done = run(place, line)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_watched_folder_has_its_stems(place):
    assert run(place, "dawbridge watch ~/Bounces").returncode == 0
    stems = sorted(path.name for path in (place / "Bounces" / "separated").iterdir())
    assert stems == ["song_acapella.wav", "song_instrumental.wav"]


PREFIXES = {"torchrun": 1, "--nproc-per-node": 2, "-m": 1, "chrt": 3}
"""Words ahead of a command, and how many belong to each."""


def parsed(line):
    """Checks one command line, as far as it runs programs of ours."""
    for part in line.replace("\\", "/").split("&&"):
        words = shlex.split(part)
        while words[0] in PREFIXES or "=" in words[0]:
            words = words[PREFIXES.get(words[0], 1) :]
        program = Path(words[0]).name
        if program == "dawbridge":
            build_parser().parse_args(words[1:])
        elif program == "acapellanet":
            network_parser().parse_args(words[1:])
        elif program == "pip":
            named = [name for found in re.findall(r"\[([\w,]+)\]", part) for name in found.split(",")]
            assert set(named) <= EXTRAS.keys(), named
        elif program == "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
            assert words[1] in targets
        else:
            known = ("apt", "git", "py", "python", "jackd", "cd", "dask")
            assert program in known, f"{program}: which program is that?"


@pytest.mark.parametrize("line", lines("sh parse-only", "bat"))
def test_commands_that_are_not_run_are_right_as_they_are_written(line):
    parsed(line)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [pytest.param(text, id=page) for page, kind, text in BLOCKS if kind == "python"]
)  # fmt: skip
def test_python_blocks_run(place, monkeypatch, text):
    monkeypatch.chdir(place)
    exec(compile(text, "a page", "exec"), {})
    if "acapella.wav" in text:
        assert soundfile.info("acapella.wav").frames == soundfile.info("song.wav").frames


@pytest.mark.parametrize("text", [pytest.param(text, id=page) for page, kind, text in BLOCKS if kind == "toml"])
def test_toml_blocks_are_read_without_a_complaint(tmp_path, monkeypatch, text):
    from dawbridge.config import file as settings
    from dawbridge.knobs import presets

    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path))
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    if "[[binding]]" in text:
        assert bindings_file.read(path).problems == ()
    elif "[[folder]]" in text or "[cluster]" in text:
        monkeypatch.setenv("HOME", str(tmp_path))
        for name in re.findall(r'"~/(\S+\.pem)"', text):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        monkeypatch.setattr("dawbridge.config.cluster._check_certificates", lambda *_: None)  # they are empty
        assert settings.read(path, presets.Presets().check)[1] == []
    else:
        assert presets.read(path, shipped=False).problems == ()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
def test_certificates_are_made_as_the_page_says(tmp_path):
    (commands,) = [text for _, kind, text in BLOCKS if kind == "sh certificates"]
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    for name in ("box", "me"):
        subprocess.run(["openssl", "verify", "-CAfile", "ca.pem", f"{name}.pem"], cwd=tmp_path, check=True)
        assert (tmp_path / f"{name}-key.pem").is_file()


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in LINKED])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_every_dependency_has_a_lower_bound_and_says_what_it_is_for():
    wanted = [line for lines in (PROJECT["dependencies"], *EXTRAS.values()) for line in lines]
    named = {re.match(r"[\w-]+", line)[0]: line for line in wanted if not line.startswith("dawbridge[")}
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = {name for row in re.findall(r"^\| ([^|]+) \|", table, re.M) for name in re.findall(r"[\w-]+", row)}
    assert set(named) - explained == set()
    assert all(">=" in line or "<" in line for line in named.values())
