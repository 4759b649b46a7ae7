import os
import stat

import pytest

from dawbridge.files.small import read_small, write_whole


def test_what_is_written_is_read_again(tmp_path):
    write_whole(tmp_path / "preset.toml", "ä = 1\n")
    assert read_small(tmp_path / "preset.toml").decode() == "ä = 1\n"
    write_whole(tmp_path / "preset.toml", b"raw")
    assert read_small(tmp_path / "preset.toml") == b"raw"
    assert [path.name for path in tmp_path.iterdir()] == ["preset.toml"]


def test_a_file_that_is_too_long_is_refused(tmp_path):
    (tmp_path / "long").write_bytes(bytes(11))
    assert len(read_small(tmp_path / "long", 11)) == 11
    with pytest.raises(OSError, match="longer than 10 bytes"):
        read_small(tmp_path / "long", 10)


def test_a_pipe_blocks_neither_reader_nor_writer(tmp_path):
    os.mkfifo(tmp_path / "knobs.json")
    with pytest.raises(OSError, match="a pipe"):
        read_small(tmp_path / "knobs.json")
    with pytest.raises(OSError, match="not a regular file"):
        write_whole(tmp_path / "knobs.json", "{}")
    assert stat.S_ISFIFO((tmp_path / "knobs.json").stat().st_mode)


def test_a_link_and_permissions_survive(tmp_path):
    kept = tmp_path / "dotfiles"
    kept.mkdir()
    (kept / "dawbridge.toml").write_text("old")
    (kept / "dawbridge.toml").chmod(0o600)
    (tmp_path / "dawbridge.toml").symlink_to("dotfiles/dawbridge.toml")
    write_whole(tmp_path / "dawbridge.toml", "new")
    assert (tmp_path / "dawbridge.toml").is_symlink()
    assert (kept / "dawbridge.toml").read_text() == "new"
    assert stat.S_IMODE((kept / "dawbridge.toml").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "knobs.json").write_text("old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "knobs.json", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("knobs.json", "old")]
