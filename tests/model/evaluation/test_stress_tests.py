import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acapellanet.cli import main
from acapellanet.errors import DataError, ModelError
from acapellanet.evaluation import stress_tests
from acapellanet.evaluation.stress_tests import StressTest, all_stress_tests, read_voice, readings, run_stress_tests
from acapellanet.voices.singer import sing

from ..conftest import tone

SECONDS = 2.5


@pytest.fixture(scope="module")
def made() -> list[StressTest]:
    return all_stress_tests(seconds=SECONDS)


def values(made: list[StressTest], estimates: list[np.typing.NDArray[np.float32]]) -> dict[tuple[str, str], float]:
    return {(reading.probe, reading.measure): reading.value for reading in readings("any", made, estimates)}


def test_the_truth_is_perfect(made: list[StressTest]) -> None:
    found = values(made, [probe.voice for probe in made])
    assert found.pop(("clicks", "leak dB")) == pytest.approx(-90)
    assert found.pop(("low voice", "kept dB")) == pytest.approx(0, abs=0.01)
    assert found.pop(("tempi", "SDR spread dB")) == pytest.approx(0, abs=0.01)
    assert [name for name, value in found.items() if value < 80] == []


def test_the_mixture_reads_what_it_was_mixed_to(made: list[StressTest]) -> None:
    found = values(made, [probe.mixture for probe in made])
    assert found["clicks", "leak dB"] == pytest.approx(0, abs=0.5)
    assert found["low voice", "kept dB"] == pytest.approx(0, abs=0.5)
    assert found["dense drop", "SDR dB"] == pytest.approx(-6, abs=0.01)
    for name in ("low voice", "90 BPM", "128 BPM", "170 BPM"):
        assert found[name, "SDR dB"] == pytest.approx(0, abs=0.01)


def test_a_tenth_of_the_level_is_twenty_decibels(made: list[StressTest]) -> None:
    found = values(made, [0.1 * probe.mixture for probe in made])
    assert found["clicks", "leak dB"] == pytest.approx(-20, abs=0.5)
    assert found["low voice", "kept dB"] == pytest.approx(-20, abs=0.5)


def test_they_are_the_same_every_time_and_do_not_clip(made: list[StressTest]) -> None:
    for probe, again in zip(made, all_stress_tests(seconds=SECONDS), strict=True):
        assert np.array_equal(probe.mixture, again.mixture)
        assert probe.mixture.shape == probe.voice.shape == (2, round(SECONDS * 44100))
        assert np.abs(probe.mixture).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)


def test_the_low_voice_is_low_and_the_singer_has_overtones() -> None:
    voice = sing((110.0,), 2.0, 2.0, 0.0, np.random.default_rng(1))[22050 : 22050 + 44100]
    levels = 20 * np.log10(np.abs(np.fft.rfft(voice * np.hanning(voice.size))) + 1e-12)
    fundamental = levels[105:116].max()
    assert fundamental > levels[40:80].max() + 20
    for harmonic in (2, 5, 10, 20):
        around = levels[110 * harmonic - 15 * harmonic // 10 - 5 : 110 * harmonic + 15 * harmonic // 10 + 5]
        assert around.max() > fundamental - 60


def test_a_recorded_voice_takes_the_singers_place(tmp_path: Path, write: Callable[..., None]) -> None:
    path = tmp_path / "voice.wav"
    write(path, tone(150, 2))
    voice = read_voice(path, SECONDS)
    assert voice.size == round(SECONDS * 44100)
    drop = stress_tests.dense_drop(voice, SECONDS)
    assert np.allclose(drop.voice[0] / np.abs(drop.voice).max(), voice / np.abs(voice).max(), atol=1e-4)


def test_problems_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_voice(tmp_path / "nowhere.wav")
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(DataError, match=r"text\.wav.*a voice alone"):
        read_voice(tmp_path / "text.wav")
    with pytest.raises(ModelError, match="no model is called"):
        next(run_stress_tests(["nobody"]))


def test_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], made: list[StressTest]
) -> None:
    monkeypatch.setattr(stress_tests, "all_stress_tests", lambda voice: made)
    assert main(["stress-tests", "--model", "center", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["model"] for row in rows} == {"mixture", "center"}
    assert len(rows) == 2 * 8
    assert main(["stress-tests", "--model", "center"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["probe", "measure", "mixture", "center"]
    assert len(lines) == 1 + 8
