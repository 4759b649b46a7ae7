import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from acapellanet.data.library import open_library
from acapellanet.data.pack import read_pack, write_pack
from acapellanet.data.shares import SHARES
from acapellanet.data.splits import split
from acapellanet.errors import DataError, TrainingError
from acapellanet.net.config import NetworkConfig
from acapellanet.net.tensor_files import read_metadata
from acapellanet.net.weights import load_network
from acapellanet.training.packed.effects import Dice, loudness, mixed_on_a_bus
from acapellanet.training.packed.mashups import DeviceMashups
from acapellanet.training.packed.run import PackedRun, train_packed

CPU = torch.device("cpu")
SAMPLES = 31 * 128
LENT = ("soxr", "filelock", "rich", "platformdirs", "librosa", "scipy", "numba", "mido", "watchdog", "pythonosc")
"""Packages of dawbridge that a machine that only trains does not have."""


@pytest.fixture
def pack_folder(data_folder: Path, tmp_path: Path) -> Path:
    library = open_library(data_folder, tmp_path / "cache")
    chosen = split(library.tracks, validation=False)
    tracks = [*(track for voices in chosen.voices.values() for track in voices), *chosen.instrumentals]
    write_pack(library, tracks, data_folder, tmp_path / "pack", lambda count: None)
    return tmp_path / "pack"


@pytest.fixture
def make_mashups(pack_folder: Path, tiny: NetworkConfig) -> Callable[..., DeviceMashups]:
    def make(samples: int = SAMPLES, seed: int = 1) -> DeviceMashups:
        return DeviceMashups(read_pack(pack_folder), tiny, samples, seed, CPU, SHARES)

    return make


def test_batches_are_the_same_for_the_same_numbers(make_mashups: Callable[..., DeviceMashups]) -> None:
    one, other = make_mashups().batch(range(8, 12)), make_mashups().batch(range(8, 12))
    assert torch.equal(one.mixture, other.mixture) and torch.equal(one.vocals, other.vocals)
    assert not torch.equal(one.mixture, make_mashups().batch(range(12, 16)).mixture)
    assert not torch.equal(one.mixture, make_mashups(seed=2).batch(range(8, 12)).mixture)


def test_batches_have_the_networks_shape_and_all_kinds_of_examples(make_mashups: Callable[..., DeviceMashups]) -> None:
    batch = make_mashups().batch(range(64))
    assert batch.mixture.shape == batch.vocals.shape == (64, 2, 2, 32, 256)
    assert torch.isfinite(batch.mixture).all() and torch.isfinite(batch.vocals).all()
    silent = (batch.vocals.abs().amax((1, 2, 3, 4)) == 0).sum()
    assert 1 <= int(silent) <= 24
    assert (batch.level > 0).all()


def test_audio_is_cut_where_it_lies(make_mashups: Callable[..., DeviceMashups], pack_folder: Path) -> None:
    pack, mashups = read_pack(pack_folder), make_mashups()
    track = next(number for number, track in enumerate(pack.tracks) if track.channels == 2)
    positions = torch.arange(100, 200, dtype=torch.float64).unsqueeze(0)
    cut = mashups._cut(torch.tensor([track]), positions)[0]
    frames = pack.values[pack.starts[track] :][: 400 * 2].reshape(-1, 2)[100:200].T
    assert cut.numpy() == pytest.approx(frames * (pack.tracks[track].peak / 32767), abs=1e-6)
    beyond = mashups._cut(torch.tensor([track]), positions + pack.tracks[track].frames)
    assert not beyond.any()


def test_a_bus_multiplies_both_stems_alike() -> None:
    audio = torch.randn(2, 16, 2, 44100, generator=torch.Generator().manual_seed(0)) * 0.1
    dice = [Dice(torch.Generator().manual_seed(3), 16, torch.Generator()) for _ in range(2)]
    whole = mixed_on_a_bus(audio[0], torch.zeros_like(audio[1]), dice[0])
    half = mixed_on_a_bus(0.5 * audio[0], 0.5 * audio[0], dice[1])
    plain = (half[0] - half[1]).abs().amax((1, 2)) < 1e-6  # neither ducked nor pumped
    assert plain.sum() >= 8
    assert torch.allclose(whole[0][plain], (half[0] + half[1])[plain], atol=1e-5)


def test_loudness_is_that_of_the_louder_parts() -> None:
    audio = torch.zeros(1, 2, 44100)
    audio[..., :22050] = 0.5
    assert float(loudness(audio)) == pytest.approx(0.5, rel=0.01)


def test_a_pack_without_music_is_an_error(pack_folder: Path, tiny: NetworkConfig) -> None:
    pack = read_pack(pack_folder)
    voices = replace(pack, tracks=[track for track in pack.tracks if track.kind])
    with pytest.raises(DataError, match="voices and music"):
        DeviceMashups(voices, tiny, SAMPLES, 0, CPU, SHARES)


@pytest.mark.slow
def test_call_after_call_goes_on_and_counts_what_was_heard(
    pack_folder: Path, tmp_path: Path, tiny: NetworkConfig
) -> None:
    run = PackedRun(pack_folder, tmp_path / "out", 0.2, tiny, shares=tuple(SHARES.items()), batch=2, frames=32)
    lines: list[str] = []
    hours = []
    for _ in range(2):
        weights = train_packed(run, lines.append)
        hours.append(json.loads(read_metadata(weights)["training"])["hours_heard"])
        load_network(weights)
    assert 0 < hours[0] < hours[1]
    assert lines[0].startswith("from nothing") and any(line.startswith(f"from {weights}") for line in lines)
    assert weights.stat().st_size <= 16 << 20


@pytest.mark.slow
def test_a_batch_that_does_not_fit_is_halved(
    pack_folder: Path, tmp_path: Path, tiny: NetworkConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = DeviceMashups.batch

    def limited(mashups: DeviceMashups, numbers: range) -> object:
        if len(numbers) > limit:
            raise torch.OutOfMemoryError
        return original(mashups, numbers)

    monkeypatch.setattr(DeviceMashups, "batch", limited)
    run = PackedRun(pack_folder, tmp_path / "out", 0.2, tiny, shares=tuple(SHARES.items()), batch=8, frames=32)
    lines: list[str] = []
    limit = 3
    train_packed(run, lines.append)
    assert [line for line in lines if line.startswith(("a batch", "batches"))] == [
        *(f"a batch of {batch} does not fit into memory" for batch in (8, 4)),
        "batches of 2",
    ]
    limit = 0
    with pytest.raises(TrainingError, match="not even one example"):
        train_packed(run, lines.append)


@pytest.mark.slow
def test_it_needs_torch_numpy_safetensors_and_soundfile_alone() -> None:
    block = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in LENT)
    command = [sys.executable, "-c", f"{block}from acapellanet.training.packed.run import main\nmain(['--help'])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PACK" in done.stdout


def test_a_missing_pack_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from acapellanet.training.packed.run import main

    assert main([str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"), "--config", "tiny"]) == 1
    assert capsys.readouterr().err.startswith("acapellanet: ")


def test_energy_leads_to_places_that_sound(make_mashups: Callable[..., DeviceMashups]) -> None:
    mashups = make_mashups(samples=4410)
    mashups._values[: mashups._values.numel() // 2] = 0
    assert np.isfinite(mashups.batch(range(16)).mixture.numpy()).all()


@pytest.mark.slow
def test_two_networks_learn_from_the_same_batches_while_parts_arrive(
    pack_folder: Path, tmp_path: Path, tiny: NetworkConfig
) -> None:
    late = tmp_path / "late"
    shutil.copytree(pack_folder, late)
    other = replace(tiny, name="other", channels=(4, 8, 8))
    also = ((other, None),)
    run = PackedRun(late, tmp_path / "out", 0.25, tiny, None, tuple(SHARES.items()), batch=2, frames=32, also=also)
    index = json.loads((late / "index.json").read_text())
    assert len(index["parts"]) == 1
    del index["crc32"]  # as in packs of before
    index["parts"].append({"name": "part-001.bin", "crc32": index["parts"][0]["crc32"]})
    index["tracks"] += [{**track, "part": 1, "name": f"again/{track['name']}"} for track in index["tracks"]]
    (late / "index.json").write_text(json.dumps(index))
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(line)
        if line == "batches of 2":
            shutil.copy(late / "part-000.bin", late / "arriving")
            (late / "arriving").rename(late / "part-001.bin")

    train_packed(replace(run, growing=True), report)
    tracks = [int(line.split()[0]) for line in lines if " tracks, " in line]
    assert len(tracks) == 2 and tracks[1] == 2 * tracks[0]
    for name, config in ((tiny.name, tiny), ("other", other)):
        assert load_network(tmp_path / "out" / f"{name}.safetensors").config == config
