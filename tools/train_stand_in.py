"""Trains the stand-in of the tests: a small BS-RoFormer with which a network of other people goes through the product.

Only music under CC0 is used, so that the weights may be kept with the tests: `python -m tools.train_stand_in DATA`.
"""

import argparse
import math
import os
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.augment import Curve, db, resample_at, rms
from acapellanet.data.layouts import INSTRUMENTAL, VOCALS
from acapellanet.data.library import Library, Track, open_library
from acapellanet.data.splits import HELD_OUT_SONG
from acapellanet.evaluation.metrics import si_sdr, usdr
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.waveform.configuration import describe, read_configuration
from dawbridge.estimators.waveform.importing import import_separator
from dawbridge.estimators.waveform.loading import WaveformEstimator, _network

CC0 = (
    *(f"stems/{song}" for song in ("hydrogen", "lithium", "potassium", "rubidium", "caesium")),
    *("vocals/songs/producer_space_*", "instrumental/1olegshev__clue-cards"),
)
"""Folders of DATA that are under CC0; `caesium` is not trained on but judged by."""
SEGMENT = 44100
"""Length of a segment, in samples: 1 s."""
BANDS = (4,) * 8 + (8,) * 8 + (16,) * 8 + (32,) * 8 + (64,) * 5 + (225,)
"""Bins of the transform that each band takes."""
CONFIGURATION: dict[str, Any] = {
    "audio": {"chunk_size": SEGMENT, "sample_rate": 44100},
    "training": {"instruments": ["vocals", "other"], "target_instrument": "vocals"},
    "inference": {"num_overlap": 2},
    "model": {
        "dim": 48, "depth": 2, "stereo": True, "num_stems": 1, "time_transformer_depth": 1,
        "freq_transformer_depth": 1, "dim_head": 16, "heads": 3, "mask_estimator_depth": 2, "mlp_expansion_factor": 1,
        "freqs_per_bands": list(BANDS), "stft_n_fft": 2048, "stft_hop_length": 1024, "stft_win_length": 2048,
    },
}  # fmt: skip
BATCH, WARM_UP_STEPS, LARGEST_RATE, CLIP = 8, 50, 1.5e-3, 1.0
SMALL_RATIO = 1e-3
"""Error, as a share of the mixture's energy, below which there is little left to gain: 30 dB."""
VOICES = {"stems/": 0.5, "_shouts/": 0.2, "_house_": 0.15, "_trance/": 0.15}
"""How often each kind of voice is drawn, by a part of the names of its files."""
TRUE_MIX, NO_VOCALS = 0.5, 0.05
"""Chance that a song's voice keeps its own music, and that there is no voice."""
VOCALS_DB, LEVEL_DB, SEMITONES = (-10.0, 5.0), (-30.0, -12.0), 2.0
"""Level of the voice against the music, level of the sum, and greatest change of pitch."""
QUIET_RMS, TRIES = 2e-3, 6
REPORT_S = 300.0
EXCERPTS, EXCERPT_S = 6, 10
LICENCE = "CC0-1.0"
Stems = tuple[Samples, Samples]
"""Vocals and instrumental, `[2, samples]` each."""


class Mixtures:
    """Endless batches of vocals and instrumental, `[batch, 2, samples]` each."""

    def __init__(self, library: Library, seed: int) -> None:
        tracks = [track for track in library.tracks if track.bank != HELD_OUT_SONG]
        voices = [track for track in tracks if track.role == VOCALS]
        self._library, self._random = library, np.random.default_rng(seed)
        self._voices = [
            (share, kind) for part, share in VOICES.items() if (kind := [v for v in voices if part in v.name])
        ]
        self._instrumentals = [track for track in tracks if track.role == INSTRUMENTAL]
        self._partners = {track.bank: track for track in self._instrumentals if track.paired}

    def batch(self) -> tuple[Tensor, Tensor]:
        """Draw the next batch."""
        vocals, instrumentals = zip(*(self._example() for _ in range(BATCH)), strict=True)
        return torch.from_numpy(np.stack(vocals)), torch.from_numpy(np.stack(instrumentals))

    def _example(self) -> Stems:
        """Take both halves of a song's moment, or any voice over any music at any level; each at its own pitch."""
        random = self._random
        shares = np.array([share for share, _ in self._voices])
        kind = self._voices[random.choice(len(shares), p=shares / shares.sum())][1]
        voice = kind[random.integers(len(kind))]
        positions = self._positions()
        start, vocals = self._sounding(voice, positions)
        partner = self._partners.get(voice.bank) if voice.paired else None
        if partner is not None and random.random() < TRUE_MIX:
            instrumental = self._cut(partner, start, positions)
        else:
            music = self._instrumentals[random.integers(len(self._instrumentals))]
            instrumental = self._sounding(music, self._positions())[1]
            louder = rms(instrumental) / max(rms(vocals), 1e-4) * db(random.uniform(*VOCALS_DB))
            vocals = vocals * np.float32(louder)
        if random.random() < NO_VOCALS:
            vocals = np.zeros_like(vocals)
        level = np.float32(db(random.uniform(*LEVEL_DB)) / max(rms(vocals + instrumental), 1e-4))
        side = -1 if random.random() < 0.5 else 1
        return level * vocals[::side], level * instrumental[::side]

    def _positions(self) -> Curve:
        """Draw where to read: at the recorded pitch, or up to `SEMITONES` beside it."""
        semitones = self._random.uniform(-SEMITONES, SEMITONES) if self._random.random() < 0.5 else 0.0
        return np.asarray(np.arange(SEGMENT) * 2.0 ** (semitones / 12.0))

    def _sounding(self, track: Track, positions: Curve) -> tuple[int, Samples]:
        """Find a place where the track is not silent, within a few tries: its start, and what is there."""
        for _ in range(TRIES):
            start = int(self._random.integers(max(1, track.frames - int(positions[-1]) - 2)))
            audio = self._cut(track, start, positions)
            if rms(audio) > QUIET_RMS:
                break
        return start, audio

    def _cut(self, track: Track, start: int, positions: Curve) -> Samples:
        return np.asarray(resample_at(self._library.read(track, start, int(positions[-1]) + 2), positions), np.float32)


def open_free_music(data: Path, cache: Path) -> Library:
    """Decode what is under CC0 in `data`: a folder of links to it is all that is read."""
    with tempfile.TemporaryDirectory() as links:
        for pattern in CC0:
            for folder in sorted(data.glob(pattern)):
                link = Path(links, folder.relative_to(data))
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(folder.resolve(), target_is_directory=True)
        return open_library(Path(links), cache)


def loss_of(network: nn.Module, vocals: Tensor, instrumental: Tensor) -> Tensor:
    """Compute the mean logarithm of the error's energy over the mixture's, as far as it is above `SMALL_RATIO`."""
    mixture = vocals + instrumental
    error = (network(mixture) - vocals).square().sum((1, 2)) / mixture.square().sum((1, 2)).clamp_min(1e-6)
    return (error + SMALL_RATIO).log10().mean()


def rate_at(step: int, done: float) -> float:
    """Compute the learning rate: a straight rise, then half a cosine over the time, of which `done` 0..1 is over."""
    return LARGEST_RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.01, (1 + math.cos(math.pi * done)) / 2)


def save(network: nn.Module, path: Path) -> None:
    """Write weights in half precision, and their configuration beside them as YAML."""
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.detach().half() for name, tensor in network.state_dict().items()}, path)
    text = yaml.safe_dump(CONFIGURATION, default_flow_style=None, width=118, sort_keys=False)
    path.with_suffix(".yaml").write_text(text, encoding="utf-8")


def sung_excerpts(library: Library) -> list[Stems]:
    """Cut the held-out song into pieces of 10 s, and return vocals and instrumental of those that are sung most."""
    song = {track.role: track for track in library.tracks if track.bank == HELD_OUT_SONG}
    length = EXCERPT_S * SAMPLE_RATE
    pieces = [
        (library.read(song[VOCALS], start, length), library.read(song[INSTRUMENTAL], start, length))
        for start in range(0, song[VOCALS].frames - length, length)
    ]
    return sorted(pieces, key=lambda piece: -float(np.square(piece[0]).sum()))[:EXCERPTS]


def judge(path: Path, excerpts: list[Stems]) -> str:
    """Say how near to the vocals the mixture is, and what the imported weights make of it, in dB, whole excerpts.

    SDR, and the scale-invariant SDR, by which a quieter mixture is no better than the mixture.
    """
    with tempfile.TemporaryDirectory() as folder:
        imported = Path(folder, "imported.safetensors")
        import_separator(path, imported, read_configuration(path.with_suffix(".yaml")), LICENCE)
        estimator = WaveformEstimator(imported, LoadRequest())
        mixtures = [vocals + instrumental for vocals, instrumental in excerpts]
        estimates = [
            np.concatenate(list(estimator.streaming.stream(estimator.estimate, [mixture], 1)), axis=1)
            for mixture in mixtures
        ]
    said = []
    for name, measure in (("SDR", usdr), ("SI-SDR", si_sdr)):
        before, after = (
            float(np.mean([measure(vocals, audio) for (vocals, _), audio in zip(excerpts, of, strict=True)]))
            for of in (mixtures, estimates)
        )
        said.append(f"{name} {after:+.2f} dB, of the mixture {before:+.2f} dB, gain {after - before:.2f} dB")
    return "; ".join(said)


def train(library: Library, out: Path, minutes: float, seed: int) -> None:
    """Train for `minutes`, write to `out`, and print every few minutes how well the held-out song is separated."""
    torch.manual_seed(seed)
    network = _network(describe(CONFIGURATION, {})).train()
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    print(f"{sum(parameter.numel() for parameter in parameters)} parameters", flush=True)
    optimizer = torch.optim.AdamW(parameters, weight_decay=1e-2, betas=(0.9, 0.98))
    mixtures = Mixtures(library, seed)
    excerpts = sung_excerpts(library)
    began_s = reported_s = time.monotonic()
    losses: list[float] = []
    for step in count():
        done = min(1.0, (time.monotonic() - began_s) / (60 * minutes))
        optimizer.param_groups[0]["lr"] = rate_at(step, done)
        loss = loss_of(network, *mixtures.batch())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        losses.append(loss.item())
        if done == 1 or time.monotonic() - reported_s >= REPORT_S:
            save(network, out)
            figures = f"{60 * minutes * done:5.0f} s, step {step}: loss {np.mean(losses):.4f}"
            print(f"{figures}; vocals of the held-out song: {judge(out, excerpts)}", flush=True)
            losses.clear()
            reported_s = time.monotonic()
        if done == 1:
            return


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with the music of CC0 above")
    parser.add_argument("--out", type=Path, default=Path("tests/data/stand-in/stand-in.safetensors"))
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=2017)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "stand-in-music"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.environ.setdefault("PYMSS_CORE_EXPERIMENTAL_TRAIN_GROUPED_BANDS", "1")  # the same sums, a tenth faster
    train(open_free_music(arguments.data, arguments.cache), arguments.out, arguments.minutes, arguments.seed)


if __name__ == "__main__":
    main()
