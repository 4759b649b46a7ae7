"""A bounce on its way is opened once for each look at it: header, mark and samples share the opening."""

import threading

import numpy as np
import pytest
import soundfile

from dawbridge.audio.containers.base import Completeness
from dawbridge.files import opening
from dawbridge.watch import examine as examining
from dawbridge.watch.own import judged


@pytest.fixture
def opened(monkeypatch):
    """The paths that were opened, in order."""
    paths, real = [], opening.os.open
    monkeypatch.setattr(
        opening.os, "open", lambda path, *more, **named: (paths.append(path), real(path, *more, **named))[1]
    )
    return paths


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, np.full((500, 2), 0.1), 44100, subtype="PCM_24")
    return path


def test_the_first_look_opens_once(song, opened):
    assert judged(song, True) == (Completeness.COMPLETE, False)
    assert opened.count(song) == 1


def test_the_last_look_opens_once(song, opened):
    assert examining.examine(song, False, threading.Event()) == examining.Examined()
    assert opened.count(song) == 1


def test_what_is_not_there_is_gone(tmp_path):
    assert judged(tmp_path / "none.wav", True) == (Completeness.GONE, False)
