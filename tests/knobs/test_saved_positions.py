from dawbridge.knobs import saved_positions as positions


def test_positions_come_back(tmp_path):
    positions.save(tmp_path / "state" / "knobs.json", {"mask_depth": 0.25})
    assert positions.load(tmp_path / "state" / "knobs.json") == ({"mask_depth": 0.25}, [])


def test_what_cannot_be_used_is_said_and_left_out(tmp_path):
    file = tmp_path / "knobs.json"
    file.write_text('{"mask_depth": 0.25, "mask_dept": 1, "band_low": 9999}')
    values, problems = positions.load(file)
    assert values == {"mask_depth": 0.25}
    assert len(problems) == 2
    file.write_text("{")
    assert positions.load(file)[0] == {}
    assert positions.load(tmp_path / "missing.json") == ({}, [])
