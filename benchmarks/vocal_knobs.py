"""What `acapella_middle` and `acapella_dry` do to voices whose parts are known, what they spoil, and what they cost.

    python benchmarks/vocal_knobs.py [--seconds N] [--no-speed]

The vocals are made here: a dry lead in the middle, doubles and harmonies at the sides, a room of 1.2 s. The knobs work
on the sum, and what they decided is then applied to each part alone, so that every figure is a level in dB:
*separation* is how much further the unwanted part fell than the wanted one, *kept* what became of the wanted part.
SDR compares the result with the wanted part, before and after. *Limit* is the separation of a mask that knows the
parts: doubles in unison share their bins with the lead, so that no mask can tell them apart. The ends of the knobs are
measured.

Stress: sounds that hold nothing to take out. *Level* is what they lost all the same; *kurtosis* is the logarithm of the
ratio of the power spectrum's kurtosis after and before, which grows with musical noise (Uemura 2009); 0 is none.
"""

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from benchmarks.sung import RATE_HZ, VOWELS_HZ, Wave, backings, harmonics, hiss, level, panned, room, stereo, take
from dawbridge.engine import dry, middle
from dawbridge.engine.memory import reuse_freed_blocks
from dawbridge.engine.render import Grid, render
from dawbridge.knobs.parameters import complete

GRID = Grid.of(RATE_HZ)


def spectrum(samples: Wave) -> torch.Tensor:
    """`[2, samples]` → complex `[2, frames, bins]` on the render's grid."""
    around = torch.nn.functional.pad(torch.from_numpy(samples), (16 * GRID.hop, 16 * GRID.hop))
    windows = around.unfold(-1, GRID.window, GRID.hop) * torch.hann_window(GRID.window, dtype=torch.float64)
    return torch.fft.rfft(windows)


def energy_db(part: torch.Tensor) -> float:
    """Level of a spectrum, in dB."""
    return 10 * float(torch.log10(part.abs().square().sum() + 1e-30))


def middle_of(vocals: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    """The middle that the knob sees in `vocals`, of `part` alone."""
    left, right = (torch.from_numpy(weights) for weights in middle.weights(vocals.numpy().astype(np.complex64)))
    inner = part[:, middle.AROUND_FRAMES : -middle.AROUND_FRAMES]
    return (left * inner[0] + right * inner[1]).expand_as(inner)


def dried(vocals: torch.Tensor, part: torch.Tensor, amount: float = 1.0) -> torch.Tensor:
    """`part` as `acapella_dry` turns it down in `vocals`."""
    power = vocals.abs().square().sum(0).numpy().astype(np.float32)
    frames = power.shape[0] - dry.BEHIND_FRAMES - dry.AHEAD_FRAMES
    gains = dry.gains(power, np.full(frames + 2, amount, np.float32), GRID.hop / RATE_HZ)
    return torch.from_numpy(gains) * part[:, dry.BEHIND_FRAMES : -dry.AHEAD_FRAMES]


def row(name: str, *figures: tuple[int, float]) -> None:
    """Print figures, each with its column's width."""
    print(f"  {name:41}" + "".join(f" {figure:{width}.1f}" for width, figure in figures))


def middle_rows(samples: int) -> None:
    """Print what the knob separates."""
    print(
        f"\nacapella_middle {'':27} up: separation  lead kept  SDR before → after   down: separation  sides kept  limit"
    )
    inner = slice(middle.AROUND_FRAMES, -middle.AROUND_FRAMES)
    for name, lead, sides in backings(samples):
        in_lead, in_sides = spectrum(lead), spectrum(sides)
        vocals = in_lead + in_sides
        lead_up, sides_up = (middle_of(vocals, part) for part in (in_lead, in_sides))
        wanted, unwanted = in_lead[:, inner], in_sides[:, inner]
        kept, fell = energy_db(lead_up) - energy_db(wanted), energy_db(sides_up) - energy_db(unwanted)
        kept_down, fell_down = (
            energy_db(unwanted - sides_up) - energy_db(unwanted),
            energy_db(wanted - lead_up) - energy_db(wanted),
        )
        before, after = (
            energy_db(wanted) - energy_db(unwanted),
            energy_db(wanted) - energy_db(lead_up + sides_up - wanted),
        )
        down = (17, kept_down - fell_down), (14, kept_down)
        row(name, (10, kept - fell), (13, kept), (10, before), (8, after), *down, (9, limit(in_lead, in_sides)))


def limit(lead: torch.Tensor, sides: torch.Tensor) -> float:
    """The separation upward, in dB, of a mask that knows the true powers of both in each bin (Wiener's)."""
    wanted, unwanted = lead.abs().square().sum(0), sides.abs().square().sum(0)
    gains = wanted / (wanted + unwanted + 1e-30)
    kept, fell = (energy_db((gains * part.mean(0)).expand_as(part)) - energy_db(part) for part in (lead, sides))
    return kept - fell


def dry_rows(samples: int) -> None:
    """Print what the knob takes off."""
    print(f"\nacapella_dry {'':30} at 0.5: separation  direct kept   at 1: separation  direct kept  SDR before → after")
    inner = slice(dry.BEHIND_FRAMES, -dry.AHEAD_FRAMES)
    for name, legato, decay_s, loud in (
        ("sung detached, room 1.2 s, -6 dB", 0.6, 1.2, 0.5), ("the same, -12 dB", 0.6, 1.2, 0.25),
        ("the same, room 0.6 s, -6 dB", 0.6, 0.6, 0.5), ("the same, room 2.5 s, -6 dB", 0.6, 2.5, 0.5),
        ("sung legato, room 1.2 s, -6 dB", 0.95, 1.2, 0.5),
    ):  # fmt: skip
        voice = take(samples, 0, legato=legato)
        direct, late = spectrum(stereo(voice)), spectrum(loud * room(voice, 5, decay_s))
        vocals, figures = direct + late, []
        for amount in (0.5, 1.0):
            kept = energy_db(dried(vocals, direct, amount)) - energy_db(direct[:, inner])
            figures += [kept - energy_db(dried(vocals, late, amount)) + energy_db(late[:, inner]), kept]
        before = energy_db(direct[:, inner]) - energy_db(late[:, inner])
        after = energy_db(direct[:, inner]) - energy_db(dried(vocals, vocals) - direct[:, inner])
        row(name, *zip((18, 12, 18, 12, 10, 8), (*figures, before, after), strict=True))


def stress_rows(samples: int) -> None:
    """Print what sounds lose that hold nothing to take out."""
    random = np.random.default_rng(7)
    time_s = np.arange(samples) / RATE_HZ
    vowel = level(harmonics(220 * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * time_s)), np.array(VOWELS_HZ[:1]).T))
    consonants = level(hiss(samples, random) * (time_s % 0.25 < 0.06))
    noise = level(random.standard_normal(samples))
    unlike = np.stack((noise, level(random.standard_normal(samples))))
    chorus = stereo(take(samples, 0)) + 0.7 * panned(
        take(samples, 1, cents=6, late_s=0.02), take(samples, 2, cents=-7, late_s=0.03), 1
    )
    print(f"\nstress {'':36} middle up: level  kurtosis   down: level  kurtosis   dry at 1: level  kurtosis")
    for name, sound in (
        ("a steady vowel in the middle", stereo(vowel)), ("consonants in the middle", stereo(consonants)),
        ("a dry lead in the middle", stereo(take(samples, 0))), ("a doubled chorus", chorus),
        ("noise, the same in both channels", stereo(noise)), ("noise, unlike in both", unlike),
    ):  # fmt: skip
        heard = spectrum(sound)[:, 16:-16]
        center = middle_of(heard, heard)
        inner = heard[:, middle.AROUND_FRAMES : -middle.AROUND_FRAMES]
        figures = [*change(inner, center), *change(inner, inner - center)]
        figures += change(heard[:, dry.BEHIND_FRAMES : -dry.AHEAD_FRAMES], dried(heard, heard))
        row(name, *zip((16, 9, 13, 9, 17, 9), figures, strict=True))


def change(before: torch.Tensor, after: torch.Tensor) -> tuple[float, float]:
    """Level in dB and logarithm of the kurtosis of the power, after against before; no kurtosis of silence."""
    fell = energy_db(after) - energy_db(before)
    return fell, float("nan") if fell < -35 else float(torch.log(_kurtosis(after) / _kurtosis(before)))


def _kurtosis(part: torch.Tensor) -> torch.Tensor:
    power = part.abs().square()
    return power.square().mean() / power.mean().square()


def speed_rows(seconds: float = 180.0) -> None:
    """Print what a render of three minutes takes on two threads."""
    reuse_freed_blocks()
    torch.set_num_threads(1)
    samples = int(seconds * RATE_HZ)
    noise = (0.1 * np.random.default_rng(0).standard_normal((2, samples))).astype(np.float32)
    block = 64 * GRID.hop
    print(f"\nspeed: {seconds:.0f} s of stereo, 2 threads, load {os.getloadavg()[0]:.1f}\n  {'':41} wall s  CPU s / 2")
    for knobs in (
        {"band_low": 100.0},
        {"acapella_middle": 0.9},
        {"acapella_dry": 0.8},
        {"acapella_middle": 0.9, "acapella_dry": 0.8},
    ):
        values, walls, cpus = complete(knobs), [], []

        def piece(start: int, values=values) -> None:
            render(
                lambda a, b: noise[:, a:b],
                lambda a, b: noise[:, a:b],
                start,
                min(start + block, samples),
                samples,
                RATE_HZ,
                values,
            )

        for _ in range(4):
            with ThreadPoolExecutor(2) as executor:
                begun, used = time.perf_counter(), time.process_time()
                list(executor.map(piece, range(0, samples, block)))
                walls.append(time.perf_counter() - begun)
                cpus.append((time.process_time() - used) / 2)
        named = ", ".join(f"{name} {value:g}" for name, value in knobs.items())
        print(f"  {named:41} {min(walls):6.3f} {min(cpus):10.3f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=14.4, help="length of the made vocals [14.4]")
    parser.add_argument("--no-speed", action="store_true", help="leave the timing out")
    options = parser.parse_args()
    samples = int(options.seconds * RATE_HZ)
    middle_rows(samples)
    dry_rows(samples)
    stress_rows(samples)
    if not options.no_speed:
        speed_rows()


if __name__ == "__main__":
    main()
