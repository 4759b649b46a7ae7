"""`dawbridge service install | remove | status FOLDER…`: starts the watch whenever the user logs in."""

import shlex
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dawbridge.cli.service_files import SYSTEMS, Plan, plan, service_for, this_system
from dawbridge.config.settings import checked_folder
from dawbridge.errors import ConfigError
from dawbridge.estimators import DEFAULT_MODEL
from dawbridge.files.paths import user_path


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge service`."""
    add = parser.add_argument
    add("action", choices=("install", "remove", "status"), help="what to do about the service that watches FOLDERs")
    add("folders", nargs="+", type=user_path, metavar="FOLDER", help="the folders that your DAW bounces into")
    add("--dry-run", action="store_true", help="print the file and the commands; change nothing")
    add("--preset", default="", metavar="NAME", help="start with this preset")
    add("--model", default="", help=f"[{DEFAULT_MODEL}]")
    add("--system", choices=SYSTEMS, help="print it for another system [this one]")


def run(options: Namespace) -> int:
    """Carry out the action, or with `--dry-run` print what would be done. Raises `ConfigError`, `WatchError`."""
    installing = options.action == "install"
    folders = [checked_folder(folder) if installing else folder.resolve() for folder in options.folders]
    more = [word for name in ("preset", "model") if (value := getattr(options, name)) for word in (f"--{name}", value)]
    system = options.system or this_system()
    wanted = plan(service_for(folders, more), system, Path.home())
    if options.dry_run or system != this_system():
        _show(options.action, wanted)
        return 0
    if installing:
        return _install(wanted)
    if options.action == "remove":
        return _remove(wanted)
    return _status(wanted)


def _show(action: str, wanted: Plan) -> None:
    """The file, where it goes, and the commands."""
    commands = {"install": wanted.start, "remove": wanted.stop}.get(action, (wanted.show,))
    if action == "install":
        print(f"# goes to {wanted.path}\n")
        encoding = "utf-16" if wanted.content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        print(wanted.content.decode(encoding))
    if action == "remove":
        print(f"# removes {wanted.path}\n")
    for command in commands:
        print(f"# then: {shlex.join(command)}")


def _install(wanted: Plan) -> int:
    try:
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        wanted.path.write_bytes(wanted.content)
    except OSError as error:
        raise ConfigError(f"{wanted.path}: cannot be written ({error.strerror})") from error
    for command in wanted.start:
        _call(command)
    print(f"installed: {wanted.path}\nit starts whenever you log in, and is running now")
    return 0


def _remove(wanted: Plan) -> int:
    if not wanted.path.exists():
        raise ConfigError(f"no service watches these folders ({wanted.path} is not there)")
    for command in wanted.stop:
        subprocess.run(command, check=False, capture_output=True)  # one that does not run is just as well
    wanted.path.unlink(missing_ok=True)
    print(f"removed: {wanted.path}")
    return 0


def _status(wanted: Plan) -> int:
    if not wanted.path.exists():
        print("not installed")
        return 1
    print(f"installed: {wanted.path}", flush=True)
    return 0 if _ask(wanted.show) == 0 else 1


def _ask(command: tuple[str, ...]) -> int:
    try:
        return subprocess.run(command, check=False).returncode
    except OSError as error:
        print(f"dawbridge: {command[0]} cannot be run ({error.strerror})", file=sys.stderr)
        return 1


def _call(command: tuple[str, ...]) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise ConfigError(f"{shlex.join(command)}: {error.strerror}; the file is written; start it yourself") from error
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise ConfigError(f"{shlex.join(command)}: {reason}; the file is written; start it yourself")
