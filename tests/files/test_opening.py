import os
import socket
from pathlib import Path

import pytest

from dawbridge.files.opening import is_regular, open_regular


def test_a_regular_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    (tmp_path / "link").symlink_to("song.wav")
    for name in ("song.wav", "link"):
        with open_regular(tmp_path / name) as stream:
            assert stream.read() == b"RIFF"
    assert is_regular(tmp_path / "song.wav")
    assert not is_regular(tmp_path / "link") and not is_regular(tmp_path) and not is_regular(tmp_path / "none")


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
def test_what_is_not_a_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a pipe, not a regular file"):
        open_regular(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a device, not a regular file"):
        open_regular(Path("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="a socket"):
            open_regular(tmp_path / "s")


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
def test_a_pipe_that_takes_the_file_s_place_between_look_and_open_blocks_nothing(tmp_path, monkeypatch):
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    real = os.open

    def swapped(path, flags, *mode):
        (tmp_path / "song.wav").unlink()
        os.mkfifo(tmp_path / "song.wav")
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(OSError, match="a pipe"):
        open_regular(tmp_path / "song.wav")
