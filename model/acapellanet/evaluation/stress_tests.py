"""Test what acapella ConvNets were heard to do wrong in 2017, each on a mixture whose voice is known.

They took clicks and snares for voice, lost a steady low voice, drowned a voice in a dense drop, and depended on the
tempo. Everything is synthesised from fixed seeds: the same numbers on every computer, up to rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.library import decode
from acapellanet.errors import DataError
from acapellanet.estimate.estimator import load_estimator
from acapellanet.estimate.registry import model_label
from acapellanet.evaluation import band
from acapellanet.evaluation.evaluate import MIXTURE, separate_stream
from acapellanet.evaluation.metrics import usdr
from acapellanet.voices.singer import sing

SECONDS = 8.0
SEED = 2017
TEMPOS_BPM = (90, 128, 170)
PEAK = 10 ** (-1 / 20)
LEAST = 1e-9
"""Smallest ratio of energies: -90 dB counts as nothing."""
LOW_NOTES_HZ = (110.0, 123.47, 103.83, 130.81, 116.54)
NOTES_HZ = (220.0, 246.94, 261.63, 220.0, 196.0, 293.66, 261.63)

Voice = npt.NDArray[np.float64]
"""Mono audio, `[samples]`."""
Measure = Callable[[Samples], float]
"""A function of an estimate of the voice `[2, samples]`, in decibels."""


@dataclass(frozen=True, slots=True)
class StressTest:
    """A mixture `[2, samples]` at 44.1 kHz, its true voice, and the measures of an estimate of it."""

    name: str
    mixture: Samples
    voice: Samples
    measures: dict[str, Measure]
    """Measures by name and unit; lower is better for `leak`, higher for all others."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measure of one stress test by one model."""

    probe: str
    model: str
    measure: str
    """Name of the measure with its unit."""
    value: float


def clicks(seconds: float = SECONDS) -> StressTest:
    """Play snares and clicks over quiet chords without a voice; measure the estimate's energy while they sound.

    At 0 dB all of them are in the acapella. The mixture itself reads a little more, since its chords count too.
    """
    random = np.random.default_rng(SEED)
    drums, is_hit = band.snares_and_clicks(seconds, random)
    whole = drums + _at_level(band.chords(seconds, 120), drums, -12)
    scale = PEAK / np.abs(whole).max()
    mixture = (scale * whole).astype(np.float32)
    own = float(np.square(scale * drums[:, is_hit]).sum())

    def leak(estimate: Samples) -> float:
        return float(10 * np.log10(float(np.square(estimate[:, is_hit], dtype=np.float64).sum()) / own + LEAST))

    return StressTest("clicks", mixture, np.zeros_like(mixture), {"leak dB": leak})


def low_voice(voice: Voice | None = None, seconds: float = SECONDS) -> StressTest:
    """Sing at 104 to 131 Hz without vibrato over an equally loud band; measure how much is kept, and the SDR.

    `kept` is the level of the voice's own waveform in the estimate, by projection; 0 dB is all of it.
    """
    voice = sing(LOW_NOTES_HZ, 0.6, seconds, 0.0, _random(1)) if voice is None else voice
    sung, mixture = _mixed(voice, band.band(seconds, 110, _random(2)), 0)
    energy = float(np.square(sung, dtype=np.float64).sum())

    def kept(estimate: Samples) -> float:
        share = float((sung.astype(np.float64) * estimate).sum()) / energy
        return float(20 * np.log10(max(share, np.sqrt(LEAST))))

    return StressTest("low voice", mixture, sung, {"kept dB": kept, "SDR dB": lambda estimate: usdr(sung, estimate)})


def dense_drop(voice: Voice | None = None, seconds: float = SECONDS) -> StressTest:
    """Sing 6 dB below a wall of detuned saws, sub, noise and kicks; measure the SDR."""
    voice = sing(NOTES_HZ, 60 / 128, seconds, 0.012, _random(3)) if voice is None else voice
    sung, mixture = _mixed(voice, band.wall(seconds, 128, _random(4)), 6)
    return StressTest("dense drop", mixture, sung, {"SDR dB": lambda estimate: usdr(sung, estimate)})


def tempo(bpm: float, voice: Voice | None = None, seconds: float = SECONDS) -> StressTest:
    """Play the same song at `bpm`, voice and band equally loud; measure the SDR.

    A given `voice` keeps its own time.
    """
    voice = sing(NOTES_HZ, 60 / bpm, seconds, 0.012, _random(5)) if voice is None else voice
    sung, mixture = _mixed(voice, band.band(seconds, bpm, _random(6)), 0)
    return StressTest(f"{bpm:g} BPM", mixture, sung, {"SDR dB": lambda estimate: usdr(sung, estimate)})


def all_stress_tests(voice: Voice | None = None, seconds: float = SECONDS) -> list[StressTest]:
    """Make each test once, the tempi last; `voice` (mono, `seconds` long) sings if it is given."""
    tempi = [tempo(bpm, voice, seconds) for bpm in TEMPOS_BPM]
    return [clicks(seconds), low_voice(voice, seconds), dense_drop(voice, seconds), *tempi]


def read_voice(path: Path, seconds: float = SECONDS) -> Voice:
    """Read the first `seconds` of a solo voice, mono, from its first sound on, repeated if it is shorter.

    Raises `DataError` if it cannot be read or is silent.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a recording of a voice alone")
    try:
        mono = decode(path).mean(axis=1, dtype=np.float64)
    except (DataError, soundfile.LibsndfileError) as error:
        raise DataError(f"{path}: {error}; give a recording of a voice alone") from error
    loud = np.flatnonzero(np.abs(mono) > 0.05 * np.abs(mono).max())
    if not loud.size:
        raise DataError(f"{path}: silent when left and right are added; give a recording of a voice alone")
    return np.resize(mono[loud[0] :], round(seconds * SAMPLE_RATE))


def run_stress_tests(models: Sequence[str], device: str = "cpu", voice: Path | None = None) -> Iterator[Reading]:
    """Yield readings of the mixture as its own estimate, then of each model. Raises `ModelError` or `DataError`."""
    estimators = [load_estimator(model, device) for model in models]
    probes = all_stress_tests(read_voice(voice) if voice else None)
    yield from readings(MIXTURE, probes, [probe.mixture for probe in probes])
    for model, estimator in zip(models, estimators, strict=True):
        yield from readings(model_label(model), probes, [separate_stream(estimator, probe.mixture) for probe in probes])


def readings(model: str, probes: Sequence[StressTest], estimates: Sequence[Samples]) -> list[Reading]:
    """Take all measures of all tests, and the distance between the SDRs at the tempi."""
    found = [
        Reading(probe.name, model, name, float(measure(estimate)))
        for probe, estimate in zip(probes, estimates, strict=True)
        for name, measure in probe.measures.items()
    ]
    at_tempi = [reading.value for reading in found if reading.probe.endswith(" BPM")]
    if at_tempi:
        found.append(Reading("tempi", model, "SDR spread dB", max(at_tempi) - min(at_tempi)))
    return found


def table(found: Sequence[Reading]) -> str:
    """Format a table with a row for each measure and a column for each model."""
    models = list(dict.fromkeys(reading.model for reading in found))
    values = {(reading.probe, reading.measure, reading.model): reading.value for reading in found}
    width = {model: max(10, len(model)) for model in models}
    lines = [f"{'probe':12}{'measure':15}" + "".join(f"  {model:>{width[model]}}" for model in models)]
    for probe, measure in dict.fromkeys((reading.probe, reading.measure) for reading in found):
        row = "".join(f"  {values[probe, measure, model]:{width[model]}.2f}" for model in models)
        lines.append(f"{probe:12}{measure:15}{row}")
    return "\n".join(lines)


def _mixed(voice: Voice, music: npt.NDArray[np.float64], music_db: float) -> tuple[Samples, Samples]:
    """Mix a voice in the middle with music `music_db` above it; return voice and mixture, which peaks at -1 dBFS."""
    sung = np.stack((voice, voice))
    whole = sung + _at_level(music, sung, music_db)
    scale = PEAK / np.abs(whole).max()
    return (scale * sung).astype(np.float32), (scale * whole).astype(np.float32)


def _at_level(
    audio: npt.NDArray[np.float64], reference: npt.NDArray[np.float64], level_db: float
) -> npt.NDArray[np.float64]:
    """Scale `audio` to an energy of `level_db` above the reference's."""
    ratio = float(np.square(reference).sum() / (np.square(audio).sum() + 1e-12))
    return audio * float(np.sqrt(ratio) * 10 ** (level_db / 20))


def _random(number: int) -> np.random.Generator:
    return np.random.default_rng([SEED, number])
