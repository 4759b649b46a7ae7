"""Make the training examples of 2017: tiles of log-magnitude spectrograms of an acapella over an instrumental in key.

The mixture's magnitude is the greater of the two, bin by bin. Tile `i` of seed `s` is always the same. Files whose
names contain their key are assumed to be in time with each other, as in 2017, and so are the halves of a song; from
all others a moment is drawn.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from acapellanet.acapellabot.separation import FFT_SAMPLES, HOP_SAMPLES
from acapellanet.acapellabot.separation import SAMPLE_RATE as RATE_HZ
from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.camelot import Key, key_in_name
from acapellanet.data.library import Library, Track
from acapellanet.data.rates import at_rate
from acapellanet.errors import DataError

TILE = 128
"""Number of bins and frames of a tile."""
BANDS = (FFT_SAMPLES // 2 + 1) // TILE
_SAMPLES = (TILE - 1) * HOP_SAMPLES + FFT_SAMPLES
_SOURCE_SAMPLES = _SAMPLES * SAMPLE_RATE // RATE_HZ


@dataclass(frozen=True, slots=True)
class Pair:
    """An acapella and the instrumentals that match it."""

    voice: Track
    music: tuple[Track, ...]


def pairs_of(tracks: list[Track], keys: dict[str, Key]) -> list[Pair]:
    """Pair each voice with the instrumentals in its key or a neighbouring one. Raises `DataError` if there are none."""
    music = [track for track in tracks if track.role == "instrumental"]
    voices = [track for track in tracks if track.role == "vocals"]
    if not voices or not music:
        raise DataError(f"training needs a voice and an instrumental, found {len(voices)} and {len(music)}")
    pairs = []
    for voice in voices:
        fitting = tuple(t for t in music if _is_song(voice, t) or keys[voice.name].goes_with(keys[t.name]))
        if fitting:
            pairs.append(Pair(voice, fitting))
    if not pairs:
        raise DataError("no voice and instrumental are in keys that go together; add instrumentals in other keys")
    return pairs


def _is_song(voice: Track, music: Track) -> bool:
    return voice.paired and music.paired and voice.bank == music.bank


class Tiles:
    """Endless tiles from pairs in key; long voices are drawn more often."""

    def __init__(self, library: Library, pairs: list[Pair], seed: int) -> None:
        self._library, self._pairs, self._seed = library, pairs, seed
        lengths = np.array([pair.voice.frames for pair in pairs], dtype=np.float64)
        self._shares = lengths / lengths.sum()
        self.fingerprint = library.fingerprint

    def batch(self, first: int, count: int) -> tuple[Tensor, Tensor]:
        """Make tiles `first` to `first + count`: log1p magnitudes of mixture and acapella, `[count, 1, 128, 128]`."""
        tiles = [self.tile(number) for number in range(first, first + count)]
        mixture, voice = (torch.stack(side).unsqueeze(1) for side in zip(*tiles, strict=True))
        return mixture, voice

    def tile(self, number: int) -> tuple[Tensor, Tensor]:
        """Make one tile: log1p magnitudes of mixture and acapella, `[128 bins, 128 frames]`."""
        random = np.random.default_rng((self._seed, number))
        pair = self._pairs[random.choice(len(self._pairs), p=self._shares)]
        music = pair.music[random.integers(len(pair.music))]
        start = _start(random, pair.voice)
        beside = start if _in_time(pair.voice, music) else _start(random, music)
        band = int(random.integers(BANDS)) * TILE
        voice, rest = (self._magnitudes(t, s)[band : band + TILE] for t, s in ((pair.voice, start), (music, beside)))
        return torch.maximum(voice, rest), voice

    def _magnitudes(self, track: Track, start: int) -> Tensor:
        """Compute log1p magnitudes `[769, 128]`; after the end of a track there is silence."""
        audio = self._library.read(track, min(start, track.frames), _SOURCE_SAMPLES).mean(0, keepdims=True)
        mono = torch.from_numpy(at_rate(audio, SAMPLE_RATE, RATE_HZ, _SAMPLES)[0])
        window = torch.hann_window(FFT_SAMPLES)
        spectrum = torch.stft(mono, FFT_SAMPLES, HOP_SAMPLES, window=window, center=False, return_complex=True)
        return torch.log1p(spectrum.abs())


def _in_time(voice: Track, music: Track) -> bool:
    named = key_in_name(voice.name) is not None and key_in_name(music.name) is not None
    return named or _is_song(voice, music)


def _start(random: np.random.Generator, track: Track) -> int:
    return int(random.integers(max(1, track.frames - _SOURCE_SAMPLES + 1)))
