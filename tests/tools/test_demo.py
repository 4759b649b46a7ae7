import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from tools.song import make_song

ROOT = Path(__file__).parents[2]


def run_demo(folder, *arguments):
    command = [sys.executable, "-m", "tools.demo", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)


def test_the_demo_shows_the_main_job(tmp_path):
    done = run_demo(tmp_path, "--seconds", "4")
    assert done.returncode == 0, done.stderr
    for words in ("null depth        -inf dBFS: bit for bit", "real-time factor", "vocals SDR", "stems rewritten"):
        assert words in done.stdout
    assert (tmp_path / "demo" / "spectrogram.png").read_bytes().startswith(b"\x89PNG")


def test_the_demo_takes_your_own_song(tmp_path):
    soundfile.write(tmp_path / "mine.flac", 0.1 * np.random.default_rng(1).standard_normal((30000, 2)), 48000)
    done = run_demo(tmp_path, "--song", "mine.flac")
    assert done.returncode == 0, done.stderr
    assert "mine_acapella.flac" in done.stdout
    missing = run_demo(tmp_path, "--song", "nowhere.wav")
    assert "there is no file nowhere.wav" in missing.stderr


def test_the_song_is_the_same_every_time_and_has_pauses():
    vocals, music = make_song(8.0)
    again, _ = make_song(8.0)
    np.testing.assert_array_equal(vocals, again)
    assert vocals.shape == music.shape == (2, 8 * 44100)
    assert np.abs(vocals + music).max() == np.float64(10 ** (-1 / 20))
    assert np.abs(vocals[:, 7 * 44100 :]).max() < 1e-6
