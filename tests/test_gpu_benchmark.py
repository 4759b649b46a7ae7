"""`make gpu` has to end in a table on a machine without a card, and without most of dawbridge's dependencies."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.gpu import __main__ as gpu

ROOT = Path(__file__).parents[1]
LENT = ("soxr", "filelock", "rich", "platformdirs", "librosa", "scipy", "numba", "mido", "watchdog", "pythonosc")


def test_it_measures_a_model_on_the_processor(tmp_path):
    assert gpu.main(["--out", str(tmp_path), "--seconds", "3", "--device", "cpu", "--model", "center"]) == 0
    rows = json.loads((tmp_path / "gpu.json").read_text())
    found = {row["what"] for row in rows}
    assert "center, float32: error against the CPU's float32" in found
    assert any("end to end" in what for what in found)
    assert (tmp_path / "gpu.md").read_text().count("\n") == len(rows) + 2


def test_what_there_is_no_time_for_is_said(tmp_path):
    assert gpu.main(["--out", str(tmp_path), "--seconds", "0", "--device", "cpu", "--model", "center"]) == 0
    assert json.loads((tmp_path / "gpu.json").read_text())[-1]["why"] == "the time is over"


def test_the_product_s_way_can_be_imported_without_most_packages():
    code = f"import sys; sys.modules.update(dict.fromkeys({LENT!r})); import benchmarks.gpu.__main__"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
