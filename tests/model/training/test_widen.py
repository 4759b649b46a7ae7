from dataclasses import replace

import pytest
import torch

from acapellanet.errors import ModelError
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.training import widen
from acapellanet.training.widen import start_from


def wider(config: NetworkConfig) -> AcapellaNet:
    return AcapellaNet(replace(config, name="wider", channels=(7, 13))).eval()


def test_same_width_is_a_copy(tiny_network: AcapellaNet) -> None:
    other = AcapellaNet(tiny_network.config).eval()
    start_from(other, tiny_network)
    features = torch.rand(1, 4, 32, 128)
    assert torch.allclose(other.masks(features), tiny_network.masks(features), atol=1e-6)


def test_grown_it_gives_what_the_narrow_one_gave(
    tiny_network: AcapellaNet, tiny: NetworkConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widen, "NOISE", 0.0)
    grown = wider(tiny)
    start_from(grown, tiny_network)
    features = torch.rand(1, 4, 32, 128)
    assert torch.allclose(grown.masks(features), tiny_network.masks(features), atol=1e-5)


def test_copies_are_told_apart(tiny_network: AcapellaNet, tiny: NetworkConfig) -> None:
    grown = wider(tiny)
    start_from(grown, tiny_network)
    weights = grown.encoders[0][0].first[0].weight  # type: ignore[index,union-attr]
    assert len(torch.unique(weights.flatten(1), dim=0)) == len(weights)
    features = torch.rand(1, 4, 32, 128)
    assert (grown.masks(features) - tiny_network.masks(features)).abs().mean() < 0.1


def test_narrower_or_otherwise_different_is_refused(tiny_network: AcapellaNet, tiny: NetworkConfig) -> None:
    narrow = AcapellaNet(replace(tiny, name="narrow", channels=(2, 6)))
    with pytest.raises(ModelError, match=r"narrow \(2, 6\) cannot start from tiny \(4, 6\)"):
        start_from(narrow, tiny_network)
    with pytest.raises(ModelError, match="all but name and width"):
        start_from(AcapellaNet(replace(tiny, bottleneck=4)), tiny_network)
