import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawbridge.errors import ControlError
from dawbridge.surfaces.midi.bindings import Binding
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.song import read_automation


def song(path, *events):
    """A file of two tracks: tempo 60 after two beats at 120, and `(beats, controller, value)`."""
    tempo, lanes = mido.MidiTrack(), mido.MidiTrack()
    tempo += [mido.MetaMessage("set_tempo", tempo=500_000), mido.MetaMessage("set_tempo", tempo=1_000_000, time=960)]
    last = 0
    for beats, controller, value in events:
        delta = int(beats * 480) - last
        lanes.append(mido.Message("control_change", channel=3, control=controller, value=value, time=delta))
        last = int(beats * 480)
    mido.MidiFile(ticks_per_beat=480, tracks=[tempo, lanes]).save(path)
    return path


def test_controllers_become_lanes_in_seconds_through_a_change_of_tempo(tmp_path):
    made = read_automation(song(tmp_path / "a.mid", (0, 22, 0), (2, 22, 127), (4, 20, 127), (5, 7, 1), (6, 80, 127)))
    assert made.plain() == {"acapella_gain": [[0.0, -60.0], [1.0, 6.0]], "mask_strength": [[3.0, 1.0]]}


def test_the_controls_are_those_that_are_bound(tmp_path):
    bindings = (
        Binding("mask_depth", Kind.CC14, 7),
        Binding("band_low", Kind.CC, 30, encoding=Encoding.TWOS_COMPLEMENT),
        Binding("mask_floor", Kind.CC, 31, port="nanoKONTROL"),
    )
    path = song(tmp_path / "a.mid", (0, 7, 64), (0, 39, 0), (1, 7, 127), (2, 30, 1), (3, 31, 127), (4, 20, 0))
    lanes = read_automation(path, bindings).plain()
    assert lanes["mask_depth"] == [pytest.approx([0.0, 64 * 128 / 16383]), pytest.approx([0.5, 127 * 128 / 16383])]
    assert lanes["mask_floor"] == [[2.0, 0.0]]
    assert len(lanes) == 2


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=200)
def test_what_is_no_midi_file_is_refused_in_words(tmp_path_factory, data, headed):
    path = tmp_path_factory.mktemp("song") / "x.mid"
    path.write_bytes((b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\x80" if headed else b"") + data)
    try:
        read_automation(path)
    except ControlError as error:
        assert "x.mid" in str(error)


def test_a_huge_one_is_refused(tmp_path):
    path = tmp_path / "big.mid"
    path.write_bytes(bytes(2**20 + 1))
    with pytest.raises(ControlError, match="1 MiB"):
        read_automation(path)


@pytest.mark.parametrize(("frames", "a_second"), [(24, 24.0), (25, 25.0), (29, 30000 / 1001), (30, 30.0)])
def test_a_division_in_frames_is_read_in_seconds_whatever_the_tempo(tmp_path, frames, a_second):
    path = song(tmp_path / "a.mid", (0, 22, 0), (2, 22, 127))
    data = bytearray(path.read_bytes())
    data[12:14] = bytes((256 - frames, 80))
    path.write_bytes(data)
    (lane,) = read_automation(path).plain().values()
    assert lane == [[0.0, -60.0], [pytest.approx(960 / 80 / a_second), 6.0]]


def test_a_division_in_frames_that_no_rate_has_is_refused(tmp_path):
    path = song(tmp_path / "a.mid", (0, 22, 0))
    data = bytearray(path.read_bytes())
    data[12:14] = bytes((256 - 60, 80))
    path.write_bytes(data)
    with pytest.raises(ControlError, match="60 frames a second"):
        read_automation(path)


def test_a_file_of_type_2_is_refused_by_name(tmp_path):
    path = song(tmp_path / "a.mid", (0, 22, 0))
    data = bytearray(path.read_bytes())
    data[9] = 2
    path.write_bytes(data)
    with pytest.raises(ControlError, match="type 2"):
        read_automation(path)
