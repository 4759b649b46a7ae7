import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.errors import ConfigError
from dawbridge.surfaces.midi import bindings_file
from dawbridge.surfaces.midi.bindings import BUTTONS, DEFAULT_BINDINGS, PRESET, PRESET_MORPH, TARGETS, Binding
from dawbridge.surfaces.midi.bindings_file import Bindings, read
from dawbridge.surfaces.midi.bindings_row import as_table, read_row
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.takeover import Takeover

WHOLE = """
[[binding]]
parameter = "mask_strength"
cc = 7
channel = 1
port = "nano"
mode = "sign-magnitude"
takeover = "scale"
center = 64
invert = true
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config" / "midi.toml"


@pytest.fixture
def written(file):
    def write(text):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return read(file)

    return write


def test_no_file_is_the_standard(file):
    assert read(file) == Bindings()
    assert read(file).effective == DEFAULT_BINDINGS


def test_a_whole_row(written):
    found = written(WHOLE)
    assert found.problems == ()
    assert found.rows[0].binding == Binding(
        "mask_strength", Kind.CC, 7, 0, Encoding.SIGN_MAGNITUDE, True, 64, Takeover.SCALE, "nano"
    )


def controls(found):
    return {(binding.target, str(binding.kind), binding.number) for binding in found.effective}


def test_a_parameter_in_the_file_loses_its_standard_control(written):
    found = controls(written('[[binding]]\nparameter = "mask_strength"\ncc = 7\n'))
    assert ("mask_strength", "cc", 7) in found
    assert ("mask_strength", "cc", 20) not in found
    assert ("center_amount", "cc", 21) in found


def test_a_control_in_the_file_turns_nothing_else(written):
    found = controls(written('[[binding]]\nparameter = "band_low"\ncc = 20\n'))
    assert ("band_low", "cc", 20) in found
    assert not any(target == "mask_strength" for target, _, _ in found)


def test_nothing_standard_and_nothing_at_all(written):
    assert written('defaults = false\n[[binding]]\nparameter = "preset_morph"\ncc14 = 1\n').effective == (
        Binding(PRESET_MORPH, Kind.CC14, 1),
    )
    found = written('[[binding]]\nparameter = "mask_strength"\nnone = true\n')
    assert found.problems == ()
    assert found.effective == DEFAULT_BINDINGS[1:]


def test_presets_on_one_channel(written):
    found = written('[[binding]]\nparameter = "preset"\nchannel = 16\n')
    assert found.problems == ()
    assert found.effective[-1] == Binding(PRESET, Kind.PROGRAM, None, 15)


def test_the_example_in_the_documentation(written):
    page = (Path(__file__).parents[3] / "docs" / "midi.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert example in page
    assert example.replace(', " #2" behind it for the second', "") in bindings_file.__doc__
    found = written(example)
    assert found.problems == ()
    assert found.rows[0].binding.port == "nanoKONTROL"


def test_all_mistakes_at_once(written):
    found = written(
        """
        default = true
        [[binding]]
        parameter = "mask_strenght"
        cc = 7
        chanel = 1
        [[binding]]
        parameter = "mask_depth"
        cc = 130
        [[binding]]
        parameter = "mask_floor"
        cc = 1
        note = 2
        mode = "twos-complment"
        channel = 17
        invert = "yes"
        [[binding]]
        parameter = "center_amount"
        nrpn = 3.5
        port = ""
        none = false
        [[binding]]
        parameter = "band_low"
        cc = 9
        """
    )
    said = [str(problem) for problem in found.problems]
    for words in (
        "did you mean 'defaults'", "did you mean 'mask_strength'", "did you mean 'channel'", "allowed is 0..119",
        "binding 3: exactly one", "did you mean 'twos-complement'", "allowed is 1..16", "true or false",
        "whole number", "part of a port's name", "must be true: nothing turns",
    ):  # fmt: skip
        assert any(words in text for text in said), words
    assert [row.target for row in found.rows] == ["band_low"]
    assert ("center_amount", "cc", 21) in controls(found)


@pytest.mark.parametrize("text", ["binding = 3", "[binding]\ncc = 1", "binding = [1]", "[[binding]\n", "defaults = 1"])
def test_other_shapes_are_problems(written, text):
    assert len(written(text).problems) == 1


def test_learned_ones_are_kept(file):
    bindings_file.learn(file, Binding("mask_strength", Kind.CC, 7, 0, port='na"no\\'))
    bindings_file.learn(file, Binding("mask_floor", Kind.CC, 8, 0, Encoding.BINARY_OFFSET))
    assert read(file).problems == ()
    assert [row.binding for row in read(file).rows] == [
        Binding("mask_strength", Kind.CC, 7, 0, port='na"no\\'),
        Binding("mask_floor", Kind.CC, 8, 0, Encoding.BINARY_OFFSET),
    ]
    assert [path.name for path in file.parent.iterdir()] == ["midi.toml"]


def test_learning_takes_the_place_of_the_same_parameter_and_the_same_control(file):
    bindings_file.learn(file, Binding("mask_strength", Kind.CC, 7, 0))
    bindings_file.learn(file, Binding("mask_floor", Kind.CC, 8, 0))
    bindings_file.learn(file, Binding("mask_floor", Kind.CC, 7, 0))
    assert [row.binding for row in read(file).rows] == [Binding("mask_floor", Kind.CC, 7, 0)]
    bindings_file.learn(file, Binding("mask_depth", Kind.CC, 7, 1))
    assert len(read(file).rows) == 2


def test_a_persons_words_stay(written, file):
    written(f"# mine\ndefaults = true  # yes\n{WHOLE}# the fader on the left\n\n[[binding]]\nparameter = 'x'\ncc = 1\n")
    bindings_file.learn(file, Binding("mask_floor", Kind.CC, 8))
    text = file.read_text()
    for words in ("# mine", "# yes", "# the fader on the left", "parameter = 'x'", "mask_strength"):
        assert words in text
    bindings_file.learn(file, Binding("mask_strength", Kind.CC, 9))
    assert "# mine" in file.read_text()
    assert 'port = "nano"' not in file.read_text()


def test_forgotten_is_forgotten_for_good(file):
    bindings_file.learn(file, Binding("mask_strength", Kind.CC, 7))
    bindings_file.forget(file, "mask_strength")
    assert not any(binding.target == "mask_strength" for binding in read(file).effective)
    bindings_file.learn(file, Binding("mask_strength", Kind.CC, 7))
    assert any(binding.target == "mask_strength" for binding in read(file).effective)
    bindings_file.learn(file, Binding("band_low", Kind.CC, 9))
    bindings_file.forget(file, "band_low")
    assert "band_low" not in file.read_text()


@pytest.mark.parametrize("text", ["[[binding", "binding = []\n", 'binding = [{parameter="band_low", cc=1}]'])
def test_a_file_that_cannot_be_added_to_is_left_as_it_is(written, file, text):
    written(text)
    with pytest.raises(ConfigError, match=r"mend it first|one more can be added"):
        bindings_file.learn(file, Binding("mask_strength", Kind.CC, 7))
    assert file.read_text() == text


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ConfigError):
        bindings_file.learn(tmp_path / "config" / "midi.toml", Binding("mask_strength", Kind.CC, 7))


@given(
    st.sampled_from([t for t in TARGETS if t not in (PRESET, *BUTTONS)]),
    st.sampled_from([Kind.CC14, Kind.NOTE, Kind.PROGRAM, Kind.NRPN, Kind.RPN]),
    st.integers(0, 31),
    st.none() | st.integers(0, 15),
    st.none() | st.text(min_size=1).filter(str.isprintable),
)
def test_what_is_written_is_read(target, kind, number, channel, port):
    binding = Binding(target, kind, number, channel, port=port)
    problems = []
    assert read_row(as_table(target, binding), problems).binding == binding
    assert problems == []


@given(
    st.sampled_from([*BUTTONS, "preset/load/my mix", "live_enable"]),
    st.sampled_from([Kind.CC, Kind.NOTE, Kind.PROGRAM, Kind.MMC]),
    st.integers(0, 119),
)
def test_a_command_that_is_written_is_read(target, kind, number):
    binding, problems = Binding(target, kind, number), []
    assert read_row(as_table(target, binding), problems).binding == binding
    assert problems == []


def test_pitch_bend_is_written_without_a_number(file):
    bindings_file.learn(file, Binding("mask_depth", Kind.BEND, 0, 3))
    assert "bend = true\nchannel = 4\n" in file.read_text()
    assert read(file).rows[0].binding == Binding("mask_depth", Kind.BEND, 0, 3)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('command = "automation/recrod"\nnote = 1', "command"),
        ('command = "mask_depth"\nnote = 1', "command"),
        ('parameter = "automation/record"\nnote = 1', "parameter"),
        ('command = "automation/record"\nparameter = "mask_depth"\nnote = 1', "command"),
        ('parameter = "mask_depth"\nbend = 3', "bend"),
    ],
)
def test_mistakes_about_commands(written, file, lines, key):
    written(f"[[binding]]\n{lines}\n")
    found = read(file)
    assert found.rows == ()
    assert f"binding 1: {key}" in {problem.key for problem in found.problems}


def test_a_pipe_in_the_files_place_blocks_nothing(file):
    file.parent.mkdir()
    os.mkfifo(file)
    assert read(file).problems
    with pytest.raises(ConfigError):
        bindings_file.learn(file, Binding("mask_depth", Kind.CC, 3))
