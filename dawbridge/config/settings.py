"""The settings of one `dawbridge watch`, checked before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.config.settle_times import SettleTimes
from dawbridge.config.stem_format import StemFormat
from dawbridge.errors import WatchError
from dawbridge.files.output import Output
from dawbridge.files.presence import gone, out_of_sight

OSC_PORT = 9320
HTTP_PORT = 9322
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """One watched folder."""

    path: Path
    preset: str = ""
    """Its bounces are separated with this preset; empty: with the knobs as they are."""
    output: Output = field(default_factory=Output)
    format: StemFormat | None = None
    """Of the stems; None: the bounce's own, at least 24 bits."""
    loop: bool = False
    """Take every bounce for a loop; one that has loop points is taken for one anyway."""
    existing: bool = False
    """At the first watch, do the bounces that lie there already."""
    accept_streamed: bool = False
    """Take files whose header a pipe never patched."""
    poll: bool | None = None
    """True: scan instead of listening to the file system; None: decide by the kind of file system."""
    ignore: tuple[str, ...] = ()
    """Patterns of names, or of paths inside the folder, that are left alone besides those that always are."""
    take: tuple[str, ...] = ()
    """Patterns that are taken although a rule would leave them alone."""
    projects: bool = False
    """Take what lies in a DAW project's own folders, too."""
    times: SettleTimes = field(default_factory=SettleTimes)
    poll_s: float = 1.0
    """Seconds between scans where it is polled."""
    rescan_s: float = 30.0
    """Seconds between scans where events come."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a daemon is told on the command line and in `dawbridge.toml`."""

    folders: tuple[FolderSettings, ...]
    once: bool = False
    """Do what lies there, then end."""
    preset: str = ""
    """Loaded at the start; empty: the knobs as they were left."""
    model: str = ""
    """Name or path; empty: the default model."""
    device: str = "auto"
    host: str = HOST
    osc_port: int = OSC_PORT
    http_port: int = HTTP_PORT
    """OSCQuery; 0: off."""
    osc_feedback: tuple[str, int] | None = None
    osc_tcp: int = 0
    """TCP port for OSC in SLIP frames; 0: off."""
    midi: bool = True
    midi_port: str | None = None
    prefetch: bool = True
    """Use idle time to make the estimate that the first turn of `center_amount` needs."""


def checked_folders(folders: Sequence[FolderSettings]) -> list[Path]:
    """Their real paths. Raises `WatchError` where one cannot be watched, or lies in another one."""
    roots = [checked_folder(folder.path) for folder in folders]
    for index, root in enumerate(roots):
        for other in roots[:index]:
            if root.is_relative_to(other) or other.is_relative_to(root):
                inner, outer = (root, other) if root.is_relative_to(other) else (other, root)
                raise WatchError(f"{inner} lies in {outer}, which is watched with all that is in it; name one of them")
    return roots


def checked_folder(folder: Path) -> Path:
    """The folder's real path. Raises `WatchError` where it cannot be watched or stems could not be written."""
    if gone(folder):
        raise WatchError(f"{folder} does not exist; make it first: mkdir -p '{folder}'")
    if out_of_sight(folder):
        raise WatchError(f"{folder} cannot be looked at; let this user go into the folders above it")
    if not folder.is_dir():
        raise WatchError(f"{folder} is a file; give the folder that your DAW bounces into")
    probe = folder / ".dawbridge-writable"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise WatchError(f"{folder} is not writable ({error.strerror}); stems would have no place there") from error
    return folder.resolve()


def reach(host: str) -> str:
    """A few words on who can send there."""
    if host in ("127.0.0.1", "::1", "localhost"):
        return "; programs on this computer only; --host 0.0.0.0 lets tablets and other computers in"
    return "; reachable from the network"
