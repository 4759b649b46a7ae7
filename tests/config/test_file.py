import os
from argparse import Namespace
from dataclasses import fields
from pathlib import Path

import pytest

from dawbridge.cli.main import build_parser, main
from dawbridge.cli.watch import read_folders
from dawbridge.config.file import TIMES, config_file
from dawbridge.config.file import folders_of as folders_with
from dawbridge.config.file import read as read_with
from dawbridge.config.problem import Problem
from dawbridge.config.settings import FolderSettings
from dawbridge.config.settle_times import SettleTimes
from dawbridge.config.toml import read_toml
from dawbridge.errors import ConfigError
from dawbridge.knobs.presets import Presets


def folders_of(file):
    return folders_with(file, Presets().check)


def read(file):
    return read_with(file, Presets().check)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))


@pytest.fixture
def write(tmp_path):
    def write(text, file=None):
        file = file or tmp_path / "settings.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def options(*words) -> Namespace:
    return build_parser().parse_args(["watch", *map(str, words)])


WHOLE = """
[[folder]]
path = "/music/a"
preset = "karaoke"
output = "out/{name}_{stem}"
format = "flac24"
accept_streamed = true
existing = true
poll = false
times = { closed_s = 0.2, stalled_s = 5, poll_s = 3 }

[[folder]]
path = "~/b"
"""


def test_each_folder_has_its_own_settings(write):
    first, second = folders_of(write(WHOLE))
    assert first.path == Path("/music/a")
    assert (first.preset, first.output.template, first.format.container) == ("karaoke", "out/{name}_{stem}", "FLAC")
    assert (first.accept_streamed, first.existing, first.poll) == (True, True, False)
    assert (first.times.closed_s, first.times.stalled_s, first.poll_s) == (0.2, 5.0, 3.0)
    assert second == FolderSettings(Path.home() / "b")


def test_every_mistake_at_once_with_what_is_meant(write):
    file = write("""
        foldr = 1
        [[folder]]
        pth = "/music"
        preset = "karaoki"
        format = "mp3"
        output = "{nme}"
        poll = "yes"
        times = { closed = 1, stalled_s = -1 }
        [[folder]]
        path = "relative"
    """)
    with pytest.raises(ConfigError) as refused:
        folders_of(file)
    text = str(refused.value)
    assert str(file) in text
    for words in (
        "foldr = 1: no such key; did you mean 'folder'",
        "folder 1: pth = '/music': no such key; did you mean 'path'",
        "did you mean 'karaoke'",
        "format = 'mp3': stem format: 'mp3' is unknown; allowed are source",
        "{stem}",
        "poll = 'yes': allowed are true and false",
        "times.closed = 1: no such key; did you mean 'closed_s'",
        "times.stalled_s = -1: allowed is 0.05..86400 seconds",
        "folder 1: path = '': is missing",
        "folder 2: path = 'relative': must be an absolute path",
    ):
        assert words in text
    assert text.count("\n") == 10


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('"~nosuchuser/Bounces"', "no user 'nosuchuser'"),
        (r'"/a\u0000b"', "NUL"),
        ("[" * 60 + "]" * 60, "must be a text"),
        ('"' + "x" * 5000 + '"', "absolute"),
    ],
)
def test_a_path_that_cannot_be_is_one_short_line(write, value, words):
    (problem,) = read(write(f"[[folder]]\npath = {value}"))[1]
    assert words in str(problem)
    assert str(problem).isprintable() and len(str(problem)) < 400


def test_a_key_that_a_terminal_would_obey_is_shown_escaped(write):
    (problem,) = read(write(r'"\u001b[2Jx\n" = 1'))[1]
    assert str(problem).isprintable() and "no such key" in str(problem)


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = 1" * 300_000, "x = " + "9" * 5000, "caf\udce9"])
def test_a_file_that_no_reader_can_take_is_one_problem(tmp_path, text):
    (tmp_path / "bad.toml").write_bytes(text.encode(errors="surrogateescape"))
    (problem,) = read(tmp_path / "bad.toml")[1]
    assert "not a readable TOML file" in str(problem)


def test_a_number_beyond_every_float_is_out_of_range(write):
    (problem,) = read(write("[[folder]]\npath = '/a'\ntimes = { closed_s = " + "9" * 400 + " }"))[1]
    assert "allowed is 0.05..86400" in str(problem)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
def test_what_is_no_file_is_a_problem_and_blocks_nothing(tmp_path, make):
    make(tmp_path / "dawbridge.toml")
    (problem,) = read(tmp_path / "dawbridge.toml")[1]
    assert "not a readable TOML file" in str(problem)


@pytest.mark.parametrize("text", ["[folder]\npath = '/a'", "folder = 3", "folder = [", "\x00", "[[folder]]\ntimes = 3"])
def test_no_table_of_folders(write, text):
    assert read(write(text))[1]


def test_a_byte_order_mark_as_notepad_writes_it_is_no_mistake(tmp_path):
    (tmp_path / "dawbridge.toml").write_bytes(b"\xef\xbb\xbf[settle]\r\n")
    assert not isinstance(read_toml(tmp_path / "dawbridge.toml"), Problem)


def test_the_same_folder_twice(write):
    file = write('[[folder]]\npath = "/a"\nexisting = true\n[[folder]]\npath = "/b/../a"')
    folders, (mistake,) = read(file)
    assert [(folder.path, folder.existing) for folder in folders] == [(Path("/a"), True)]
    assert "twice" in str(mistake)


def test_the_usual_file_may_be_missing_a_named_one_may_not(tmp_path):
    assert folders_of(None) == ()
    with pytest.raises(ConfigError, match="No such file"):
        folders_of(tmp_path / "none.toml")


def test_the_command_line_goes_before_the_file(write):
    file = write(WHOLE, config_file())
    assert read_folders(options()) == folders_of(file)
    first, second = read_folders(options("--output", "else", "--existing", "--poll", "--preset", "karaoke"))
    assert (first.output.template, first.poll, first.preset) == ("else", True, "")
    assert (second.output.template, second.existing) == ("else", True)
    (only,) = read_folders(options("/music/a"))
    assert only == folders_of(file)[0]
    assert read_folders(options("/other")) == (FolderSettings(Path("/other")),)


def test_no_folder_at_all(capsys):
    assert main(["watch", "--no-midi"]) == 2
    assert "[[folder]]" in capsys.readouterr().err


def test_a_folder_inside_another_is_refused(tmp_path, capsys):
    (tmp_path / "a" / "b").mkdir(parents=True)
    arguments = ["watch", str(tmp_path / "a" / "b"), str(tmp_path / "a"), "--no-midi", "--osc-port", "0"]
    assert main(arguments) == 1
    assert "is inside" in capsys.readouterr().err


def test_all_times_can_be_set():
    settling = {field.name for field in fields(SettleTimes)} - {"accept_streamed"}
    assert settling | {"poll_s", "rescan_s"} == set(TIMES)


def test_what_is_left_alone_and_what_is_taken(write):
    (folder,) = folders_of(
        write("""
        [[folder]]
        path = "/music/a"
        ignore = ["*.draft.wav", "Old/*"]
        take = ["*.bak", "Samples/Recorded"]
        projects = true
        times = { unproven_s = 20, zeros_s = 40, explained_s = 3 }
    """)
    )
    assert folder.ignore == ("*.draft.wav", "Old/*")
    assert folder.take == ("*.bak", "Samples/Recorded")
    assert folder.projects
    assert (folder.times.unproven_s, folder.times.zeros_s, folder.times.explained_s) == (20.0, 40.0, 3.0)


@pytest.mark.parametrize("value", ['"*.bak"', "[1]", '[""]', '["/"]', "true"])
def test_patterns_that_are_none(write, value):
    folders, mistakes = read(write(f"[[folder]]\npath = '/a'\ntake = {value}\n"))
    assert folders == ()
    assert "a list of patterns, in quotes" in str(mistakes[0])


def test_a_folder_with_a_mistake_is_left_out_and_the_others_count(write, capsys, tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    file = write(f"[[folder]]\npath = '{good}'\n[[folder]]\npath = '{bad}'\npreset = 'karaoki'\n")
    (folder,) = read_folders(options("--config", file))
    assert folder.path == good
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "did you mean 'karaoke'" in told and str(file) in told
    assert [one.path for one in read_folders(options(good, "--config", file))] == [good]
    with pytest.raises(ConfigError, match="did you mean 'karaoke'"):
        read_folders(options(bad, "--config", file))
    other = tmp_path / "other"
    assert [one.path for one in read_folders(options(other, "--config", file))] == [other]


@pytest.mark.parametrize("text", ["[[folder]\n", "x = \0", "a = " + "[" * 5000])
def test_a_damaged_file_stops_no_folder_that_is_named(write, capsys, tmp_path, text):
    file = write(text, config_file())
    assert [one.path for one in read_folders(options(tmp_path))] == [tmp_path]
    assert str(file) in capsys.readouterr().err
    with pytest.raises(ConfigError):
        read_folders(options())


@pytest.mark.parametrize("table", ["[cluster]\naddress = 5", "[cluster]\nadress = 'tcp://a:1'", "cluster = 1"])
def test_a_mistake_in_the_cluster_leaves_the_folders(write, capsys, tmp_path, table):
    file = write(f"{table}\n[[folder]]\npath = '{tmp_path}'\n")
    assert len(read_folders(options("--config", file))) == 1
    assert "cluster" in capsys.readouterr().err
