"""Bounces by other people's programs, from their file to both stems, with all that hangs on it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio.files import open_source
from dawbridge.cli.main import main

TRIES = 3
SOX_NOISE = ("-n", "-r", "48000", "-c", "2", "-b", "24")
FFMPEG_NOISE = ("-nostdin", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=d=1:c=pink:r=48000:a=0.3")
SNIP = Path("/usr/share/lmms/projects/shorties/Greshz-CoolSnip.mmpz")

RECORD = """
local backend = AudioEngine:set_backend("None (Dummy)", "", "")
AudioEngine:set_sample_rate(48000)
AudioEngine:set_buffer_size(1024)
local session = create_session([[{folder}]], "song", 48000)
local tracks = session:new_audio_track(2, 2, nil, 1, "take", ARDOUR.PresentationInfo.max_order,
    ARDOUR.TrackMode.Normal, true)
for track in tracks:iter() do track:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup) end
local function wait(tenths) for _ = 1, 2 * tenths do ARDOUR.LuaAPI.usleep(50000) end end
session:request_locate(96000, false, ARDOUR.LocateTransportDisposition.MustStop,
    ARDOUR.TransportRequestSource.TRS_UI)
wait(5)
session:maybe_enable_record(false)
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
wait(10)
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
wait(5)
session:save_state("")
close_session()
quit()
"""

NOISE_CSD = """
<CsoundSynthesizer>
<CsInstruments>
sr = 44100
ksmps = 32
nchnls = 2
0dbfs = 1
instr 1
  aleft noise 0.2, 0
  aright noise 0.2, 0.5
  outs aleft, aright
endin
</CsInstruments>
<CsScore>
i 1 0 1
</CsScore>
</CsoundSynthesizer>
"""


@pytest.fixture
def separate(tmp_path, monkeypatch):
    """A function: a bounce through `dawbridge separate`, to the paths of its stems."""
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))

    def run(path, *more):
        assert main(["separate", str(path), "-o", str(tmp_path / "stems"), "--model", "center", *more]) == 0
        found = sorted((tmp_path / "stems").glob(f"{path.stem}_*"))
        assert [stem.stem.removeprefix(path.stem) for stem in found] == ["_acapella", "_instrumental"]
        return found

    return run


def assert_nulls(path, stems):
    """Same rate, length and channels; the sum is the bounce bit for bit, floats to half an ulp."""
    with open_source(path) as source:
        info, bounce = source.info, source.read(0, source.info.frames).T
    read = [soundfile.read(stem, dtype="float64", always_2d=True) for stem in stems]
    assert {rate for _, rate in read} == {info.sample_rate}
    acapella, instrumental = (samples for samples, _ in read)
    assert acapella.shape == instrumental.shape == bounce.shape
    error = np.abs(acapella + instrumental - bounce)
    if info.subtype == "FLOAT":
        step = np.spacing(np.maximum(np.abs(acapella), np.abs(instrumental)).astype(np.float32)).astype(np.float64)
        assert (error <= step / 2).all()
    else:
        assert error.max() <= (0 if info.kind == "integer" else 2**-24)
    assert np.abs(acapella).max() > 0


@pytest.fixture
def ardour(start_program, run_program, tmp_path):
    """A function: Ardour exports into a file: 24-bit BWF of noise that was recorded 2 s into the timeline."""
    script, session = tmp_path / "record.lua", tmp_path / "session"
    script.write_text(RECORD.format(folder=session))
    for _ in range(TRIES):  # it may crash before it has recorded, and does so at its end
        shutil.rmtree(session, ignore_errors=True)
        start_program("ardour7-lua", script).ended()
        takes = sorted(session.glob("interchange/*/audiofiles/*.wav"))
        if len(takes) == 2:
            break
    assert len(takes) == 2
    for seed, take in enumerate(takes):
        with soundfile.SoundFile(take, "r+") as file:
            file.write(np.random.default_rng(seed).uniform(-0.3, 0.3, file.frames))

    def export(path):
        return run_program("ardour7-export", "-b", "24", "-B", "-o", path, session, "song", makes=path)

    return export


def assert_keeps_its_place(path, stems):
    """The same bext in both stems, read by wavinfo, which shares nothing with what wrote it."""
    wavinfo = pytest.importorskip("wavinfo")
    source = wavinfo.WavInfoReader(str(path)).bext
    assert source.time_reference == 96_000
    for stem in stems:
        assert soundfile.info(stem).subtype == soundfile.info(path).subtype == "PCM_24"
        bext = wavinfo.WavInfoReader(str(stem)).bext
        for name in ("time_reference", "description", "originator", "originator_ref", "originator_date", "umid"):
            assert getattr(bext, name) == getattr(source, name), name
        ours = bext.coding_history.removeprefix(source.coding_history)
        assert ours.startswith("A=PCM,F=48000,W=24,M=stereo,T=dawbridge")


@pytest.mark.row("tags and timeline lost")
@pytest.mark.row("bext")
def test_a_broadcast_wave_by_ardour_keeps_its_place(ardour, separate, tmp_path):
    path = ardour(tmp_path / "song.wav")
    stems = separate(path)
    assert_nulls(path, stems)
    assert_keeps_its_place(path, stems)


@pytest.mark.row("stems do not null")
@pytest.mark.parametrize("depth", [(), ("-a",), ("-s", "48000")])
def test_lmms(separate, lmms, tmp_path, depth):
    path = lmms(SNIP, tmp_path / "snip.wav", *depth)
    assert_nulls(path, separate(path))


@pytest.mark.row("stems do not null")
@pytest.mark.parametrize(
    "options", ["-b 24 x.wav", "-b 16 x.aiff", "-b 24 x.flac", "-b 32 x.wav", "-e floating-point x.wav"]
)
def test_sox(separate, run_program, tmp_path, options):
    *how, name = options.split()
    path = tmp_path / name
    path = run_program(
        "sox", "-n", "-r", "44100", "-c", "2", *how, path, "synth", "1", "pinknoise", "vol", "0.5", makes=path
    )
    assert_nulls(path, separate(path))


@pytest.mark.row("stems do not null")
@pytest.mark.parametrize(
    "options", ["pcm_s24le x.wav", "pcm_s16be x.aiff", "flac x.flac", "pcm_f32le x.wav", "pcm_s24be x.caf"]
)
def test_ffmpeg(separate, run_program, tmp_path, options):
    codec, name = options.split()
    path = tmp_path / name
    path = run_program("ffmpeg", *FFMPEG_NOISE, "-ac", "2", "-c:a", codec, path, makes=path)
    assert_nulls(path, separate(path))


@pytest.mark.row("stems do not null")
@pytest.mark.row("a few samples short, offset")
def test_m4a_comes_back_as_24_bits_of_what_it_decodes_to(separate, run_program, tmp_path):
    path = tmp_path / "song.m4a"
    path = run_program("ffmpeg", *FFMPEG_NOISE, "-ac", "2", "-c:a", "aac", path, makes=path)
    stems = separate(path)
    assert {(soundfile.info(stem).format, soundfile.info(stem).subtype) for stem in stems} == {("WAV", "PCM_24")}
    assert_nulls(path, stems)


@pytest.mark.row("stems do not null")
@pytest.mark.parametrize("format", ["-3", "-s", "-f"])
def test_csound(separate, run_program, tmp_path, format):
    score, path = tmp_path / "noise.csd", tmp_path / "noise.wav"
    score.write_text(NOISE_CSD.lstrip())
    path = run_program("csound", "-d", "-W", format, "-o", path, score, makes=path)
    assert_nulls(path, separate(path))


@pytest.mark.row("stems do not null")
@pytest.mark.row("tags and timeline lost")
@pytest.mark.row("bext")
def test_all_of_them_straight_into_a_watched_folder(start_daemon, run_program, ardour, lmms, tmp_path):
    daemon = start_daemon()
    place = daemon.folder

    def done(path):
        _, *stems = daemon.done()
        while stems[0].stem != f"{path.stem}_acapella":
            _, *stems = daemon.done()
        assert_nulls(path, stems)
        return stems

    path = ardour(place / "ardour.wav")
    assert_keeps_its_place(path, done(path))
    done(lmms(SNIP, place / "lmms.wav"))
    sound = place / "sox.wav"
    done(run_program("sox", *SOX_NOISE, sound, "synth", "1", "pinknoise", "vol", "0.5", makes=sound))
    sound = place / "ffmpeg.wav"
    done(run_program("ffmpeg", *FFMPEG_NOISE, "-c:a", "pcm_s24le", sound, makes=sound))
    score, sound = tmp_path / "noise.csd", place / "csound.wav"
    score.write_text(NOISE_CSD.lstrip())
    done(run_program("csound", "-d", "-W", "-o", sound, score, makes=sound))
