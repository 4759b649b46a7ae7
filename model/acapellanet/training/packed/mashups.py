"""Mashups made on the device: cutting, pitch, effects and mixing for a whole batch at once."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.pack import ENERGY_BLOCK, LARGEST, Pack
from acapellanet.errors import DataError
from acapellanet.estimate.center import center_gains
from acapellanet.net.config import NetworkConfig
from acapellanet.net.transforms import stft, to_planes
from acapellanet.training.batches import Batch
from acapellanet.training.packed.effects import (
    Dice,
    chopped,
    coloured,
    compressed,
    driven,
    encoded,
    gain,
    loudness,
    mixed_on_a_bus,
    placed,
    reshaped,
    spread,
    widened,
)

NO_VOCALS, ONLY_VOCALS, SECOND_MUSIC, SECOND_VOICE, TRUE_MIX, MONO, CENTERED = 0.12, 0.02, 0.35, 0.2, 0.4, 0.12, 0.25
CHOPPED, DOUBLED, RESHAPED, COMPRESSED, SPREAD, NARROWED, ENCODED = 0.05, 0.2, 0.35, 0.3, 0.25, 0.3, 0.2
INTERVALS = (-12, -8, -5, -4, -3, 0, 0, 0, 0, 3, 4, 7, 12)
"""Semitones between a voice and the one that joins it."""
VOCALS_DB, LOUDNESS_DB = (-12.0, 5.0), (-30.0, -8.0)
CANDIDATES = 4
"""Places in a track of which the first that sounds is taken."""
LARGE_PRIME = 1_000_003


class DeviceMashups:
    """Batches of mashups from a pack that is held on the device as int16."""

    def __init__(
        self,
        pack: Pack,
        config: NetworkConfig,
        samples: int,
        seed: int,
        device: torch.device,
        shares: Mapping[str, float],
    ) -> None:
        """Prepare batches of examples of `samples` each. Raises `DataError` without voices or without music."""
        self.fingerprint = pack.fingerprint
        self._config, self._samples, self._seed, self._device = config, samples, seed, device
        voices = [number for number, track in enumerate(pack.tracks) if track.kind]
        music = [number for number, track in enumerate(pack.tracks) if not track.kind]
        if not voices or not music:
            raise DataError(f"training needs voices and music; the pack has {len(voices)} and {len(music)} tracks")

        def table(values: Sequence[float], dtype: torch.dtype = torch.int64) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        tracks = pack.tracks
        self._values = torch.from_numpy(pack.values).to(device)
        self._starts, self._frames = table(pack.starts), table([track.frames for track in tracks])
        self._channels = table([track.channels for track in tracks])
        self._peaks = table([track.peak / LARGEST for track in tracks], torch.float32)
        self._monotone = torch.tensor([track.monotone for track in tracks], device=device)
        self._voices, self._music = table(voices), table(music)
        self._chances = table(_chances(pack, voices, shares), torch.float32)
        halves = {track.song: number for number, track in enumerate(tracks) if track.song and not track.kind}
        self._partners = table([halves.get(track.song, -1) if track.kind else -1 for track in tracks])
        self._energies, self._energy_starts = self._energy_sums(pack)

    def batch(self, numbers: Sequence[int]) -> Batch:
        """The examples of these numbers; the same numbers, seed and pack give the same batch on the same device."""
        generator = torch.Generator(self._device)
        chooser = torch.Generator()
        for each in (generator, chooser):
            each.manual_seed(self._seed * LARGE_PRIME + numbers[0])
        dice = Dice(generator, len(numbers), chooser)
        vocals, music = self._mixed(dice)
        return self._spectra(vocals, music, dice)

    def _mixed(self, dice: Dice) -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(self._chances, dice.batch, replacement=True, generator=dice.generator)
        track = self._voices[chosen]
        ratio = self._ratios(dice, 0.7, 5.0)
        positions, start = self._places(dice, track, self._melodies(dice, track, ratio))
        dry = self._cut(track, positions)
        true_mix, own = self._true_mixes(track, positions, dice)
        voice = self._joined(dry, track, positions - start, dice)
        voice = self._doubled(self._chopped(voice, track, positions, dice), track, positions, dice)
        voice = _treated(_treated(voice, dice, RESHAPED, reshaped), dice, COMPRESSED, compressed)
        voice = coloured(driven(voice, dice, 0.3), dice, 8.0, 0.6, 0.15, throw=0.08, telephone=0.04)
        voice = _treated(placed(voice, dice), dice, SPREAD, spread)
        vocals = torch.where(true_mix, dry, voice)
        music = torch.where(true_mix, own, self._backing(dice))
        return self._balanced(vocals, music, true_mix, dice)

    def _true_mixes(self, track: Tensor, positions: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
        """Which examples `[batch, 1, 1]` keep a song's own music, and that music."""
        some, _ = dice.some(TRUE_MIX)
        partner = self._partners[track[some]]
        own = torch.zeros(dice.batch, 2, self._samples, device=self._device)
        own = own.index_copy(0, some, self._cut(partner.clamp_min(0), positions[some]))
        true_mix = torch.zeros(dice.batch, dtype=torch.bool, device=self._device)
        return true_mix.index_copy(0, some, partner >= 0).view(-1, 1, 1), own

    def _joined(self, voice: Tensor, track: Tensor, offsets: Tensor, dice: Dice) -> Tensor:
        """Let some voices be joined by one of the same singer, often at the interval of a chord."""
        some, of_some = dice.some(SECOND_VOICE)
        if not of_some.batch:
            return voice
        intervals = torch.tensor(INTERVALS, device=self._device)
        chosen = intervals[(of_some.uniform(0, 0.999, 1) * len(INTERVALS)).long()]
        offsets = offsets[some] * torch.pow(2.0, chosen.double() / 12)
        second = self._cut(track[some], self._places(of_some, track[some], offsets)[0])
        return voice.index_add(0, some, gain(of_some.uniform(-12, 0)) * second)

    def _chopped(self, voice: Tensor, track: Tensor, positions: Tensor, dice: Dice) -> Tensor:
        some, of_some = dice.some(CHOPPED)
        if not of_some.batch:
            return voice
        read, level = chopped(positions[some], of_some)
        return voice.index_copy(0, some, self._cut(track[some], read) * level)

    def _doubled(self, voice: Tensor, track: Tensor, positions: Tensor, dice: Dice) -> Tensor:
        """Add late copies, out of tune by a few cents, left and right; sometimes without the voice between them."""
        some, of_some = dice.some(DOUBLED)
        if not of_some.batch:
            return voice
        time = torch.arange(self._samples, device=self._device) / SAMPLE_RATE
        copies = []
        for _ in range(2):
            wave = torch.sin(2 * torch.pi * (of_some.uniform(0.1, 1.0, 1) * time + of_some.uniform(0, 1, 1)))
            late = of_some.uniform(0.008, 0.04, 1) + 0.002 * of_some.normal(1) * wave
            copies.append(self._cut(track[some], positions[some] - SAMPLE_RATE * late.double()).mean(1))
        level = gain(of_some.uniform(-12, 4))
        dry = voice[some] * (of_some.uniform(0, 1) < 0.75)
        return voice.index_copy(0, some, dry + level * torch.stack(copies, 1))

    def _backing(self, dice: Dice) -> Tensor:
        first = self._one_music(dice)
        some, of_some = dice.some(SECOND_MUSIC)
        if not of_some.batch:
            return first
        second = self._one_music(of_some)
        level = gain(of_some.uniform(-15, 0)) * loudness(first[some]) / (loudness(second) + 1e-6)
        return first.index_add(0, some, level * second)

    def _one_music(self, dice: Dice) -> Tensor:
        drawn = torch.randint(len(self._music), (dice.batch,), generator=dice.generator, device=self._device)
        track = self._music[drawn]
        steps = self._ratios(dice, 0.4, 3.0).unsqueeze(1).expand(-1, self._samples)
        audio = self._cut(track, self._places(dice, track, steps.double().cumsum(1) - steps)[0])
        audio = _treated(coloured(audio, dice, 5.0, 0.05), dice, NARROWED, widened)
        return torch.where(dice.chance(0.5), audio.flip(1), audio)

    def _balanced(self, vocals: Tensor, music: Tensor, true_mix: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
        level = gain(dice.uniform(*VOCALS_DB)) * loudness(music) / (loudness(vocals) + 1e-6)
        kind = dice.uniform(0, 1)
        vocals = torch.where(true_mix & (kind > 0.6), vocals, vocals * level.clamp(max=100.0))
        vocals = torch.where(kind < NO_VOCALS, 0.0, vocals)
        music = torch.where(kind > 1 - ONLY_VOCALS, 0.0, music)
        vocals, music = mixed_on_a_bus(vocals, music, dice)
        some, of_some = dice.some(ENCODED)
        if of_some.batch:
            lossy = encoded(vocals[some], music[some], of_some)
            vocals, music = (stem.index_copy(0, some, part) for stem, part in zip((vocals, music), lossy, strict=True))
        mixture = vocals + music
        whole = gain(dice.uniform(*LOUDNESS_DB)) / (loudness(mixture) + 1e-6)
        whole = torch.minimum(whole, 1.0 / (mixture.abs().amax((1, 2), keepdim=True) + 1e-6))
        mono = dice.chance(MONO)
        stems = (torch.where(mono, stem.mean(1, keepdim=True), stem) * whole for stem in (vocals, music))
        vocals, music = stems
        return vocals, music

    def _spectra(self, vocals: Tensor, music: Tensor, dice: Dice) -> Batch:
        config = self._config
        voice = stft(vocals, config.fft_samples, config.hop_samples)
        mixture = voice + stft(music, config.fft_samples, config.hop_samples)
        level = mixture.abs().mean((1, 2, 3))
        some, _ = dice.some(CENTERED)
        width = 0.1 + 0.9 * float(torch.rand((), generator=dice.chooser))
        if len(some):
            isolated = mixture[some]
            gains = center_gains(isolated, config.sample_rate, width).unsqueeze(1)
            mixture = mixture.index_copy(0, some, isolated * gains)
        return Batch(to_planes(mixture), to_planes(voice), level)

    def _ratios(self, dice: Dice, share: float, reach: float) -> Tensor:
        """Speeds `[batch]`: some shifted by up to `reach` semitones."""
        shifted = torch.where(dice.chance(share), dice.uniform(-reach, reach), 0.0)
        return torch.pow(2.0, shifted.view(-1) / 12)

    def _melodies(self, dice: Dice, track: Tensor, ratio: Tensor) -> Tensor:
        """Offsets to read at, `[batch, samples]`: monotone voices get notes with glides and vibrato."""
        note = int(0.3 * SAMPLE_RATE)
        count = self._samples // note + 2
        notes = torch.round(dice.uniform(-9, 6, count)).repeat_interleave(note, 1)[:, : self._samples]
        glide = int(0.05 * SAMPLE_RATE) | 1
        glided = avg_pool1d(notes.unsqueeze(1), glide, stride=1, padding=glide // 2, count_include_pad=False)[:, 0]
        time = torch.arange(self._samples, device=self._device) / SAMPLE_RATE
        wave = torch.sin(2 * torch.pi * dice.uniform(4.5, 6.5, 1) * time)
        semitones = glided + dice.uniform(0, 0.6, 1) * wave
        speeds = torch.where(self._monotone[track].unsqueeze(1), torch.pow(2.0, semitones / 12), ratio.unsqueeze(1))
        return speeds.double().cumsum(1) - speeds

    def _places(self, dice: Dice, track: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        """Positions `[batch, samples]` in a part of each track that sounds, and where each begins, `[batch, 1]`."""
        length = offsets[:, -1].long() + 2
        room = (self._frames[track] - length).clamp_min(1)
        starts = (dice.uniform(0, 1, CANDIDATES) * room.unsqueeze(1)).long()  # [batch, candidates]
        energy = self._energy(track, starts, length)
        is_loud = energy > 0.01 * energy.amax(1, keepdim=True).clamp_min(1e-12)
        first = is_loud.to(torch.int8).argmax(1, keepdim=True)
        start = starts.gather(1, first).double()
        return offsets + start, start

    def _energy_sums(self, pack: Pack) -> tuple[Tensor, Tensor]:
        """Running sums of energy, and where those of each track begin."""
        counts = torch.tensor([track.frames // ENERGY_BLOCK + 2 for track in pack.tracks])
        begins = counts.cumsum(0) - counts
        sums = torch.zeros(int(counts.sum()), dtype=torch.float64)
        for begin, count, energies in zip(begins.tolist(), counts.tolist(), pack.energies, strict=True):
            known = torch.from_numpy(energies[:count])
            sums[begin : begin + len(known)] = known
            sums[begin + len(known) : begin + count] = known[-1]
        return sums.to(self._device), begins.to(self._device)

    def _energy(self, track: Tensor, starts: Tensor, length: Tensor) -> Tensor:
        """Energy from each of `starts` on, `[batch, candidates]`."""
        last = self._frames[track].unsqueeze(1) // ENERGY_BLOCK
        begin = torch.minimum(starts // ENERGY_BLOCK, last)
        end = torch.minimum((starts + length.unsqueeze(1)) // ENERGY_BLOCK, last)
        first = self._energy_starts[track].unsqueeze(1)
        return self._energies[first + end] - self._energies[first + begin]

    def _cut(self, track: Tensor, positions: Tensor) -> Tensor:
        """Audio `[batch, 2, samples]` at fractional positions `[batch, samples]`, by Catmull-Rom; 0 beyond the end."""
        index = positions.floor().long()
        t = (positions - index).float().unsqueeze(1)
        a, b, c, d = (self._at(track, index + offset) for offset in (-1, 0, 1, 2))
        return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))

    def _at(self, track: Tensor, index: Tensor) -> Tensor:
        frames, channels = self._frames[track].unsqueeze(1), self._channels[track].unsqueeze(1)
        inside = (index >= 0) & (index < frames)
        left = self._starts[track].unsqueeze(1) + index.clamp_min(0).minimum(frames - 1) * channels
        both = torch.stack((self._values[left], self._values[left + channels - 1]), dim=1).float()
        return both * (self._peaks[track].view(-1, 1, 1) * inside.unsqueeze(1))


def _treated(audio: Tensor, dice: Dice, share: float, effect: Callable[[Tensor, Dice], Tensor]) -> Tensor:
    """Apply an effect to about `share` of the examples."""
    some, of_some = dice.some(share)
    return audio.index_copy(0, some, effect(audio[some], of_some)) if of_some.batch else audio


def _chances(pack: Pack, voices: list[int], shares: Mapping[str, float]) -> list[float]:
    """Chance of each voice: its kind's share, by equal parts to its speakers, by length to a speaker's tracks."""
    speakers: dict[str, dict[str, int]] = {}
    for number in voices:
        track = pack.tracks[number]
        lengths = speakers.setdefault(track.kind, {})
        lengths[track.speaker] = lengths.get(track.speaker, 0) + track.frames
    chances = []
    for number in voices:
        track = pack.tracks[number]
        of_kind = speakers[track.kind]
        chances.append(shares.get(track.kind, 0.01) / len(of_kind) * track.frames / of_kind[track.speaker])
    return chances
