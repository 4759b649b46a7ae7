"""Judge a training run while it runs, by the same few excerpts each time."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.library import Library, Track
from acapellanet.data.mashups import Mashups
from acapellanet.data.shares import HELD_OUT_SHARES
from acapellanet.data.splits import Split, split
from acapellanet.estimate.center import isolate_center
from acapellanet.evaluation.metrics import usdr
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate

SONG_STARTS_S, SONG_LENGTH_S, SONGS = (40, 100, 160), 15, 12
MASHUPS, MASHUP_LENGTH_S, MASHUP_SEED = 10, 8, 20170418


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A mixture whose voice is known, `[2, samples]`."""

    group: str
    """Either `song` or `mashup`."""
    vocals: Samples
    instrumental: Samples


@dataclass(frozen=True, slots=True)
class Judgement:
    """Mean SDR of the vocals (whole excerpt, dB) over excerpts of the song and of mashups."""

    song_db: float
    mashup_db: float

    def __str__(self) -> str:
        return f"song {self.song_db:+.2f} dB, mashups {self.mashup_db:+.2f} dB"


class Validation:
    """Excerpts that training never sees; there are none if the data has none."""

    def __init__(self, library: Library, mashup_count: int | None = None) -> None:
        count = MASHUPS if mashup_count is None else mashup_count
        tracks = split(library.tracks, validation=True)
        self.excerpts = _song_excerpts(library, tracks)
        if tracks.voices and tracks.instrumentals:
            mashups = Mashups(library, tracks, MASHUP_LENGTH_S * SAMPLE_RATE, MASHUP_SEED, shares=HELD_OUT_SHARES)
            examples = (mashups.example(number) for number in range(4 * count))
            voiced = (e for e in examples if np.any(e.vocals) and np.any(e.instrumental))
            chosen = islice(voiced, count)
            self.excerpts += [Excerpt("mashup", e.vocals, e.instrumental) for e in chosen]

    def judge_mixture(self) -> Judgement:
        """Judge the mixture as its own estimate."""
        return self._judge([excerpt.vocals + excerpt.instrumental for excerpt in self.excerpts])

    def judge_center(self) -> Judgement:
        """Judge centre isolation alone."""
        mixtures = (torch.from_numpy(e.vocals + e.instrumental) for e in self.excerpts)
        return self._judge([isolate_center(mixture, SAMPLE_RATE).numpy() for mixture in mixtures])

    def judge(self, network: AcapellaNet, centered: bool = False) -> Judgement:
        """Judge a network in evaluation mode; `centered`: it is given the isolated centre instead of the mixture."""
        return self._judge([self.estimate(network, number, centered) for number in range(len(self.excerpts))])

    def estimate(self, network: AcapellaNet, number: int, centered: bool = False) -> Samples:
        """Estimate the vocals of excerpt `number`."""
        excerpt = self.excerpts[number]
        mixture = torch.from_numpy(excerpt.vocals + excerpt.instrumental).to(network.position.device)
        mixture = isolate_center(mixture, SAMPLE_RATE) if centered else mixture
        return np.asarray(separate(network, mixture).cpu().numpy(), dtype=np.float32)

    def _judge(self, estimates: list[Samples]) -> Judgement:
        values: dict[str, list[float]] = {"song": [], "mashup": []}
        for excerpt, estimate in zip(self.excerpts, estimates, strict=True):
            values[excerpt.group].append(usdr(excerpt.vocals, estimate))
        return Judgement(_mean(values["song"]), _mean(values["mashup"]))


def _song_excerpts(library: Library, tracks: Split) -> list[Excerpt]:
    """Cut three excerpts of a single song, or one each of many, at most twelve, from where somebody sings."""
    songs = {voice.bank: voice for voice in tracks.voices.get("stems", [])}
    starts_s = SONG_STARTS_S if len(songs) == 1 else SONG_STARTS_S[:1]
    every = max(1, -(-len(songs) // SONGS))
    excerpts = [
        _excerpt(library, voice, tracks.partners[bank], start_s)
        for bank, voice in sorted(songs.items())[::every]
        for start_s in starts_s
    ]
    return [excerpt for excerpt in excerpts if np.any(excerpt.vocals)]


def _excerpt(library: Library, voice: Track, partner: Track, start_s: int) -> Excerpt:
    length = min(SONG_LENGTH_S * SAMPLE_RATE, voice.frames, partner.frames)
    start = min(start_s * SAMPLE_RATE, min(voice.frames, partner.frames) - length)
    return Excerpt("song", library.read(voice, start, length), library.read(partner, start, length))


def _mean(values: list[float]) -> float:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")
