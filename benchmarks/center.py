"""What centre isolation brings, alone and ahead of the network, on a mixture made here.

    python benchmarks/center.py [--model NAME] [--seconds N] [--seed N]

The mixture: a synthetic singer in the middle (glottal pulses through vowel formants, vibrato, glides),
bass and kick in the middle too, chords and noise bursts spread wide. Printed: SDR of the vocals over the
whole of it (uSDR, dB) for the mixture, for centre isolation at three widths, for the network, and for the
network with `center_amount` a, which takes `(1 - a) V0 + a V1`, V1 being from the isolated mixture.

The same seed gives the same mixture everywhere; it is a probe of the stereo field, not of singing.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from acapellanet import DEFAULT_MODEL, isolate_center, load_estimator
from acapellanet.evaluation.metrics import usdr

RATE_HZ = 44100
VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))
NOTES = (57, 60, 62, 64, 67, 64, 62, 60)
CHORDS = ((45, 52, 57, 60, 64), (41, 48, 53, 57, 60), (48, 52, 55, 60, 67), (43, 50, 55, 59, 62))
NOTE_S, CHORD_S, BEAT_S = 0.6, 2.4, 0.6
VOCALS_DB = -6.0

Audio = npt.NDArray[np.float32]
Wave = npt.NDArray[np.float64]


def singer(samples: int) -> Wave:
    """`[samples]`: a sung line, a vowel to each note, with pauses between phrases."""
    time = np.arange(samples) / RATE_HZ
    steps = np.array(NOTES)[(time / NOTE_S).astype(int) % len(NOTES)].astype(float)
    glided = np.convolve(np.pad(steps, (2205, 2204), mode="edge"), np.ones(4410) / 4410, mode="valid")
    pitch = glided + 0.3 * np.sin(2 * np.pi * 5.5 * time)
    phase = np.cumsum(440.0 * 2 ** ((pitch - 69) / 12)) / RATE_HZ
    harmonics = np.arange(1, 40)[:, None]
    vowels = np.array(VOWELS_HZ)[(time / NOTE_S).astype(int) % len(VOWELS_HZ)].T  # [3, samples]
    wave = np.zeros(samples)
    for harmonic in harmonics[:, 0]:
        hz = harmonic * 440.0 * 2 ** ((pitch - 69) / 12)
        formants = sum(np.exp(-(((hz - formant) / 160) ** 2)) for formant in vowels)
        wave += (formants + 0.02) / harmonic**0.5 * np.sin(2 * np.pi * harmonic * phase) * (hz < 18000)
    phrase = (time % 4.8 < 4.0) * np.clip((time % 4.8) / 0.05, 0, 1)
    sung: Wave = wave * phrase * np.clip((NOTE_S - time % NOTE_S) / 0.04, 0.3, 1)
    return sung


def band(samples: int, random: np.random.Generator) -> Wave:
    """`[2, samples]`: wide chords and hats, bass and kick in the middle."""
    time = np.arange(samples) / RATE_HZ
    chords = np.array(CHORDS)[(time / CHORD_S).astype(int) % len(CHORDS)].T
    out = np.zeros((2, samples))
    for note in chords:
        for channel in range(2):
            detune = 1 + 0.003 * random.standard_normal()
            phase = np.cumsum(440.0 * 2 ** ((note - 69) / 12) * detune) / RATE_HZ
            level = random.uniform(0.3, 1.0)
            out[channel] += level * (2 * ((phase + random.uniform()) % 1) - 1)
    bass = np.sin(2 * np.pi * np.cumsum(440.0 * 2 ** ((chords[0] - 81) / 12)) / RATE_HZ)
    since = time % BEAT_S
    kick = np.sin(2 * np.pi * (50 * since - 8 * np.exp(-since * 30))) * np.exp(-since * 12)
    hats = random.standard_normal((2, samples)) * np.exp(-(time % (BEAT_S / 2)) * 40)
    return np.asarray(out * 0.5 + 1.5 * bass + 3 * kick + hats)


def mashup(seconds: float, seed: int) -> tuple[Audio, Audio]:
    """Vocals and instrumental, `[2, samples]` each, peak of the sum at -1 dBFS."""
    random = np.random.default_rng(seed)
    samples = int(seconds * RATE_HZ)
    vocals, music = np.tile(singer(samples), (2, 1)), band(samples, random)
    vocals *= 10 ** (VOCALS_DB / 20) * np.sqrt(np.square(music).mean() / np.square(vocals).mean())
    gain = 0.89 / np.abs(vocals + music).max()
    return (vocals * gain).astype(np.float32), (music * gain).astype(np.float32)


def estimates(mixture: torch.Tensor, model: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Name and vocals of each way to go."""
    yield "mixture", mixture
    for width in (0.25, 0.5, 1.0):
        yield f"center alone, width {width}", isolate_center(mixture, RATE_HZ, width)
    estimator = load_estimator(model)
    plain = estimator.estimate(mixture)
    centered = estimator.estimate(isolate_center(mixture, RATE_HZ, 0.5))
    for amount in (0.0, 0.5, 1.0):
        yield f"{model}, center_amount {amount}", (1 - amount) * plain + amount * centered


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--model", default=DEFAULT_MODEL)
    arguments.add_argument("--seconds", type=float, default=20.0)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    vocals, music = mashup(options.seconds, options.seed)
    print(f"{'vocals from':42} uSDR dB")
    for name, estimate in estimates(torch.from_numpy(vocals + music), options.model):
        print(f"{name:42} {usdr(vocals, estimate.numpy()):7.2f}")


if __name__ == "__main__":
    main()
