"""No import of dawbridge leads upward or in a circle, whether at a module's top, in a function or for types alone."""

import ast
from functools import cache
from pathlib import Path

import dawbridge

ROOT = Path(dawbridge.__file__).parent
ORDER = (
    {"errors", "version"},
    {"files", "mailbox", "waker"},
    {"events"},
    {"config"},
    {"running"},
    {"knobs"},
    {"audio"},
    {"estimators"},
    {"cluster"},
    {"engine"},
    {"watch", "jobs"},
    {"commands"},
    {"surfaces"},
    {"isolator", "daemon"},
    {"listen"},
    {"cli"},
    {"dawbridge", "__main__"},
)
"""Packages and top-level modules, the lowest first. Those in one set know nothing of each other."""

HEIGHT = {name: height for height, names in enumerate(ORDER) for name in names}
MAY_USE_THE_NETWORK = {"estimators", "engine", "isolator", "listen", "cli"}
"""What may import the package acapellanet."""

TURNING_ROUND: dict[str, str] = {}
"""Imports that still lead the wrong way, and whose room they are in. It must only ever become shorter."""


def module_of(path: Path) -> str:
    """`surfaces.osc.codec` for a file; a package's `__init__` is the package, dawbridge's own is `dawbridge`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or "dawbridge"


MODULES = {module_of(path): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of dawbridge that a module names in an import, and other packages by their first name."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(own(whole) if own(whole) in MODULES else own(node.module))
        elif isinstance(node, ast.Import):
            found |= {own(alias.name) for alias in node.names}
    return frozenset(found - {module})


def own(name: str) -> str:
    """A dotted name without `dawbridge.` in front; of other packages the first part."""
    if name == "dawbridge":
        return name
    return name.removeprefix("dawbridge.") if name.startswith("dawbridge.") else f"<{name.split('.')[0]}>"


def package(module: str) -> str:
    return module.split(".")[0]


def upward() -> set[str]:
    found = set()
    for module in MODULES:
        for target in imports(module) & MODULES.keys():
            here, there = package(module), package(target)
            if here != there and HEIGHT[there] >= HEIGHT[here]:
                found.add(f"{module} -> {target}")
    return found


def test_every_package_has_its_place_in_the_order():
    assert {package(module) for module in MODULES} <= HEIGHT.keys()
    assert sum(map(len, ORDER)) == len(HEIGHT)


def test_no_import_leads_upward():
    assert upward() - TURNING_ROUND.keys() == set()


def test_what_was_turned_round_is_off_the_list():
    assert TURNING_ROUND.keys() - upward() == set()


def test_no_modules_import_each_other():
    done: set[str] = set()

    def follow(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for target in imports(module) & MODULES.keys():
                if f"{module} -> {target}" not in TURNING_ROUND:
                    follow(target, (*trail, module))
            done.add(module)

    for module in MODULES:
        follow(module, ())


def test_packages_within_a_package_make_no_circle():
    """`surfaces.osc` and `surfaces.web`, say, and the modules beside them."""
    groups = {module: ".".join(module.split(".")[:2]) for module in MODULES}
    edges: dict[str, set[str]] = {}
    for module in MODULES:
        targets = {groups[target] for target in imports(module) & MODULES.keys() if package(target) == package(module)}
        edges.setdefault(groups[module], set()).update(targets - {groups[module], package(module)})
    done: set[str] = set()

    def follow(group: str, trail: tuple[str, ...]) -> None:
        assert group not in trail, " -> ".join((*trail[trail.index(group) :], group))
        if group not in done:
            for target in edges.get(group, ()):
                follow(target, (*trail, group))
            done.add(group)

    for group in edges:
        follow(group, ())


def test_the_network_is_asked_from_few_places_and_knows_nothing_of_dawbridge():
    using = {package(module) for module in MODULES if "<acapellanet>" in imports(module)}
    assert using <= MAY_USE_THE_NETWORK
    for path in (ROOT.parent / "model").rglob("*.py"):
        assert "import dawbridge" not in (text := path.read_text(encoding="utf-8")), path
        assert "from dawbridge" not in text, path
