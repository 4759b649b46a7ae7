"""The settings of one `dawbridge watch`, checked before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.config.cluster import ClusterSettings
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
    """Preset that its bounces are separated with; empty: the knobs as they are."""
    output: Output = field(default_factory=Output)
    format: StemFormat | None = None
    """Format of the stems; None: the bounce's own, at least 24 bits."""
    loop: bool = False
    """Treat every bounce as a loop; one that has loop points is treated as one anyway."""
    dawproject: bool = False
    """Whether to write a DAWproject beside the stems of every bounce."""
    existing: bool = False
    """When the folder is watched for the first time, separate the bounces that are there already."""
    accept_streamed: bool = False
    """Take files whose header a pipe never completed."""
    poll: bool | None = None
    """True: scan instead of waiting for events; False: never; None: decide by the kind of file system."""
    ignore: tuple[str, ...] = ()
    """Patterns of names, or of paths inside the folder, that are left alone besides those that always are."""
    take: tuple[str, ...] = ()
    """Patterns that are taken although a rule would leave them alone."""
    projects: bool = False
    """Also take what is in a DAW project's own folders."""
    times: SettleTimes = field(default_factory=SettleTimes)
    poll_s: float = 1.0
    """Interval between scans if the folder is polled, in seconds."""
    rescan_s: float = 30.0
    """Interval between scans if events arrive, in seconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a daemon is asked for on the command line and in `dawbridge.toml`."""

    folders: tuple[FolderSettings, ...]
    once: bool = False
    """Separate the bounces that are there, then end."""
    preset: str = ""
    """Preset that is loaded at the start; empty: the knobs as they were left."""
    model: str = ""
    """Name of the model, or path of its weights; empty: the default model."""
    device: str = "auto"
    host: str = HOST
    osc_port: int = OSC_PORT
    http_port: int = HTTP_PORT
    """TCP port for the page and OSCQuery; 0: neither."""
    open_page: bool = False
    """Show the page in the browser once it is there."""
    osc_feedback: tuple[str, int] | None = None
    osc_tcp: int = 0
    """TCP port for OSC in SLIP frames; 0: off."""
    midi: bool = True
    midi_port: str | None = None
    cluster: ClusterSettings | None = None
    """Other computers that estimate."""
    prefetch: bool = True
    """Use idle time to make the estimate that the first turn of `center_amount` needs."""


def checked_folders(folders: Sequence[FolderSettings]) -> list[Path]:
    """Return their real paths. Raises `WatchError` if one cannot be watched, or is inside another one."""
    roots = [checked_folder(folder.path) for folder in folders]
    for index, root in enumerate(roots):
        for other in roots[:index]:
            if root.is_relative_to(other) or other.is_relative_to(root):
                inner, outer = (root, other) if root.is_relative_to(other) else (other, root)
                raise WatchError(f"{inner} is inside {outer}, which is watched with everything in it; name one of them")
    return roots


def checked_folder(folder: Path) -> Path:
    """Return the folder's real path. Raises `WatchError` if it cannot be watched or stems could not be written."""
    if gone(folder):
        raise WatchError(f"{folder} does not exist; make it first: mkdir -p '{folder}'")
    if out_of_sight(folder):
        raise WatchError(f"{folder} cannot be looked at; give this user access to the folders above it")
    if not folder.is_dir():
        raise WatchError(f"{folder} is a file; give the folder that your DAW bounces into")
    probe = folder / ".dawbridge-writable"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise WatchError(
            f"{folder} is not writable ({error.strerror}), so stems could not be written; let this user write there"
        ) from error
    return folder.resolve()


def reach(host: str) -> str:
    """Say in a few words who can send there."""
    if host in ("127.0.0.1", "::1", "localhost"):
        return "; programs on this computer only; --host 0.0.0.0 lets tablets and other computers in"
    return "; reachable from the network"
