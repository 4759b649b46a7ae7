from pathlib import Path

import numpy as np

from acapellanet.cli import main
from acapellanet.evaluation.evaluate import find_songs, read_song


def test_mashups_are_songs_that_evaluate_reads(data_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mashups"
    assert main(["mashups", str(data_folder), "--out", str(out), "--count", "3", "--seconds", "1"]) == 0
    songs = find_songs(out)
    assert [vocals.bank for vocals, _ in songs] == ["mashup-000", "mashup-001", "mashup-002"]
    song = read_song(out, songs[0])
    assert song.vocals.shape == song.instrumental.shape == (2, 44100)
    assert np.any(song.vocals) and np.any(song.instrumental)
