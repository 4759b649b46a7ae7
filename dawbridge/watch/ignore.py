"""Which files and folders below a watched folder are no bounces, by their names, their places and their neighbours."""

import re
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase, translate
from functools import cache, lru_cache
from pathlib import Path, PurePath

from dawbridge.audio.containers.table import audio_suffixes
from dawbridge.watch.partial_names import PARTIAL, QUIET_FOLDERS, QUIET_HIDDEN, SIDECARS, VIDEO
from dawbridge.watch.projects import owner

OUTPUTS = "separated"
"""Name of the folder that stems are written to. Not `stems`: DAWs write bounces there."""

QUIET = ("", "")
"""Left alone without a word."""

Reason = tuple[str, str]
"""What is left alone (a pattern, or a folder's path with a slash at its end) and why; `QUIET`: not worth a word."""

Neighbours = Callable[[], Collection[str]]
"""Gives the names of everything beside a folder."""


class Places:
    """The rules of one watched folder."""

    def __init__(
        self,
        root: Path,
        outputs: str = OUTPUTS,
        *,
        ignore: Sequence[str] = (),
        take: Sequence[str] = (),
        projects: bool = False,
    ) -> None:
        """`ignore` and `take`: the user's patterns, for names or for paths inside `root`; `take` takes precedence over
        every rule but those about our own files. `projects`: a DAW project's own folders are watched, too."""
        self._root, self._outputs, self._projects = root, outputs.lower(), projects
        self._ignore = tuple(pattern.lower().rstrip("/") for pattern in ignore)
        self._take = tuple(pattern.lower().rstrip("/") for pattern in take)

    def file(self, relative: PurePath) -> Reason | None:
        """Why a file of this name is left alone, whatever folder it is in; None if it may be a bounce."""
        name = relative.name.lower()
        if name.startswith(".dawbridge"):
            return QUIET
        if self.takes(relative):
            return None
        pattern = _matching(self._ignore, relative)
        if pattern:
            return pattern, "ignored by dawbridge.toml"
        return _by_name(name)

    def is_outputs(self, name: str) -> bool:
        """Whether stems are written to folders of this name."""
        return name.lower() == self._outputs

    def folder(self, relative: PurePath, neighbours: Neighbours) -> Reason | None:
        """Why nothing in the folder at this path is a bounce; None if it is watched."""
        name = relative.name.lower()
        if self.is_outputs(name):
            return QUIET
        if self.takes(relative):
            return None
        what = f"{relative.as_posix()}/"
        if _matching(self._ignore, relative):
            return what, "ignored by dawbridge.toml"
        if name.startswith("."):
            return QUIET if _is(name, QUIET_HIDDEN) else (what, "hidden")
        if name in QUIET_FOLDERS:
            return QUIET
        daw = "" if self._projects else owner(relative.parts, neighbours)
        return (what, f"part of a project of {daw}") if daw else None

    def of(self, relative: PurePath) -> Reason | None:
        """Why the file at this path is left alone: its name, or a folder above it. None if it may be a bounce."""
        return self.above(relative) or self.file(relative)

    def why_not(self, path: Path) -> str:
        """Why the file at this path is never taken, in words; empty if it may be a bounce."""
        if not path.is_relative_to(self._root) or path == self._root:
            return f"it is not in {self._root}"
        reason = self.of(PurePath(path.relative_to(self._root)))
        return (reason[1] or "its name or its folder is never a bounce's") if reason else ""

    def above(self, relative: PurePath) -> Reason | None:
        """Why nothing at this path's place is a bounce, whatever its name: a folder above it."""
        for depth in range(1, len(relative.parts)):
            folder = PurePath(*relative.parts[:depth])
            reason = self.folder(folder, lambda folder=folder: _names(self._root / folder.parent))  # type: ignore[misc]
            if reason:
                return reason
        return None

    def takes(self, relative: PurePath) -> bool:
        """Whether the user wants what is at this path taken, whatever the rules say."""
        return bool(_matching(self._take, relative))


def _matching(patterns: Sequence[str], relative: PurePath) -> str:
    """The first of a user's patterns that fits a name or a path; empty if none does."""
    if not patterns:
        return ""
    name, path = relative.name.lower(), relative.as_posix().lower()
    return next((pattern for pattern in patterns if fnmatchcase(name, pattern) or fnmatchcase(path, pattern)), "")


@lru_cache(maxsize=2**16)
def _by_name(name: str) -> Reason | None:
    """What the tables say about a name in lower case."""
    if _is(name, SIDECARS):
        return QUIET
    if name.startswith("."):
        return QUIET if _is(name, QUIET_HIDDEN) or not _is_audio(name) else (".*", "hidden")
    return _partial(name) or _video(name)


def _is(name: str, patterns: tuple[str, ...]) -> bool:
    return _one_of(patterns).fullmatch(name) is not None


def _is_audio(name: str) -> bool:
    return PurePath(name).suffix in audio_suffixes()


def _partial(name: str) -> Reason | None:
    found = _PARTIAL.fullmatch(name)
    return _ROWS[int(found.lastgroup[1:])] if found and found.lastgroup else None


def _video(name: str) -> Reason | None:
    return (f"*{PurePath(name).suffix}", "a video") if _is(name, VIDEO) else None


def _names(folder: Path) -> Collection[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return ()


@cache
def _one_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))


_ROWS: tuple[Reason, ...] = tuple((pattern, why) for why, patterns in PARTIAL for pattern in patterns)
_PARTIAL = re.compile("|".join(f"(?P<p{number}>{translate(pattern)})" for number, (pattern, _) in enumerate(_ROWS)))
"""All patterns of the table at once; the group that matched tells which."""
