"""The settings of one `dawbridge watch`, checked before anything starts."""

from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.audio.files import StemFormat
from dawbridge.errors import WatchError
from dawbridge.output import Output

OSC_PORT = 9320
HTTP_PORT = 9322
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a daemon is told on the command line."""

    folders: tuple[Path, ...]
    once: bool = False
    """Do what lies there, then end."""
    existing: bool = False
    """At a folder's first watch, do the bounces that lie there already."""
    preset: str = ""
    """Loaded at the start; empty: the knobs as they were left."""
    model: str = ""
    """Name or path; empty: the default model."""
    device: str = "auto"
    output: Output = field(default_factory=Output)
    format: StemFormat | None = None
    host: str = HOST
    osc_port: int = OSC_PORT
    http_port: int = HTTP_PORT
    """OSCQuery; 0: off."""
    osc_feedback: tuple[str, int] | None = None
    midi: bool = True
    midi_port: str | None = None
    poll: bool | None = None
    """True: scan instead of listening to the file system; None: decide by the kind of file system."""
    accept_streamed: bool = False
    """Take files whose header a pipe never patched."""
    prefetch: bool = True
    """Use idle time to make the estimate that the first turn of `center_amount` needs."""
    loop: bool = False
    """Take every bounce for a loop; one that has loop points is taken for one anyway."""


def checked_folder(folder: Path) -> Path:
    """The folder's real path. Raises `WatchError` where it cannot be watched or stems could not be written."""
    if not folder.exists():
        raise WatchError(f"{folder} does not exist; make it first: mkdir -p '{folder}'")
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
