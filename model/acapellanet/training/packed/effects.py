"""Effects for many examples at once, on the device: `[batch, 2, samples]` in and out, drawn from a torch generator."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d, interpolate, max_pool1d

from acapellanet.audio import SAMPLE_RATE

BLOCK = 441
"""Length of the blocks that levels are taken over, in samples."""
ROOM_S = 1.5


@dataclass(frozen=True, slots=True)
class Dice:
    """Random values on a device, from one generator."""

    generator: torch.Generator
    batch: int

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


def coloured(audio: Tensor, dice: Dice, tone_db: float, room: float, double: float, spread: float) -> Tensor:
    """Equalizer for all, and with these chances a room, doubles left and right, and phases that widen."""
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
    knots = dice.uniform(0.3, 2.5) * dice.normal(2, 200)
    phases = interpolate(knots, size=len(hz), mode="linear")
    turned = torch.polar(torch.ones_like(phases), phases)
    response = response * torch.where(dice.chance(spread), turned, torch.ones_like(turned))
    out: Tensor = torch.fft.irfft(spectrum * response, size)
    return out[..., :samples]


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
    over_db = 20 * torch.log10(_relative(_followed(vocals + music), samples).clamp_min(1e-4)) + dice.uniform(0, 20)
    pressed = gain(-over_db.clamp_min(0.0) * dice.uniform(0.5, 0.9))
    factor = torch.where(dice.chance(0.3), pressed, torch.ones_like(pressed))
    amount = dice.uniform(0.5, 3.0) / (4 * loudness(vocals + music) + 1e-6)
    sum_driven = amount * (vocals + music) * factor
    bent = torch.where(sum_driven.abs() < 1e-3, torch.ones_like(sum_driven), torch.tanh(sum_driven) / sum_driven)
    factor = factor * torch.where(dice.chance(0.3), bent, torch.ones_like(bent))
    return vocals * factor, music * factor


def _followed(audio: Tensor) -> Tensor:
    """Level of each block, `[batch, 1, blocks]`, that holds for a tenth of a second."""
    level = avg_pool1d(audio.square().mean(1, keepdim=True), BLOCK).sqrt()
    return avg_pool1d(max_pool1d(level, 11, stride=1, padding=5), 5, stride=1, padding=2)


def _relative(levels: Tensor, samples: int) -> Tensor:
    """Levels of blocks over the highest one, glided to `[batch, 1, samples]`."""
    return interpolate(levels / (levels.amax(-1, keepdim=True) + 1e-6), size=samples, mode="linear")
