"""Read and write safetensors files; a file is written completely or not at all."""

import os
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from acapellanet.errors import ModelError


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write next to `path`, flush to the disk, then rename: a kill leaves either the old file or the new one.

    Raises `ModelError` if it cannot be written; what was there before stays as it was.
    """
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, beside, metadata)
        beside.chmod(0o644)  # safetensors makes it readable by its owner alone
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
        beside.replace(path)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            beside.unlink()
        raise ModelError(f"{path}: cannot be written ({error}); what was there before is untouched") from error


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of a safetensors file. Raises `ModelError` if it is missing or damaged."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            return tensors, dict(opened.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged, or no safetensors file ({error}); fetch it again") from error


def check_fit(module: torch.nn.Module, tensors: dict[str, Tensor], origin: str) -> None:
    """Raise `ModelError` naming the tensors that are missing, left over or of another shape.

    `module` may lie on the device `meta`, where it takes no memory.
    """
    wanted = module.state_dict()
    wrong = sorted(set(wanted) ^ set(tensors))
    wrong += [name for name in wanted if name in tensors and wanted[name].shape != tensors[name].shape]
    if wrong:
        raise ModelError(f"{origin}: tensors do not fit this architecture: {', '.join(wrong[:4])}")


def read_metadata(path: Path) -> dict[str, str]:
    """Read only the metadata of a safetensors file. Raises `ModelError` as `read_tensors` does."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt") as opened:
            return dict(opened.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged, or not a safetensors file ({error}); fetch it again") from error


def load_into(module: torch.nn.Module, tensors: dict[str, Tensor], origin: str) -> None:
    """Copy `tensors` into `module`. Raises `ModelError` naming what is missing, superfluous or misshapen."""
    check_fit(module, tensors, origin)
    module.load_state_dict(tensors)
