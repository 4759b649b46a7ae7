from acapellanet.data.licences import FOLDERS_BY_LICENCE, excluded_folders


def test_both_together() -> None:
    folders = excluded_folders(["sa", "gpl"])
    assert "vocals/songs/pjs" in folders
    assert "vocals/syllables/alys_" in folders
    assert excluded_folders([]) == ()


def test_patterns_are_paths_inside_the_data() -> None:
    for folders in FOLDERS_BY_LICENCE.values():
        assert all(folder.startswith(("vocals/", "instrumental/", "stems/")) for folder in folders)
