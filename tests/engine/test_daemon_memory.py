import subprocess
import sys

import pytest

RESIDENT = """
import numpy as np
from pathlib import Path
from dawbridge.engine import memory

def resident_kb():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)

before_kb = resident_kb()
memory.reuse_freed_blocks()
block = np.ones(50_000_000)
kept = np.ones(1000)
del block
held_kb = resident_kb()
memory.release()
print(held_kb - before_kb > 300_000, resident_kb() - before_kb < 100_000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_freed_blocks_are_kept_until_released() -> None:
    said = subprocess.run([sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "True"]
