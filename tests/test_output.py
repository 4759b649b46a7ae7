from pathlib import Path

import pytest

from dawbridge.errors import ConfigError
from dawbridge.output import Output


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


@pytest.mark.parametrize("template", ["{name}", "{stem}{nome}", "{stem", "{}{stem}"])
def test_bad_templates_are_refused(template):
    with pytest.raises(ConfigError, match="stem"):
        Output(template)
