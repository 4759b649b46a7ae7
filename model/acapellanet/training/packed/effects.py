"""Effects for many examples at once, on the device: `[batch, 2, samples]` in and out, drawn from a torch generator."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, interpolate, max_pool1d

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.augment import (
    CHOP_SEMITONES,
    ENVELOPE_LIMIT_DB,
    ENVELOPE_QUEFRENCIES,
    FORMANT_FFT,
    FORMANT_HOP,
)
from acapellanet.net.transforms import istft, stft

BLOCK = 441
"""Length of the blocks that levels are taken over, in samples."""
ROOM_S = 1.5


@dataclass(frozen=True, slots=True)
class Dice:
    """Random values on a device, from one generator."""

    generator: torch.Generator
    batch: int
    chooser: torch.Generator
    """Generator on the CPU, which chooses examples without waiting for the device."""

    @property
    def device(self) -> torch.device:
        """Where all values are."""
        return self.generator.device

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """`[batch, 1, 1]`, or `[batch, *shape]`, between two values."""
        size = (self.batch, *(shape or (1, 1)))
        return low + (high - low) * torch.rand(size, generator=self.generator, device=self.device)

    def chance(self, share: float) -> Tensor:
        """Booleans `[batch, 1, 1]`, of which about `share` are true."""
        return self.uniform(0.0, 1.0) < share

    def some(self, share: float) -> tuple[Tensor, "Dice"]:
        """Numbers `[count]` of about `share` of the examples, and dice for these alone."""
        hits = torch.rand(self.batch, generator=self.chooser) < share
        numbers = hits.nonzero().view(-1)
        return numbers.to(self.device, non_blocking=True), Dice(self.generator, len(numbers), self.chooser)

    def normal(self, *shape: int) -> Tensor:
        """`[batch, *shape]` of the normal distribution."""
        return torch.randn((self.batch, *shape), generator=self.generator, device=self.device)


def gain(value_db: Tensor) -> Tensor:
    """Decibels as a factor of amplitude."""
    return torch.pow(10.0, value_db / 20.0)


def loudness(audio: Tensor) -> Tensor:
    """Root mean square over the louder blocks, `[batch, 1, 1]`."""
    power = avg_pool1d(audio.square().mean(1, keepdim=True), 5 * BLOCK)
    loud = (power > 1e-3 * power.amax(-1, keepdim=True)).to(power.dtype)
    return ((power * loud).sum(-1, keepdim=True) / loud.sum(-1, keepdim=True).clamp_min(1.0)).sqrt()


def coloured(
    audio: Tensor,
    dice: Dice,
    tone_db: float,
    room: float,
    double: float = 0.0,
    throw: float = 0.0,
    telephone: float = 0.0,
) -> Tensor:
    """Equalizer for all, and with these chances a room, late copies, echoes, a narrow band."""
    samples = audio.shape[-1]
    size = 1 << (samples - 1).bit_length()
    spectrum = torch.fft.rfft(audio, size)
    hz = torch.arange(spectrum.shape[-1], device=audio.device) * (SAMPLE_RATE / size)
    response = _tone(dice, hz, tone_db).to(spectrum.dtype)
    wet = torch.fft.rfft(_room(dice), size)
    response = response * torch.where(dice.chance(room), 1.0 + wet, torch.ones_like(wet))
    delay = dice.uniform(0.008, 0.04, 2, 1)
    late = torch.polar(gain(dice.uniform(-12, 4, 2, 1)).expand(-1, -1, len(hz)), -2 * math.pi * delay * hz)
    response = response * torch.where(dice.chance(double), 1.0 + late, torch.ones_like(late))
    response = response * torch.where(dice.chance(throw), _echoes(dice, hz), torch.ones_like(late))
    response = response * torch.where(dice.chance(telephone), _band(dice, hz), 1.0)
    out: Tensor = torch.fft.irfft(spectrum * response, size)
    return out[..., :samples]


def spread(audio: Tensor, dice: Dice) -> Tensor:
    """Filter left and right by different all-passes: a voice as wide as any instrument."""
    samples = audio.shape[-1]
    size = 1 << (samples - 1).bit_length()
    knots = dice.uniform(0.3, 2.5) * dice.normal(2, 200)
    phases = interpolate(knots, size=size // 2 + 1, mode="linear")
    turned = torch.fft.rfft(audio, size) * torch.polar(torch.ones_like(phases), phases)
    out: Tensor = torch.fft.irfft(turned, size)
    return out[..., :samples]


def _echoes(dice: Dice, hz: Tensor) -> Tensor:
    """Response `[batch, 2, bins]` of a delay whose four echoes are each softer than the last."""
    one = gain(dice.uniform(-12, -4, 2, 1)) * torch.polar(
        torch.ones_like(hz), -2 * math.pi * dice.uniform(0.15, 0.5) * hz
    )
    return 1 + one * (1 + one * (1 + one * (1 + one)))


def _band(dice: Dice, hz: Tensor) -> Tensor:
    """Gains `[batch, 1, bins]` of a telephone, a megaphone or a radio."""
    low, high = dice.uniform(200, 600), dice.uniform(2000, 5000)
    return ((1 + (low / hz.clamp_min(1.0)) ** 8) * (1 + (hz / high) ** 8)).rsqrt()


def encoded(vocals: Tensor, music: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Take away the highs that a lossy encoder drops, of both stems alike."""
    samples = vocals.shape[-1]
    spectra = torch.fft.rfft(torch.stack((vocals, music), 1))
    hz = torch.arange(spectra.shape[-1], device=vocals.device) * (SAMPLE_RATE / samples)
    kept = torch.sigmoid((dice.uniform(11_000, 20_000, 1, 1, 1) - hz) / 100)
    out: Tensor = torch.fft.irfft(spectra * kept, samples)
    return out[:, 0], out[:, 1]


def reshaped(audio: Tensor, dice: Dice, semitones: float = 4.0) -> Tensor:
    """Move the spectral envelope by up to `semitones` under the same pitch: a mouth of another size.

    The envelope is the cepstrum's first 32 quefrencies, the left and right's mean.
    """
    ratio = torch.pow(2.0, dice.uniform(-semitones, semitones, 1, 1) / 12)
    spectrum = stft(audio, FORMANT_FFT, FORMANT_HOP)  # [batch, 2, bins, frames]
    logs = torch.log(spectrum.abs().mean(1) + 1e-5).transpose(1, 2)  # [batch, frames, bins]
    cepstrum = torch.fft.irfft(logs)
    cepstrum[..., ENVELOPE_QUEFRENCIES : -ENVELOPE_QUEFRENCIES + 1] = 0.0
    envelope = torch.fft.rfft(cepstrum).real
    bins = envelope.shape[-1]
    positions = (
        (torch.arange(bins, device=audio.device) / ratio).clamp(max=bins - 1.001).expand(-1, envelope.shape[1], -1)
    )
    low, part = positions.long(), positions.frac()
    moved = envelope.gather(-1, low) * (1 - part) + envelope.gather(-1, low + 1) * part
    limit = ENVELOPE_LIMIT_DB * math.log(10.0) / 20.0
    gains = torch.exp((moved - envelope).clamp(-limit, limit)).transpose(1, 2).unsqueeze(1)
    return istft(spectrum * gains, FORMANT_FFT, FORMANT_HOP, audio.shape[-1])


def compressed(audio: Tensor, dice: Dice) -> Tensor:
    """Compress, with a threshold up to 20 dB below the loudest part, ratio 2 to 10."""
    return audio * _pressed(_relative(_followed(audio), audio.shape[-1]), dice)


def chopped(positions: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Cut out syllables and repeat them on a beat, as a sampler does, often at another pitch; some bars stay.

    Returns where to read instead of `positions` `[batch, samples]`, and each sample's level, `[batch, 1, samples]`.
    """
    samples = positions.shape[-1]
    time = torch.arange(samples, device=positions.device)
    step = (SAMPLE_RATE * 15 / dice.uniform(80, 170, 1)) * torch.floor(dice.uniform(1, 4, 1))
    block = torch.floor(time / step).long()  # [batch, samples]
    local = time - block * step
    count = int(samples / (SAMPLE_RATE * 15 / 170)) + 2

    def of_block(values: Tensor, index: Tensor) -> Tensor:
        return values.gather(1, index.clamp(max=count - 1))

    bar = block // 8
    source = of_block(dice.uniform(0, 0.7, count), bar) * samples
    semitones = torch.tensor(CHOP_SEMITONES, device=positions.device)[
        (dice.uniform(0, 0.999, count) * len(CHOP_SEMITONES)).long()
    ]
    start = positions.gather(1, source.long())
    read = start + local * torch.pow(2.0, of_block(semitones, bar) / 12)
    edge = 0.003 * SAMPLE_RATE
    level = (local / edge).clamp(max=1.0) * ((step - local) / edge).clamp(0.0, 1.0)
    level = level * (of_block(dice.uniform(0, 1, count), block) < 0.8)
    fall = torch.exp(-local / (dice.uniform(0.03, 0.15, 1) * SAMPLE_RATE))
    level = torch.where(dice.uniform(0, 1, 1) < 0.5, level * fall, level)
    stays = of_block(dice.uniform(0, 1, count), bar) < 0.3
    return torch.where(stays, positions, read), torch.where(stays, 1.0, level).unsqueeze(1)


def _tone(dice: Dice, hz: Tensor, strength_db: float) -> Tensor:
    """Gains `[batch, 1, bins]`: a tilt, three bells, sometimes a low cut."""
    octave = torch.log2(hz.clamp_min(20.0) / 1000.0)
    curve = strength_db / 8 * dice.normal(1, 1) * octave
    for _ in range(3):
        distance = (octave - dice.uniform(-4, 4)) / dice.uniform(0.4, 1.5)
        curve = curve + strength_db / 2 * dice.normal(1, 1) * torch.exp(-distance.square())
    cut = 24 * (torch.log2(dice.uniform(80, 250) / 1000.0) - octave).clamp_min(0.0)
    curve = torch.where(dice.chance(0.4), curve - cut, curve)
    return gain(curve.clamp(-40, 15))


def _room(dice: Dice) -> Tensor:
    """Impulse responses `[batch, 2, samples]` of decaying noise, without the direct sound."""
    samples = int(ROOM_S * SAMPLE_RATE)
    time = torch.arange(samples, device=dice.device) / SAMPLE_RATE
    noise = dice.normal(2, samples) * torch.exp(-6.9 * time / dice.uniform(0.15, ROOM_S))
    noise = torch.where(time >= dice.uniform(0.0, 0.06), noise, torch.zeros_like(noise))
    power = noise.square().sum((1, 2), keepdim=True) / 2
    return noise * gain(dice.uniform(-26, -7)) / (power + 1e-9).sqrt()


def driven(audio: Tensor, dice: Dice, share: float) -> Tensor:
    """Saturation of some examples."""
    amount = dice.uniform(0.5, 4.0) / (4 * loudness(audio) + 1e-6)
    return torch.where(dice.chance(share), torch.tanh(audio * amount) / amount, audio)


def widened(audio: Tensor, dice: Dice) -> Tensor:
    """Multiply the side signal by 0 (mono) to 1.5."""
    middle, side = audio.mean(1, keepdim=True), (audio[:, :1] - audio[:, 1:]) / 2
    side = side * dice.uniform(0.0, 1.5)
    return torch.cat((middle + side, middle - side), dim=1)


def placed(audio: Tensor, dice: Dice) -> Tensor:
    """Width from mono to wider, a little panning, channels swapped in half of the examples."""
    middle, side = audio.mean(1, keepdim=True), (audio[:, :1] - audio[:, 1:]) / 2
    width = dice.uniform(0.0, 1.4).clamp(max=1.0)
    pan = torch.where(dice.chance(0.15), dice.uniform(-0.9, 0.9), 0.12 * dice.normal(1, 1)).clamp(-0.9, 0.9)
    left, right = middle + width * side, middle - width * side
    out = torch.cat((left * (1 - pan).sqrt(), right * (1 + pan).sqrt()), dim=1)
    return torch.where(dice.chance(0.5), out.flip(1), out)


def mixed_on_a_bus(vocals: Tensor, music: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Ducking, pumping, bus compression and saturation, by the same factors for both stems but in ducking."""
    samples = vocals.shape[-1]
    ducked = gain(-dice.uniform(1.5, 9.0) * _relative(_followed(vocals), samples))
    music = torch.where(dice.chance(0.12), music * ducked, music)
    beat = dice.uniform(0.4, 0.6)
    time = torch.arange(samples, device=vocals.device) / SAMPLE_RATE
    phase = torch.remainder(time / beat + dice.uniform(0, 1), 1.0)
    floor = gain(dice.uniform(-15, -3))
    swell = floor + (1 - floor) * (phase / dice.uniform(0.3, 0.9)).clamp(max=1.0)
    music = torch.where(dice.chance(0.08), music * swell, music)
    pressed = _pressed(_relative(_followed(vocals + music), samples), dice)
    factor = torch.where(dice.chance(0.3), pressed, torch.ones_like(pressed))
    amount = dice.uniform(0.5, 3.0) / (4 * loudness(vocals + music) + 1e-6)
    sum_driven = amount * (vocals + music) * factor
    bent = torch.where(sum_driven.abs() < 1e-3, torch.ones_like(sum_driven), torch.tanh(sum_driven) / sum_driven)
    factor = factor * torch.where(dice.chance(0.3), bent, torch.ones_like(bent))
    return vocals * factor, music * factor


def _pressed(relative: Tensor, dice: Dice) -> Tensor:
    """Gain of a compressor for levels relative to the highest, its threshold up to 20 dB below."""
    over_db = 20 * torch.log10(relative.clamp_min(1e-4)) + dice.uniform(0, 20)
    return gain(-over_db.clamp_min(0.0) * dice.uniform(0.5, 0.9))


def _followed(audio: Tensor) -> Tensor:
    """Level of each block, `[batch, 1, blocks]`, that holds for a tenth of a second."""
    level = avg_pool1d(audio.square().mean(1, keepdim=True), BLOCK).sqrt()
    return avg_pool1d(max_pool1d(level, 11, stride=1, padding=5), 5, stride=1, padding=2)


def _relative(levels: Tensor, samples: int) -> Tensor:
    """Levels of blocks over the highest one, glided to `[batch, 1, samples]`."""
    return interpolate(levels / (levels.amax(-1, keepdim=True) + 1e-6), size=samples, mode="linear")
