"""Takes weights as they are passed around, without running anything in them, and writes them as safetensors.

What a checkpoint of PyTorch may hold is bounded: `torch.load` with `weights_only`, which knows tensors and plain values
and, for HT Demucs, the name of its class, which stands for nothing here.
"""

import hashlib
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

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
from dawbridge.files.part import Part, remove_leftovers
from dawbridge.files.printable import printable

_STATES = ("state", "state_dict", "model_state_dict", "model")
"""Under which names a checkpoint may hold its tensors."""
_LARGEST_BYTES = 16 << 30
"""Largest checkpoint that is taken."""
_FOUND = re.compile(r"(GLOBAL \S{1,100}|operand \d+)")
_FRACTION = re.compile(r"[0-9]{1,9}(/[1-9][0-9]{0,8})?")


class _Named:
    """Stands for a class that a checkpoint names; nothing is done with it."""


def import_separator(source: Path, target: Path, config: Mapping[str, Any] | None, licence: str) -> Description:
    """Write the weights in `source` to `target`, with the description that `config` or the checkpoint itself gives.

    `config`: of the YAML file that belongs to the weights; HT Demucs's own checkpoints need none. Raises `ModelError`
    for files that hold anything but plain values, are damaged, or do not fit their configuration.
    """
    with _opened(source) as file:
        before = _state(os.fstat(file.fileno()))
        content = _content(source, file)
        tensors = _tensors(content, source, file)
        description = _described(content, tensors, source, config)
        built(description, tensors, str(source))
        digest = _sha256(source, file)
        if not before == _state(os.fstat(file.fileno())) == _state(source.stat()):
            raise ModelError(f"{source}: was changed while it was read; try again")
    metadata = {KEY: description.to_json(), "origin": "imported", "licence": licence, "source_sha256": digest}
    write(target, _apart(tensors), metadata)
    return description


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, from its first check to its last. Raises `ModelError` for what is none or cannot be read."""
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > _LARGEST_BYTES:
                raise ModelError(f"{path}: is larger than {_LARGEST_BYTES >> 30} GiB")
            yield file
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error


def _state(facts: os.stat_result) -> tuple[int, ...]:
    """What changes if a file is written to, or becomes another."""
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _sha256(path: Path, file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _described(
    content: object, tensors: Mapping[str, Tensor], source: Path, config: Mapping[str, Any] | None
) -> Description:
    """Describe the network by its configuration, or by what a checkpoint of Demucs says itself. Raises `ModelError`."""
    if config is not None:
        return describe(config, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if not isinstance(content, dict) or not isinstance(content.get("kwargs"), dict):
        raise ModelError(f"{source}: does not say what network it is for; give its .yaml file too: --config FILE")
    try:
        return demucs_description(content["kwargs"])
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ModelError(f"{source}: is not a checkpoint of HT Demucs ({_brief(error)}); give its --config") from error


def _content(path: Path, file: BinaryIO) -> object:
    if path.suffix.lower() == ".safetensors":
        try:
            with safe_open(path, framework="pt") as opened:
                return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ModelError(f"{path}: damaged, or not a safetensors file ({str(error)[:200]})") from error
    _check_archive(path, file)
    file.seek(0)
    allowed: list[Any] = [
        (_Named, "demucs.htdemucs.HTDemucs"), (_fraction, "fractions.Fraction"), np.dtype,
        np.float64, np.float32, np.int64, np.int32,
        (_scalar(), "numpy.core.multiarray.scalar"), (_scalar(), "numpy._core.multiarray.scalar"),
        type(np.dtype(np.float64)), type(np.dtype(np.float32)), type(np.dtype(np.int64)), type(np.dtype(np.int32)),
    ]  # fmt: skip
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its bytes make of the reader
        if type(error).__name__ == "UnpicklingError":
            found = _FOUND.search(str(error))  # the rest of what torch says is how to load it all the same
            named = printable(found[1])[:200] if found else "another pickle"
            reason = f"refused, it holds more than tensors and plain values ({named})"
        else:
            reason = f"damaged, or not weights of PyTorch ({_brief(error)})"
        raise ModelError(f"{path}: {reason}") from error


def _fraction(*given: object) -> Fraction:
    """What fractions are pickled through, as a text or as two numbers; of the text 1e999999999 one takes all memory."""
    text = "/".join(str(part) for part in given if isinstance(part, str | int))
    if not _FRACTION.fullmatch(text):
        raise ValueError("a fraction that is none")
    return Fraction(text)


def _check_archive(path: Path, file: BinaryIO) -> None:
    """Refuse archives that are small and become large: PyTorch stores its tensors as they are."""
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ModelError(f"{path}: damaged ({error}); fetch it again") from error
    packed = [entry.filename for entry in entries if entry.compress_type != zipfile.ZIP_STORED]
    if packed or sum(entry.file_size for entry in entries) > _LARGEST_BYTES:
        raise ModelError(f"{path}: refused, it is a compressed archive or unpacks to more than 16 GiB")


def _tensors(content: object, source: Path, file: BinaryIO) -> dict[str, Tensor]:
    """Find the tensors in a checkpoint. Raises `ModelError` for any that are not plain numbers which the file holds."""
    for key in _STATES:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict) or not content:
        raise ModelError(f"{source}: holds no weights")
    left = 2 * os.fstat(file.fileno()).st_size
    tensors = {}
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            label = printable(name)[:60] if isinstance(name, str) else f"a {type(name).__name__}"
            raise ModelError(f"{source}: holds no weights: {label!r} is not a tensor")
        problem = _problem(tensor)
        left -= 0 if problem else tensor.nbytes
        if problem or left < 0:
            raise ModelError(
                f"{source}: the tensor {printable(name)[:100]} {problem or 'is more than the file has room for'}"
            )
        tensors[name.removeprefix("module.")] = tensor.detach()
    return tensors


def _problem(tensor: Tensor) -> str:
    """Why these are not plain numbers, each with a place of its own in the file; empty if they are."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu" or tensor.is_complex():
        return "does not hold plain numbers"
    if tensor.nbytes > tensor.untyped_storage().nbytes():  # one number can stand for a million
        return "is larger than what the file holds of it"
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
        return "holds values that are no numbers"
    return ""


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
        remove_leftovers(target.parent)
        part = Part.create(target.parent)
        try:
            save_file(tensors, part.path, metadata)
            os.fsync(part.stream.fileno())
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
