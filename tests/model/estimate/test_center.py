import numpy as np
import pytest
import torch

from acapellanet.errors import SignalError
from acapellanet.estimate.center import CENTER_CONTEXT_SAMPLES, exponent_of, isolate_center
from acapellanet.evaluation.metrics import usdr

from ..conftest import RATE, tone, wide_noise


def voice() -> torch.Tensor:
    return torch.from_numpy(sum(tone(hz, 2, 0.1) for hz in (440, 880, 1320, 3000)))


def side() -> torch.Tensor:
    return torch.from_numpy(wide_noise(2))


def test_a_centred_voice_gains_over_wide_noise() -> None:
    vocals, mixture = voice().numpy(), voice() + side()
    isolated = isolate_center(mixture, RATE).numpy()
    assert usdr(vocals, isolated) > usdr(vocals, mixture.numpy()) + 5


def test_narrower_lets_less_noise_through() -> None:
    powers = [float(isolate_center(side(), RATE, width).square().mean()) for width in (0, 0.25, 0.5, 0.75, 1)]
    assert powers == sorted(powers)
    assert powers[0] < 0.1 * powers[-1]


def test_hard_panned_and_out_of_phase_vanish() -> None:
    left = voice() * torch.tensor([[1.0], [0.0]])
    opposed = voice() * torch.tensor([[1.0], [-1.0]])
    assert float(isolate_center(left, RATE).abs().max()) < 1e-4
    assert float(isolate_center(opposed, RATE).abs().max()) < 1e-4


def test_mono_on_two_channels_passes_through() -> None:
    mono = side()[:1].expand(2, -1)
    assert torch.allclose(isolate_center(mono, RATE), mono, atol=1e-5)


def test_silence_and_single_samples_are_finite() -> None:
    assert not isolate_center(torch.zeros(2, 10_000), RATE).any()
    assert torch.isfinite(isolate_center(torch.ones(2, 1), RATE)).all()
    assert isolate_center(torch.zeros(2, 0), RATE).shape == (2, 0)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_any_rate_and_batch_keep_their_shape(rate: int) -> None:
    mix = torch.randn(3, 2, rate // 4)
    assert isolate_center(mix, rate).shape == mix.shape


def test_each_of_a_batch_as_alone() -> None:
    batch = torch.stack((side(), voice() + side()))
    assert torch.allclose(isolate_center(batch, RATE)[1], isolate_center(batch[1], RATE), atol=1e-6)


def test_deterministic() -> None:
    assert torch.equal(isolate_center(side(), RATE), isolate_center(side(), RATE))


def test_what_is_farther_than_the_context_does_not_matter() -> None:
    mix = side() + voice()
    changed = mix.clone()
    changed[:, :20480] = 0
    start = 20480 + CENTER_CONTEXT_SAMPLES
    before, after = isolate_center(mix, RATE)[:, start:], isolate_center(changed, RATE)[:, start:]
    assert float((before - after).abs().max()) < 10 ** (-90 / 20)


def test_mono_and_surround_are_refused() -> None:
    for channels in (1, 6):
        with pytest.raises(SignalError, match=r"\[\.\.\., 2, samples\]"):
            isolate_center(torch.zeros(channels, 100), RATE)


def test_impossible_rates_are_refused() -> None:
    with pytest.raises(SignalError, match="sample rate"):
        isolate_center(torch.zeros(2, 100), 0)


def test_width_is_clamped() -> None:
    assert exponent_of(0.5) == 4
    assert exponent_of(-3) == exponent_of(0) == 16
    assert exponent_of(9) == exponent_of(1) == 1
    assert np.isfinite(exponent_of(0.123))
