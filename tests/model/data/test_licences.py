from acapellanet.data.licences import FOLDERS_BY_LICENCE, excluded_folders


def test_both_together() -> None:
    folders = excluded_folders(["sa", "gpl"])
    assert "vocals/songs/pjs" in folders
    assert "vocals/syllables/alys_" in folders
    assert excluded_folders([]) == ()


def test_speech_is_left_out_whatever_was_made_of_it() -> None:
    copyleft = FOLDERS_BY_LICENCE["gpl"]
    for bank in ("sung_gcompris_de", "sung_speech_gcompris_de", "spoken_speech_gcompris_de", "spoken_klettres_de"):
        assert f"vocals/songs/{bank}".startswith(copyleft)
    assert "vocals/songs/chant_reader01".startswith(copyleft)
    assert "vocals/songs/sung_audio_cmn_chen_wang".startswith(FOLDERS_BY_LICENCE["sa"])
    assert not "vocals/songs/sung_librispeech_103".startswith(FOLDERS_BY_LICENCE["sa"] + copyleft)


def test_patterns_are_paths_inside_the_data() -> None:
    for folders in FOLDERS_BY_LICENCE.values():
        assert all(folder.startswith(("vocals/", "instrumental/", "stems/")) for folder in folders)
