"""Make the fixed songs that models are judged by: mashups of voices that training never hears, balanced by kind.

Each kind has as many songs as any other, and each song has music of another owner as long as there are owners left.
Nobody sings in its first two seconds, so that leaks can be measured. The same data gives the same songs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import soundfile

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.augment import (
    Random,
    compress,
    db,
    double,
    drive,
    harmony,
    melody,
    place,
    positions_for,
    resample_at,
    rms,
    shape,
    stretched,
)
from acapellanet.data.bus import compress_bus, duck, master, mixed_as_in_a_studio, saturate_bus
from acapellanet.data.library import Library, Track
from acapellanet.data.splits import Split, is_monotone, split
from acapellanet.errors import DataError
from acapellanet.voices.manners import TUNED
from acapellanet.voices.sung import sung

SECONDS, PAUSE_S, FADE_S = 12.0, 2.0, 0.01
PER_KIND = 9
SEED = 1815
VOCALS_DB = (-9.0, 3.0)
QUIET_RMS = 2e-3
TRIES = 12
EFFECTS = ((0.2, duck), (0.3, compress_bus), (0.2, saturate_bus), (0.4, master))
"""What is done to the mix, with its chance; nothing that would ring into the pause."""

Treatment = Callable[[Random, Samples], Samples]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of voice: whose it is, and what is done to it."""

    name: str
    shares: tuple[str, ...]
    """Kinds of `splits.SHARES` that its speakers are drawn from, the first that there are."""
    treatment: Treatment = lambda random, voice: voice


def write_songs(
    library: Library, out: Path, seen: bool = False, per_kind: int = PER_KIND, seconds: float = SECONDS
) -> list[Path]:
    """Write `<out>/<kind>-<number>/{vocals,instrumental}.flac` and return the folders.

    `seen`: of voices and music that training does hear, for the gap between both. Raises `DataError` if there is no
    voice or no music, or if WORLD, which tunes voices, is not installed.
    """
    tracks = split(library.tracks, validation=not seen)
    if not tracks.voices or not tracks.instrumentals:
        raise DataError("nothing to judge by: no held-out voice or no held-out music")
    music = _by_turns(tracks.instrumentals)
    songs: list[Path] = []
    for number, (kind, voices) in enumerate(_kinds_here(tracks)):
        for turn in range(per_kind):
            random = np.random.default_rng((SEED, number, turn))
            backing = music[(number + len(KINDS) * turn) % len(music)]
            vocals, instrumental = _song(random, library, kind, voices[turn % len(voices)], backing, seconds)
            songs.append(out / f"{kind.name}-{turn:02}")
            _write(songs[-1], vocals, instrumental)
    return songs


def _kinds_here(tracks: Split) -> Iterator[tuple[Kind, list[Track]]]:
    """Yield the kinds for which there are speakers, with their tracks by turns of the speakers."""
    for kind in KINDS:
        share = next((share for share in kind.shares if share in tracks.voices), None)
        if share is not None:
            yield kind, _by_turns(tracks.voices[share])


def _by_turns(tracks: list[Track]) -> list[Track]:
    """Order tracks by turns: the first of each bank, then the second of each, and so on."""
    banks: dict[str, list[Track]] = {}
    for track in sorted(tracks, key=lambda track: track.name):
        banks.setdefault(track.bank, []).append(track)
    return [track for track in chain.from_iterable(zip_longest(*banks.values())) if track is not None]


def _song(
    random: Random, library: Library, kind: Kind, voice: Track, backing: Track, seconds: float
) -> tuple[Samples, Samples]:
    samples, pause = round(seconds * SAMPLE_RATE), round(PAUSE_S * SAMPLE_RATE)
    solo = _fitted(kind.treatment(random, _heard(random, library, voice, samples)), samples)
    vocals = place(random, shape(random, solo, 5.0, 0.8))
    music = _fitted(_heard(random, library, backing, samples), samples)
    fade = round(FADE_S * SAMPLE_RATE)
    vocals[:, :pause] = 0.0
    vocals[:, pause : pause + fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    vocals = vocals * np.float32(db(random.uniform(*VOCALS_DB)) * rms(music) / (rms(vocals) + 1e-6))
    vocals, music = mixed_as_in_a_studio(random, vocals, music, EFFECTS)
    peak = np.float32(1.02 * np.abs(vocals + music).max() + 1e-6)
    return vocals / peak, music / peak


def _heard(random: Random, library: Library, track: Track, samples: int) -> Samples:
    """Cut out a place where the track sounds, with a melody for monotone banks; it may be shorter than `samples`."""
    curve = positions_for(melody(random, samples)) if is_monotone(track) else np.arange(samples, dtype=np.float64)
    length = int(curve[-1]) + 2
    best, loudest = np.zeros((2, 0), dtype=np.float32), -1.0
    for _ in range(TRIES):
        audio = library.read(track, int(random.integers(max(1, track.frames - length))), length)
        if rms(audio) > loudest:
            best, loudest = audio, rms(audio)
        if loudest > QUIET_RMS:
            break
    return resample_at(best, curve) if is_monotone(track) else best[:, :samples]


def _fitted(audio: Samples, samples: int) -> Samples:
    """Repeat or cut audio to `samples`."""
    times = -(-samples // max(1, audio.shape[1]))
    return np.tile(audio, (1, times))[:, :samples].copy()


def _rapped(random: Random, voice: Samples) -> Samples:
    """Make speech a little faster, compress and drive it."""
    fast = stretched(voice, random.uniform(1.05, 1.35))
    return drive(random, compress(random, np.asarray(fast, dtype=np.float32)))


def _younger(random: Random, voice: Samples) -> Samples:
    """Make throat and pitch those of a child, by 4 to 7 semitones."""
    ratio = 2.0 ** (random.uniform(4, 7) / 12)
    return resample_at(voice, np.arange(int(voice.shape[1] / ratio)) * ratio)


def _choir(random: Random, voice: Samples) -> Samples:
    """Add throats in unison and in chords, left and right."""
    doubled = double(random, voice) + double(random, np.roll(voice, int(random.integers(400, 1500)), axis=1))
    return harmony(random, doubled)


def _tuned(random: Random, voice: Samples) -> Samples:
    """Let speech be sung hard-tuned, exactly on its notes."""
    song = sung(voice.mean(0), SAMPLE_RATE, random, TUNED)
    return np.tile(song, (2, 1))


KINDS = (
    Kind("sung", ("other", "pjs")),
    Kind("chant", ("chant",)),
    Kind("half-spoken", ("stems",)),
    Kind("sung-speech", ("sung",)),
    Kind("rap", ("spoken",), _rapped),
    Kind("child", ("sung",), _younger),
    Kind("choir", ("other", "pjs"), _choir),
    Kind("tuned", ("spoken",), _tuned),
)
"""All kinds, in the order in which they are written."""


def _write(folder: Path, vocals: Samples, instrumental: Samples) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, audio in (("vocals", vocals), ("instrumental", instrumental)):
        soundfile.write(folder / f"{name}.flac", audio.T, SAMPLE_RATE, subtype="PCM_24")
