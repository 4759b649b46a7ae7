"""Mashups made on the device: cutting, pitch, effects and mixing for a whole batch at once."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.pack import LARGEST, Pack
from acapellanet.errors import DataError
from acapellanet.estimate.center import center_gains
from acapellanet.net.config import NetworkConfig
from acapellanet.net.transforms import stft, to_planes
from acapellanet.training.batches import Batch
from acapellanet.training.packed.effects import (
    Dice,
    coloured,
    driven,
    gain,
    loudness,
    mixed_on_a_bus,
    placed,
)

NO_VOCALS, ONLY_VOCALS, SECOND_MUSIC, SECOND_VOICE, TRUE_MIX, MONO, CENTERED = 0.12, 0.02, 0.3, 0.15, 0.5, 0.12, 0.25
VOCALS_DB, LOUDNESS_DB = (-12.0, 5.0), (-30.0, -8.0)
ENERGY_BLOCK = 4410
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
        generator.manual_seed(self._seed * LARGE_PRIME + numbers[0])
        dice = Dice(generator, len(numbers))
        vocals, music = self._mixed(dice)
        return self._spectra(vocals, music, dice)

    def _mixed(self, dice: Dice) -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(self._chances, dice.batch, replacement=True, generator=dice.generator)
        track = self._voices[chosen]
        ratio = self._ratios(dice, 0.7, 5.0)
        positions, start = self._places(dice, track, self._melodies(dice, track, ratio))
        dry = self._cut(track, positions)
        partner = self._partners[track]
        true_mix = ((partner >= 0) & (dice.uniform(0, 1, 1)[:, 0] < TRUE_MIX)).view(-1, 1, 1)
        second = self._cut(track, self._places(dice, track, positions - start)[0])
        voice = dry + torch.where(dice.chance(SECOND_VOICE), gain(dice.uniform(-12, 0)) * second, 0.0)
        voice = placed(coloured(driven(voice, dice, 0.3), dice, 8.0, 0.65, 0.25, 0.25), dice)
        vocals = torch.where(true_mix, dry, voice)
        own = self._cut(torch.where(partner >= 0, partner, track), positions)
        music = torch.where(true_mix, own, self._backing(dice))
        return self._balanced(vocals, music, true_mix, dice)

    def _backing(self, dice: Dice) -> Tensor:
        first, second = self._one_music(dice), self._one_music(dice)
        level = gain(dice.uniform(-15, 0)) * loudness(first) / (loudness(second) + 1e-6)
        return first + torch.where(dice.chance(SECOND_MUSIC), level * second, 0.0)

    def _one_music(self, dice: Dice) -> Tensor:
        drawn = torch.randint(len(self._music), (dice.batch,), generator=dice.generator, device=self._device)
        track = self._music[drawn]
        steps = self._ratios(dice, 0.4, 3.0).unsqueeze(1).expand(-1, self._samples)
        audio = self._cut(track, self._places(dice, track, steps.double().cumsum(1) - steps)[0])
        audio = coloured(audio, dice, 5.0, 0.05, 0.0, 0.0)
        return torch.where(dice.chance(0.5), audio.flip(1), audio)

    def _balanced(self, vocals: Tensor, music: Tensor, true_mix: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
        level = gain(dice.uniform(*VOCALS_DB)) * loudness(music) / (loudness(vocals) + 1e-6)
        kind = dice.uniform(0, 1)
        vocals = torch.where(true_mix & (kind > 0.6), vocals, vocals * level.clamp(max=100.0))
        vocals = torch.where(kind < NO_VOCALS, 0.0, vocals)
        music = torch.where(kind > 1 - ONLY_VOCALS, 0.0, music)
        vocals, music = mixed_on_a_bus(vocals, music, dice)
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
        widths = dice.uniform(0.1, 1.0, 1)[:, 0].tolist()
        for number in dice.chance(CENTERED).view(-1).nonzero().view(-1).tolist():
            mixture[number] = mixture[number] * center_gains(mixture[number], config.sample_rate, widths[number])
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
        """Running sums of energy in blocks of a tenth of a second, and where those of each track begin."""
        counts = [track.frames // ENERGY_BLOCK + 2 for track in pack.tracks]
        begins = [0, *torch.tensor(counts).cumsum(0).tolist()]
        sums = torch.zeros(begins[-1], dtype=torch.float64)
        for number, track in enumerate(pack.tracks):
            values = self._values[pack.starts[number] :][: track.frames * track.channels].float()
            values = values.view(-1, track.channels).square().mean(1)
            whole = values[: len(values) // ENERGY_BLOCK * ENERGY_BLOCK].view(-1, ENERGY_BLOCK).mean(1)
            total = whole.double().cumsum(0).cpu()
            first = begins[number] + 1
            sums[first : first + len(total)] = total
            sums[first + len(total) : begins[number + 1]] = total[-1] if len(total) else 0.0
        return sums.to(self._device), torch.tensor(begins[:-1], device=self._device)

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
