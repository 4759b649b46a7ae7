import pytest

from acapellanet.training.schedule import Budget, ema_decay, learning_rate


def test_a_pause_counts_as_one_usual_step() -> None:
    budget = Budget(limit_s=100)
    for _ in range(10):
        budget.add(1.0)
    budget.add(3600.0)
    assert budget.spent_s == pytest.approx(11.0)


def test_a_slower_machine_counts_in_full() -> None:
    budget = Budget(limit_s=100)
    for step_s in (1.0,) * 10 + (3.0,) * 10:
        budget.add(step_s)
    assert budget.spent_s == pytest.approx(40.0)


def test_progress_ends_at_one() -> None:
    assert Budget(limit_s=10, spent_s=5).progress == 0.5
    assert Budget(limit_s=10, spent_s=50).progress == 1.0
    assert Budget(limit_s=0).progress == 1.0


def test_rate_warms_up_and_anneals() -> None:
    assert learning_rate(1.0, 0.0, 0) == pytest.approx(0.01)
    assert learning_rate(1.0, 0.0, 1000) == pytest.approx(1.0)
    assert learning_rate(1.0, 0.5, 1000) == pytest.approx(0.505)
    assert learning_rate(1.0, 1.0, 1000) == pytest.approx(0.01)


def test_average_forgets_the_beginning() -> None:
    assert ema_decay(0.999, 0) == 0.1
    assert ema_decay(0.999, 100_000) == 0.999
