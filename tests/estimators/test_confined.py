"""What a file does to whoever reads it, it does to a process of its own."""

import zipfile

import pytest

from dawbridge.errors import ModelError
from dawbridge.estimators import confined
from dawbridge.estimators.confined import import_confined


@pytest.fixture
def place(tmp_path):
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights" / "mine.safetensors"


def test_what_is_wrong_comes_back_in_one_line_and_nothing_stays(tmp_path, place):
    (tmp_path / "config.yaml").write_text("a: &a [1]\nb: *a")
    left = place.parent / f".dawbridge-{confined.__name__}.part"
    left.touch()
    with pytest.raises(ModelError, match="aliases") as error:
        import_confined(tmp_path / "given.ckpt", place, tmp_path / "config.yaml", "")
    assert "\n" not in str(error.value)
    assert list(place.parent.iterdir()) == [left]


def test_a_reader_that_does_not_come_back_is_ended(tmp_path, place, monkeypatch):
    monkeypatch.setattr(confined, "MOST_S", 0.0)
    with pytest.raises(ModelError, match="refused: reading it takes longer"):
        import_confined(tmp_path / "given.ckpt", place, None, "")


def test_a_checkpoint_that_ends_its_reader_is_refused(tmp_path, place):
    """Hashing a name that is nested 400,000 deep leaves no room on the stack."""
    pytest.importorskip("pymss_core")
    with zipfile.ZipFile(tmp_path / "deep.ckpt", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}N" + b"\x85" * 400_000 + b"Ns.")
        archive.writestr("archive/version", "3")
    with pytest.raises(ModelError, match=r"refused|damaged") as error:
        import_confined(tmp_path / "deep.ckpt", place, None, "")
    assert "\n" not in str(error.value) and not place.exists()
