import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acapellanet.cli import main
from acapellanet.errors import DataError, ModelError
from acapellanet.evaluate import evaluate, means, song_folders


def test_songs_of_a_folder_or_a_song_itself(data_folder: Path) -> None:
    stems = data_folder / "stems"
    assert [path.name for path in song_folders(stems)] == ["caesium", "hydrogen"]
    assert song_folders(stems / "caesium") == [stems / "caesium"]
    with pytest.raises(DataError, match="no folder with vocals"):
        song_folders(data_folder / "vocals")


def test_center_beats_the_mixture_on_a_centred_tone(data_folder: Path) -> None:
    scores = list(evaluate(data_folder / "stems", ["center"]))
    assert len(scores) == 2 * 2 * 2
    vocals = {s.model: s for s in scores if s.stem == "vocals" and s.song == "caesium"}
    assert vocals["center"].usdr_db > vocals["mixture"].usdr_db + 3
    assert vocals["center"].median_sdr_db > vocals["mixture"].median_sdr_db + 3


def test_means_are_over_songs(data_folder: Path) -> None:
    scores = list(evaluate(data_folder / "stems", ["center"]))
    mean = means(scores)
    assert (mean[0].song, mean[0].model, mean[0].stem) == ("mean", "mixture", "vocals")
    mixtures = [s.usdr_db for s in scores if s.model == "mixture" and s.stem == "vocals"]
    assert mean[0].usdr_db == pytest.approx(np.mean(mixtures))


def test_a_silent_stem_is_an_error_with_its_name(data_folder: Path, write: Callable[..., None]) -> None:
    path = data_folder / "stems" / "caesium" / "vocals.wav"
    write(path, np.zeros((2, 44100), dtype=np.float32))
    with pytest.raises(DataError, match=r"vocals\.wav: silent"):
        list(evaluate(data_folder / "stems", ["center"]))


def test_unknown_models_fail_before_any_song_is_read(data_folder: Path) -> None:
    with pytest.raises(ModelError, match="no model is called"):
        next(evaluate(data_folder / "stems", ["nobody"]))


def test_table(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(data_folder / "stems"), "--model", "center"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 8 + 4
    assert lines[1].split()[:3] == ["caesium", "mixture", "vocals"]
    assert lines[-1].split()[:3] == ["mean", "center", "instrumental"]


def test_json(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(data_folder / "stems" / "caesium"), "--model", "center", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 4
    assert rows[0]["model"] == "mixture"


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path), "--model", "center"]) == 1
    assert capsys.readouterr().err.startswith("acapellanet: ")
