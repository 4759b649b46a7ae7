"""Make training examples on the fly: a voice from here, an instrumental from there.

Example `i` of seed `s` is always the same, whatever was drawn before it, so that a training that was killed continues
where it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from acapellanet.audio import Samples
from acapellanet.data.augment import (
    Curve,
    Random,
    chop,
    compress,
    db,
    double,
    drive,
    formants,
    harmony,
    melody,
    place,
    positions_for,
    resample_at,
    rms,
    shape,
    spread,
    stretched,
    telephone,
    throw,
    widen,
)
from acapellanet.data.bus import mixed_as_in_a_studio
from acapellanet.data.library import Library, Track
from acapellanet.data.matching import Matcher
from acapellanet.data.shares import SHARES
from acapellanet.data.splits import Split, is_monotone
from acapellanet.errors import DataError
from acapellanet.voices.singer import someone

NO_VOCALS, ONLY_VOCALS, SECOND_INSTRUMENTAL, TRUE_MIX, MONO = 0.12, 0.02, 0.3, 0.5, 0.12
CENTERED, MADE_VOICES, CHOPPED = 0.25, 0.06, 0.08
VOCALS_DB = (-12.0, 5.0)
LOUDNESS_DB = (-30.0, -10.0)
VOICE_EFFECTS = (
    *((0.35, formants), (0.06, harmony), (0.25, double), (0.3, compress), (0.3, drive), (0.04, telephone)),
    *((0.06, throw), (0.25, spread)),
)
"""Chance and effect, in the order in which a studio applies them."""
GLUE = 0.15
"""Chance that the music went through a compressor of its own."""
QUIET_RMS = 2e-3
TRIES = 6


@dataclass(frozen=True, slots=True)
class Example:
    """A mashup, whose mixture is `vocals + instrumental`, `[2, samples]` each."""

    vocals: Samples
    instrumental: Samples
    centered: bool
    """Whether the network is to be shown the centre-isolated mixture."""
    width: float
    """Width of the isolation, 0..1."""


class Mashups:
    """Endless examples from one split of a library."""

    def __init__(
        self,
        library: Library,
        tracks: Split,
        samples: int,
        seed: int,
        centered: float = CENTERED,
        made: float = 0.0,
        chopped: float = 0.0,
        matcher: Matcher | None = None,
        shares: Mapping[str, float] = SHARES,
    ) -> None:
        """Draw examples of `samples` each.

        `centered`: share of those that show the isolated centre; `made`: share of the solo voices that are nobody's
        (`singer`); `chopped`: share of the voices that a sampler played (`augment.chop`); `matcher`: brings songs and
        music into one key and tempo; `shares`: how often each kind of voice is drawn. Raises `DataError`.
        """
        if not tracks.voices or not tracks.instrumentals:
            voices = sum(len(bank) for bank in tracks.voices.values())
            raise DataError(
                "training needs at least one voice and one instrumental besides what is held out for validation; "
                f"found {voices} and {len(tracks.instrumentals)}"
            )
        self.fingerprint = library.fingerprint
        """Checksum of the files that examples are made of."""
        self._library = library
        self._split = tracks
        self._samples = samples
        self._seed = seed
        self._centered = centered
        self._made = made
        self._effects = ((chopped, chop), *VOICE_EFFECTS) if chopped else VOICE_EFFECTS
        self._matcher = matcher
        here = {share: weight for share, weight in shares.items() if share in tracks.voices}
        self._shares = here or dict.fromkeys(tracks.voices, 1.0)
        self._speakers = {share: _by_speaker(tracks.voices[share]) for share in self._shares}

    def example(self, number: int) -> Example:
        """Make example `number`, which is always the same for the same seed and data."""
        random = np.random.default_rng((self._seed, number))
        kind = random.random()
        if kind < NO_VOCALS:
            vocals, music = self._nothing(), self._music(random)
        else:
            vocals, music = self._mashup(random)
            if kind > 1.0 - ONLY_VOCALS:
                music = self._nothing()
        vocals, music = _balance(random, vocals, music)
        vocals, music = mixed_as_in_a_studio(random, vocals, music)
        over = np.float32(max(1.0, float(np.abs(vocals + music).max())))
        vocals, music = vocals / over, music / over
        if random.random() < MONO:
            vocals, music = widen(vocals, 0.0), widen(music, 0.0)
        centered = random.random() < self._centered
        return Example(vocals, music, centered, float(random.uniform(0.1, 1.0)))

    def _nothing(self) -> Samples:
        return np.zeros((2, self._samples), dtype=np.float32)

    def _mashup(self, random: Random) -> tuple[Samples, Samples]:
        track = self._voice_track(random)
        partner = self._split.partners.get(track.bank) if track.paired else None
        if partner is not None and random.random() < TRUE_MIX:
            return self._true_mix(random, track, partner)
        if self._matcher is not None and not is_monotone(track):
            return self._matched(random, track, self._matcher)
        return self._voice(random, track), self._music(random)

    def _matched(self, random: Random, track: Track, matcher: Matcher) -> tuple[Samples, Samples]:
        """Bring a sung voice into the key of the music, and the music into the tempo of the voice."""
        music = self._music_track(random)
        fit = matcher.fit(track, music)
        curve = np.arange(self._samples) * 2.0 ** (fit.semitones / 12.0)
        return self._voice(random, track, curve), self._one_music(random, music, fit.stretch)

    def _true_mix(self, random: Random, track: Track, partner: Track) -> tuple[Samples, Samples]:
        """Take voice and accompaniment of the same moment, pitched together."""
        curve = _constant(random, self._samples, 0.5)
        start, vocals = self._sounding(random, track, curve)
        music = _resampled(self._library.read(partner, start, int(curve[-1]) + 2), curve)
        flip = -1 if random.random() < 0.5 else 1
        if random.random() < 0.2:
            vocals = formants(random, vocals)
        vocals = shape(random, vocals, 3.0, 0.1)
        return vocals[::flip], shape(random, music, 3.0, 0.0)[::flip]

    def _voice_track(self, random: Random) -> Track:
        """Draw a kind by its share, one of its speakers, and one of the speaker's tracks by its length."""
        weights = np.array(list(self._shares.values()))
        speakers = self._speakers[list(self._shares)[random.choice(len(weights), p=weights / weights.sum())]]
        tracks = speakers[random.integers(len(speakers))]
        lengths = np.array([track.frames for track in tracks], dtype=np.float64)
        return tracks[random.choice(len(tracks), p=lengths / lengths.sum())]

    def _made_voice(self, random: Random) -> Samples:
        return np.tile(someone(random, self._samples).astype(np.float32), (2, 1))

    def _voice(self, random: Random, track: Track, curve: Curve | None = None) -> Samples:
        if curve is None:
            sung = not is_monotone(track) or random.random() < 0.1
            curve = _constant(random, self._samples, 0.7, 5.0) if sung else _tune(random, self._samples)
        made = random.random() < self._made
        vocals = self._made_voice(random) if made else self._sounding(random, track, curve)[1]
        if random.random() < 0.2:
            level = np.float32(db(random.uniform(-12, 0)))
            vocals = vocals + level * self._sounding(random, track, curve)[1]
        for chance, effect in self._effects:
            if random.random() < chance:
                vocals = effect(random, vocals)
        return place(random, shape(random, vocals, 8.0, 0.65))

    def _sounding(self, random: Random, track: Track, curve: Curve) -> tuple[int, Samples]:
        """Find a place where the track is not silent, within a few tries: `(start, audio)`."""
        length = int(curve[-1]) + 2
        start, source = 0, np.zeros((2, 0), dtype=np.float32)
        for _ in range(TRIES):
            start = int(random.integers(max(1, track.frames - length)))
            source = self._library.read(track, start, length)
            if rms(source) > QUIET_RMS and _active_share(source) > 0.3:
                break
        return start, _resampled(source, curve)

    def _music(self, random: Random) -> Samples:
        music = self._one_music(random)
        if random.random() < SECOND_INSTRUMENTAL:
            second = self._one_music(random)
            music = music + second * np.float32(db(random.uniform(-15, 0)) * (rms(music) / (rms(second) + 1e-6)))
        return music

    def _music_track(self, random: Random) -> Track:
        tracks = self._split.instrumentals
        return tracks[random.integers(len(tracks))]

    def _one_music(self, random: Random, track: Track | None = None, stretch: float | None = None) -> Samples:
        """Take any track at any speed, or `track` in its key with its tempo multiplied by `stretch`."""
        if track is None or stretch is None:
            track, curve = self._music_track(random), _constant(random, self._samples, 0.4)
            music = self._sounding(random, track, curve)[1]
        else:
            length = int(self._samples * stretch) + 1
            music = stretched(self._sounding(random, track, np.arange(length, dtype=np.float64))[1], stretch)
            music = np.pad(music, ((0, 0), (0, max(0, self._samples - music.shape[1]))))[:, : self._samples]
        music = shape(random, music, 5.0, 0.05) if random.random() < 0.7 else music
        music = compress(random, music) if random.random() < GLUE else music
        if random.random() < 0.3:
            music = widen(music, float(random.choice((0.0, 0.3, 0.6, 1.4))))
        return music[::-1] if random.random() < 0.5 else music


def _by_speaker(tracks: list[Track]) -> list[list[Track]]:
    speakers: dict[str, list[Track]] = {}
    for track in tracks:
        speakers.setdefault(track.bank, []).append(track)
    return list(speakers.values())


def _resampled(audio: Samples, curve: Curve) -> Samples:
    if int(curve[-1]) == len(curve) - 1 and audio.shape[1] >= len(curve):
        return audio[:, : len(curve)].copy()
    return resample_at(audio, curve)


def _active_share(audio: Samples) -> float:
    """Compute the share of blocks of 50 ms that are within 35 dB of the loudest."""
    blocks = audio[:, : audio.shape[1] // 2205 * 2205].reshape(2, -1, 2205)
    power = np.square(blocks).mean((0, 2))
    return float((power > power.max(initial=1e-12) * 3e-4).mean()) if power.size else 0.0


def _constant(random: Random, samples: int, chance: float, reach: float = 3.0) -> Curve:
    """Compute reading positions of a shift by up to `reach` semitones, or of none."""
    semitones = random.uniform(-reach, reach) if random.random() < chance else 0.0
    return np.asarray(np.arange(samples) * 2.0 ** (semitones / 12.0))


def _tune(random: Random, samples: int) -> Curve:
    return positions_for(melody(random, samples))


def _balance(random: Random, vocals: Samples, music: Samples) -> tuple[Samples, Samples]:
    """Bring vocals to -12 to +5 dB of the music, and the sum to -30 to -10 dBFS with peaks below 1."""
    loud_vocals, loud_music = rms(vocals), rms(music)
    if loud_vocals > 0 and loud_music > 0:
        vocals = vocals * np.float32(db(random.uniform(*VOCALS_DB)) * loud_music / loud_vocals)
    mixture = vocals + music
    gain = db(random.uniform(*LOUDNESS_DB)) / (rms(mixture) + 1e-6)
    gain = min(gain, 1.0 / (float(np.abs(mixture).max()) + 1e-6))
    return vocals * np.float32(gain), music * np.float32(gain)
