import torch

from acapellanet.training.losses import separation_loss


def planes(seed: int) -> torch.Tensor:
    return torch.randn(2, 2, 2, 8, 32, generator=torch.Generator().manual_seed(seed))


def test_the_truth_costs_nothing() -> None:
    vocals, mixture = planes(0), planes(0) + planes(1)
    assert float(separation_loss(vocals, vocals, mixture, torch.ones(2))) < 1e-3


def test_nearer_costs_less() -> None:
    vocals, mixture = planes(0), planes(0) + planes(1)
    losses = [
        float(separation_loss(vocals + off * planes(1), vocals, mixture, torch.ones(2))) for off in (0.1, 0.3, 1.0)
    ]
    assert losses == sorted(losses)


def test_level_of_the_bounce_makes_no_difference() -> None:
    vocals, mixture = planes(0), planes(0) + planes(1)
    loud = separation_loss(0.5 * mixture, vocals, mixture, torch.full((2,), 1.0))
    quiet = separation_loss(0.05 * mixture, 0.1 * vocals, 0.1 * mixture, torch.full((2,), 0.1))
    assert torch.allclose(loud, quiet, rtol=2e-3)


def test_gradients_are_finite_in_silence() -> None:
    estimate = torch.zeros(2, 2, 2, 8, 32, requires_grad=True)
    silence = torch.zeros_like(estimate)
    separation_loss(estimate, silence, silence, torch.zeros(2)).backward()
    assert estimate.grad is not None
    assert torch.isfinite(estimate.grad).all()
