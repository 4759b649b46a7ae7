"""Service files, read back by those who will read them: systemd, plistlib, an XML parser, the C runtime's rules."""

import plistlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dawbridge.cli.main import main
from dawbridge.cli.service_files import SYSTEMS, plan, service_for, windows_word
from dawbridge.errors import ConfigError

ODD = [
    "/home/me/Bounces",
    "/home/me/My Bounces & Mixes",
    '/home/me/100% "final" $HOME it\'s',
    "/home/me/Ünï 🎤 <b>]]></b>",
    "/home/me/back\\slash\\",
    "/home/me/-o %h ; rm `x` #",
]
NAMESPACE = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


def words_of_unit(content):
    """ExecStart taken apart as systemd.syntax(7) has it: quotes, backslashes, then %% and $$."""
    line = re.search(r"^ExecStart=(.*)$", content.decode(), re.M)[1]
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)', line)]
    return tuple(word.replace("%%", "%").replace("$$", "$") for word in words)


def words_of_windows(line):
    """As Microsoft's C runtime takes a command line apart (CommandLineToArgvW's rules)."""
    words, word, quoted, started, place = [], "", False, False, 0
    while place < len(line):
        slashes = len(line[place:]) - len(line[place:].lstrip("\\"))
        place += slashes
        if slashes and line[place : place + 1] == '"':
            word, started = word + "\\" * (slashes // 2), True
            if slashes % 2:
                word, place = word + '"', place + 1
            continue
        if slashes:
            word, started = word + "\\" * slashes, True
            continue
        character, place = line[place], place + 1
        if character == '"':
            quoted, started = not quoted, True
        elif character in " \t" and not quoted:
            words, word, started = ([*words, word] if started else words), "", False
        else:
            word, started = word + character, True
    return [*words, word] if started else words


def words_of(system, content):
    if system == "systemd":
        return words_of_unit(content)
    if system == "launchd":
        return tuple(plistlib.loads(content)["ProgramArguments"])
    task = ET.fromstring(content.decode("utf-16").partition("?>")[2].strip())
    program, line = (task.find(f".//t:{name}", NAMESPACE).text for name in ("Command", "Arguments"))
    return (program, *words_of_windows(line))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("folder", ODD)
def test_what_the_system_reads_is_what_is_meant(system, folder, tmp_path):
    service = service_for([PurePosixPath(folder), PurePosixPath("/other")], ["--preset", "karaoke"])
    content = plan(service, system, tmp_path).content
    assert words_of(system, content) == service.command
    assert service.command[-3:] == ("--", folder, "/other")


@given(st.text(min_size=1, max_size=30))
@example("\ufffe")
@example("\U0001ffff")
@example("\u0085")
@example("\u2028")
def test_any_name_survives_on_every_system_or_is_refused(name):
    try:
        service = service_for([PurePosixPath("/x") / f"a{name}"])
    except ConfigError as error:
        assert str(error).isprintable()
        return
    for system in SYSTEMS:
        assert words_of(system, plan(service, system, Path("/home/me")).content) == service.command


@given(st.text("abcäß 🎤/\\%$'\"&<>", min_size=1, max_size=30))
def test_ordinary_names_are_not_refused(name):
    assert service_for([PurePosixPath("/x") / f"a{name}"]).folders


@given(st.lists(st.text('ab \\"\t', max_size=8), max_size=4))
def test_windows_words(words):
    assert words_of_windows(" ".join(map(windows_word, words))) == words


@pytest.mark.parametrize("folder", ODD)
def test_systemd_itself_takes_the_unit(folder, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    wanted = plan(service_for([PurePosixPath(folder)]), "systemd", tmp_path)
    unit = tmp_path / wanted.path.name
    unit.write_bytes(wanted.content)
    done = subprocess.run(["systemd-analyze", "--user", "verify", unit], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if wanted.path.name in line]
    assert not complaints and "Failed to parse" not in done.stderr


SCHEMA = {
    "Task": "RegistrationInfo Triggers Settings Data Principals Actions",
    "RegistrationInfo": "URI SecurityDescriptor Source Date Author Version Description Documentation",
    "Triggers": "BootTrigger RegistrationTrigger IdleTrigger TimeTrigger EventTrigger LogonTrigger CalendarTrigger",
    "LogonTrigger": "Enabled StartBoundary EndBoundary Repetition ExecutionTimeLimit UserId Delay",
    "Principals": "Principal",
    "Principal": "UserId LogonType GroupId DisplayName RunLevel",
    "Settings": "AllowStartOnDemand RestartOnFailure MultipleInstancesPolicy DisallowStartIfOnBatteries "
    "StopIfGoingOnBatteries AllowHardTerminate StartWhenAvailable RunOnlyIfNetworkAvailable WakeToRun Enabled Hidden "
    "DeleteExpiredTaskAfter IdleSettings NetworkSettings ExecutionTimeLimit Priority RunOnlyIfIdle",
    "RestartOnFailure": "Interval Count",
    "Actions": "Exec ComHandler SendEmail ShowMessage",
    "Exec": "Command Arguments WorkingDirectory",
}
"""Elements that may stand in which, by Microsoft's Task Scheduler schema 1.2."""
VALUES = {
    "LogonType": {"S4U", "Password", "InteractiveToken", "InteractiveTokenOrPassword"},
    "MultipleInstancesPolicy": {"Parallel", "Queue", "IgnoreNew", "StopExisting"},
    "Enabled": {"true", "false"},
    "DisallowStartIfOnBatteries": {"true", "false"},
    "StopIfGoingOnBatteries": {"true", "false"},
}


@pytest.mark.parametrize("user", ["", "a & b"])
def test_the_task_keeps_to_its_schema_as_far_as_we_know_it(tmp_path, monkeypatch, user):
    monkeypatch.setenv("USERNAME", user)
    monkeypatch.setenv("USERDOMAIN", "STUDIO")
    content = plan(service_for([PurePosixPath("/x")]), "windows", tmp_path).content
    task = ET.fromstring(content.decode("utf-16").partition("?>")[2].strip())
    for element in task.iter():
        name = element.tag.partition("}")[2]
        inside = [child.tag.partition("}")[2] for child in element]
        assert len(set(inside)) == len(inside) and set(inside) <= set(SCHEMA.get(name, "").split()), name
        assert name not in VALUES or element.text in VALUES[name]
        if name == "LogonTrigger":  # a sequence: the order counts
            assert inside == [child for child in SCHEMA[name].split() if child in inside]
    found = [element.text for element in task.iterfind(".//t:UserId", NAMESPACE)]
    assert found == (["STUDIO\\a & b"] * 2 if user else [])
    (principal,) = task.iterfind(".//t:Principal", NAMESPACE)
    assert task.find(".//t:Actions", NAMESPACE).get("Context") == principal.get("id")
    assert re.fullmatch(r"PT\d+M", task.find(".//t:Interval", NAMESPACE).text)
    assert 1 <= int(task.find(".//t:Count", NAMESPACE).text) <= 255


@pytest.mark.parametrize("bad", ["a\nExecStart=/bin/rm", "a\0b", "a\x7fb", "caf\udce9", "a\ufffeb", "a\uffff"])
def test_names_that_no_file_can_hold_are_refused(bad):
    with pytest.raises(ConfigError, match="no service file can hold"):
        service_for([PurePosixPath("/home") / bad])


def test_the_same_folders_are_the_same_service():
    one, two = PurePosixPath("/a"), PurePosixPath("/b")
    assert service_for([one, two]).name == service_for([two, one], ["--preset", "x"]).name != service_for([one]).name


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home, and programs that note how they were called."""
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "launchctl", "schtasks"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "$(basename "$0") $*" >> "{tmp_path}/calls"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "My Bounces").mkdir()
    return tmp_path


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_dry_run_prints_and_changes_nothing(home, capsys, system):
    before = sorted(home.rglob("*"))
    assert main(["service", "install", str(home / "My Bounces"), "--dry-run", "--system", system]) == 0
    shown = capsys.readouterr().out
    assert "My Bounces" in shown and f"# goes to {home}" in shown and "# then: " in shown
    assert sorted(home.rglob("*")) == before


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="systemd")
def test_install_status_and_remove(home, capsys):
    folder = str(home / "My Bounces")
    assert main(["service", "status", folder]) == 1
    assert main(["service", "install", folder, "--preset", "karaoke"]) == 0
    (unit,) = (home / ".config/systemd/user").iterdir()
    assert words_of_unit(unit.read_bytes())[-4:] == ("--preset", "karaoke", "--", folder)
    assert main(["service", "status", folder]) == 0
    assert main(["service", "remove", folder]) == 0
    assert not unit.exists()
    assert main(["service", "remove", folder]) == 2
    assert "no service watches" in capsys.readouterr().err
    calls = (home / "calls").read_text().splitlines()
    assert [call.split()[2] for call in calls] == ["daemon-reload", "enable", "status", "disable"]


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="systemd")
def test_without_systemd_the_file_is_there_and_the_user_knows(home, capsys):
    (home / "bin" / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n")
    assert main(["service", "install", str(home / "My Bounces")]) == 2
    assert "Failed to connect to bus; the file is written" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(home, capsys):
    assert main(["service", "install", str(home / "none"), "--dry-run"]) == 1
    assert "mkdir -p" in capsys.readouterr().err
