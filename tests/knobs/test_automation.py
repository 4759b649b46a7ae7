import pickle

import numpy as np
import pytest

from dawbridge.knobs.automation import AUTOMATABLE, RAMP_S, Automation, Lane


def test_a_close_pair_is_a_line_and_a_rest_is_held():
    lane = Lane("acapella_gain", ((1.0, 0.0), (1.04, -4.0), (5.0, -10.0)))
    times = np.array([0.0, 1.0, 1.02, 1.04, 3.0, 5.0 - RAMP_S, 5.0, 9.0])
    np.testing.assert_allclose(lane.values(times), [0, 0, -2, -4, -4, -4, -10, -10], atol=1e-9)


def test_a_frequency_moves_in_octaves():
    lane = Lane("band_low", ((0.0, 50.0), (0.04, 200.0)))
    assert lane.values(np.array([0.02]))[0] == pytest.approx(100.0)


def test_what_cannot_move_and_what_is_out_of_range():
    made = Automation.of(
        {"acapella_gain": [(1, 99), (0, -3)], "live_enable": [(0, 0)], "mask_depth": [], "no": [(0, 1)]}
    )
    assert made.plain() == {"acapella_gain": [[0.0, -3.0], [1.0, 6.0]]}
    assert Automation.of(made.plain()) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert hash(made)
    assert not Automation()
    assert "acapella_enable" not in AUTOMATABLE
    assert "center_width" not in AUTOMATABLE
