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


def imported(folder):
    """What the script did with a folder, line by line; it must end well."""
    stub = Path(__file__).with_name("reaper_stub.lua")
    done = subprocess.run(
        [tool("lua5.4", "lua"), stub, SCRIPT, folder, "0"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("again\n")[0].splitlines()


def test_stems_under_the_next_free_name_are_stems_and_others_are_not(tmp_path):
    for name in ("a_acapella (2).wav", "b_instrumental (13).flac", "c.wav_acapella.wav", "d (live)_acapella.wav"):
        (tmp_path / name).write_bytes(b"")
    for name in ("e_acapella", "f_acapella.wav.txt.part", "acapella.wav", "g_acapella old.wav", "h_acapella (x).wav"):
        (tmp_path / name).write_bytes(b"")
    tracks = [line.split("\t")[3] for line in imported(tmp_path) if line.startswith("track")]
    assert tracks == ["a_acapella (2)", "b_instrumental (13)", "c.wav_acapella", "d (live)_acapella"]


def test_a_file_that_is_cut_off_anywhere_is_imported_at_the_cursor(tmp_path):
    whole = tmp_path / "whole"
    stamped(whole, 3600)
    content = whole.read_bytes()
    wide = b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", bytes(28)) + content[12:]
    for name, bytes_there in (("riff", content), ("rf64", wide)):
        for length in (0, 3, 11, 12, 15, 19, 22, 30, 44, 60, 150, 600, len(bytes_there) - 1):
            (tmp_path / f"{name}{length:04}_acapella.wav").write_bytes(bytes_there[:length])
    lines = imported(tmp_path)
    places = [line.split("\t")[2] for line in lines if line.startswith("D_POSITION")]
    assert len(places) == 26
    assert set(places) <= {"7.000000", "3600.000000"}
    assert "7.000000" in places


def test_the_pattern_file_names_knobs_that_there_are():
    known = {row.address for row in PARAMETERS.values()}
    lines = [line for line in PATTERN.read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z_]+ (\S+ ?)+", line) for line in lines)
    addresses = re.findall(r"n(/dawbridge/\S+)", "\n".join(lines))
    assert len(addresses) == 2
    assert set(addresses) <= known


def test_what_reaper_sends_when_it_starts_changes_nothing():
    """Volume at 0 dB, pan in the middle, an effect all wet."""
    at_rest = {"TRACK_VOLUME f": 0.0, "TRACK_PAN n": 0.5, "FX_WETDRY n": 1.0}
    by_address = {row.address: row for row in PARAMETERS.values()}
    found = 0
    for control, kind, address in re.findall(r"^([A-Z_]+) (\w)(/dawbridge/\S+)$", PATTERN.read_text(), re.MULTILINE):
        row = by_address.get(address.removesuffix("/raw"))
        if row is None:
            assert (control, kind, address) == ("TIME", "f", "/dawbridge/transport")
            continue
        found += 1
        value = at_rest[f"{control} {kind}"]
        assert (value if address.endswith("/raw") else row.denormalize(value)) == row.default
    assert found == 3
