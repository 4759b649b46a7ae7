"""`dawbridge jobs [list | show ID | accept ID or FILE | ...]`: the ledger, and every command that takes a job's number.

A change is asked of the daemon that watches the bounce's folder, if one runs; otherwise it is written into the ledger
for its next start. The answer says which.
"""

from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dawbridge.commands import COMMANDS, DONE
from dawbridge.config.paths import state_folder
from dawbridge.errors import ConfigError, JobError
from dawbridge.events import JobState
from dawbridge.files.paths import user_path
from dawbridge.files.presence import stands
from dawbridge.files.printable import printable
from dawbridge.knobs.parameters import DEFAULTS
from dawbridge.running import announced
from dawbridge.surfaces.osc.client import OscClient
from dawbridge.watch import left_alone

if TYPE_CHECKING:
    from dawbridge.jobs.ledger import JobRecord, Ledger

_COMMANDS = {
    row.address.rpartition("/")[2]: row
    for row in COMMANDS
    if isinstance(row.call, str) and row.call.startswith("jobs.") and row.types == "i" and row.reply == DONE
}
ACTIONS = ("list", "show", *_COMMANDS)
NEWEST = 20
EVERY = 2**31
LONGEST_ID = 18
"""Digits of the greatest number that the ledger's file can hold."""


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge jobs`."""
    does = "; ".join(f"{name}: {row.help}" for name, row in _COMMANDS.items())
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help=f"{does} [list]")
    parser.add_argument("which", nargs="?", default="", metavar="ID", help="a job's number; for accept also a file")
    parser.add_argument("--all", action="store_true", help="list every job, not only the newest 20")


def run(options: Namespace) -> int:
    """One action. Raises `JobError`, `ConfigError`."""
    from dawbridge.jobs.ledger import Ledger

    ledger = Ledger(state_folder() / "ledger.sqlite")
    try:
        if options.action == "list":
            _list(ledger, EVERY if options.all else NEWEST)
        elif not options.which:
            raise ConfigError(f"jobs {options.action}: which one? dawbridge jobs lists them")
        elif options.action == "show":
            _show(ledger, _entry(ledger, options.which))
        else:
            print(_change(ledger, options.action, options.which))
    finally:
        ledger.close()
    return 0


def _list(ledger: "Ledger", count: int) -> None:
    entries = ledger.newest(count)
    for entry in entries:
        print(f"{entry.id:6}  {entry.state:9}  {_time(entry.updated)}  {printable(str(entry.path))}")
        if entry.state in (JobState.FAILED, JobState.STALLED) and entry.message:
            print(f"{'':6}  {_why(entry)}")
    print(f"\n{len(entries)} jobs; dawbridge jobs show ID says more" if entries else "no job yet")
    for root, left in left_alone.kept(state_folder() / left_alone.FOLDER).items():
        print(f"\nleft alone in {printable(root)}:")
        for one in left:
            print(f"{one.count:6}  {printable(one.what)}  {one.why}, for example {printable(one.example)}")


def _show(ledger: "Ledger", entry: "JobRecord") -> None:
    print(f"job {entry.id}: {entry.state}\nbounce: {printable(str(entry.path))}")
    for stem in entry.stems:
        print(f"stem:   {printable(str(stem))}" + ("" if stands(stem) else " (not there any more)"))
    if entry.message:
        print(f"{'stalled' if entry.state is JobState.STALLED else 'failed'}: {_why(entry)}")
    if entry.tempo_key and entry.tempo_key.text:
        print(f"music:  {entry.tempo_key.text}")
    if entry.preset:
        print(f"preset: {entry.preset}")
    turned = {name: value for name, value in entry.settings.items() if value != DEFAULTS.get(name)}
    print("knobs:  " + (", ".join(f"{name} {value:g}" for name, value in turned.items()) or "all at their defaults"))
    for at, state in ledger.history(entry.id):
        print(f"{_time(at)}  {state}")


def _change(ledger: "Ledger", action: str, which: str) -> str:
    """Do it in the ledger, or have the daemon do it; a line that says which."""
    path = user_path(which).absolute() if action == "accept" and not which.isdecimal() else None
    entry = ledger.latest(path.resolve()) if path else _entry(ledger, which)
    target = (path.resolve() if path else None) or (entry.path if entry else Path())
    remote = _remote(target)
    if remote is None:
        return f"no daemon watches {printable(str(target.parent))}: {_offline(ledger, action, entry, target)}"
    with remote:
        if action == "accept" and (entry is None or entry.state not in (JobState.STALLED, JobState.SETTLING)):
            remote.ask("/dawbridge/job/submit", str(target))
        else:
            remote.ask(_COMMANDS[action].address, _known(entry).id)
    return f"{action}: told the running daemon at {remote.name}"


def _offline(ledger: "Ledger", action: str, entry: "JobRecord | None", target: Path) -> str:
    """Write it into the ledger; what will come of it. Raises `JobError`, also for what only a daemon can do."""
    from dawbridge.jobs import offline

    if action == "accept":
        return f"written into the ledger; {offline.accept(ledger, target)}"
    if action not in offline.ACTIONS:
        raise JobError(f"{action} needs a running daemon: dawbridge watch {printable(str(target.parent))}")
    return f"written into the ledger; {offline.ACTIONS[action](ledger, _known(entry))}"


def _remote(path: Path) -> OscClient | None:
    """The daemon that watches the folder in which `path` lies, if one answers."""
    for running in announced():
        if any(path.is_relative_to(root) for root in running.roots):
            remote = OscClient(running.port, running.host)
            if remote.answers():
                return remote
            remote.close()
    return None


def _entry(ledger: "Ledger", which: str) -> "JobRecord":
    entry = ledger.get(int(which)) if which.isdecimal() and len(which) <= LONGEST_ID else None
    if entry is None:
        raise JobError(f"there is no job {which[:60]!r}; dawbridge jobs lists them")
    return entry


def _known(entry: "JobRecord | None") -> "JobRecord":
    assert entry is not None  # only `accept FILE` comes without one, and does not ask
    return entry


def _why(entry: "JobRecord") -> str:
    return (f"{entry.code}: " if entry.code else "") + printable(entry.message)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")
