"""Networks of other people at the shapes in which their weights were released: dawbridge against their own package.

    python -m benchmarks.proofs [--model NAME] [--minutes 15]

Each architecture is built with random weights, saved, imported and run by dawbridge on noise and tones. One segment is
compared with what the package's own forward pass gives, and a stream of odd blocks with a single block. Each model has
a process of its own, which ends when its share of the time is over. If segments of the released length would take too
long, shorter ones are used, and the table says so. Ends with 1 if a difference is over -90 dB of the peak.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dawbridge.estimators import find_model
from dawbridge.estimators.model import Estimator, LoadRequest
from dawbridge.estimators.waveform.configuration import describe
from dawbridge.estimators.waveform.description import ARCHITECTURES, Description
from dawbridge.estimators.waveform.importing import import_separator
from tests.estimators.separators import RELEASED, RELEASED_HIDDEN, randomised, reference, streamed

Samples = NDArray[np.float32]
LIMIT_DB = -90.0
SHARES = {"scnet": 2, "htdemucs": 2, "mdx23c": 4, "mel_band_roformer": 4, "bs_roformer": 4}
"""How the time that is left is divided, in the order in which the models run."""
PLANS = ((1, 5), (1, 4), (1, 3), (1, 2), (2, 2), (4, 2), (8, 2))
"""By what to divide the length of a segment, and how many segments to stream; the first that is quick enough counts."""
SPARE = 1.15
BLOCK_SAMPLES = 70_001
RAGGED_SAMPLES = 777
HEADER = (
    "| model | parameters, M | segment, s | segments | one segment, dB | streamed against whole | seconds | peak, GiB |"
)


def main() -> int:
    """Print the table; 1 if a difference is too large."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", choices=SHARES, help="this one alone")
    parser.add_argument("--minutes", type=float, default=15.0, help="time for all of them [15]")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)  # the process of a single model
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    if options.alone:
        return prove(options.model, until)
    print(HEADER, "|---" * HEADER.count(" |") + "|", sep="\n", flush=True)
    left = {options.model: 1} if options.model else dict(SHARES)
    failed = False
    for name in list(left):
        share_s = (until - time.monotonic()) * left[name] / sum(left.values())
        del left[name]
        failed |= _in_a_process(name, share_s)
    return int(failed)


def _in_a_process(name: str, seconds: float) -> bool:
    """Run one model; whether its differences were too large, or it failed."""
    command = [sys.executable, "-m", "benchmarks.proofs", "--alone", "--model", name, "--minutes", str(seconds / 60)]
    try:
        code = subprocess.run(command, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        _skipped(name, f"it was not done in its {seconds:.0f} s; give more --minutes")
        return False
    if code < 0:
        _skipped(name, f"its process was killed by signal {-code}, perhaps for memory")
    return code > 0


def _skipped(name: str, reason: str) -> None:
    print(f"| {ARCHITECTURES[name]} | skipped: {reason} |" + " |" * (HEADER.count(" |") - 2), flush=True)


def prove(name: str, until: float) -> int:
    """Print the row of one model."""
    began = time.monotonic()
    warnings.filterwarnings("ignore", "A window was not provided")
    description, network = randomised(_described(RELEASED[name]))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    divisor, segments = _plan(name, network, description, until)
    config = shortened(RELEASED[name], description.segment_samples, divisor)
    used = _described(config)
    mixture = made_mixture(segments * used.hop_samples - RAGGED_SAMPLES)
    first = np.pad(mixture, ((0, 0), (0, used.segment_samples)))[:, : used.segment_samples]
    expected = reference(network, used, first)
    with tempfile.TemporaryDirectory() as folder:
        given, imported = Path(folder) / "given.ckpt", Path(folder) / "imported.safetensors"
        torch.save({"state_dict": network.state_dict()}, given)
        del network
        import_separator(given, imported, config, "")
        given.unlink()
        estimator = find_model(str(imported)).load(LoadRequest())
        kept = Kept(estimator)
        whole = streamed(kept, mixture, mixture.shape[1])
        one_db = difference_db(kept.first.numpy(), expected)
        stream_db = difference_db(streamed(estimator, mixture, BLOCK_SAMPLES), whole)
    length_s, released_s = (d.segment_samples / d.sample_rate for d in (used, description))
    segment = f"{length_s:.1f}" + (f" of {released_s:.1f}" if divisor > 1 else "")
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (30 if sys.platform == "darwin" else 20))
    cells = (ARCHITECTURES[name], f"{parameters / 1e6:.1f}", segment, segments, _told(one_db), _told(stream_db))
    print("|", " | ".join(map(str, cells)), f"| {time.monotonic() - began:.0f} | {peak_gib:.1f} |", flush=True)
    return int(max(one_db, stream_db) > LIMIT_DB)


class Kept:
    """An estimator that keeps what it gave for the first segment."""

    def __init__(self, estimator: Estimator) -> None:
        self.streaming = estimator.streaming
        self._estimate = estimator.estimate

    def estimate(self, mixture: Tensor) -> Tensor:
        """As the estimator does."""
        given = self._estimate(mixture)
        if not hasattr(self, "first"):
            self.first = given
        return given


def _described(config: dict[str, Any]) -> Description:
    return describe(config, RELEASED_HIDDEN)


def _plan(name: str, network: torch.nn.Module, description: Description, until: float) -> tuple[int, int]:
    """Choose by the time that a short segment takes: each segment is estimated twice, the first by the package too."""
    shortest = PLANS[-1][0]
    brief = _described(shortened(RELEASED[name], description.segment_samples, shortest))
    brief_s = min(_seconds_of(network, brief) for _ in range(3))
    full_s = brief_s * description.segment_samples / brief.segment_samples
    left_s = until - time.monotonic()
    fitting = (plan for plan in PLANS if SPARE * full_s / plan[0] * (1 + 2 * plan[1]) < left_s)
    return next(fitting, PLANS[-1])


def _seconds_of(network: torch.nn.Module, description: Description) -> float:
    began = time.monotonic()
    reference(network, description, made_mixture(description.segment_samples))
    return time.monotonic() - began


def shortened(config: dict[str, Any], samples: int, divisor: int) -> dict[str, Any]:
    """Divide a configuration's segments of `samples`; where frames are given, so many frames stay a power of two."""
    config = deepcopy(config)
    frame_samples = config.get("audio", {}).get("hop_length", 0)
    length = (samples + frame_samples) // divisor - frame_samples
    config.setdefault("inference", {})["chunk_size"] = length
    config["training"]["segment"] = length / 44100
    return config


def made_mixture(samples: int) -> Samples:
    """Make `[2, samples]` of noise and tones, the same each time."""
    time_s = np.arange(samples) / 44100
    tones = [[np.sin(2 * np.pi * hz * detuned * time_s) for hz in (110, 440, 1760)] for detuned in (1.0, 1.003)]
    noise = np.random.default_rng(5).standard_normal((2, samples))
    return (0.05 * noise + 0.1 * np.sum(tones, axis=1)).astype(np.float32)


def difference_db(ours: Samples, theirs: Samples) -> float:
    """Greatest difference relative to the peak of `theirs`; -inf if they are the same bit for bit."""
    difference, peak = float(np.abs(ours - theirs).max()), float(np.abs(theirs).max())
    if not np.isfinite(difference) or peak == 0:
        return np.inf
    return 20 * float(np.log10(difference / peak)) if difference else -np.inf


def _told(difference: float) -> str:
    return "bit for bit" if difference == -np.inf else f"{difference:.1f} dB"


if __name__ == "__main__":
    sys.exit(main())
