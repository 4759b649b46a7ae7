from pathlib import Path

import pytest

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


@pytest.mark.parametrize("template", ["{name}", "{stem}{nome}", "{stem", "{}{stem}"])
def test_bad_templates_are_refused(template):
    with pytest.raises(ConfigError, match="stem"):
        Output(template)
