"""Service files that start the watch with the computer: systemd (Linux), launchd (macOS), Task Scheduler (Windows).

Pure text: what is in the file, where it goes, which commands make it known. All belong to the user; none needs an
administrator. Sources: systemd.service(5), systemd.syntax(7), launchd.plist(5), Microsoft's Task Scheduler schema 1.2.
"""

import hashlib
import os
import plistlib
import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from xml.sax.saxutils import escape

from dawbridge.errors import ConfigError
from dawbridge.files.printable import printable

SYSTEMS = ("systemd", "launchd", "windows")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: what it runs, and what the system calls it."""

    name: str
    """`dawbridge-` and eight digits that are computed from the folders."""
    command: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a service is installed, removed and shown on one system."""

    path: Path
    """Where the file goes."""
    content: bytes
    start: tuple[tuple[str, ...], ...]
    """Commands that make it known and start it."""
    stop: tuple[tuple[str, ...], ...]
    """Commands that stop it and remove it from the system's list."""
    show: tuple[str, ...]
    """The command that prints its state."""


def this_system() -> str:
    """Which of `SYSTEMS` this computer has."""
    return {"darwin": "launchd", "win32": "windows"}.get(sys.platform, "systemd")


def service_for(folders: Sequence[PurePath], more: Sequence[str] = ()) -> Service:
    """The service that watches `folders` (absolute). `more` are words for `dawbridge watch`. Raises `ConfigError`."""
    texts = tuple(str(folder) for folder in folders)
    command = (sys.executable, "-m", "dawbridge", "watch", *more, "--", *texts)
    for word in command:
        trouble = _unfit(word)
        if trouble:
            raise ConfigError(f"{printable(word)!r} contains {trouble}, which no service file can hold; rename it")
    digits = hashlib.sha256("\0".join(sorted(texts)).encode()).hexdigest()[:8]
    return Service(f"dawbridge-{digits}", command, texts)


def _unfit(word: str) -> str:
    """What in a word one of the three kinds of files cannot hold; empty if nothing is."""
    for character in word:
        category = unicodedata.category(character)
        if category == "Cc":
            return "a control character"
        if category == "Cs":
            return "bytes that are not UTF-8"
        if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
            return f"U+{ord(character):04X}, which Unicode says is not a character"
    return ""


def plan(service: Service, system: str, home: Path) -> Plan:
    """What to write and run on `system` for the user whose home is `home`."""
    return {"systemd": _systemd, "launchd": _launchd, "windows": _windows}[system](service, home)


def _systemd(service: Service, home: Path) -> Plan:
    name = f"{service.name}.service"
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    content = f"""\
[Unit]
Description=dawbridge watches {_percent(", ".join(service.folders))}

[Service]
Type=exec
ExecStart={" ".join(_systemd_word(word) for word in service.command)}
Restart=on-failure
RestartSec=5
KillSignal=SIGINT
TimeoutStopSec=20
Nice=5

[Install]
WantedBy=default.target
"""
    control = ("systemctl", "--user")
    return Plan(
        config / "systemd" / "user" / name,
        content.encode(),
        ((*control, "daemon-reload"), (*control, "enable", "--now", name)),
        ((*control, "disable", "--now", name),),
        (*control, "status", "--no-pager", name),
    )


def _percent(text: str) -> str:
    """A value of a unit file: `%` begins a specifier; a backslash at the end would continue on the next line."""
    return text.replace("\\", "/").replace("%", "%%")


def _systemd_word(word: str) -> str:
    """One argument of ExecStart, in quotes."""
    for raw, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(raw, written)
    return f'"{word}"'


def _launchd(service: Service, home: Path) -> Plan:
    label = f"org.dawbridge.{service.name}"
    path = home / "Library" / "LaunchAgents" / f"{label}.plist"
    log = str(home / "Library" / "Logs" / f"{service.name}.log")
    content = plistlib.dumps(
        {
            "Label": label,
            "ProgramArguments": list(service.command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Interactive",
            "StandardOutPath": log,
            "StandardErrorPath": log,
        }
    )
    user = f"gui/{os.getuid() if hasattr(os, 'getuid') else 501}"
    return Plan(
        path,
        content,
        (("launchctl", "bootstrap", user, str(path)),),
        (("launchctl", "bootout", f"{user}/{label}"),),
        ("launchctl", "print", f"{user}/{label}"),
    )


def _windows(service: Service, home: Path) -> Plan:
    path = home / "AppData" / "Local" / "dawbridge" / f"{service.name}.xml"
    program, *arguments = service.command
    user = _windows_user()
    content = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>dawbridge watches {escape(", ".join(service.folders))}</Description></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled>{user}</LogonTrigger></Triggers>
  <Principals><Principal id="user">{user}<LogonType>InteractiveToken</LogonType></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure>
  </Settings>
  <Actions Context="user">
    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(" ".join(windows_word(word) for word in arguments))}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
    return Plan(
        path,
        content.encode("utf-16"),
        (
            ("schtasks", "/Create", "/TN", service.name, "/XML", str(path), "/F"),
            ("schtasks", "/Run", "/TN", service.name),
        ),
        (("schtasks", "/End", "/TN", service.name), ("schtasks", "/Delete", "/TN", service.name, "/F")),
        ("schtasks", "/Query", "/TN", service.name, "/V", "/FO", "LIST"),
    )


def _windows_user() -> str:
    """The user it starts for: without one it would start whenever anybody logs on. Empty if this is not Windows."""
    name = os.environ.get("USERNAME", "")
    account = "\\".join(filter(None, (os.environ.get("USERDOMAIN"), name)))
    return f"<UserId>{escape(account)}</UserId>" if name else ""


def windows_word(word: str) -> str:
    """One argument, quoted for the rules by which the C runtime splits a command line: backslashes count only before a
    quote."""
    if word and not re.search(r'[\s"]', word):
        return word
    doubled = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)$", r"\1\1", doubled) + '"'
