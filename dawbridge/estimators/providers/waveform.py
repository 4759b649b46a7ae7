"""Networks of other people whose weights users have imported: RoFormers, SCNet, MDX23C, HT Demucs."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from dawbridge.estimators.acapellanet_models import UNKNOWN_LICENCE, metadata, names_with, weights_file
from dawbridge.estimators.identity import hash_of
from dawbridge.estimators.model import Estimator, LoadRequest, Model
from dawbridge.estimators.waveform.description import ARCHITECTURES, KEY, from_json

PACKAGE = "pymss-core"
FORMAT = 1
"""Changes whenever the same weights give other samples, so that what was cached from them is made again."""


def names() -> Iterable[str]:
    """List the imported networks."""
    return names_with(lambda metadata: KEY in metadata)


def find(name: str) -> Model | None:
    """Find an imported network by its name or the path of its weights."""
    path = weights_file(name)
    if path is None or KEY not in (facts := metadata(path)):
        return None
    description = from_json(facts[KEY])
    installed = _version()
    identity = f"{FORMAT} {hash_of(path)} {description.segment_samples} {description.hop_samples} float32 {installed}"
    problem = "" if installed else (
        f"{ARCHITECTURES[description.architecture]} needs the package {PACKAGE}; pip install 'dawbridge[models]'"
    )  # fmt: skip

    def load(request: LoadRequest) -> Estimator:
        from dawbridge.estimators.waveform.loading import WaveformEstimator

        return WaveformEstimator(path, request)

    fingerprint = hashlib.sha256(identity.encode()).hexdigest()
    return Model(name, load, fingerprint, facts.get("licence", UNKNOWN_LICENCE), path, problem=problem)


def _version() -> str:
    """Version of the package that has the layers; empty if it is not installed."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return ""
