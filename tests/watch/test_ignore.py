"""What is no bounce by its name or place."""

from pathlib import PurePath

import pytest

from dawbridge.watch.ignore import ignored


@pytest.mark.parametrize(
    "path",
    [
        ".hidden.wav", "._bounce.wav", "~$bounce.wav", "bounce.wav~", ".DS_Store", "Thumbs.db", "Desktop.INI",
        "bounce.wav.part", "bounce.WAV.TMP", "bounce.wav.asd", "bounce.wav.reapeaks", "bounce.pkf",
        "separated/bounce_acapella.wav", "Separated/a.wav", "song/separated/a.wav", "separated/deep/a.wav",
        "@eaDir/bounce.wav", ".stversions/bounce.wav", ".Trashes/501/bounce.wav", "__MACOSX/bounce.wav",
        "Freeze/a.wav", "Freeze Files.nosync/a.wav", "Crop/a.wav", "Backup/a.wav", "peaks/a.wav",
    ],
)  # fmt: skip
def test_ignored(path: str) -> None:
    assert ignored(PurePath(path))


@pytest.mark.parametrize(
    "path",
    ["bounce.wav", "stems/drums.wav", "my preset/bounce.wav", "separated.wav", "peaks.wav", "Ünï 🎤.wav", "tmp.wav"],
)
def test_watched(path: str) -> None:
    assert not ignored(PurePath(path))


def test_the_outputs_folder_has_the_name_that_was_chosen() -> None:
    assert ignored(PurePath("out/a.wav"), "out")
    assert not ignored(PurePath("separated/a.wav"), "out")
