"""Workers that freeze, schedulers that lie: a connection that is made up, so that each can be had at will."""

import hashlib
import threading
from concurrent.futures import Future

import numpy as np
import pytest

from dawbridge.cluster import piece as piece_module
from dawbridge.cluster import pool as pool_module
from dawbridge.cluster import run as run_module
from dawbridge.cluster import workers as workers_module
from dawbridge.cluster.piece import Answer, Facts, take_weights
from dawbridge.cluster.pool import ClusterPool
from dawbridge.cluster.run import Run
from dawbridge.config.cluster import ClusterSettings
from dawbridge.errors import ModelError
from dawbridge.estimators.model import Model
from dawbridge.estimators.streaming import ContextWindow
from dawbridge.version import VERSION

pytest.importorskip("distributed")
SAMPLES = np.ones((2, 100), np.float32)
MINE = Model("mine", lambda _: None, "mine-1", "MIT")


class Given(Future):
    """What a scheduler gives for a piece."""

    def __init__(self, number):
        super().__init__()
        self.key = f"piece-{number}"


class MadeUp:
    """A scheduler with workers, each of which does what it is told with a piece."""

    status = "running"

    def __init__(self, **workers):
        self.workers = {f"tcp://{name}:{port}": does for port, (name, does) in enumerate(workers.items(), 1)}
        self.versions, self.frozen, self.had = {}, {}, {}

    def scheduler_info(self, n_workers=0):
        return {"workers": {address: {"local_directory": address} for address in self.workers}}

    def run(self, _, workers, on_error):
        if workers[0] in self.frozen:
            self.frozen[workers[0]].wait(20)
        return {workers[0]: Facts(self.versions.get(workers[0], VERSION), "cpu")}

    def submit(self, _, piece, workers, **__):
        given = Given(len(self.had))
        self.had[given.key] = workers[0]
        self.workers[workers[0]](given, piece)
        return given

    def processing(self):
        return {address: tuple(key for key, had in self.had.items() if had == address) for address in self.workers}

    def cancel(self, futures):
        pass

    def close(self, timeout=0):
        pass


def well(given, piece):
    given.set_result(Answer(2 * piece.samples, worker="well", seconds=1e-4))


def never(given, piece):
    pass


@pytest.fixture
def connect(monkeypatch):
    """Return a function that makes a connection to a scheduler; the pool, and what it tells."""
    monkeypatch.setattr(run_module, "LOOK_S", 0.001)
    monkeypatch.setattr(pool_module, "LOOK_S", 0.001)

    def make(scheduler):
        monkeypatch.setattr(pool_module, "_client", lambda _: scheduler)
        said = []
        return ClusterPool(ClusterSettings("tcp://host:1"), say=said.append), said

    return make


def run_of(pool, model=MINE):
    return Run(pool, model, (), lambda samples: 3 * samples)


def taken(pool):
    run = run_of(pool)
    pool.ready()
    return run.take(run.send(SAMPLES)).mean()


def test_a_frozen_worker_holds_up_nobody_and_is_told_of_once(connect, monkeypatch):
    monkeypatch.setattr(workers_module, "ANSWER_S", 0.05)
    scheduler = MadeUp(ice=well, fire=well)
    thawed = scheduler.frozen["tcp://ice:1"] = threading.Event()
    pool, said = connect(scheduler)
    for _ in range(3):
        assert pool.ready() and pool.workers == ("tcp://fire:2",)
    assert said == ["cluster worker tcp://ice:1 does not answer; it is given nothing until it does"]
    thawed.set()
    while len(pool.workers) < 2:
        pool.ready()


def test_a_state_is_told_of_once_however_often_it_is_found(connect):
    scheduler = MadeUp()
    pool, said = connect(scheduler)
    for port in range(5):
        scheduler.workers = {f"tcp://old:{port}": well}
        scheduler.versions = {f"tcp://old:{port}": "0.0.1"}
        assert not pool.ready()
    assert len(said) == 2 and "has dawbridge 0.0.1" in said[0] and "no worker that can be used" in said[1]


def test_a_piece_that_is_not_given_back_is_done_by_another_worker(connect, monkeypatch):
    monkeypatch.setattr(run_module, "FIRST_S", 0.05)
    pool, said = connect(MadeUp(ice=never, fire=well))
    run = run_of(pool)
    pool.ready()
    sent = [run.send(SAMPLES) for _ in range(3)]
    assert [run.take(one).mean() for one in sent] == [2.0] * 3
    assert pool.workers == ("tcp://fire:2",)
    assert said == ["cluster worker tcp://ice:1 does not give a piece back; it is given nothing for a while"]
    assert pool.pace_s == pytest.approx(1e-6)


def test_if_no_worker_gives_it_back_it_is_done_here(connect, monkeypatch):
    monkeypatch.setattr(run_module, "FIRST_S", 0.05)
    pool, said = connect(MadeUp(ice=never))
    assert taken(pool) == 3.0
    assert "none of its workers gives pieces back" in said[1] and "on this computer" in said[-1]


def test_a_scheduler_that_takes_pieces_and_loses_them_is_not_asked_for_ever(connect):
    pool, said = connect(MadeUp(leak=lambda given, _: given.set_exception(OSError("broken"))))
    assert taken(pool) == 3.0
    assert "again and again" in said[-1] and len(said) < 12


@pytest.mark.parametrize("answer", [
    Answer(vocals="vocals"), Answer(vocals=[[1.0]]), Answer(problem=b"x\ny"), Answer(needs_weights=True, worker="else"),
    Answer(worker="a\nb", problem=5), Answer(worker=5),
    Answer(vocals=SAMPLES.astype(np.float64)), Answer(vocals=SAMPLES * np.inf),
])  # fmt: skip
def test_answers_that_are_none_fail_one_bounce_in_one_line(connect, answer):
    pool, _ = connect(MadeUp(liar=lambda given, _: given.set_result(answer)))
    with pytest.raises(ModelError, match="cannot estimate a piece of it") as error:
        taken(pool)
    assert "\n" not in str(error.value)


def test_a_lie_about_the_time_is_not_believed(connect):
    def lies(given, piece):
        given.set_result(Answer(2 * piece.samples, seconds="x"))

    pool, _ = connect(MadeUp(liar=lies))
    assert taken(pool) == 2.0 and pool.pace_s == 0.0


def test_endless_new_workers_with_odd_names_are_not_endless_lines(connect):
    scheduler = MadeUp()
    pool, said = connect(scheduler)
    for number in range(100):
        address = f"tcp://\x1b[2J{number}:1"
        scheduler.workers, scheduler.versions = {address: well}, {address: "0.0.1"}
        pool.ready()
    assert len(said) <= 70 and all(line.isprintable() for line in said)


@pytest.mark.parametrize("known", [None, [], {"workers": 5}, {"workers": {5: 5}}])
def test_a_scheduler_that_does_not_say_who_its_workers_are(connect, monkeypatch, known):
    scheduler = MadeUp(fire=well)
    monkeypatch.setattr(scheduler, "scheduler_info", lambda n_workers: known)
    pool, said = connect(scheduler)
    assert pool.ready() == (known == {"workers": {5: 5}})
    assert all("\n" not in line for line in said)


def test_weights_that_are_gone_meanwhile_fail_one_bounce(connect, tmp_path):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"weights")
    model = Model("mine", lambda _: None, "mine-1", "MIT", weights)
    pool, _ = connect(MadeUp(new=lambda given, _: given.set_result(Answer(needs_weights=True, worker="tcp://new:1"))))
    run = run_of(pool, model)
    pool.ready()
    sent = run.send(SAMPLES)
    weights.unlink()
    with pytest.raises(ModelError, match=r"mine\.safetensors: cannot be read"):
        run.take(sent)
    with pytest.raises(ModelError, match="cannot be read"):
        run_of(pool, model)


def test_a_worker_whose_disk_is_full_says_so(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(piece_module, "weights_place", lambda digest: tmp_path / "file" / "x.safetensors")
    assert "cannot be kept in" in take_weights(hashlib.sha256(b"weights").hexdigest(), b"weights")


def test_pieces_sent_ahead_are_bounded_by_memory_however_many_workers_there_are(connect, monkeypatch):
    scheduler = MadeUp(**{f"w{number}": well for number in range(50)})
    pool, _ = connect(scheduler)
    pool.ready()
    monkeypatch.setattr(pool_module, "AHEAD_BYTES", 4 * SAMPLES.nbytes)
    blocks = (SAMPLES for _ in range(40))
    stream = pool.stream(MINE, {}, ContextWindow(0, 1), lambda samples: samples, blocks, 100, 1)
    next(stream)
    assert len(scheduler.had) <= 6
    assert sum(block.shape[1] for block in stream) == 3900
