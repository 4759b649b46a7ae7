"""Estimators of another package: one module each, with the metadata that an installation writes."""

import sys
import textwrap

import pytest

from dawbridge.estimators import registry
from dawbridge.estimators.confined import import_weights


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a module with entry points in `dawbridge.estimators`."""

    def put(name, source, **entries):
        site = tmp_path / f"site-{name}"
        facts = site / f"{name}-1.0.dist-info"
        facts.mkdir(parents=True)
        (site / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        lines = "\n".join(f"{key} = {value}" for key, value in entries.items())
        (facts / "entry_points.txt").write_text(f"[dawbridge.estimators]\n{lines}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, name, raising=False)
        registry._providers.cache_clear()

    yield put
    registry._providers.cache_clear()


@pytest.fixture(autouse=True)
def imported_here(request, monkeypatch):
    """Import in this process, which saves the start of another one; what that is for, its own tests say."""
    if request.path.stem != "test_confined":
        monkeypatch.setattr("dawbridge.cli.models.import_confined", import_weights)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder without any weights."""
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
