"""Pieces on other computers: the same samples as here, whatever happens to workers and the scheduler meanwhile."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dawbridge.cluster import pool as pool_module
from dawbridge.cluster.pool import ClusterPool
from dawbridge.engine.analyser import Analyser, Variant
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.errors import Cancelled, ModelError
from dawbridge.estimators import find_model

PLAIN = Variant(center=False, width=0.5)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("dawbridge.engine.analyser.CHUNK_S", 4.0)
    monkeypatch.setattr("dawbridge.cluster.workers.ANSWER_S", 60.0)  # however busy this computer is
    monkeypatch.setattr("dawbridge.cluster.workers.FIRST_S", 60.0)


def noise(seconds, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal((2, int(44100 * seconds)))).astype(np.float32)


def estimated(samples, pool=None, model="acapellanet-small", progress=lambda _: None):
    target = np.zeros_like(samples)
    Analyser(find_model(model), "cpu", cluster=pool).analyse(
        ArrayMixture(samples, 44100), PLAIN, target, loop=False, progress=progress
    )
    return target


def pooled(cluster, **more):
    said = []
    return ClusterPool(replace(cluster.settings, **more), say=said.append), said


def close_to(found, wanted):
    return 10 * np.log10(np.square(found - wanted).mean() / np.square(wanted).mean()) < -90


def test_two_workers_give_what_this_computer_gives_though_one_is_killed_and_the_scheduler_restarted(cluster):
    scheduler = cluster.scheduler()
    workers = [cluster.worker(name) for name in ("one", "two")]
    cluster.wait_for_workers(2)
    pool, said = pooled(cluster)
    samples = noise(24)
    wanted = estimated(samples)
    assert close_to(estimated(samples, pool), wanted)
    assert said == [] and pool.received_bytes >= samples.nbytes

    def kill_at(fraction, *processes):
        def progress(done):
            if done >= fraction and processes[0].poll() is None:
                for process in processes:
                    process.kill()

        return progress

    assert close_to(estimated(samples, pool, progress=kill_at(0.2, workers[0])), wanted)

    def restart(done):
        if done >= 0.2 and scheduler.poll() is None:
            scheduler.kill()
            scheduler.wait()
            cluster.scheduler()
            cluster.wait_for_workers(1)  # the worker that is left comes back by itself

    assert close_to(estimated(samples, pool, progress=restart), wanted)
    pool.close()


def test_a_piece_that_ends_every_worker_fails_one_bounce(cluster, tmp_path):
    deadly = tmp_path / "deadly.py"
    deadly.write_text(
        "import os, sys\nfrom dawbridge.cluster import piece\n"
        "def dies(given):\n    os._exit(1)\n"
        "dies.__module__, dies.__qualname__ = piece.__name__, 'estimate'\npiece.estimate = dies\n"
        "from dawbridge.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    cluster.scheduler()
    for name in ("one", "two", "three", "four", "five"):
        cluster.worker(name, str(deadly))
    cluster.wait_for_workers(5)
    pool, _ = pooled(cluster)
    with pytest.raises(ModelError, match="ends every worker of the cluster that tries it") as error:
        estimated(noise(2), pool)
    assert "\n" not in str(error.value)
    pool.close()


def test_a_worker_on_which_it_fails_fails_one_bounce(cluster, tmp_path):
    short = tmp_path / "short.py"
    short.write_text(
        "import sys\nfrom dawbridge.cluster import piece\n"
        "def too_large(*_):\n    raise RuntimeError('CUDA out of memory')\n"
        "piece._loaded = too_large\nfrom dawbridge.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    cluster.scheduler()
    cluster.worker("short", str(short))
    cluster.wait_for_workers(1)
    pool, _ = pooled(cluster)
    with pytest.raises(ModelError, match=r"cannot estimate a piece of it.*out of memory"):
        estimated(noise(2), pool)
    pool.close()


def test_without_a_cluster_it_is_done_here_or_waits(cluster, monkeypatch):
    monkeypatch.setattr(pool_module, "CONNECT_S", 1.0)
    monkeypatch.setattr(pool_module, "AGAIN_S", 0.2)
    samples = noise(6)
    pool, said = pooled(cluster)
    np.testing.assert_allclose(estimated(samples, pool), estimated(samples), atol=1e-6)
    assert len(said) == 1 and "estimated on this computer until it is back" in said[0]

    def started():
        if said and not cluster.running:
            cluster.scheduler()
            cluster.worker()

    said = []
    waiting = ClusterPool(replace(cluster.settings, without="wait"), started, said.append)
    assert close_to(estimated(samples, waiting), estimated(samples))
    assert "bounces wait until it is back" in said[0] and "estimates, with 1 workers" in said[-1]
    waiting.close()


def test_a_wish_to_stop_is_heard_while_it_waits_and_on_the_worker(cluster):
    cluster.scheduler()
    cluster.worker()
    cluster.wait_for_workers(1)
    calls = []

    def on_step():
        calls.append(1)
        if len(calls) > 3:
            raise Cancelled("enough")

    pool = ClusterPool(cluster.settings, on_step)
    with pytest.raises(Cancelled):
        estimated(noise(60), pool)
    pool.on_step = lambda: None
    assert close_to(estimated(noise(6), pool), estimated(noise(6)))
    pool.close()


@pytest.mark.parametrize("named", [True, False])
def test_a_worker_without_the_weights_is_sent_them_once(cluster, tmp_path, named):
    from safetensors import safe_open
    from safetensors.torch import save_file

    from acapellanet.estimate.registry import user_weights_folder, weights_path

    source = weights_path("acapellanet-small")
    with safe_open(source, "pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        metadata = opened.metadata()
    tensors[next(iter(tensors))] = tensors[next(iter(tensors))] * 0.5
    folder = user_weights_folder() if named else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "mine.safetensors", metadata)
    mine = "mine" if named else str(folder / "mine.safetensors")
    cluster.scheduler()
    cluster.worker()
    cluster.wait_for_workers(1)
    pool, said = pooled(cluster)
    samples = noise(10)
    assert close_to(estimated(samples, pool, model=mine), estimated(samples, model=mine))
    assert close_to(estimated(samples, pool, model=mine), estimated(samples, model=mine))
    assert len(list((tmp_path / "worker").rglob("*.safetensors"))) == 1
    assert said == []
    pool.close()


def test_a_worker_of_another_version_is_given_nothing(cluster, tmp_path):
    old = tmp_path / "old.py"
    old.write_text(
        "import dawbridge.version, sys\ndawbridge.version.VERSION = '0.0.1'\n"
        "from dawbridge.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    cluster.scheduler()
    cluster.worker("old", str(old))
    cluster.wait_for_workers(1)
    pool, said = pooled(cluster)
    assert not pool.ready()
    assert "has dawbridge 0.0.1, not" in said[0] and "no worker that can be used" in said[1]
    pool.close()


def test_certificates_of_another_authority_do_not_fit(cluster, tmp_path):
    from tests.cluster.conftest import certify

    cluster.scheduler()
    cluster.worker()
    cluster.wait_for_workers(1)
    other = tmp_path / "other"
    other.mkdir()
    authority = certify(other, "ca")
    _, _, certificate, key = certify(other, "me", authority)
    pool, said = pooled(cluster, ca=authority[2], certificate=certificate, key=key)
    assert not pool.ready()
    assert len(said) == 1 and "\n" not in said[0]


class Lying:
    """A connection that is well, and whose answers are not."""

    status = "running"

    def __init__(self, answer):
        self._answer = answer

    def run(self, *_, **__):
        from dawbridge.cluster.piece import Facts
        from dawbridge.version import VERSION

        return {"tcp://liar": Facts(VERSION, "cpu")}

    def scheduler_info(self, n_workers=0):
        return {"workers": {"tcp://liar": {}}}

    def submit(self, *_, **__):
        from concurrent.futures import Future

        future = Future()
        future.set_result(self._answer)
        return future

    def cancel(self, futures):
        pass

    def close(self, timeout=0):
        pass


@pytest.mark.parametrize("answer", [
    None, "vocals", torch.zeros(2, 5), np.full((2, 5), np.nan, np.float32), {"vocals": 1},
])  # fmt: skip
def test_answers_that_are_no_estimates_fail_one_bounce_in_one_line(cluster, answer):
    from dawbridge.cluster.piece import Answer

    pool, _ = pooled(cluster)
    for given in (answer, Answer(vocals=answer) if isinstance(answer, np.ndarray) else answer):
        pool.client = Lying(given)
        with pytest.raises(ModelError, match="cannot estimate a piece of it") as error:
            estimated(noise(2), pool)
        assert "\n" not in str(error.value)
