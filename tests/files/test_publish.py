import errno
import os

import pytest

from dawbridge.errors import DiskError
from dawbridge.files import publish as publishing
from dawbridge.files.part import Part
from dawbridge.files.publish import disk_errors, make_durable, make_room, publish


def written(folder, content=b"new"):
    part = Part.create(folder)
    part.stream.write(content)
    return part


def ours(_path):
    return True


def nobodys(_path):
    return False


@pytest.fixture(params=["one step", "two steps"])
def system(request, monkeypatch):
    """With and without a rename that refuses to replace."""
    if request.param == "two steps":
        monkeypatch.setattr(publishing, "_exclusive_rename", lambda: None)


@pytest.mark.usefixtures("system")
class TestPublish:
    def test_a_free_name_is_taken(self, tmp_path):
        final = tmp_path / "song_acapella.wav"
        assert publish(written(tmp_path), final, nobodys) == final
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(final.name, b"new")]

    def test_what_is_ours_is_replaced(self, tmp_path):
        final = tmp_path / "a.wav"
        final.write_bytes(b"old")
        assert publish(written(tmp_path), final, ours) == final
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.wav", b"new")]

    def test_what_is_not_ours_stays_and_the_next_name_is_taken(self, tmp_path):
        for name in ("a.wav", "a (2).wav"):
            (tmp_path / name).write_bytes(b"mine")
        assert publish(written(tmp_path), tmp_path / "a.wav", nobodys) == tmp_path / "a (3).wav"
        assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "a (2).wav").read_bytes() == b"mine"

    @pytest.mark.parametrize("kind", ["pipe", "folder", "link to ours", "dangling link"])
    def test_what_is_no_regular_file_is_never_replaced(self, tmp_path, kind):
        final = tmp_path / "a.wav"
        if kind == "pipe":
            os.mkfifo(final)
        elif kind == "folder":
            final.mkdir()
        else:
            final.symlink_to("target")
            if kind == "link to ours":
                (tmp_path / "target").write_bytes(b"old")
        before = final.lstat()
        assert publish(written(tmp_path), final, ours) == tmp_path / "a (2).wav"
        assert os.path.samestat(final.lstat(), before)

    def test_a_file_that_changes_while_it_is_judged_stays(self, tmp_path):
        final = tmp_path / "a.wav"
        final.write_bytes(b"old")

        def edited_meanwhile(path):
            path.write_bytes(b"edited")
            return True

        assert publish(written(tmp_path), final, edited_meanwhile) == tmp_path / "a (2).wav"
        assert final.read_bytes() == b"edited"

    def test_a_hundred_taken_names_are_an_error_that_says_so(self, tmp_path):
        for number in range(1, 100):
            (tmp_path / ("a.wav" if number == 1 else f"a ({number}).wav")).touch()
        part = written(tmp_path)
        with pytest.raises(DiskError, match="99 names like it are taken"), disk_errors(tmp_path):
            publish(part, tmp_path / "a.wav", nobodys)
        part.discard()


def test_a_published_file_is_unlocked(tmp_path):
    part = written(tmp_path)
    publish(part, tmp_path / "a.wav", nobodys)
    assert part.stream.closed
    part.discard()
    assert (tmp_path / "a.wav").exists()


def test_a_pipe_is_not_flushed(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    make_durable(tmp_path / "a.wav")
    make_durable(tmp_path / "none.wav")


class TestDiskErrors:
    def test_a_file_where_the_folder_should_be_is_named(self, tmp_path):
        (tmp_path / "separated").write_text("mine")
        for folder in (tmp_path / "separated", tmp_path / "separated" / "deeper"):
            with pytest.raises(DiskError) as refused:
                make_room(folder, 1)
            assert str(refused.value) == (
                f"{tmp_path / 'separated'}: is a file, and stems need a folder of this name; rename the file"
            )

    def test_a_dangling_link_where_the_folder_should_be_is_named(self, tmp_path):
        (tmp_path / "separated").symlink_to("nowhere")
        with pytest.raises(DiskError, match=r"is a link to nothing that is there.*; remove the link"):
            make_room(tmp_path / "separated", 1)

    @pytest.mark.parametrize(
        ("number", "what_to_do"),
        [
            (errno.ENOSPC, "make room"),
            (errno.EROFS, "can only be read"),
            (errno.EACCES, "give this user the right to write"),
            (errno.ENAMETOOLONG, "a shorter name"),
            (errno.EIO, "reports a fault"),
            (errno.ENODEV, "check that the disk is still there"),
        ],
    )
    def test_each_cause_has_its_own_remedy(self, tmp_path, number, what_to_do):
        with pytest.raises(DiskError, match=f"stems cannot be written .*; .*{what_to_do}"), disk_errors(tmp_path):
            raise OSError(number, os.strerror(number))
