from pathlib import Path
from typing import cast

import pytest
import torch

from acapellanet.evaluation.calibration import TEMPERS, at_temper, best_calibrated
from acapellanet.evaluation.validation import Judgement, Validation
from acapellanet.net.network import AcapellaNet, tempered
from acapellanet.net.weights import load_network, save_network


def test_small_logits_shrink_large_ones_stay_and_order_is_kept() -> None:
    logits = torch.linspace(-40, 40, 2001)
    soft = tempered(logits, 0.3)
    assert torch.equal(tempered(logits, 1.0), logits)
    assert torch.equal(soft.sign(), logits.sign()) and (soft.diff() > 0).all()
    assert float(tempered(torch.tensor(0.01), 0.3)) == pytest.approx(0.003, rel=1e-3)
    assert float(tempered(torch.tensor(40.0), 0.3)) == pytest.approx(40, rel=0.02)


def test_tempered_masks_are_less_sure_and_the_gate_is_as_it_was(tiny_network: AcapellaNet, tmp_path: Path) -> None:
    bins = tiny_network.config.fft_samples // 4
    features = torch.randn(1, 4, 16, bins, generator=torch.Generator().manual_seed(1)).abs()
    save_network(tmp_path / "soft.safetensors", at_temper(tiny_network, 0.3), {})
    loaded = load_network(tmp_path / "soft.safetensors")
    with torch.inference_mode():
        sure, soft = tiny_network.masks(features), loaded.masks(features)
    assert loaded.config.temper == 0.3
    assert torch.allclose(sure[:, 2:], soft[:, 2:], atol=1e-6)
    assert ((soft[:, :2] - 0.5).abs() < (sure[:, :2] - 0.5).abs() + 1e-6).all()


@pytest.mark.parametrize(("song", "mashups"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_temper_with_the_best_sdr_is_taken(tiny_network: AcapellaNet, song: bool, mashups: bool) -> None:
    nan = float("nan")

    class Judge:
        def judge(self, network: AcapellaNet) -> Judgement:
            sdr = -abs(network.config.temper - TEMPERS[2])
            return Judgement(sdr if song else nan, sdr if mashups else nan)

    told: dict[float, Judgement] = {}
    best = best_calibrated(tiny_network, cast(Validation, Judge()), told.__setitem__)
    assert best.config.temper == (TEMPERS[2] if song or mashups else TEMPERS[0])
    assert list(told) == list(TEMPERS) and (told[TEMPERS[2]].song_db == 0 or not song)
