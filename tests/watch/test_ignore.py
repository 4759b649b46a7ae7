"""Which files and folders are no bounces, by name, place and neighbours; and whether that is worth a word."""

from pathlib import Path, PurePath

import pytest

from dawbridge.watch.ignore import QUIET, Places
from dawbridge.watch.partial_names import PARTIAL


@pytest.fixture
def places(root: Path) -> Places:
    return Places(root)


@pytest.mark.parametrize(
    "path",
    [
        "._bounce.wav", "~$bounce.wav", ".DS_Store", "Thumbs.db", "Desktop.INI", ".dawbridge.lock", ".hidden.txt",
        "bounce.wav.asd", "bounce.wav.reapeaks", "bounce.pkf", ".dawbridge-0123456789abcdef.part",
        "separated/bounce_acapella.wav", "Separated/a.wav", "song/separated/a.wav", "separated/deep/a.wav",
        "@eaDir/bounce.wav", ".stversions/bounce.wav", ".Trashes/501/bounce.wav", "__MACOSX/bounce.wav",
    ],
)  # fmt: skip
def test_left_alone_without_a_word(places: Places, path: str) -> None:
    assert places.of(PurePath(path)) == QUIET


@pytest.mark.parametrize(
    ("path", "what", "why"),
    [
        (".song.wav", ".*", "hidden"),
        (".demos/song.wav", ".demos/", "hidden"),
        ("song.WAV.Part", "*.part", "download"),
        ("song.wav.!ut", "*.!ut", "torrent"),
        ("song.wav.!sync", "*.!sync", "synchronised"),
        ("~syncthing~song.wav.tmp", "~syncthing~*", "synchronised"),
        ("INCOMPLETE~song.wav", "incomplete~*", "Soulseek"),
        ("song.wav.filepart", "*.filepart", "download"),
        ("Unconfirmed 12345.crdownload", "*.crdownload", "browser"),
        ("song.wav.opdownload", "*.opdownload", "browser"),
        ("song.wav.dtapart", "*.dtapart", "browser"),
        ("song.sfap0", "*.sfap0", "temporary"),
        ("song.wav.temp", "*.temp", "temporary"),
        ("song.wav.bak", "*.bak", "earlier version"),
        ("song.old", "*.old", "earlier version"),
        ("song.wav~", "*~", "earlier version"),
        ("clip.mp4", "*.mp4", "video"),
        ("x/Samples/Recorded/a.wav", "x/Samples/Recorded/", "Ableton Live"),
        ("Samples/Imported/a.wav", "Samples/Imported/", "Ableton Live"),
        ("Audio Files/a.wav", "Audio Files/", "project"),
        ("Song.logicx/Media/Audio Files/a.wav", "Song.logicx/", "Logic Pro"),
        ("Song.band/Media/a.wav", "Song.band/", "GarageBand"),
        ("Song.ptx/a.wav", "Song.ptx/", "Pro Tools"),
    ],
)
def test_left_alone_with_a_reason(places: Places, path: str, what: str, why: str) -> None:
    reason = places.of(PurePath(path))
    assert reason is not None
    assert reason[0] == what and why in reason[1]


@pytest.mark.parametrize(
    "path",
    [
        "bounce.wav", "stems/drums.wav", "my preset/bounce.wav", "separated.wav", "peaks.wav", "Ünï 🎤.wav", "tmp.wav",
        "Freeze/Freeze mix.wav", "Backup/a.wav", "Peaks/a.wav", "Crop/a.wav", "Media/a.wav", "Samples/mine/a.wav",
        "part.wav", "old.wav", "incomplete thoughts.wav", "bit.wav", "song.tta", "song.mka", "Audio/a.wav",
    ],
)  # fmt: skip
def test_watched(places: Places, path: str) -> None:
    assert places.of(PurePath(path)) is None


@pytest.mark.parametrize(
    ("project", "folder"),
    [
        ("Song.als", "Freeze"), ("Song.als", "Backup"), ("Ableton Project Info", "Samples"), ("Song.ptx", "Fade Files"),
        ("Song.cpr", "Audio"), ("Song.RPP", "Peaks"), ("Song.rpp", "Media"), ("Song.song", "Media"),
        ("song.ardour", "interchange"), ("Song.bwproject", "samples"), ("Song.flp", "Recorded"),
        ("Song.logicx", "Freeze Files.nosync"), ("Song.aup", "Song_data"), ("Song.cwp", "Audio"),
    ],
)  # fmt: skip
def test_a_daw_is_known_by_its_project_file_beside_the_folder(root: Path, project: str, folder: str) -> None:
    (root / "song" / folder).mkdir(parents=True)
    (root / "song" / project).touch()
    reason = Places(root).of(PurePath("song", folder, "take.wav"))
    assert reason is not None and reason[0] == f"song/{folder}/" and "project of" in reason[1]
    assert Places(root).of(PurePath("song", "mix.wav")) is None
    assert Places(root).of(PurePath("song", "Mixdown", "mix.wav")) is None
    assert Places(root, projects=True).of(PurePath("song", folder, "take.wav")) is None


def test_the_outputs_folder_has_the_name_that_was_chosen(root: Path) -> None:
    assert Places(root, "out").of(PurePath("out/a.wav")) == QUIET
    assert Places(root, "out").of(PurePath("separated/a.wav")) is None


def test_the_user_adds_rules_and_takes_exceptions(root: Path) -> None:
    places = Places(root, ignore=["*.Draft.wav", "old mixes"], take=["*.bak", "Samples/Recorded", ".keep.wav"])
    assert places.of(PurePath("a.draft.wav")) == ("*.draft.wav", "ignored by dawbridge.toml")
    assert places.of(PurePath("Old Mixes/a.wav")) == ("Old Mixes/", "ignored by dawbridge.toml")
    assert places.of(PurePath("a.wav.bak")) is None
    assert places.of(PurePath("Samples/Recorded/a.wav")) is None
    assert places.of(PurePath("Samples/Imported/a.wav")) is not None
    assert places.of(PurePath(".keep.wav")) is None


def test_what_is_our_own_is_never_taken(root: Path) -> None:
    places = Places(root, take=["*", "separated"])
    assert places.of(PurePath("separated/a.wav")) == QUIET
    assert places.of(PurePath(".dawbridge-0123456789abcdef.part")) == QUIET


def test_no_row_of_the_table_matches_a_plain_audio_name() -> None:
    for name in ("song.wav", "1.flac", "my mix (final).aiff", "bitter.mp3", "rar.ogg"):
        for why, patterns in PARTIAL:
            assert not any(PurePath(name).match(pattern) for pattern in patterns), (why, name)
