"""Stems as files: published whole or not at all, under names that fit, on disks that are full, locked or missing."""

from pathlib import Path

import numpy as np
import pytest

from dawbridge.audio import files
from dawbridge.errors import AudioError
from dawbridge.files import publish as place

from .conftest import Bounce, names, separate


def test_nothing_is_left_when_the_job_fails(bounce: Bounce, tmp_path: Path) -> None:
    path = bounce("WAV", "PCM_24")
    with (
        pytest.raises(RuntimeError),
        files.open_source(path) as source,
        files.StemWriter(source.bounce, *files.stem_paths(tmp_path / "out", path)) as writer,
    ):
        writer.write(source.read(0, 10), np.zeros((2, 10)))
        raise RuntimeError
    assert names(tmp_path / "out") == []


@pytest.mark.row("a few samples short, offset")
def test_a_stem_that_is_too_short_is_not_published(bounce: Bounce, tmp_path: Path) -> None:
    path = bounce("WAV", "PCM_24")
    with files.open_source(path) as source, files.StemWriter(source.bounce, tmp_path / "out" / "a", None) as writer:
        writer.write(source.read(0, 10), np.zeros((2, 10)))
        with pytest.raises(AudioError, match="10 frames of 5000"):
            writer.publish("dawbridge")
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_estimate_is_refused(bounce: Bounce, tmp_path: Path, bad: float) -> None:
    path = bounce("WAV", "PCM_24")
    with files.open_source(path) as source, files.StemWriter(source.bounce, tmp_path / "a", None) as writer:
        with pytest.raises(AudioError, match="NaN or infinity"):
            writer.write(source.read(0, 10), np.full((2, 10), bad))
        with pytest.raises(AudioError, match=r"both have to be \[2, samples\]"):
            writer.write(source.read(0, 10), np.zeros((2, 11)))


def test_a_stem_that_is_held_open_gets_a_number(bounce: Bounce, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bounce("WAV", "PCM_24")
    held = separate(path).acapella
    assert held is not None
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target == held:
            raise PermissionError(13, "held open")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    report = separate(path)
    assert report.acapella == held.with_name("bounce_acapella (2).wav")
    assert report.notes == (place.name_taken(held, held.with_name("bounce_acapella (2).wav")),)


def test_a_full_disk_is_named_and_leaves_nothing(bounce: Bounce, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = bounce("WAV", "PCM_24", frames=100_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(AudioError, match="disk"):
            separate(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path / "separated") == []


def test_too_little_room_is_said_before_the_work(bounce: Bounce, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="make room"):
        place.make_room(tmp_path, 2**62)


def test_a_folder_that_cannot_be_made(bounce: Bounce, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        files.open_source(bounce("WAV", "PCM_24")) as source,
        pytest.raises(AudioError, match="is a file, and stems"),
    ):
        files.StemWriter(source.bounce, tmp_path / "file" / "a", None)


@pytest.mark.parametrize("name", ["Song v1.2 (final)", "Ä" * 100, "é" * 150, "🎤" * 60, "x" * 250])
def test_names_fit_and_keep_their_dots(tmp_path: Path, name: str) -> None:
    acapella, instrumental = files.stem_paths(tmp_path, Path(name + ".wav"))
    assert acapella.name.endswith("_acapella") and instrumental.name.endswith("_instrumental")
    for path in (acapella, instrumental):
        (path.with_name(path.name + " (99).flac")).touch()
    if len(name) < 50:
        assert acapella.name == name + "_acapella"
