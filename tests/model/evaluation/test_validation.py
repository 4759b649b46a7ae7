from pathlib import Path

import numpy as np
import pytest

from acapellanet.data.library import open_library
from acapellanet.evaluation import validation
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.training.pictures import draw_spectrograms

from ..conftest import wide_noise


@pytest.mark.usefixtures("brief_validation")
def test_judges_song_and_mashups(data_folder: Path, tmp_path: Path, tiny_network: AcapellaNet) -> None:
    judge = validation.Validation(open_library(data_folder, tmp_path / "cache"))
    assert [excerpt.group for excerpt in judge.excerpts] == ["song", "mashup", "mashup", "mashup"]
    assert judge.judge_center().song_db > judge.judge_mixture().song_db
    assert np.isfinite(judge.judge(tiny_network).mashup_db)


def test_without_validation_data_there_is_nothing_to_judge(
    data_folder: Path, tmp_path: Path, tiny: NetworkConfig
) -> None:
    library = open_library(data_folder, tmp_path / "cache", ("caesium", "erithacus", "010"))
    judge = validation.Validation(library)
    assert np.isnan(judge.judge_mixture().song_db)


def test_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert draw_spectrograms(tmp_path / "a" / "b.png", {"noise": wide_noise(0.5), "more": wide_noise(0.5)}, 44100)
    assert (tmp_path / "a" / "b.png").read_bytes()[:4] == b"\x89PNG"
