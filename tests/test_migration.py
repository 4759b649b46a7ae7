"""A home folder that version 0.1 left, with finished, failed and stalled bounces, is read by the present version.

`data/home-0.1` was made by a daemon of version 0.1 with `--model center`: bounces 1 to 4 done (2 with turned knobs and
in focus, 3 in a preset's folder, 4 with a recorded automation), 5 failed, 6 stalled; knobs, a saved preset, bindings,
settings, a limit of the cache and its analyses. Its paths begin with `/studio`.
"""

import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.cli.main import main
from dawbridge.config.file import folders_of
from dawbridge.config.paths import cache_folder, state_folder
from dawbridge.events import JobState
from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs import saved_positions
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.midi import bindings_file

DATA = Path(__file__).parent / "data" / "home-0.1"
WAS_AT = "/studio"
COLUMNS = (("jobs", "path"), ("jobs", "acapella"), ("jobs", "instrumental"), ("jobs", "message"), ("roots", "root"),
           ("claims", "name"), ("claims", "path"))  # fmt: skip
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def studio(tmp_path, monkeypatch):
    """The home and the bounces, as if version 0.1 had run in `tmp_path`: paths, and times of files, are set right."""
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "home" / "config" / "dawbridge.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(WAS_AT, str(tmp_path)), encoding="utf-8")
    with sqlite3.connect(tmp_path / "home" / "state" / "ledger.sqlite") as ledger:
        for table, column in COLUMNS:
            ledger.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (WAS_AT, str(tmp_path)))
        rows = ledger.execute("SELECT path, mtime_ns, acapella, instrumental, updated FROM jobs").fetchall()
    ledger.close()
    for path, modified_ns, *stems, updated in rows:
        if modified_ns > 0:
            os.utime(path, ns=(modified_ns, modified_ns))
        for stem in filter(None, stems):
            os.utime(stem, (updated - 0.5, updated - 0.5))
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))
    return tmp_path


def contents(folder):
    """Every file below `folder`, with its bytes and its time."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def samples(path):
    return soundfile.read(path, dtype="float64")[0]


def test_the_ledger_is_read(studio):
    ledger = Ledger(state_folder() / "ledger.sqlite")
    records = {number: ledger.get(number) for number in range(1, 7)}
    assert [records[number].state for number in range(1, 7)] == [JobState.DONE] * 4 + ["failed", "stalled"]
    assert all(record.stems_stand for record in records.values())
    assert records[2].path == studio / "bounces" / "turned.wav"
    assert records[2].settings["mask_contrast"] == pytest.approx(0.8)
    assert records[2].settings["acapella_gain"] == -3.0
    assert records[3].preset == "karaoke"
    assert records[5].code == "unreadable" and "NaN" in records[5].message
    assert len(ledger.takes(4).automation.plain()["mask_strength"]) == 7
    assert ledger.last_done().id == 2
    ledger.close()


def test_settings_presets_bindings_and_knobs_are_read(studio):
    (folder,) = folders_of(None, Presets().check)
    assert (folder.path, folder.format.bits, folder.existing) == (studio / "bounces", 24, True)
    assert (folder.times.closed_s, folder.times.stalled_s) == (0.2, 1.5)
    preset = Presets().load("my desk")
    assert preset.values["mask_contrast"] == pytest.approx(0.8)
    found = bindings_file.read(bindings_file.bindings_path())
    assert not found.problems
    own = {binding.target: binding for binding in found.effective if binding.target in ("mask_floor", "band_low")}
    assert own["mask_floor"].port == "nanoKONTROL" and own["band_low"].number == 16
    values, problems = saved_positions.load(state_folder() / "knobs.json")
    assert not problems
    assert (values["instrumental_gain"], values["live_enable"]) == (-2.0, 0.0)


def test_comments_in_bindings_stay(studio):
    path = bindings_file.bindings_path()
    bindings_file.forget(path, "band_low")
    text = path.read_text(encoding="utf-8")
    assert "# the desk in the studio" in text and "# left fader" in text
    assert not bindings_file.read(path).problems


def test_the_commands_show_it(capsys):
    assert main(["jobs"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("plain.wav", "turned.wav", "sung.wav", "moves.wav", "nan.wav", "half.wav"))
    assert main(["cache"]) == 0
    assert "of 200.0 MB" in capsys.readouterr().out
    assert main(["presets", "show", "my desk"]) == 0


def test_a_daemon_goes_on_where_the_old_one_ended(start_daemon, studio):
    bounces = studio / "bounces"
    before = contents(bounces)
    analyses = set((cache_folder() / "analyses").rglob("*.npy"))
    daemon = start_daemon("--no-prefetch", folder=None)
    daemon.folder = bounces
    daemon.send("/dawbridge/instrumental/gain/raw")
    assert daemon.heard.wait_for("/dawbridge/instrumental/gain/raw", PATIENCE_S) == (-2.0,)

    daemon.send("/dawbridge/live/enable", 1)
    daemon.send("/dawbridge/mask/contrast", 0.4)
    number, acapella, instrumental = daemon.done()
    assert (number, acapella, instrumental.name) == (
        2, bounces / "separated" / "turned_acapella.wav", "turned_instrumental.wav",
    )  # fmt: skip
    assert set((cache_folder() / "analyses").rglob("*.npy")) == analyses, "its analysis was in the cache"

    daemon.bounce("new.wav")
    number, acapella, _ = daemon.done()
    assert number > 6 and acapella.name == "new_acapella.wav"
    now = contents(bounces)
    changed = {path.name for path in before if now.get(path) != before[path]}
    assert changed == {"turned_acapella.wav", "turned_instrumental.wav"}
    added = {path.name for path in now.keys() - before.keys()} - {".dawbridge.lock"}
    assert added == {"new.wav", "new_acapella.wav", "new_instrumental.wav"}
    assert np.abs(samples(bounces / "separated" / "moves_acapella.wav")).max() > 0
