"""Writes every file that is checked in but generated: `make generate`. A test reports the ones that are stale."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tools import docs_tables, help_texts, max_patch, touchosc_layout

Files = Mapping[Path, str] | Mapping[Path, bytes] | Mapping[Path, str | bytes]
GENERATORS: tuple[Callable[[], Files], ...] = (
    docs_tables.files, help_texts.files, max_patch.files, touchosc_layout.files,
)  # fmt: skip
"""Each returns files and what is to be in them."""


def stale() -> dict[Path, bytes]:
    """The generated files that are missing or not as they should be, and what is to be in them."""
    wanted = {path: _bytes(content) for generator in GENERATORS for path, content in generator().items()}
    return {path: content for path, content in wanted.items() if _current(path) != content}


def main() -> int:
    """Write what is stale, and name it."""
    for path, content in stale().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(path)
    return 0


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _current(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    raise SystemExit(main())
