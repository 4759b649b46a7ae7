"""A device whose memory does not suffice: shorter pieces, then the processor; said once."""

from collections.abc import Callable

import numpy as np
import pytest
import soundfile
import torch

from dawbridge.engine.analyser import MIN_CHUNK_S, Analyser, Variant
from dawbridge.engine.cache import AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.engine.separate import separate
from dawbridge.estimators import find_model
from dawbridge.knobs.parameters import complete


class SmallDevice(Analyser):
    """Finds memory for pieces of up to `room_s` seconds only, while it is not on the processor."""

    def __init__(self, room_s: float, error: Callable[[], Exception], device: str = "cuda") -> None:
        super().__init__(find_model("center"), device)
        self.room_s, self.error = room_s, error

    def _run(self, estimate, mixture):
        if self.device != "cpu" and mixture.shape[1] > self.room_s * 44100:
            raise self.error()
        return estimate(mixture).cpu()

    def _to_device(self):
        return self

    def start(self, work, pieces):
        vocals = torch.stack([self._run(lambda piece: work(piece[None])[0], piece) for piece in pieces])
        return lambda: vocals

    def most(self, samples):
        return 2

    def free(self):
        pass

    peak_bytes = 0


def center():
    return Analyser(find_model("center"), "cpu")


ERRORS = [
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    lambda: RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
    lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
]


def noise(seconds=40):
    return ArrayMixture.of(0.1 * np.random.default_rng(1).standard_normal((2, int(8000 * seconds))), 8000)


def estimated(analyser, mixture):
    target = np.zeros((2, mixture.frames), np.float32)
    analyser.analyse(mixture, Variant(False, 0.5), target, False)
    return target


@pytest.mark.parametrize("error", ERRORS)
def test_shorter_pieces_give_the_same(error):
    engine, mixture = SmallDevice(20.0, error), noise()
    np.testing.assert_allclose(estimated(engine, mixture), estimated(center(), mixture), atol=1e-5)
    assert engine.device == "cuda"
    assert len(engine.notes) == 1
    assert "shorter pieces" in engine.notes[0]
    estimated(engine, mixture)
    assert len(engine.notes) == 1


def test_then_the_processor():
    engine, mixture = SmallDevice(MIN_CHUNK_S / 2, ERRORS[0]), noise()
    np.testing.assert_allclose(estimated(engine, mixture), estimated(center(), mixture), atol=1e-5)
    assert engine.device == "cpu"
    assert len(engine.notes) == 2
    assert "processor" in engine.notes[-1]


@pytest.mark.parametrize(
    "says",
    ["CUDA error: unspecified launch failure", "No CUDA GPUs are available", "CUDA driver error: device not ready"],
)
def test_a_device_that_goes_away_leaves_the_work_to_the_processor(says):
    engine, mixture = SmallDevice(0.0, lambda: RuntimeError(f"{says}\nmore lines")), noise(5)
    np.testing.assert_allclose(estimated(engine, mixture), estimated(center(), mixture), atol=1e-5)
    assert engine.device == "cpu"
    assert [note.split(":")[0] for note in engine.notes] == [f"cuda is gone or has failed ({says})".split(":")[0]]


def test_a_device_can_be_compared_with_the_processor():
    assert center().difference_db() < -120
    wrong = SmallDevice(100.0, ERRORS[0])
    wrong._run = lambda estimate, mixture: 1.1 * estimate(mixture)
    assert wrong.difference_db() == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize(("gain", "device"), [(1.0, "mps"), (1.1, "cpu"), (float("nan"), "cpu")])
def test_apples_device_is_left_at_once_if_it_computes_something_else(gain, device):
    analyser = SmallDevice(100.0, ERRORS[0], "mps")
    analyser._run = lambda estimate, mixture: gain * estimate(mixture)
    analyser.warm()
    assert analyser.device == device
    assert len(analyser.notes) == (device == "cpu")
    assert all("differs from the processor" in note and "processor from now on" in note for note in analyser.notes)


def test_other_errors_pass_through():
    with pytest.raises(RuntimeError, match="cuDNN"):
        estimated(SmallDevice(1.0, lambda: RuntimeError("cuDNN error: 4")), noise(5))


def test_no_memory_anywhere_is_said_so():
    analyser = center()
    analyser._run = lambda *_: (_ for _ in ()).throw(MemoryError())
    with pytest.raises(MemoryError, match="shortest"):
        estimated(analyser, noise(5))


def test_the_person_is_told_with_the_outcome(tmp_path):
    samples = 0.1 * np.random.default_rng(1).standard_normal((8000 * 40, 2))
    soundfile.write(tmp_path / "song.wav", samples, 8000, subtype="PCM_16")
    job = SeparationJob(tmp_path / "song.wav", tmp_path / "a", tmp_path / "i", complete({}))
    engine = Engine("center", "cpu")
    engine.parts = ((1.0, SmallDevice(20.0, ERRORS[0])),)
    outcome = separate(job, engine, AnalysisCache(tmp_path / "cache"), lambda _: None)
    assert any("shorter pieces" in note for note in outcome.notes)


def test_an_equal_bounce_under_another_name_costs_one_render_and_no_network(tmp_path):
    samples = np.random.default_rng(1).integers(-3000, 3000, (9000, 2), np.int16)
    for name, container in (("one.wav", "WAV"), ("two.flac", "FLAC")):
        soundfile.write(tmp_path / name, samples, 44100, subtype="PCM_16", format=container)
    engine, cache, runs = Engine("center", "cpu"), AnalysisCache(tmp_path / "cache"), []
    ((_, analyser),) = engine.parts
    whole = analyser.analyse
    analyser.analyse = lambda *arguments: (runs.append(1), whole(*arguments))
    outcomes = [
        separate(
            SeparationJob(tmp_path / name, tmp_path / f"{name}_a", tmp_path / f"{name}_i", complete({})),
            engine, cache, lambda _: None,
        )
        for name in ("one.wav", "two.flac")
    ]  # fmt: skip
    assert len(runs) == 1
    assert outcomes[1].network_s == 0
    assert outcomes[0].content_hash == outcomes[1].content_hash
    bounce = soundfile.read(tmp_path / "two.flac", dtype="float64")[0]
    parts = [soundfile.read(tmp_path / f"two.flac_{stem}.flac", dtype="float64")[0] for stem in "ai"]
    np.testing.assert_array_equal(parts[0] + parts[1], bounce)
