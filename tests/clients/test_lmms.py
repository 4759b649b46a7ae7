"""LMMS renders straight into the watched folder, and is killed while it does."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.events import JobState, StateChanged
from dawbridge.files.sightings import Settled, Settling, Stalled
from dawbridge.jobs import inputs
from dawbridge.watch.folder import FolderWatch
from tests.jobs_rig import JobsRig
from tests.listening import Heard

SONGS = Path("/usr/share/lmms/projects/shorties")
SHORT, LONGER = SONGS / "Greshz-CoolSnip.mmpz", SONGS / "Skiessi-222.mmpz"


@pytest.mark.parametrize(
    ("options", "subtype", "rate"), [((), "PCM_16", 44100), (("-a", "-s", "48000"), "FLOAT", 48000)]
)
def test_a_bounce_by_lmms_comes_back_as_stems_that_null(start_daemon, lmms, options, subtype, rate):
    daemon = start_daemon()
    path = lmms(SHORT, daemon.folder / "Cool Snip.wav", *options)
    _, acapella, instrumental = daemon.done()
    while acapella.stem != f"{path.stem}_acapella":
        _, acapella, instrumental = daemon.done()
    source = soundfile.info(path)
    assert (source.subtype, source.samplerate) == (subtype, rate)
    stems = []
    for stem in (acapella, instrumental):
        info = soundfile.info(stem)
        assert (info.frames, info.samplerate, info.channels) == (source.frames, rate, source.channels)
        stems.append(soundfile.read(stem, dtype="float64")[0])
    error = np.abs(sum(stems) - soundfile.read(path, dtype="float64")[0])
    larger = np.maximum(*map(np.abs, stems)).astype(np.float32)
    allowed = np.spacing(larger).astype(np.float64) / 2 if subtype == "FLOAT" else 0.0  # floats: half a step
    assert (error <= allowed).all()


@pytest.fixture
def rig(tmp_path):
    """Jobs on `tmp_path/bounces`."""
    root = tmp_path / "bounces"
    root.mkdir()
    made = JobsRig(root, tmp_path, lambda: 0.0)
    yield made
    made.close()


def test_a_killed_render_is_never_taken_by_itself_and_accepted_as_it_is(rig, lmms):
    """soundfile, ffprobe and soxi all open such a file as whole."""
    root, events = rig.root, Heard(rig.bus.mailbox())
    watch = FolderWatch(root, poll=True)
    assert watch.step(0.0) == []
    path = lmms(LONGER, root / "killed.wav", kill_at_bytes=300_000)
    assert path.read_bytes()[4:8] == (8).to_bytes(4, "little")
    assert soundfile.info(path).frames > 0

    told = [type(event) for now in range(1, 58) for event in watch.step(float(now))]
    assert told == [Settling]
    (stalled,) = (event for now in range(58, 70) for event in watch.step(float(now)))
    assert isinstance(stalled, Stalled)
    assert "header" in stalled.reason
    assert [event for hour in range(1, 9) for event in watch.step(hour * 3600.0)] == []

    rig.handle(inputs.EngineReady(), Settling(path), stalled)
    assert rig.tasks() == []
    rig.ask(rig.jobs.accept(1))
    ((_, accepted),) = rig.wishes
    watch.accept(accepted)
    (settled,) = (event for now in range(10) for event in watch.step(30_000.0 + now))
    assert isinstance(settled, Settled)
    rig.handle(settled)
    states = [event.state for event in events if isinstance(event, StateChanged)]
    assert states == [JobState.SETTLING, JobState.STALLED, JobState.QUEUED, JobState.RUNNING]
