"""Takes an ONNX file of an MDX-Net and writes it, with its description, as safetensors."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dawbridge.errors import ModelError
from dawbridge.estimators.mdxnet.description import CHANNELS, GRAPH, KEY, Description, describe
from dawbridge.estimators.mdxnet.running import check_shape, session_of
from dawbridge.estimators.waveform.importing import write
from dawbridge.files.opening import open_regular

LIMIT_BYTES = 1 << 30
"""Largest ONNX file that is taken."""


def import_mdxnet(source: Path, target: Path, config: Mapping[str, Any] | None, licence: str) -> Description:
    """Write the network in `source` to `target`, with what `config` says of it. Raises `ModelError`."""
    graph = _content(source)
    session = session_of(graph, str(source))
    bins, frames = check_shape(session, None, str(source))
    try:
        description = describe(config or {}, bins, frames)
    except ModelError as error:
        raise ModelError(f"{source}: {error}") from error
    silence = np.zeros((1, CHANNELS, bins, frames), np.float32)
    try:
        given = np.asarray(session.run(None, {session.get_inputs()[0].name: silence})[0])
    except Exception as error:  # whatever a foreign graph runs into
        raise ModelError(f"{source}: does not run ({' '.join(str(error).split())[:200]})") from error
    if given.shape != silence.shape or not np.isfinite(given).all():
        raise ModelError(f"{source}: is no MDX-Net: it gives {list(given.shape)} for {list(silence.shape)}")
    digest = hashlib.sha256(graph).hexdigest()
    metadata = {KEY: description.to_json(), "origin": "imported", "licence": licence, "source_sha256": digest}
    write(target, {GRAPH: torch.from_numpy(np.frombuffer(graph, np.uint8).copy())}, metadata)
    return description


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(content) > LIMIT_BYTES:
        raise ModelError(f"{path}: is larger than {LIMIT_BYTES >> 20} MiB; an MDX-Net has about 60")
    return content
