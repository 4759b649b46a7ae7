"""A bounce's file is opened once until its stems are written, and not at all for a knob turned later."""

import os
import sys

import pytest
import soundfile


class Opens:
    """Counts how often a file is opened, by Python or by libsndfile, while it is `watching`."""

    def __init__(self):
        self.watching = None
        self.seen = []
        sys.addaudithook(self._heard)  # hooks stay for the process's life

    def _heard(self, event, arguments):
        if not self.watching or event not in ("open", "soundfile"):
            return
        if isinstance(arguments[0], str | bytes | os.PathLike) and os.fsencode(arguments[0]) == self.watching:
            self.seen.append(event)

    def count(self, path, work):
        self.watching, self.seen = os.fsencode(path), []
        try:
            work()
        finally:
            self.watching = None
        return len(self.seen)


OPENS = Opens()


@pytest.fixture(autouse=True)
def _libsndfile_is_heard_too(monkeypatch):
    real = soundfile.SoundFile.__init__

    def heard(self, file, *arguments, **more):
        sys.audit("soundfile", file)
        real(self, file, *arguments, **more)

    monkeypatch.setattr(soundfile.SoundFile, "__init__", heard)


@pytest.mark.parametrize("resident", [True, False])
def test_a_bounce_is_opened_once(make_rig, resident):
    rig = make_rig()
    assert OPENS.count(rig.source, lambda: rig.turn(resident=resident)) == 1


@pytest.mark.parametrize("knobs", [{"acapella_gain": -3.0}, {"mask_depth": 0.5}, {"mask_contrast": 0.7}])
def test_a_knob_opens_no_bounce(make_rig, knobs):
    rig = make_rig()
    rig.turn()
    assert OPENS.count(rig.source, lambda: rig.turn(knobs)) == 0


def test_the_count_counts(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, [[0.0, 0.0]] * 10, 44100)
    assert OPENS.count(path, path.read_bytes) == 1
    assert OPENS.count(path, lambda: soundfile.info(path)) == 1
