import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from dawbridge.cli.main import BROKEN_PIPE, COMMANDS, main
from dawbridge.config.paths import config_folder
from tools.help_texts import help_file, help_text


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))


@pytest.fixture
def song(tmp_path):
    noise = 0.1 * np.random.default_rng(1).standard_normal((8000, 2))
    soundfile.write(tmp_path / "song.wav", noise, 44100, subtype="PCM_16")
    return tmp_path / "song.wav"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse sets help texts otherwise since 3.13")
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_as_it_was_agreed(command):
    agreed = help_file(command)
    assert agreed.exists(), "run: make generate"
    assert help_text(command) == agreed.read_text(encoding="utf-8"), "changed on purpose? run: make generate"


FEATHERWEIGHT = (
    "-c 'import dawbridge'",
    "-m dawbridge --help",
    "-m dawbridge --version",
    *(f"-m dawbridge {command} --help" for command in COMMANDS),
)
LIGHT = (
    "-m dawbridge presets",
    "-m dawbridge weights",
    "-m dawbridge jobs",
    "-m dawbridge cache",
    "-m dawbridge midi bindings",
    "-m dawbridge osc --osc-port 9",
    "-m dawbridge service install . --dry-run",
)


def imported(arguments):
    line = f"{sys.executable} -X importtime {arguments}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    found = {row.rsplit("|", 1)[-1].strip() for row in done.stderr.splitlines()}
    assert "dawbridge" in found
    return found


@pytest.mark.parametrize("arguments", LIGHT)
def test_light_commands_import_neither_torch_nor_librosa(arguments):
    assert not {"torch", "librosa", "rtmidi", "mido"} & imported(arguments)


@pytest.mark.parametrize("arguments", FEATHERWEIGHT)
def test_help_imports_nothing_that_computes(arguments):
    assert not {"torch", "numpy", "soundfile", "librosa", "rich"} & imported(arguments)


def test_help_imports_no_command():
    assert not {name for name in imported("-m dawbridge --help") if name.startswith("dawbridge.cli.")} - {
        "dawbridge.cli.main"
    }


def test_separate_writes_stems_and_says_how_exactly(song, tmp_path, capsys):
    assert main(["separate", str(song), "-o", str(tmp_path / "out"), "--model", "center", "--mask-depth", "0.5"]) == 0
    assert "bit for bit" in capsys.readouterr().out
    acapella, instrumental = (
        soundfile.read(tmp_path / "out" / f"song_{stem}.wav", dtype="float64")[0]
        for stem in ("acapella", "instrumental")
    )
    np.testing.assert_array_equal(acapella + instrumental, soundfile.read(song, dtype="float64")[0])


def test_files_of_one_name_get_stems_of_their_own(song, tmp_path):
    samples, rate = soundfile.read(song)
    other = song.with_suffix(".flac")
    soundfile.write(other, samples[:5000], rate)
    out = tmp_path / "out"
    assert main(["separate", str(song), str(other), str(song), "-o", str(out), "--model", "center"]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "song.flac_acapella.flac",
        "song.flac_instrumental.flac",
        "song_acapella.wav",
        "song_instrumental.wav",
    ]


def test_a_bad_file_is_named_and_the_rest_is_done(song, tmp_path, capsys):
    bad = tmp_path / "text.wav"
    bad.write_text("hello")
    before = bad.read_bytes()
    assert main(["separate", str(bad), str(song), "-o", str(tmp_path / "out"), "--model", "center"]) == 1
    assert "text.wav" in capsys.readouterr().err
    assert bad.read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["song_acapella.wav", "song_instrumental.wav"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["separate", "x.wav", "--model", "acapellanet-smal"], "did you mean 'acapellanet-small'"),
        (["separate", "x.wav", "--preset", "karaoki"], "did you mean 'karaoke'"),
        (["separate", "x.wav", "--format", "mp3"], "mp3"),
        (["watch", "/nowhere/at/all", "--no-midi"], "does not exist"),
        (["watch", ".", "--osc-feedback", "nonsense"], "HOST:PORT"),
        (["watch", ".", "--osc-port", "99999"], "0..65535"),
        (["watch", ".", "--output", "{name}"], "{stem}"),
        (["watch", ".", "--output", "{stem:>9}"], "{stem}"),
        (["watch", ".", "--output", "~nosuchuser/x"], "no user 'nosuchuser'"),
        (["watch", "~nosuchuser/Bounces"], "no user 'nosuchuser'"),
        (["watch", ".", "--config", "~nosuchuser/x.toml"], "no user 'nosuchuser'"),
        (["trace", "~nosuchuser/Bounces"], "no user 'nosuchuser'"),
        (["separate", "~nosuchuser/x.wav"], "no user 'nosuchuser'"),
        (["separate", "x.wav", "-o", "{name!r}"], "{stem}"),
        (["separate", "x.wav", "-o", "~nosuchuser/x"], "no user 'nosuchuser'"),
        (["separate", "a\x1b[2Jb.wav", "--model", "center"], r"a\x1b[2Jb.wav"),
        (["jobs", "show", "9" * 40], "there is no job '999"),
        (["jobs", "accept", "~nosuchuser/x.wav"], "no user 'nosuchuser'"),
        (["service", "install", "~nosuchuser/x"], "no user 'nosuchuser'"),
        (["service", "install", "a\x1b[2J", "--dry-run"], r"a\x1b[2J"),
        (["listen", "~nosuchuser/x.wav"], "no user 'nosuchuser'"),
        (["listen", "x.wav", "--out", "/dev/null/x.html"], "there is no x.wav"),
        (["presets", "show"], "which one"),
        (["weights", "import"], "which file"),
        (["weights", "import", "nowhere.h5"], "no such file"),
        (["separate", "x.wav", "--model", "acapellabot-2017"], "dawbridge weights import"),
    ],
)
def test_mistakes_get_one_line_with_what_to_do(arguments, words, capsys):
    assert main(arguments) in (1, 2)
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("dawbridge: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["presets", "jobs", "cache", "doctor", "midi bindings"])
def test_a_home_that_cannot_be_is_one_line(command, monkeypatch, capsys):
    monkeypatch.setenv("DAWBRIDGE_HOME", "~nosuchuser/x")
    assert main(command.split()) == 2
    error = capsys.readouterr().err
    assert "no user 'nosuchuser'" in error and error.count("\n") == 1


def test_weights_lists_models_with_their_licences(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path))
    assert main(["weights"]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines() if ": " in line)
    assert "licence: MIT" in lines["acapellanet-full"] and "shipped" in lines["acapellanet-full"]
    assert "no weights" in lines["center"]


def test_a_value_beyond_its_range_is_clamped_and_said(song, tmp_path, capsys):
    main(["separate", str(song), "-o", str(tmp_path), "--model", "center", "--mask-floor", "-100"])
    assert "-80 is used" in capsys.readouterr().err


def test_presets_are_listed_and_shown(capsys):
    assert main(["presets"]) == 0
    assert "karaoke" in capsys.readouterr().out
    assert main(["presets", "show", "gentle reduction"]) == 0
    assert "* mask_depth" in capsys.readouterr().out


def test_doctor_reads_the_configuration(tmp_path, capsys):
    file = config_folder() / "dawbridge.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"[[folder]]\npath = '{tmp_path}'\nmodle = 'center'\n[[folder]]\npath = '{tmp_path / 'gone'}'\n")
    assert main(["doctor", "--model", "center", "--osc-port", "0"]) == 1
    line = next(line for line in capsys.readouterr().out.splitlines() if "dawbridge.toml" in line)
    assert line.startswith("FAIL")
    assert "modle" in line
    assert "gone does not exist" in line


def test_doctor_names_the_engines_log(tmp_path, capsys):
    options = ["doctor", "--model", "center", "--osc-port", "0"]
    log = tmp_path / "home" / "state" / "engine.log"
    main(options)
    assert f"{log} would have their details" in capsys.readouterr().out
    log.write_text("2026-11-26 12:00:00 process 1: Traceback")
    main(options)
    assert f"{log} has the details of errors in dawbridge, the last on 20" in capsys.readouterr().out


def test_doctor_lets_no_library_speak(tmp_path):
    """ALSA, JACK and the like write to the terminal by themselves."""
    command = [sys.executable, "-m", "dawbridge", "doctor", "--model", "center", "--osc-port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    assert all(line[:4] in ("ok  ", "none", "FAIL") for line in done.stdout.splitlines())


def test_doctor_ends_well_on_a_healthy_machine(tmp_path, capsys):
    assert main(["doctor", str(tmp_path), "--model", "center", "--osc-port", "0"]) == 0
    assert "FAIL" not in capsys.readouterr().out
    assert main(["doctor", str(tmp_path / "missing"), "--model", "center", "--osc-port", "0"]) == 1
    assert "mkdir -p" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="pipes of the shell")
def test_a_reader_that_has_had_enough_is_no_error():
    program = subprocess.Popen(
        [sys.executable, "-m", "dawbridge", "osc", "--osc-port", "9"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait() == BROKEN_PIPE
    program.stderr.close()
