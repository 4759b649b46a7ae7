from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.errors import ConfigError
from dawbridge.files.output import Output


def test_a_folder_beside_the_bounce():
    acapella, instrumental = Output().paths(Path("/music/mix.v2.wav"))
    assert acapella == Path("/music/separated/mix.v2_acapella")
    assert instrumental == Path("/music/separated/mix.v2_instrumental")


def test_an_absolute_folder():
    assert Output("/stems").paths(Path("/music/mix.wav"))[0] == Path("/stems/mix_acapella")


def test_a_template():
    output = Output("out/{folder}/{stem} of {name}")
    assert output.paths(Path("/music/mix.wav"))[1] == Path("/music/out/music/instrumental of mix")
    assert Output("separated/{name}_{stem}").folder_name == "separated"


def test_two_folders_that_share_a_place_for_stems_name_it_alike():
    places = {Output("../out").paths(Path(f"/music/{folder}/mix.wav"))[0] for folder in "ab"}
    assert places == {Path("/music/out/mix_acapella")}
    assert Output("../out/{name}-{stem}").paths(Path("/music/a/mix.wav"))[1] == Path("/music/out/mix-instrumental")
    assert Output("../out/{name}-{stem}").base(Path("/music/a")) == Path("/music/out")


def test_a_second_bounce_gets_its_own_name_although_the_template_has_none():
    output = Output("{folder}/{stem}")
    first, second = (output.paths(Path("/music/b.wav"), name)[0] for name in ("b", "b.wav"))
    assert (first, second) == (Path("/music/music/acapella"), Path("/music/music/acapella b.wav"))


@pytest.mark.parametrize(
    "template",
    ["{name}", "{stem}{nome}", "{stem", "{}{stem}", "{{name}}_{stem}", "{stem:>9}", "{stem:}", "{name!r}_{stem}",
     "{name.parent}_{stem}", "{stem[0]}", "{stem}/../both", "a\0b", "{stem}\0", "~nosuchuser/{name}_{stem}",
     "~nosuchuser/out", "", " "],
)  # fmt: skip
def test_templates_that_make_no_sense_are_refused_in_one_line(template):
    with pytest.raises(ConfigError) as refused:
        Output(template)
    assert str(refused.value).isprintable()


@given(st.text("{}nameste:!.~/\0 ", max_size=20))
def test_whatever_is_accepted_names_two_files(template):
    try:
        output = Output(template)
    except ConfigError:
        return
    acapella, instrumental = output.paths(Path("/music/mix.wav"))
    assert acapella != instrumental
