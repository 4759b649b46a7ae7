"""What else lies in a bounce folder: things that are no bounces, by their names and places."""

from pathlib import PurePath

OUTPUTS = "separated"
"""Name of the folder that stems are written to. Not `stems`: DAWs write bounces there."""

_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_PREFIXES = (".", "~$")
_SUFFIXES = (
    "~", ".tmp", ".part", ".partial", ".crdownload", ".download", ".asd", ".reapeaks", ".pkf", ".gpk", ".peak",
    ".peaks", ".wfm", ".ovw", ".mvw",
)  # fmt: skip
_FOLDERS = frozenset(
    {"@eadir", "__macosx", "freeze", "freeze files.nosync", "crop", "backup", "peaks"}
    # those that begin with a dot (.stfolder, .stversions, .Trashes) are hidden anyway
)


def ignored_name(name: str) -> bool:
    """A file of this name is never a bounce. Case does not count."""
    lower = name.lower()
    return lower in _NAMES or lower.startswith(_PREFIXES) or lower.endswith(_SUFFIXES)


def ignored_folder(name: str, outputs: str = OUTPUTS) -> bool:
    """Nothing in a folder of this name, at any depth, is a bounce. `outputs`: where stems are written."""
    lower = name.lower()
    return lower.startswith(".") or lower in _FOLDERS or lower == outputs.lower()


def ignored(relative: PurePath, outputs: str = OUTPUTS) -> bool:
    """Whether a file at this path inside a watched folder is none of our business."""
    return ignored_name(relative.name) or any(ignored_folder(part, outputs) for part in relative.parts[:-1])
