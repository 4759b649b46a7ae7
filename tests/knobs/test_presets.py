import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.errors import PresetError, PresetNameError
from dawbridge.knobs.parameters import DEFAULTS, PARAMETERS, ParameterStore, Stage
from dawbridge.knobs.preset_names import distinct
from dawbridge.knobs.presets import (
    PresetReadOnlyError,
    Presets,
    check_name,
    read,
    shipped_folder,
    user_folder,
    validate,
)

SOUND = {name: raw for name, raw in DEFAULTS.items() if PARAMETERS[name].stage is not Stage.CONTROL}


@pytest.fixture
def presets(tmp_path):
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    write(shipped / "1-soft.toml", 'name = "soft"\ndescription = "gentle"\n[parameters]\nmask_contrast = 0.2')
    write(shipped / "2-hard.toml", 'name = "hard"\n[parameters]\nmask_contrast = 0.9\nwatch_enable = false')
    return Presets(shipped, tmp_path / "user")


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


class TestShipped:
    @pytest.mark.parametrize("path", sorted(shipped_folder().glob("*.toml")), ids=lambda path: path.stem)
    def test_every_one_is_valid(self, path):
        preset = read(path, shipped=True)
        assert preset.problems == ()
        assert preset.description
        store = ParameterStore()
        assert not any(change.clamped for change in store.update(preset.setting, "preset"))

    def test_the_first_is_the_defaults(self, tmp_path):
        assert Presets(user=tmp_path).at(1).setting == SOUND

    def test_names_are_unique(self, tmp_path):
        count = len(list(shipped_folder().glob("*.toml")))
        assert count == len(set(Presets(user=tmp_path).names())) > 0


class TestReading:
    def test_order_index_and_load(self, presets):
        assert presets.names() == ("soft", "hard")
        assert presets.index("hard") == 2
        assert presets.at(2) == presets.load("hard")
        assert presets.load("soft").description == "gentle"

    def test_a_preset_is_a_whole_setting(self, presets):
        assert presets.load("soft").setting == {**SOUND, "mask_contrast": 0.2}
        assert presets.load("hard").setting == {**SOUND, "mask_contrast": 0.9, "watch_enable": 0.0}

    def test_without_a_name_it_is_the_files(self, presets, tmp_path):
        write(tmp_path / "user" / "mine.toml", "")
        assert presets.names() == ("soft", "hard", "mine")
        assert presets.load("mine").setting == SOUND

    def test_an_edited_file_counts_at_once(self, presets, tmp_path):
        path = write(tmp_path / "user" / "mine.toml", "[parameters]\nmask_depth = 0.1")
        assert presets.load("mine").values == {"mask_depth": 0.1}
        write(path, "[parameters]\nmask_depth = 0.2")
        assert presets.load("mine").values == {"mask_depth": 0.2}

    @pytest.mark.parametrize("index", [0, 3, -1])
    def test_no_such_number(self, presets, index):
        with pytest.raises(PresetError, match=r"1\.\.2"):
            presets.at(index)

    def test_no_such_name(self, presets):
        with pytest.raises(PresetError, match=r"'sofd'; did you mean 'soft'.*soft, hard"):
            presets.load("sofd")

    def test_folders_follow_the_home_variable(self, monkeypatch, tmp_path):
        monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path))
        assert user_folder() == tmp_path / "config" / "presets"


class TestProblems:
    @pytest.mark.parametrize(
        "text, key, says",
        [
            ("[parameters]\nmask_strenght = 1", "mask_strenght", "did you mean 'mask_strength'"),
            ("[parameters]\nmask_depth = 1.01", "mask_depth", "allowed is 0..1"),
            ("[parameters]\nmask_floor = 3", "mask_floor", "allowed is -80..0 dB"),
            ("[parameters]\nmask_depth = nan", "mask_depth", "allowed is 0..1"),
            ("[parameters]\nmask_depth = '1'", "mask_depth", "not a number"),
            ("[parameters]\nmask_depth = true", "mask_depth", "not a number"),
            ("[parameters]\nlive_enable = 0.7", "live_enable", "0 or 1"),
            ("mask_depth = 1", "mask_depth", "no such key"),
            ("paramters = {}", "paramters", "did you mean 'parameters'"),
            ("parameters = 3", "parameters", "must be a table"),
            ("name = '../x'", "name", "letters"),
            ("name = 3", "name", "letters"),
            ("description = 3", "description", "must be a text"),
            ("this is no toml", "", "not a readable TOML file"),
        ],
    )
    def test_each_is_named_with_what_is_allowed(self, presets, tmp_path, text, key, says):
        path = write(tmp_path / "user" / "bad.toml", text)
        (problem,) = read(path, shipped=False).problems
        assert problem.key == key
        assert says in str(problem)
        with pytest.raises(PresetError, match="cannot be used") as caught:
            presets.load("bad")
        assert says in str(caught.value)

    def test_all_are_found_at_once_and_the_rest_is_read(self, tmp_path):
        path = write(tmp_path / "x.toml", "oops = 1\n[parameters]\nmask_depth = 2\nmask_flor = 1\nband_low = 80")
        preset = read(path, shipped=False)
        assert [problem.key for problem in preset.problems] == ["oops", "mask_depth", "mask_flor"]
        assert preset.values == {"band_low": 80}

    def test_bytes_that_are_no_text(self, tmp_path):
        path = tmp_path / "x.toml"
        path.write_bytes(b"\xff\xfe\x00")
        assert len(read(path, shipped=False).problems) == 1
        assert len(read(tmp_path / "not there.toml", shipped=False).problems) == 1

    @given(st.dictionaries(st.sampled_from([*PARAMETERS, "other"]), st.none() | st.floats() | st.booleans()))
    def test_every_key_is_either_used_or_a_problem(self, given_values):
        values, problems = validate(given_values)
        assert sorted([*values, *(problem.key for problem in problems)]) == sorted(given_values)
        assert all(PARAMETERS[name].clamp(raw) == raw and math.isfinite(raw) for name, raw in values.items())


class TestWriting:
    def test_saved_is_what_is_loaded(self, presets):
        values = {**DEFAULTS, "mask_depth": 1 / 3, "band_low": 123.456}
        presets.save("mine", values, 'a "word"\\\n')
        preset = presets.load("mine")
        assert preset.setting == {name: values[name] for name in SOUND}
        assert preset.description == 'a "word"\\'
        assert not preset.shipped

    def test_control_parameters_are_not_saved(self, presets):
        assert set(presets.save("mine", DEFAULTS).values) == set(SOUND)

    def test_saved_again_takes_its_own_place(self, presets, tmp_path):
        write(tmp_path / "user" / "file.toml", 'name = "mine"')
        presets.save("mine", {"mask_depth": 0.5})
        assert [path.name for path in (tmp_path / "user").iterdir()] == ["file.toml"]
        assert presets.load("mine").values == {"mask_depth": 0.5}

    def test_comments_stay_when_a_preset_is_saved_again(self, presets, tmp_path):
        text = '# for the live set\nname = "mine"\n\n[parameters]\nmask_depth = 0.2  # not less\nband_low = 90.0\n'
        path = write(tmp_path / "user" / "mine.toml", text)
        presets.save("mine", {"mask_depth": 0.5, "mask_floor": -30.0}, "louder")
        saved = path.read_text()
        assert "# for the live set" in saved and "mask_depth = 0.5  # not less" in saved
        preset = presets.load("mine")
        assert preset.values == {"mask_depth": 0.5, "mask_floor": -30.0}
        assert preset.description == "louder"

    @pytest.mark.parametrize("text", ["this is no toml", "[parameters\n", "x = " + "[" * 100_000])
    def test_a_damaged_file_is_left_as_it_is(self, presets, tmp_path, text):
        path = write(tmp_path / "user" / "mine.toml", text)
        with pytest.raises(PresetError, match=r"mine\.toml: not a readable TOML file"):
            presets.save("mine", {"mask_depth": 0.5})
        assert path.read_text() == text

    @pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
    def test_what_is_no_file_is_named_blocks_nothing_and_is_left(self, presets, tmp_path, make):
        (tmp_path / "user").mkdir()
        make(tmp_path / "user" / "mine.toml")
        assert presets.names() == ("soft", "hard", "mine")
        with pytest.raises(PresetError, match="not a readable TOML file"):
            presets.load("mine")
        with pytest.raises(PresetError, match="was not saved"):
            presets.save("mine", {"mask_depth": 0.5})
        assert not (tmp_path / "user" / "mine.toml").is_file()

    def test_a_users_preset_stands_in_for_a_shipped_one_at_its_number(self, presets):
        presets.save("soft", {"mask_contrast": 0.7})
        assert presets.names() == ("soft", "hard")
        assert presets.at(1).values == {"mask_contrast": 0.7}
        presets.delete("soft")
        assert presets.at(1).values == {"mask_contrast": 0.2}

    def test_a_shipped_one_cannot_be_deleted(self, presets):
        with pytest.raises(PresetReadOnlyError, match="shipped"):
            presets.delete("hard")

    def test_deleted_is_gone(self, presets):
        presets.save("mine", {})
        presets.delete("mine")
        with pytest.raises(PresetError, match="no preset is called 'mine'"):
            presets.delete("mine")

    def test_nothing_is_saved_when_a_value_is_wrong(self, presets, tmp_path):
        with pytest.raises(PresetError, match="was not saved: mask_depth = 3"):
            presets.save("mine", {"mask_depth": 3, "band_low": 50})
        assert presets.names() == ("soft", "hard")

    def test_a_folder_that_cannot_be_is_a_preset_error(self, presets, tmp_path):
        (tmp_path / "user").write_text("a file")
        with pytest.raises(PresetError, match="was not saved"):
            presets.save("mine", {})

    @pytest.mark.parametrize("name", ["", " a", "a ", "a/b", "..", "a.b", "é", "x" * 41, "a\n", "CON", "com1", "nul"])
    def test_names_that_cannot_be_files(self, presets, name):
        for use in (check_name, presets.delete, lambda name: presets.save(name, {})):
            with pytest.raises(PresetNameError, match="1 to 40"):
                use(name)

    @pytest.mark.parametrize("name", ["a", "A-b_c 9", "x" * 40, "console"])
    def test_names_that_can(self, presets, name):
        assert presets.save(name, {}).name == name
        assert presets.load(name).values == {}


class TestNames:
    """A preset is not what its file is called: a file may give itself any name."""

    @pytest.fixture
    def said(self):
        return []

    @pytest.fixture
    def own(self, tmp_path, said):
        (tmp_path / "shipped").mkdir()
        return Presets(tmp_path / "shipped", tmp_path / "user", said.append)

    def test_saving_never_writes_over_another_preset_s_file(self, own, tmp_path):
        other = write(tmp_path / "user" / "a.toml", 'name = "b"\n[parameters]\nmask_contrast = 0.2')
        before = other.read_text()
        saved = own.save("a", {"mask_contrast": 0.9})
        assert (saved.path.name, other.read_text()) == ("a 2.toml", before)
        assert (own.load("a").values["mask_contrast"], own.load("b").values["mask_contrast"]) == (0.9, 0.2)
        assert own.save("a", {"mask_contrast": 0.8}).path == saved.path
        own.delete("a")
        assert own.names() == ("b",)

    def test_names_that_differ_by_case_are_two_presets_in_two_files_on_any_system(self, own, tmp_path, said):
        write(tmp_path / "user" / "foo.toml", "[parameters]\nmask_contrast = 0.2")
        assert own.save("Foo", {"mask_contrast": 0.9}).path.name == "Foo 2.toml"
        assert (own.load("foo").values["mask_contrast"], own.load("Foo").values["mask_contrast"]) == (0.2, 0.9)
        own.names()
        assert [line for line in said if "differ by case alone" in line] == said
        assert len(said) == 1

    @pytest.mark.parametrize("files", [("a", "b"), ("b", "c"), ("b", "x", "z")])
    def test_of_two_files_with_one_name_each_can_be_loaded_and_it_is_said_once(self, own, tmp_path, said, files):
        for number, file in enumerate(files):
            write(tmp_path / "user" / f"{file}.toml", f'name = "b"\n[parameters]\nmask_contrast = 0.{number + 1}')
        assert own.names() == files
        assert [own.load(name).values["mask_contrast"] for name in files] == [0.1, 0.2, 0.3][: len(files)]
        assert len(said) == len(files) - 1
        assert all("another preset is called 'b'" in line for line in said)
        own.save("b", {"mask_contrast": 0.9})
        assert [own.load(name).values["mask_contrast"] for name in files].count(0.9) == 1

    @given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), unique_by=lambda pair: pair[0]))
    def test_every_file_has_a_name_of_its_own(self, pairs):
        found = distinct({Path(f"{stem}.toml"): name for stem, name in pairs})
        assert len(set(found.values())) == len(pairs)
        assert all(name in (path.stem, dict(pairs)[path.stem]) for path, name in found.items())
