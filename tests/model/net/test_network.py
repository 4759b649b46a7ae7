import torch

from acapellanet.net.config import CONFIGS, NetworkConfig
from acapellanet.net.network import AcapellaNet, apply_masks, features_of, macs_per_second, parameter_count


def test_small_keeps_its_budget() -> None:
    assert macs_per_second(CONFIGS["small"]) <= 1.2e9
    assert 0.8e6 <= parameter_count(AcapellaNet(CONFIGS["small"])) <= 1.5e6


def test_full_keeps_its_budget() -> None:
    assert macs_per_second(CONFIGS["full"]) <= 4e9


def test_macs_of_a_network_counted_by_hand() -> None:
    config = NetworkConfig(
        "hand", channels=(2,), dilations=(), patch_bins=4, bottleneck=8, fft_samples=256, hop_samples=64
    )
    bins, frames_per_second = 16, 44100 / 64
    patch = bins * 4 * 2 * 4
    block = bins * 2 * (2 * 2 * 9) + 2 * (2 * bins * 4)
    head = bins * (2 + 16) * 3 * 4
    assert macs_per_second(config) == round((patch + block + head) * frames_per_second)


def test_shape_is_kept_and_masks_are_masks(tiny_network: AcapellaNet) -> None:
    planes = torch.randn(3, 2, 2, 10, 256)
    assert tiny_network(planes).shape == planes.shape
    masks = tiny_network.masks(features_of(planes))
    assert masks.shape == (3, 3, 10, 128)
    assert 0 <= float(masks.min()) <= float(masks.max()) <= 1


def test_the_same_in_the_same_out(tiny_network: AcapellaNet) -> None:
    planes = torch.randn(1, 2, 2, 10, 256)
    assert torch.equal(tiny_network(planes), tiny_network(planes))


def test_level_makes_no_difference(tiny_network: AcapellaNet) -> None:
    planes = torch.randn(1, 2, 2, 10, 256)
    quiet = tiny_network(planes * 0.01)
    assert torch.allclose(quiet, tiny_network(planes) * 0.01, atol=1e-6)


def test_silence_stays_silent(tiny_network: AcapellaNet) -> None:
    assert not tiny_network(torch.zeros(1, 2, 2, 8, 256)).any()


def test_masks_without_gate_are_plain() -> None:
    planes = torch.randn(1, 2, 2, 4, 16)
    masks = torch.zeros(1, 3, 4, 8)
    masks[:, 0], masks[:, 1] = 0.25, 0.5
    vocals = apply_masks(masks, planes)
    assert torch.allclose(vocals[:, 0], planes[:, 0] * 0.25)
    assert torch.allclose(vocals[:, 1], planes[:, 1] * 0.5)


def test_the_gate_takes_the_middle() -> None:
    planes = torch.randn(1, 2, 2, 4, 16)
    vocals = apply_masks(torch.ones(1, 3, 4, 8), planes)
    middle = planes.mean(1)
    assert torch.allclose(vocals[:, 0], middle, atol=1e-6)
    assert torch.allclose(vocals[:, 1], middle, atol=1e-6)
