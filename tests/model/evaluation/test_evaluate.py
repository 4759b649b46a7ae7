import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from acapellanet.cli import main
from acapellanet.errors import DataError, ModelError
from acapellanet.evaluation.evaluate import evaluate, find_songs
from acapellanet.evaluation.metrics import usdr
from acapellanet.evaluation.repet import repet
from acapellanet.evaluation.scores import Score, summaries

from ..conftest import RATE, tone


def test_songs_of_a_folder_or_a_song_itself(data_folder: Path) -> None:
    def names(folder: Path) -> list[str]:
        return [vocals.bank for vocals, _ in find_songs(folder)]

    assert names(data_folder / "stems") == ["caesium", "hydrogen"]
    assert names(data_folder) == ["caesium", "hydrogen"]
    assert names(data_folder / "stems" / "caesium") == ["."]
    with pytest.raises(DataError, match="no folder with vocals"):
        find_songs(data_folder / "vocals")


def test_of_musdb_it_is_the_test_songs(tmp_path: Path, write: Callable[..., None]) -> None:
    for song in ("train/a", "test/b"):
        for hz, part in ((300, "vocals"), (100, "drums"), (200, "bass"), (400, "other")):
            write(tmp_path / song / f"{part}.wav", tone(hz, 1))
    scores = list(evaluate(tmp_path, ["center"]))
    assert {score.song for score in scores} == {"test/b"}


def test_center_beats_the_mixture_on_a_centred_tone(data_folder: Path) -> None:
    scores = list(evaluate(data_folder / "stems", ["center"]))
    assert len(scores) == 2 * 2 * 2
    vocals = {s.model: s for s in scores if s.stem == "vocals" and s.song == "caesium"}
    assert vocals["center"].usdr_db > vocals["mixture"].usdr_db + 3
    assert vocals["center"].museval_db > vocals["mixture"].museval_db + 3


def test_summaries_are_over_songs(data_folder: Path) -> None:
    scores = list(evaluate(data_folder / "stems", ["center"]))
    rows = summaries(scores)
    assert [row.song for row in rows] == ["mean"] * 4 + ["median"] * 4 + ["worst tenth"] * 4
    assert (rows[0].model, rows[0].stem) == ("mixture", "vocals")
    mixtures = [s.usdr_db for s in scores if s.model == "mixture" and s.stem == "vocals"]
    assert rows[0].usdr_db == pytest.approx(np.mean(mixtures))
    assert rows[8].usdr_db == pytest.approx(min(mixtures))


def test_songs_that_are_numbered_are_summed_up_by_kind(data_folder: Path) -> None:
    scores = list(evaluate(data_folder / "stems", ["center"]))
    renamed = [replace(s, song={"caesium": "chant-00", "hydrogen": "rap-00"}[s.song]) for s in scores]
    rows = summaries(renamed)
    assert [row.song for row in rows[:8]] == ["mean of chant"] * 4 + ["mean of rap"] * 4
    assert rows[0].usdr_db == renamed[0].usdr_db


def test_the_worst_is_the_highest_leak() -> None:
    score = Score("a", "m", "vocals", *[1.0] * 7, leak_db=-30.0, lost=0.1)
    worst = summaries([score, replace(score, song="b", leak_db=-10.0, lost=0.5)])[-1]
    assert (worst.leak_db, worst.lost, worst.usdr_db) == (-10.0, 0.5, 1.0)


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
    assert len(lines) == 1 + 8 + 12
    assert lines[1].split()[:3] == ["caesium", "mixture", "vocals"]
    assert lines[-1].split()[:3] == ["worst", "tenth", "center"]


def test_json(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(data_folder / "stems" / "caesium"), "--model", "center", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 4
    assert rows[0]["model"] == "mixture"


def test_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path), "--model", "center"]) == 1
    assert capsys.readouterr().err.startswith("acapellanet: ")


def test_repet_hears_a_voice_over_a_loop() -> None:
    random = np.random.default_rng(0)
    bar = random.standard_normal((2, RATE // 2)).astype(np.float32) * np.linspace(0.3, 0, RATE // 2, dtype=np.float32)
    music = np.tile(bar, 20)
    voice = np.zeros_like(music)
    voice[:, 4 * RATE : 5 * RATE] = tone(523, 1)
    vocals = repet(voice + music)
    assert vocals.shape == voice.shape
    assert usdr(voice, vocals) > usdr(voice, voice + music) + 6
    assert not repet(voice[:, : 3 * RATE]).any()
