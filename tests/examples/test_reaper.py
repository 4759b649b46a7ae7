"""The ReaScript under plain Lua, with a stub of REAPER's functions; the pattern file's shape."""

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.knobs.parameters import PARAMETERS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "reaper" / "import_stems.lua"
PATTERN = ROOT / "examples" / "reaper" / "dawbridge.ReaperOSC"


def tool(*names):
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        refuse = pytest.fail if os.environ.get("DAWBRIDGE_CLIENTS") == "required" else pytest.skip
        refuse(f"{names[0]} is not installed")
    return path


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def stamped(path, seconds, rate=48000):
    """A WAV file with a time stamp, which stands behind its audio and an odd chunk."""
    bext = bytearray(603)
    bext[338:346] = struct.pack("<Q", round(seconds * rate))
    fmt = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    chunks = chunk(b"fmt ", fmt) + chunk(b"junk", b"odd") + chunk(b"data", bytes(100)) + chunk(b"bext", bytes(bext))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)


def test_it_is_lua():
    assert subprocess.run([tool("luac5.4", "luac"), "-p", SCRIPT]).returncode == 0


def test_stems_come_onto_new_tracks_at_their_time_stamp_once(tmp_path):
    hour = 3600.25
    stamped(tmp_path / "song_acapella.wav", hour)
    soundfile.write(tmp_path / "song_instrumental.wav", np.zeros(100), 48000)
    (tmp_path / "text_acapella.wav").write_text("no audio")
    (tmp_path / "notes.txt").write_text("no stem")
    stub = Path(__file__).with_name("reaper_stub.lua")
    done = subprocess.run(
        [tool("lua5.4", "lua"), stub, SCRIPT, tmp_path, "600"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    first, _, again = done.stdout.partition("again\n")
    assert [line.split("\t")[1:] for line in first.splitlines() if line.startswith("D_POSITION")] == [
        ["0", f"{hour - 600:.6f}"], ["1", "7.000000"], ["2", "7.000000"],
    ]  # fmt: skip
    assert "track\t0\tP_NAME\tsong_acapella\n" in first
    assert f"source\t1\t{tmp_path}/song_instrumental.wav\n" in first
    assert "D_LENGTH\t0\t2.500000\n" in first
    assert "notes" not in first
    assert again.splitlines() == ["command\t40100", "command\t40101", "command\t40047"]


def test_the_pattern_file_names_knobs_that_there_are():
    known = {row.address for row in PARAMETERS.values()}
    lines = [line for line in PATTERN.read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z_]+ (\S+ ?)+", line) for line in lines)
    addresses = re.findall(r"n(/dawbridge/\S+)", "\n".join(lines))
    assert len(addresses) == 3
    assert set(addresses) <= known
