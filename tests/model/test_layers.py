"""No module of acapellanet imports one of a package above its own."""

import ast
from functools import cache
from pathlib import Path

import pytest

import acapellanet

ROOT = Path(acapellanet.__file__).parent
LAYERS = ("net", "acapellabot", "estimate", "voices", "data", "evaluation", "training", "cli")
"""From the lowest to the highest."""
FRONT = {"__init__.py", "__main__.py"}
"""The package's own face, which may import anything."""


@cache
def imported(path: Path) -> set[str]:
    """Modules of acapellanet that a module imports, wherever in it, as dotted names without the first part."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "acapellanet":
            base = node.module.split(".")[1:]
            names |= {".".join((*base, alias.name)) for alias in node.names}
    return names


def layer(name: str) -> int:
    """The height of a dotted name; modules outside the packages (errors, audio) are below everything."""
    first = name.split(".")[0]
    return LAYERS.index(first) if first in LAYERS else -1


@pytest.mark.parametrize("package", LAYERS)
def test_no_import_leads_upward(package: str) -> None:
    found = {path: imported(path) for path in (ROOT / package).rglob("*.py")}
    assert found
    upward = [
        f"{path.name} imports {name}" for path, names in found.items() for name in names if layer(name) > layer(package)
    ]
    assert not upward


def test_modules_below_the_packages_import_none_of_them() -> None:
    for path in ROOT.glob("*.py"):
        if path.name not in FRONT:
            assert all(layer(name) == -1 for name in imported(path)), path.name


def test_every_package_has_its_place() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(LAYERS)


def test_no_modules_import_each_other() -> None:
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in ROOT.rglob("*.py")}
    edges = {
        name: {
            target
            for target in modules
            for used in imported(path)
            if used == target or used.rpartition(".")[0] == target
        }
        for name, path in modules.items()
        if name != "__init__"
    }
    done: set[str] = set()

    def follow(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in edges.get(name, set()) - {name}:
                follow(target, (*trail, name))
            done.add(name)

    for name in edges:
        follow(name, ())
