"""Where stems go: into a folder, or to paths that a template names."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from dawbridge.errors import ConfigError
from dawbridge.files.paths import user_path
from dawbridge.files.publish import fitted

FIELDS = ("name", "stem", "folder", "bpm", "key")
UNKNOWN = "unknown"
"""Stands in a name for a tempo or a key that is not sure."""
STEMS = ("acapella", "instrumental")
DEFAULT_OUTPUT = "separated"


@dataclass(frozen=True, slots=True)
class Output:
    """Final paths of a bounce's stems.

    `template` is a folder (`separated`: beside the bounce; an absolute path: that folder), or a path that contains
    `{stem}`, and `{name}`, `{folder}`, `{bpm}` and `{key}` if wanted: `separated/{name}_{stem}`. The suffix follows
    from the format of the stems.
    """

    template: str = DEFAULT_OUTPUT
    bpm: str = UNKNOWN
    """Tempo of the bounce, for `{bpm}`."""
    key: str = UNKNOWN
    """Key of the bounce, for `{key}`."""

    def __post_init__(self) -> None:
        """Raises `ConfigError` for a template that cannot be a path, or is the same path for both stems."""
        given = f"output {self.template[:200]!r}"
        if not self.template.strip():
            raise ConfigError(f"{given}: name a folder, or a path with {{stem}} in it")
        rest = self.template
        for field in FIELDS:
            rest = rest.replace("{" + field + "}", "")
        if "{" in rest or "}" in rest:
            raise ConfigError(
                f"{given}: allowed in braces are {{stem}}, {{name}}, {{folder}}, {{bpm}} and {{key}}, exactly as "
                "written here"
            )
        if rest != self.template and not self.is_template:
            raise ConfigError(f"{given}: a template needs {{stem}}, or both stems would be one file")
        user_path(self.template)
        if self.is_template and len({os.path.normpath(self._filled("x", stem, "x")) for stem in STEMS}) == 1:
            raise ConfigError(f"{given}: both stems would be one file; keep {{stem}} in the last part of the path")

    @property
    def is_template(self) -> bool:
        """Whether it names files, not only a folder."""
        return "{stem}" in self.template

    @property
    def is_by_music(self) -> bool:
        """Whether names hold the bounce's tempo or key, so that these have to be known first."""
        return "{bpm}" in self.template or "{key}" in self.template

    def by_music(self, bpm: str, key: str) -> "Output":
        """The same for a bounce of this tempo and key; empty if one is not sure."""
        return replace(self, bpm=bpm or UNKNOWN, key=key or UNKNOWN)

    @property
    def folder_name(self) -> str:
        """Name of the folder that stems are in, as far as it is fixed: what a watch must not take for bounces."""
        path = Path(self.template)
        return (path.parent if self.is_template else path).name or DEFAULT_OUTPUT

    def paths(self, bounce: Path, name: str = "") -> tuple[Path, Path]:
        """Acapella and instrumental, without suffix. `name` replaces the bounce's own, which is its stem."""
        name = name or bounce.stem
        if not self.is_template:
            folder = bounce.parent / user_path(self.template)
            return _straight(folder / fitted(name, "_acapella")), _straight(folder / fitted(name, "_instrumental"))
        acapella, instrumental = (
            bounce.parent / self._filled(name, stem, bounce.parent.name, bounce.stem) for stem in STEMS
        )
        return _straight(_short(acapella, "_acapella")), _straight(_short(instrumental, "_instrumental"))

    def base(self, root: Path) -> Path | None:
        """The folder outside the bounces' `root` that stems are in or below; None if they are near their bounces."""
        before = self.template.partition("{")[0]
        fixed = user_path(before)
        if ".." in fixed.parts:
            fixed = (root / fixed).resolve()
        if not fixed.is_absolute():
            return None
        return fixed if not self.is_template or before.endswith("/") else fixed.parent

    def _filled(self, name: str, stem: str, folder: str, usual: str = "") -> str:
        """The template with its fields filled in; with `name` added if it is not the `usual` one and has no field."""
        template = str(user_path(self.template))  # before the name is in it, which may begin with a tilde
        if "{name}" not in template and usual and name != usual:
            template += " {name}"
        return template.format(name=name, stem=stem, folder=folder, bpm=self.bpm, key=self.key)


def _straight(path: Path) -> Path:
    """Without `..`: if two folders share a place for their stems, its paths are the same seen from either."""
    return path.parent.resolve() / path.name if ".." in path.parts else path


def _short(path: Path, tail: str) -> Path:
    """The same if the name fits into a file system, else shortened so that both stems' names differ."""
    return path if fitted(path.name, "") == path.name else path.with_name(fitted(path.name, tail))
