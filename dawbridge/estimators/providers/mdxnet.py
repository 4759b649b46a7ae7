"""MDX-Nets whose ONNX files users have imported."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from dawbridge.estimators.acapellanet_models import UNKNOWN_LICENCE, metadata, names_with, weights_file
from dawbridge.estimators.identity import hash_of
from dawbridge.estimators.mdxnet.description import KEY, from_json
from dawbridge.estimators.model import Estimator, LoadRequest, Model

PACKAGES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-silicon")
FORMAT = 1
"""Changes whenever the same network gives other samples, so that what was cached from it is made again."""


def names() -> Iterable[str]:
    """List the imported networks."""
    return names_with(lambda metadata: KEY in metadata)


def find(name: str) -> Model | None:
    """Find an imported network by its name or the path of its file."""
    path = weights_file(name)
    if path is None or KEY not in (facts := metadata(path)):
        return None
    description = from_json(facts[KEY])
    installed = _version()
    identity = f"{FORMAT} mdxnet {hash_of(path)} {description.segment_samples} {installed}"
    problem = "" if installed else "MDX-Net needs the package onnxruntime; pip install 'dawbridge[onnx]'"

    def load(request: LoadRequest) -> Estimator:
        from dawbridge.estimators.mdxnet.running import MdxNetEstimator

        return MdxNetEstimator(path, request)

    fingerprint = hashlib.sha256(identity.encode()).hexdigest()
    return Model(name, load, fingerprint, facts.get("licence", UNKNOWN_LICENCE), path, problem=problem)


def _version() -> str:
    """Version of the package that runs such networks; empty if none is installed."""
    for package in PACKAGES:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return ""
