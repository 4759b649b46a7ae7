"""Pieces in batches: the same estimate as one after the other, whatever fits; torch's CUDA is a fake here."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dawbridge.engine.analyser import Analyser, Variant
from dawbridge.engine.batching import Batches
from dawbridge.engine.device import MOST_ON_CUDA, CudaDevice, WaitingDevice, device_of
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.errors import Cancelled
from dawbridge.estimators import find_model
from dawbridge.estimators.model import batch_of
from dawbridge.estimators.overlap_add import SegmentGrid
from dawbridge.estimators.streaming import ContextWindow


class FakeDevice:
    """Finds room for `room` pieces, though it says `says`; keeps what it was given."""

    def __init__(self, says=4, room=100):
        self.says, self.room, self.batches, self.freed, self.waiting = says, room, [], 0, 0

    def start(self, work, pieces):
        assert len({piece.shape for piece in pieces}) == 1
        if len(pieces) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.batches.append(len(pieces))
        self.waiting += 1
        vocals = work(torch.stack(list(pieces)))
        return lambda: vocals

    def most(self, samples):
        return self.says

    def free(self):
        self.freed += 1


def doubled(mixtures):
    """Depends on where in the piece a sample is, as a network does at its borders."""
    return 2 * mixtures + torch.linspace(0, 1e-3, mixtures.shape[-1])


def blocks(samples=1000, block=90):
    whole = np.random.default_rng(1).standard_normal((2, samples)).astype(np.float32)
    return [whole[:, start : start + block] for start in range(0, samples, block)]


def joined(pieces):
    return np.concatenate(list(pieces), axis=1)


@pytest.mark.parametrize("streaming", [ContextWindow(20, 10), SegmentGrid(120, 40)])
@pytest.mark.parametrize("shifts", [1, 3])
@pytest.mark.parametrize(("says", "room"), [(1, 100), (4, 100), (16, 100), (16, 3), (16, 1)])
def test_batches_give_what_single_pieces_give(streaming, shifts, says, room):
    device = FakeDevice(says, room)
    given = joined(Batches(device).stream(streaming, doubled, blocks(), 100, shifts))
    np.testing.assert_array_equal(given, joined(streaming.stream(doubled, blocks(), 100, shifts)))
    assert max(device.batches) <= min(says, room)
    assert says == 1 or room == 1 or max(device.batches) > 1


def test_a_bounce_without_samples_gives_none():
    for streaming in (ContextWindow(20, 10), SegmentGrid(120, 40)):
        assert list(Batches(FakeDevice()).stream(streaming, doubled, [], 100)) == []


def test_a_batch_that_was_too_large_once_is_not_tried_again():
    device = FakeDevice(16, 4)
    batches, streaming = Batches(device), SegmentGrid(120, 40)
    joined(batches.stream(streaming, doubled, blocks(), 100))
    freed = device.freed
    assert freed == 2  # 16, then 8
    joined(batches.stream(streaming, doubled, blocks(), 100))
    assert device.freed == freed
    assert max(device.batches) == 4


def test_only_what_is_needed_soon_is_read_ahead():
    read = []
    heard = (read.append(1) or block for block in blocks(100_000, 40))
    stream = Batches(FakeDevice(4)).stream(SegmentGrid(120, 40), doubled, heard, 100)
    next(stream)
    assert len(read) < 20


def test_other_errors_pass_through():
    def broken(_):
        raise RuntimeError("cuDNN error: 4")

    with pytest.raises(RuntimeError, match="cuDNN"):
        joined(Batches(FakeDevice()).stream(SegmentGrid(120, 40), broken, blocks(), 100))


def test_an_estimator_without_a_batch_of_its_own_is_asked_piece_by_piece():
    seen = []
    estimator = SimpleNamespace(estimate=lambda mixture: seen.append(mixture.shape) or 2 * mixture)
    mixtures = torch.ones(3, 2, 5)
    torch.testing.assert_close(batch_of(estimator)(mixtures), 2 * mixtures)
    assert seen == [(2, 5)] * 3
    estimator.estimate_batch = lambda mixtures: 3 * mixtures
    torch.testing.assert_close(batch_of(estimator)(mixtures), 3 * mixtures)


@pytest.mark.parametrize("name", ["acapellanet-small", "center"])
@pytest.mark.parametrize("center", [False, True])
def test_a_model_on_a_device_gives_what_it_gives_on_the_processor(name, center):
    class Elsewhere(Analyser):
        """Says that it is on a card, and computes here, in batches."""

        def _to_device(self):
            return FakeDevice(2)

    mixture = ArrayMixture.of(0.1 * np.random.default_rng(1).standard_normal((2, 44100 * 5)), 44100)
    results = []
    for kind, device in ((Elsewhere, "cuda"), (Analyser, "cpu")):
        analyser = kind(find_model(name), "cpu")
        variant, analyser._chunk_s = Variant(center, 0.5), 2.0
        analyser._estimator(variant)
        analyser.device = device
        target = np.zeros((2, mixture.frames), np.float32)
        analyser.analyse(mixture, variant, target, False)
        results.append(target)
    assert np.abs(results[1]).max() > 1e-3
    np.testing.assert_allclose(results[0], results[1], atol=3e-5)


class FakeCuda:
    """Enough of `torch.cuda` for `CudaDevice`; writes down who waits for whom."""

    def __init__(self):
        self.log, self.free, self.peak, self.queries = [], 10_000, 0, 0
        self.streams = iter(("there", "back"))

    def stream(self):
        return SimpleNamespace(name=(name := next(self.streams)), wait_stream=self._waits(name))

    def _waits(self, name):
        return lambda other: self.log.append(f"{name} waits for {other.name}")

    def event(self):
        def query():
            self.queries += 1
            return self.queries > 2

        return SimpleNamespace(record=lambda stream: self.log.append(f"event on {stream.name}"), query=query)

    def patch(self, monkeypatch):
        current = SimpleNamespace(name="current", wait_stream=self._waits("current"))
        fakes = {
            "Stream": self.stream, "Event": self.event, "stream": lambda _: nullcontext(),
            "current_stream": lambda: current, "memory_allocated": lambda: 0, "memory_reserved": lambda: 0,
            "max_memory_allocated": lambda: self.peak, "reset_peak_memory_stats": lambda: None,
            "mem_get_info": lambda: (self.free, 20_000), "synchronize": lambda: self.log.append("synchronize"),
            "empty_cache": lambda: self.log.append("empty"),
        }  # fmt: skip
        for name, fake in fakes.items():
            monkeypatch.setattr(torch.cuda, name, fake)
        empty = torch.empty
        monkeypatch.setattr(torch, "empty", lambda *shape, pin_memory=False, **more: empty(*shape, **more))
        to = torch.Tensor.to
        monkeypatch.setattr(torch.Tensor, "to", lambda x, where, **_: x.clone() if where == "cuda" else to(x, where))
        monkeypatch.setattr(torch.Tensor, "record_stream", lambda _, stream: self.log.append(f"kept for {stream.name}"))


class OnCard:
    """An estimate that says it is on a card."""

    def __init__(self, vocals):
        self.vocals, self.shape, self.device = vocals, vocals.shape, SimpleNamespace(type="cuda")
        self.record_stream = vocals.record_stream


@pytest.fixture
def cuda(monkeypatch):
    fake = FakeCuda()
    fake.patch(monkeypatch)
    monkeypatch.setattr(torch.Tensor, "copy_", lambda target, x, **_: target.set_(x.vocals))
    return fake


def test_copies_and_work_wait_for_each_other_on_cuda(cuda):
    steps = []
    device = CudaDevice(lambda: steps.append(1))
    wait = device.start(lambda mixtures: OnCard(2 * mixtures), [torch.ones(2, 5), torch.zeros(2, 5)])
    assert cuda.log == [
        "current waits for there", "kept for current", "back waits for current", "event on back", "kept for back",
    ]  # fmt: skip
    assert not steps
    torch.testing.assert_close(wait(), torch.stack((2 * torch.ones(2, 5), torch.zeros(2, 5))))
    assert len(steps) == 2


def test_a_batch_on_cuda_is_as_large_as_fits(cuda):
    device = CudaDevice()
    assert device.most(5) == 1
    cuda.peak = 2 * 700
    device.start(OnCard, [torch.ones(2, 5)] * 2)
    assert device.most(5) == 10  # 0.7 of 10,000, of which each takes 700
    assert device.most(10) == 5
    cuda.free = 1e9
    assert device.most(5) == MOST_ON_CUDA
    cuda.free = 10
    assert device.most(5) == 1
    assert device.peak_bytes == 1400


def test_a_wait_for_cuda_can_be_stopped(cuda):
    def stop():
        raise Cancelled

    wait = CudaDevice(stop).start(OnCard, [torch.ones(2, 5)])
    with pytest.raises(Cancelled):
        wait()


def test_a_device_without_streams():
    device = WaitingDevice("cpu")
    torch.testing.assert_close(device.start(doubled, [torch.ones(2, 5)] * 2)(), doubled(torch.ones(2, 2, 5)))
    assert isinstance(device_of("mps"), WaitingDevice)


def test_a_batch_of_someone_elses_network_is_its_segments(tmp_path):
    pytest.importorskip("pymss_core")
    from dawbridge.estimators.waveform.loading import vocals_of
    from tests.estimators.separators import random_network

    for name in ("mel_band_roformer", "htdemucs"):
        description, network = random_network(name)
        mixtures = 0.1 * torch.randn(2, 2, description.segment_samples, generator=torch.Generator().manual_seed(1))
        with torch.inference_mode():
            both = vocals_of(network, description, mixtures)
            each = torch.cat([vocals_of(network, description, mixture[None]) for mixture in mixtures])
        torch.testing.assert_close(both, each, atol=1e-5, rtol=1e-4)
