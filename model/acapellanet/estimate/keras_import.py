"""Import acapellabot's own weights from the HDF5 file that Keras 2 wrote in 2017.

Layers are found by kind and number (`conv2d_1` to `conv2d_12`, `batch_normalization_1` to `_4`). Kernels are stored
as height, width, inputs, outputs. Theano convolves while PyTorch correlates, so its kernels are rotated by 180 degrees;
TensorFlow's are not. A file that does not name its backend is assumed to be Theano's, as the published one is.
"""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from acapellanet.acapellabot.network import PADDINGS, Acapellabot, save_acapellabot
from acapellanet.errors import ModelError
from acapellanet.estimate.registry import (
    ANCESTOR,
    CENTER_MODEL,
    GRIFFIN_LIM,
    SUFFIX,
    WEIGHTS_FOLDER,
    user_weights_folder,
)

LARGEST_FILE_BYTES = 1 << 26
_DATASET = re.compile(r"(?:^|/)(conv2d|batch_normalization)_(\d+)/(?:.*/)?(\w+?)(?::0)?$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CONV_VALUES = {"kernel": "weight", "bias": "bias"}
_NORM_VALUES = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
Values = dict[tuple[str, int, str], npt.NDArray[np.float32]]
Wanted = dict[tuple[str, int, str], tuple[int, ...]]


def import_weights(path: Path, name: str = ANCESTOR) -> Path:
    """Convert `path` to safetensors in the user's weights folder, replacing any weights of the same `name`.

    Raises `ModelError` if the file cannot be read or is of another architecture, or if the name cannot be used.
    """
    _check_name(name)
    network = read_keras(path)
    target = user_weights_folder() / f"{name}{SUFFIX}"
    try:
        save_acapellabot(target, network, "imported", {})
    except OSError as error:
        raise ModelError(f"{target}: cannot be written ({error}); free or unlock the folder") from error
    return target


def _check_name(name: str) -> None:
    shipped = {path.stem for path in WEIGHTS_FOLDER.glob(f"*{SUFFIX}")} - {ANCESTOR}
    if not _NAME.fullmatch(name) or name.endswith((GRIFFIN_LIM, SUFFIX)) or name in {*shipped, CENTER_MODEL}:
        raise ModelError(
            f"name {name!r} cannot be used: letters, digits, . _ and - are allowed, not the name of a shipped model, "
            f"not ending in {GRIFFIN_LIM} or {SUFFIX}; for example {ANCESTOR}"
        )


def read_keras(path: Path) -> Acapellabot:
    """Load the network with the weights of a Keras HDF5 file, in evaluation mode. Raises `ModelError`."""
    backend, values = _read(path)
    network = Acapellabot(backend)
    state = network.state_dict()
    for (kind, number, value), array in values.items():
        layer, names = ("conv", _CONV_VALUES) if kind == "conv2d" else ("norm", _NORM_VALUES)
        state[f"{layer}{number}.{names[value]}"] = _tensor(array, backend == "theano")
    network.load_state_dict(state)
    return network.eval()


def _tensor(array: npt.NDArray[np.float32], turned: bool) -> torch.Tensor:
    if array.ndim == 4:
        array = array[::-1, ::-1] if turned else array
        array = array.transpose(3, 2, 0, 1)  # height, width, in, out → out, in, height, width
    return torch.from_numpy(np.ascontiguousarray(array))


def _wanted() -> Wanted:
    """Shape of each dataset, as Keras keeps it."""
    wanted: Wanted = {}
    for name, parameter in Acapellabot().state_dict().items():
        layer, value = name.split(".")
        number = int(layer[4:])
        if layer.startswith("conv"):
            shape = tuple(parameter.shape)
            kernel = (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape
            wanted["conv2d", number, "kernel" if value == "weight" else "bias"] = kernel
        elif value != "num_batches_tracked":
            keras = next(key for key, ours in _NORM_VALUES.items() if ours == value)
            wanted["batch_normalization", number, keras] = tuple(parameter.shape)
    return wanted


def _read(path: Path) -> tuple[str, Values]:
    try:
        import h5py
    except ImportError as error:
        raise ModelError("reading HDF5 needs h5py: pip install 'dawbridge[keras]'") from error
    if not path.is_file():
        raise ModelError(f"{path}: no such file")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ModelError(f"{path}: {path.stat().st_size / 1e6:.0f} MB, expected the 3 MB of {ANCESTOR}'s weights.h5")
    try:
        with h5py.File(path, "r") as file:
            return _backend(file, path), _values(_datasets(file), path)
    except (OSError, RuntimeError) as error:
        raise ModelError(
            f"{path}: damaged, or no HDF5 file ({error}); expected weights.h5 as Keras wrote it"
        ) from error


def _backend(file: Any, path: Path) -> str:
    group = file.get("model_weights", file)
    found = group.attrs.get("backend", file.attrs.get("backend", b"theano"))
    backend = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    if backend not in PADDINGS:
        raise ModelError(f"{path}: written by backend {backend!r}, allowed are {', '.join(PADDINGS)}")
    return backend


def _datasets(file: Any) -> dict[tuple[str, int, str], Any]:
    """Datasets of layers that lie in the file itself; links to elsewhere are not followed."""
    import h5py

    found: dict[tuple[str, int, str], Any] = {}

    def visit(name: str, item: Any) -> None:
        match = _DATASET.search(name)
        if match and isinstance(item, h5py.Dataset) and not name.startswith("optimizer_weights"):
            found[match[1], int(match[2]), match[3]] = item

    file.visititems(visit)
    return found


def _values(datasets: dict[tuple[str, int, str], Any], path: Path) -> Values:
    wanted = _wanted()
    wrong = [f"{_named(key)} is missing, expected {shape}" for key, shape in wanted.items() if key not in datasets]
    wrong += [f"{_named(key)} is not expected" for key in datasets if key not in wanted]
    for key, shape in wanted.items():
        if key in datasets:
            wrong += [f"{_named(key)} {reason}" for reason in _misfits(datasets[key], shape)]
    if wrong:
        more = f"; and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        raise ModelError(
            f"{path}: not the weights of {ANCESTOR}: {'; '.join(wrong[:4])}{more}; "
            f"expected 12 convolutions and 4 batch normalizations, as Keras 2 saves them"
        )
    values = {key: np.asarray(datasets[key][()], dtype=np.float32) for key in wanted}
    strange = [_named(key) for key, array in values.items() if not np.isfinite(array).all()]
    if strange:
        raise ModelError(f"{path}: NaN or infinity in {', '.join(strange[:4])}; fetch it again")
    return values


def _misfits(dataset: Any, shape: tuple[int, ...]) -> list[str]:
    """Why a dataset must not be read, before any of its values is."""
    if dataset.shape != shape:
        return [f"is {dataset.shape}, expected {shape}"]
    if dataset.dtype.kind != "f":
        return [f"holds {dataset.dtype}, expected floats"]
    if dataset.external or dataset.is_virtual:
        return ["keeps its values in another file"]
    if dataset.chunks and math.prod(dataset.chunks) > math.prod(shape):
        return [f"is in chunks of {dataset.chunks}, larger than itself"]
    return []


def _named(key: tuple[str, int, str]) -> str:
    return f"{key[0]}_{key[1]}/{key[2]}"
