"""Where stems go: a folder, or a template of one."""

from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from dawbridge.errors import ConfigError
from dawbridge.files.publish import fitted

FIELDS = ("name", "stem", "folder")
DEFAULT_OUTPUT = "separated"


@dataclass(frozen=True, slots=True)
class Output:
    """Final paths of a bounce's stems.

    `template` is a folder (`separated`: beside the bounce; an absolute path: there), or a path with `{stem}`, and
    `{name}` and `{folder}` where wanted: `separated/{name}_{stem}`. Its suffix is the stem's format's own.
    """

    template: str = DEFAULT_OUTPUT

    def __post_init__(self) -> None:
        """Raises `ConfigError` for a template with unknown fields or without `{stem}`."""
        try:
            fields = [field for _, field, _, _ in Formatter().parse(self.template) if field is not None]
        except ValueError as error:
            raise ConfigError(
                f"output {self.template!r}: {error}; allowed fields are {{name}} {{stem}} {{folder}}"
            ) from None
        wrong = [field for field in fields if field not in FIELDS]
        if wrong or (fields and "stem" not in fields):
            raise ConfigError(
                f"output {self.template!r}: a template needs {{stem}} and may have {{name}} and {{folder}}, no more"
            )

    @property
    def is_template(self) -> bool:
        """Whether it names files, not only a folder."""
        return "{stem}" in self.template

    @property
    def folder_name(self) -> str:
        """The folder that stems lie in, as far as it is fixed: what a watch must not take for bounces."""
        path = Path(self.template)
        return (path.parent if self.is_template else path).name or DEFAULT_OUTPUT

    def paths(self, bounce: Path, name: str = "") -> tuple[Path, Path]:
        """Acapella and instrumental, without suffix. `name` stands for the bounce's own, which is its stem."""
        name = name or bounce.stem
        if not self.is_template:
            folder = bounce.parent / Path(self.template).expanduser()
            return _straight(folder / fitted(name, "_acapella")), _straight(folder / fitted(name, "_instrumental"))
        template = str(Path(self.template).expanduser())  # before the name is in it, which may begin with a tilde
        acapella, instrumental = (
            bounce.parent / template.format(name=name, stem=stem, folder=bounce.parent.name)
            for stem in ("acapella", "instrumental")
        )
        return _straight(_short(acapella, "_acapella")), _straight(_short(instrumental, "_instrumental"))

    def base(self, root: Path) -> Path | None:
        """The folder outside the bounces' `root` that stems lie below; None where they lie near their bounces."""
        before = self.template.partition("{")[0]
        fixed = Path(before).expanduser()
        if ".." in fixed.parts:
            fixed = (root / fixed).resolve()
        if not fixed.is_absolute():
            return None
        return fixed if not self.is_template or before.endswith("/") else fixed.parent


def _straight(path: Path) -> Path:
    """Without `..`: two folders' stems that lie in one place have one name there, which only one of them can have."""
    return path.parent.resolve() / path.name if ".." in path.parts else path


def _short(path: Path, tail: str) -> Path:
    """The same where the name fits a file system, else shortened so that both stems' names differ."""
    return path if fitted(path.name, "") == path.name else path.with_name(fitted(path.name, tail))
