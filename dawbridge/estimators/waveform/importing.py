"""Takes weights as they are passed around, without running anything in them, and writes them as safetensors.

What a checkpoint of PyTorch may hold is bounded: `torch.load` with `weights_only`, which knows tensors and plain values
and, for HT Demucs, the name of its class, which stands for nothing here.
"""

import hashlib
import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from dawbridge.errors import ModelError
from dawbridge.estimators.waveform.configuration import demucs_description, describe
from dawbridge.estimators.waveform.description import KEY, Description
from dawbridge.estimators.waveform.loading import built
from dawbridge.files.opening import open_regular
from dawbridge.files.part import Part

_STATES = ("state", "state_dict", "model_state_dict", "model")
"""Under which names a checkpoint may hold its tensors."""
_UNPACKED_BYTES = 16 << 30
"""Greatest size of all that is in a checkpoint."""


class _Named:
    """Stands for a class that a checkpoint names; nothing is done with it."""


def import_separator(source: Path, target: Path, config: Mapping[str, Any] | None, licence: str) -> Description:
    """Write the weights in `source` to `target`, with the description that `config` or the checkpoint itself gives.

    `config`: of the YAML file that belongs to the weights; HT Demucs's own checkpoints need none. Raises `ModelError`
    for files that hold anything but plain values, are damaged, or do not fit their configuration.
    """
    digest = _sha256(source)
    content = _content(source)
    tensors = _tensors(content, source)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if config is not None:
        description = describe(config, shapes)
    elif isinstance(content, dict) and isinstance(content.get("kwargs"), dict):
        try:
            description = demucs_description(content["kwargs"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{source}: is not a checkpoint of HT Demucs ({error}); give its --config") from error
    else:
        raise ModelError(f"{source}: does not say what network it is for; give its .yaml file too: --config FILE")
    built(description, tensors, str(source))
    metadata = {KEY: description.to_json(), "origin": "imported", "licence": licence, "source_sha256": digest}
    write(target, _apart(tensors), metadata)
    return description


def _sha256(path: Path) -> str:
    try:
        with open_regular(path) as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
            return digest.hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error


def _content(path: Path) -> object:
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, framework="pt") as opened:
                return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{path}: damaged, or not a safetensors file ({str(error)[:200]})") from error
    _check_archive(path)
    allowed: list[Any] = [
        (_Named, "demucs.htdemucs.HTDemucs"), Fraction, np.dtype, np.float64, np.float32, np.int64, np.int32,
        (_scalar(), "numpy.core.multiarray.scalar"), (_scalar(), "numpy._core.multiarray.scalar"),
        type(np.dtype(np.float64)), type(np.dtype(np.float32)), type(np.dtype(np.int64)), type(np.dtype(np.int32)),
    ]  # fmt: skip
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its bytes make of the reader
        if type(error).__name__ == "UnpicklingError":
            reason = f"refused, it holds more than tensors and plain values ({_brief(error)})"
        else:
            reason = f"damaged, or not weights of PyTorch ({_brief(error)})"
        raise ModelError(f"{path}: {reason}") from error


def _check_archive(path: Path) -> None:
    """Refuse archives that are small and become large: PyTorch stores its tensors as they are."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ModelError(f"{path}: damaged ({error}); fetch it again") from error
    packed = [entry.filename for entry in entries if entry.compress_type != zipfile.ZIP_STORED]
    if packed or sum(entry.file_size for entry in entries) > _UNPACKED_BYTES:
        raise ModelError(f"{path}: refused, it is a compressed archive or unpacks to more than 16 GiB")


def _tensors(content: object, source: Path) -> dict[str, Tensor]:
    """Find the tensors in a checkpoint."""
    for key in _STATES:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict) or not content:
        raise ModelError(f"{source}: holds no weights")
    wrong = [name for name, value in content.items() if not isinstance(name, str) or not isinstance(value, Tensor)]
    if wrong:
        raise ModelError(f"{source}: holds no weights: {str(wrong[0])[:60]!r} is not a tensor")
    return {name.removeprefix("module."): value.detach() for name, value in content.items()}


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors that share their memory, as the layers of a RoFormer share their rotations: safetensors has no names
    for one tensor twice."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        apart[name] = tensor.contiguous() if place not in seen else tensor.clone(memory_format=torch.contiguous_format)
        seen.add(place)
    return apart


def write(target: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a file of weights in one step. Raises `ModelError`."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Part.create(target.parent)
        try:
            save_file(tensors, part.path, metadata)
            part.path.chmod(0o644)
            part.path.replace(target)
        finally:
            part.discard()
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{target}: cannot be written ({str(error)[:200]})") from error


def _scalar() -> Any:
    """What numpy's numbers are pickled through; its module's name depends on numpy's version."""
    return np.float64(0).__reduce__()[0]


def _brief(error: Exception) -> str:
    line = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {line.strip()[:200]}"
