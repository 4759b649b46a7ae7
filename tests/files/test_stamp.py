import os

from dawbridge.files.stamp import stamp_of


def test_a_stamp_stays_until_the_file_is_touched(tmp_path):
    song = tmp_path / "song.wav"
    song.write_bytes(b"abc")
    before = stamp_of(song)
    assert before is not None and before.size == 3
    song.read_bytes()
    assert stamp_of(song) == before


def test_another_file_of_the_same_size_and_time_has_another_stamp(tmp_path):
    song, other = tmp_path / "song.wav", tmp_path / "other.wav"
    song.write_bytes(b"abc")
    other.write_bytes(b"xyz")
    before = stamp_of(song)
    os.utime(other, ns=(before.modified_ns, before.modified_ns))
    other.replace(song)
    after = stamp_of(song)
    assert (after.size, after.modified_ns) == (before.size, before.modified_ns)
    assert after != before


def test_what_is_not_a_regular_file_has_none(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert stamp_of(tmp_path) is stamp_of(tmp_path / "none") is stamp_of(tmp_path / "pipe") is None
    assert stamp_of(tmp_path / "nul\0") is None
