"""What `make quick` leaves out is named right: a set that names a module which is gone would hide nothing, silently."""

from pathlib import Path

from tests import conftest

TESTS = Path(__file__).parent


def test_every_slow_module_and_folder_is_there():
    assert {path.stem for path in TESTS.rglob("test_*.py")} >= conftest.SLOW_MODULES
    assert {path.name for path in TESTS.rglob("*") if path.is_dir()} >= conftest.SLOW_FOLDERS
