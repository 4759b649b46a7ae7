"""A weights.h5 in Keras's layout, with random weights, against Theano's arithmetic written out in numpy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from acapellanet import load_estimator, model_names
from acapellanet.errors import ModelError
from acapellanet.estimate.keras_import import import_weights, read_keras

h5py = pytest.importorskip("h5py")

Array = npt.NDArray[np.float64]
Layers = dict[str, dict[str, Array]]
SIZES = (
    (1, 64),
    (64, 64),
    (64, 64),
    (64, 64),
    (64, 128),
    (128, 128),
    (192, 64),
    (64, 64),
    (128, 64),
    (64, 64),
    (64, 32),
    (32, 1),
)
STRIDED, WITHOUT_BIAS, NORMS = (2, 4), (2, 4, 6, 8), (64, 64, 128, 64)


@pytest.fixture
def layers() -> Layers:
    random = np.random.default_rng(0)
    found: Layers = {}
    for number, (inputs, outputs) in enumerate(SIZES, 1):
        side = 4 if number in STRIDED else 3
        kernel = random.standard_normal((side, side, inputs, outputs)) / np.sqrt(side * side * inputs / 2)
        found[f"conv2d_{number}"] = {"kernel": kernel}
        if number not in WITHOUT_BIAS:
            found[f"conv2d_{number}"]["bias"] = 0.1 * random.standard_normal(outputs)
    found["conv2d_12"]["bias"] = np.array([0.5])
    for number, size in enumerate(NORMS, 1):
        values = [1 + 0.1 * random.standard_normal(size) for _ in range(4)]
        found[f"batch_normalization_{number}"] = dict(
            zip(("gamma", "beta", "moving_mean", "moving_variance"), values, strict=True)
        )
    return found


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))

    def write(layers: Layers, nested: bool = True, backend: bytes = b"theano") -> Path:
        path = tmp_path / "weights.h5"
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = [name.encode() for name in layers]
            file.attrs["backend"], file.attrs["keras_version"] = backend, b"2.0.2"
            for layer, values in layers.items():
                group = file.create_group(layer)
                names = [f"{layer}/{name}:0" if nested else f"{name}:0" for name in values]
                group.attrs["weight_names"] = [name.encode() for name in names]
                for name, array in zip(names, values.values(), strict=True):
                    group.create_dataset(name, data=array.astype(np.float32))
        return path

    return write


def convolved(x: Array, layer: dict[str, Array], strided: bool) -> Array:
    """A true convolution as Theano's: `[in, h, w]` → `[out, h, w]`, then ReLU."""
    kernel = layer["kernel"][::-1, ::-1]
    side, step, before, after = (4, 2, 2, 0) if strided else (3, 1, 1, 1)
    padded = np.pad(x, ((0, 0), (before, after), (before, after)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))[:, ::step, ::step]
    return np.maximum(np.einsum("chwij,ijco->ohw", windows, kernel) + layer.get("bias", np.zeros(1))[:, None, None], 0)


def reference(x: Array, layers: Layers) -> Array:
    def conv(number: int, x: Array) -> Array:
        return convolved(x, layers[f"conv2d_{number}"], number in STRIDED)

    def norm(number: int, x: Array) -> Array:
        gamma, beta, mean, variance = (
            v[:, None, None] for v in layers[f"batch_normalization_{number}"].values()
        )  # fmt: skip
        return np.asarray(gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta)

    def up(x: Array) -> Array:
        return x.repeat(2, axis=1).repeat(2, axis=2)

    a = conv(1, x)
    b = conv(3, norm(1, conv(2, a)))
    x = norm(3, conv(6, conv(5, norm(2, conv(4, b)))))
    x = norm(4, conv(8, conv(7, np.concatenate((up(x), b)))))
    return conv(12, conv(11, conv(10, conv(9, np.concatenate((up(x), a))))))


@pytest.mark.parametrize("nested", [True, False])
def test_it_computes_what_theano_computed(layers: Layers, write: Write, nested: bool) -> None:
    heard = np.random.default_rng(1).random((1, 16, 24))
    with torch.inference_mode():
        ours = read_keras(write(layers, nested))(torch.from_numpy(heard[None]).float())[0].numpy()
    theirs = reference(heard, layers)
    assert theirs.max() > 0.1
    assert np.allclose(ours, theirs, atol=1e-4 * theirs.max())


def test_kernels_of_tensorflow_are_not_turned(layers: Layers, write: Write) -> None:
    network = read_keras(write(layers, backend=b"tensorflow"))
    assert network.padding == "tensorflow"
    expected = layers["conv2d_3"]["kernel"].transpose(3, 2, 0, 1)
    assert np.allclose(network.conv3.weight.detach().numpy(), expected)


def test_imported_weights_are_a_model(layers: Layers, write: Write) -> None:
    path = import_weights(write(layers))
    assert path.is_file()
    assert {"acapellabot-2017", "acapellabot-2017-griffinlim"} <= set(model_names())
    assert load_estimator("acapellabot-2017").estimate(torch.rand(2, 2000)).shape == (2, 2000)


def test_what_does_not_fit_is_named(layers: Layers, write: Write) -> None:
    del layers["conv2d_7"]
    layers["conv2d_3"]["kernel"] = layers["conv2d_3"]["kernel"][:, :, :32]
    with pytest.raises(ModelError, match=r"conv2d_7/kernel is missing.*is \(3, 3, 32, 64\), expected \(3, 3, 64, 64\)"):
        import_weights(write(layers))


def test_nan_is_refused(layers: Layers, write: Write) -> None:
    layers["conv2d_1"]["bias"][3] = np.nan
    with pytest.raises(ModelError, match="NaN or infinity in conv2d_1/bias"):
        import_weights(write(layers))


def test_integers_and_values_kept_elsewhere_are_refused(layers: Layers, write: Write) -> None:
    path = write(layers)
    with h5py.File(path, "r+") as file:
        group = file["conv2d_12/conv2d_12"]
        del group["bias:0"], group["kernel:0"]
        group.create_dataset("bias:0", data=np.array([1]))
        group.create_dataset("kernel:0", (3, 3, 32, 1), "f4", external=[("elsewhere", 0, 1152)])
    with pytest.raises(ModelError, match=r"another file.*expected floats"):
        import_weights(path)


def test_links_to_other_files_are_not_followed(layers: Layers, write: Write, tmp_path: Path) -> None:
    path = write(layers)
    path.rename(tmp_path / "other.h5")
    with h5py.File(path, "w") as file:
        for layer in layers:
            file[layer] = h5py.ExternalLink(str(tmp_path / "other.h5"), layer)
    with pytest.raises(ModelError, match="is missing"):
        import_weights(path)


@pytest.mark.parametrize("content", [b"", b"no HDF5 at all", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no HDF5 file"):
        import_weights(path)


def test_other_backends_large_files_and_odd_names(layers: Layers, write: Write) -> None:
    with pytest.raises(ModelError, match="backend 'cntk'"):
        import_weights(write(layers, backend=b"cntk"))
    path = write(layers)
    for name in ("", "../up", "center", "acapellanet-small", "mine-griffinlim"):
        with pytest.raises(ModelError, match="cannot be used"):
            import_weights(path, name)
    with path.open("r+b") as file:
        file.truncate(1 << 27)
    with pytest.raises(ModelError, match="expected the 3 MB"):
        import_weights(path)
