"""What OSC may name: files inside the watched folders, however the name is written."""

import os
import unicodedata

import pytest

from dawbridge.errors import PathNotAllowedError


@pytest.fixture
def outside(tmp_path):
    """A file next to the watched folder, in one whose name begins alike."""
    path = tmp_path / "bounces-not-watched" / "song.wav"
    path.parent.mkdir()
    path.write_bytes(b"audio")
    return path


def refused(desk, path):
    with pytest.raises(PathNotAllowedError) as caught:
        desk.board.submit(str(path), None)
    assert len(str(caught.value)) < 5000
    return True


def test_no_name_leads_out(desk, outside):
    (desk.root / "folder").symlink_to(outside.parent)
    (desk.root / "round").symlink_to(desk.root / "round")
    (desk.root / "in").mkdir()
    for path in (
        outside,
        desk.root / "folder" / "song.wav",
        desk.root / "in" / ".." / ".." / outside.parent.name / "song.wav",
        f"{desk.root}/./in/../../{outside.parent.name}/song.wav",
        f"{desk.root}-not-watched/song.wav",
        desk.root / "round" / "song.wav",
        desk.root,
        desk.root / "in",
        desk.root / ("x" * 5000),
        f"{desk.root}/a\0b.wav",
        f"file://{desk.root}/song.wav",
        "~/song.wav",
        "",
        "/dev/zero",
    ):
        assert refused(desk, path), path


def test_a_hard_link_and_a_link_inside_are_what_they_are(desk):
    path = desk.bounce("real.wav")
    (desk.root / "link.wav").symlink_to(path)
    desk.board.submit(str(desk.root / "link.wav"), None)
    assert desk.task().job.source == path


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_in_both_normal_forms(desk, outside, form):
    name = unicodedata.normalize(form, "Ünï é.wav")
    path = desk.bounce(name)
    desk.board.submit(str(path), None)
    assert os.fspath(desk.task().job.source).endswith(name)
    other = unicodedata.normalize("NFD" if form == "NFC" else "NFC", name)
    if not (desk.root / other).exists():  # a file system that keeps both apart
        assert refused(desk, desk.root / other)


def test_a_root_in_other_letters_is_another_root(desk):
    path = desk.bounce()
    other = str(path).replace("/bounces/", "/BOUNCES/")
    if not os.path.exists(other):  # noqa: PTH110
        assert refused(desk, other)


def test_a_device_or_a_pipe_is_no_file(desk):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(desk.root / "pipe.wav")
    assert refused(desk, desk.root / "pipe.wav")
