from collections.abc import Callable
from pathlib import Path

import pytest

from acapellanet.training.learn import Learned
from dawbridge.cli.main import main


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What `learn` was asked for; it answers at once that the model became better, and writes it."""
    asked: dict[str, object] = {}

    def learn(
        folder: Path, out: Path, minutes: float, model: str, report: object, *, say: Callable[[str], None]
    ) -> Learned:
        say("left out: a: 3.0 s [short]")
        asked.update(folder=folder, out=out, minutes=minutes, model=model)
        return Learned(5.0, asked.get("after", 6.5), out if asked.get("after", 6.5) != 5.0 else None)  # type: ignore[arg-type]

    monkeypatch.setattr("acapellanet.training.learn.learn", learn)
    return asked


def test_a_better_model_gets_a_name_that_watch_takes(
    learned: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", str(tmp_path), "--name", "ours", "--minutes", "3"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("left out: a: 3.0 s [short]\n")
    assert "5.00 dB before, 6.50 dB after" in out and "--model ours" in out
    assert Path(str(learned["out"])).name == "ours.safetensors" and learned["minutes"] == 3.0


def test_a_model_that_is_not_better_is_not_kept(
    learned: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learned["after"] = 5.0
    assert main(["learn", str(tmp_path)]) == 1
    assert "nothing was kept" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["missing"], "no such folder"),
        ([".", "--name", "acapellanet-full"], "called acapellanet-full already"),
        ([".", "--name", "a/b"], "cannot be a model's name"),
        ([".", "--minutes", "0"], "more than 0"),
    ],
)
def test_wrong_use_is_one_line(
    learned: dict[str, object], arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not learned
