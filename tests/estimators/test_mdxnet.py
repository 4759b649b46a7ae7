"""MDX-Net as ONNX files: imported, run as their own kind of program runs them, and refused by name."""

import json
import threading

import numpy as np
import pytest
import torch

from dawbridge.cli.main import main
from dawbridge.errors import ModelError
from dawbridge.estimators import find_model
from dawbridge.estimators.mdxnet.description import Description, describe, from_json
from dawbridge.estimators.model import LoadRequest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

BINS, FRAMES, N_FFT, HOP = 256, 32, 1024, 256
UVR = {"compensate": 1.035, "mdx_dim_f_set": BINS, "mdx_n_fft_scale_set": N_FFT, "primary_stem": "Vocals",
       "hop_length": HOP}  # fmt: skip
KERNEL = 0.1 * np.random.default_rng(5).standard_normal((4, 4, 3, 3)).astype(np.float32)


def graph(bins=BINS, frames=FRAMES, channels=4, outputs=4, repeats=1):
    """A convolution as a network: random weights, shapes as MDX-Net has them."""
    helper = onnx.helper
    value = helper.make_tensor_value_info
    nodes, name = [], "x"
    for number in range(repeats):
        nodes.append(helper.make_node("Conv", [name, "kernel"], [f"y{number}"], pads=[1, 1, 1, 1]))
        name = f"y{number}"
    made = helper.make_graph(
        nodes, "net",
        [value("x", onnx.TensorProto.FLOAT, ["batch", channels, bins, frames])],
        [value(name, onnx.TensorProto.FLOAT, ["batch", outputs, bins, frames])],
        [onnx.numpy_helper.from_array(KERNEL[:outputs, :channels], "kernel")],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def counting(inside=False):
    """A network that counts for ever before it gives what it was given, or does in one branch of two."""
    helper, kinds = onnx.helper, onnx.TensorProto
    value, shape = helper.make_tensor_value_info, ["batch", 4, BINS, FRAMES]
    truth = onnx.numpy_helper.from_array(np.array(True), "truth")
    again = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Identity", ["v"], ["w"])], "again",
        [value("i", kinds.INT64, []), value("c", kinds.BOOL, []), value("v", kinds.FLOAT, shape)],
        [value("d", kinds.BOOL, []), value("w", kinds.FLOAT, shape)],
    )  # fmt: skip
    loop = helper.make_node("Loop", ["", "truth", "x"], ["y"], body=again)
    if inside:
        one = helper.make_graph([loop], "one", [], [value("y", kinds.FLOAT, shape)])
        loop = helper.make_node("If", ["truth"], ["y"], then_branch=one, else_branch=one)
    made = helper.make_graph([loop], "net", [value("x", kinds.FLOAT, shape)], [value("y", kinds.FLOAT, shape)], [truth])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.fixture
def imported(tmp_path):
    """A function that imports a graph with a configuration by the command; its model's name."""

    def take(content=None, config=UVR, name="mdx"):
        source, told = tmp_path / "net.onnx", tmp_path / "net.json"
        source.write_bytes(graph() if content is None else content)
        told.write_text(str(config).replace("'", '"'))
        return main(["models", "import", str(source), "--config", str(told), "--name", name, "--licence", "MIT"]), name

    return take


def reference(mixture, compensate=1.035):
    """The same by hand: transform, convolution, transform back."""
    window = torch.hann_window(N_FFT)
    spectrum = torch.stft(torch.from_numpy(mixture), N_FFT, HOP, window=window, return_complex=True)[:, :BINS]
    planes = torch.stack((spectrum[0].real, spectrum[0].imag, spectrum[1].real, spectrum[1].imag))
    out = torch.nn.functional.conv2d(planes[None], torch.from_numpy(KERNEL), padding=1)[0]
    whole = torch.zeros(2, N_FFT // 2 + 1, out.shape[-1], dtype=torch.complex64)
    whole[0, :BINS], whole[1, :BINS] = torch.complex(out[0], out[1]), torch.complex(out[2], out[3])
    return compensate * torch.istft(whole, N_FFT, HOP, window=window, length=mixture.shape[1]).numpy()


def noise(samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal((2, samples))).astype(np.float32)


def test_a_segment_is_what_the_graph_makes_of_it(imported):
    assert imported() == (0, "mdx")
    model = find_model("mdx")
    assert (model.licence, model.viable) == ("MIT", True)
    mixture = noise(HOP * (FRAMES - 1))
    estimate = model.load(LoadRequest()).estimate(torch.from_numpy(mixture)).numpy()
    wanted = reference(mixture)
    assert 10 * np.log10(np.square(estimate - wanted).mean() / np.square(wanted).mean()) < -90


def test_of_a_network_for_the_accompaniment_the_vocals_are_the_rest(imported):
    imported(config={**UVR, "primary_stem": "Instrumental", "compensate": 1.0})
    mixture = noise(HOP * (FRAMES - 1))
    estimate = find_model("mdx").load(LoadRequest()).estimate(torch.from_numpy(mixture)).numpy()
    np.testing.assert_allclose(estimate, mixture - reference(mixture, 1.0), atol=1e-6)


def test_streamed_is_as_in_one_pass(imported):
    imported()
    estimator = find_model("mdx").load(LoadRequest())
    mixture = noise(50_000)

    def run(size):
        blocks = (mixture[:, i : i + size] for i in range(0, mixture.shape[1], size))
        return np.concatenate(list(estimator.streaming.stream(estimator.estimate, blocks, size)), axis=1)

    whole = run(50_000)
    assert whole.shape == mixture.shape
    np.testing.assert_array_equal(run(1_777), whole)


def test_a_wish_to_stop_is_heard_during_a_run(imported):
    imported(graph(repeats=40))

    class Stopped(Exception):
        pass

    calls = []

    def on_step():
        calls.append(threading.current_thread())
        if len(calls) > 1:
            raise Stopped

    estimator = find_model("mdx").load(LoadRequest(on_step=on_step))
    with pytest.raises(Stopped):
        for _ in range(1000):
            estimator.estimate(torch.from_numpy(noise(HOP * (FRAMES - 1))))
    assert set(calls) == {threading.main_thread()}


def test_it_goes_through_the_whole_product(imported, tmp_path):
    import soundfile

    imported()
    bounce = tmp_path / "song.wav"
    soundfile.write(bounce, noise(44100).T, 44100, subtype="PCM_24")
    assert main(["separate", str(bounce), "--model", "mdx", "-o", str(tmp_path / "out")]) == 0
    parts = [soundfile.read(path, dtype="int32")[0] for path in sorted((tmp_path / "out").glob("*.wav"))]
    assert (sum(part.astype(np.int64) for part in parts) == soundfile.read(bounce, dtype="int32")[0]).all()


@pytest.mark.parametrize(
    ("content", "config", "said"),
    [
        (b"", UVR, "no ONNX network"),
        (b"\x08\x08" + bytes(100), UVR, "no ONNX network"),
        (graph()[: len(graph()) // 2], UVR, "no ONNX network"),
        (graph(channels=2), UVR, "is no MDX-Net"),
        (graph(bins="bins"), UVR, "any number of bins"),
        (graph(outputs=2), UVR, "is no MDX-Net: it gives"),
        (graph(), {"compensate": 1.0}, "does not say n_fft"),
        (graph(), {**UVR, "mdx_n_fft_scale_set": 256}, "window is 256"),
        (graph(), {**UVR, "hop_length": 5}, "hop is 5"),
        (graph(), {**UVR, "primary_stem": "Drums"}, "it gives 'Drums'"),
        (graph(), {**UVR, "compensate": 1e9}, "compensation"),
        (graph(), {**UVR, "compensate": "much"}, "something else where a number"),
        (graph(bins=600), UVR, "number of bins is 600"),
        (graph(), {**UVR, "mdx_n_fft_scale_set": ".inf"}, "something else where a number"),
        (graph(), {**UVR, "compensate": 10**400}, "something else where a number"),
        (graph(frames=8), {**UVR, "mdx_n_fft_scale_set": 16384, "hop_length": 1024}, "more than half a window"),
        (graph(frames=8000), {**UVR, "hop_length": 512}, "at most 60 s"),
        (counting(), UVR, "refused: it has Loop"),
        (counting(inside=True), UVR, "refused: it has Loop"),
    ],
)
def test_what_is_none_is_refused_by_name(imported, capsys, content, config, said):
    assert imported(content, config)[0] != 0
    told = capsys.readouterr().err
    assert said in told and "net.onnx" in told and told.count("\n") == 1
    with pytest.raises(ModelError):
        find_model("mdx")


def test_a_graph_that_asks_for_a_file_beside_it_is_refused(imported, tmp_path, capsys):
    """Weights outside of the graph are a path that the graph names: it could be any."""
    (tmp_path / "secret").write_bytes(bytes(4 * 4 * 9 * 4))
    model = onnx.load_from_string(graph())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=str(tmp_path / "secret"))
    assert imported(model.SerializeToString())[0] != 0
    assert "no ONNX network" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"n_fft": "x"}',
        "[" * 100_000,
        '{"n_fft": 1, "more": 2}',
        json.dumps(
            {
                "n_fft": 1024,
                "bins": 9,
                "frames": 32,
                "hop_samples": 256,
                "sample_rate": 44100,
                "stem": "vocals",
                "compensate": 10**400,
            }
        ),
    ],
)
def test_a_damaged_description_is_refused(text):
    with pytest.raises(ModelError):
        from_json(text)


def test_a_description_survives():
    description = describe(UVR, BINS, FRAMES)
    assert from_json(description.to_json()) == description == Description(N_FFT, BINS, FRAMES, "Vocals", HOP, 1.035)
