"""Runs an MDX-Net's graph; imports torch and onnxruntime.

The transform is the one that such networks were trained with: a centred Hann window, of which the network gets the
lowest bins as four planes and gives as many back; the bins above are silent.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dawbridge.errors import ModelError
from dawbridge.estimators.mdxnet.description import CHANNELS, GRAPH, KEY, Description, from_json
from dawbridge.estimators.mdxnet.graph import ENDLESS, operations
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.overlap_add import SegmentGrid

LOOK_S = 0.05
"""How often it is asked during a run whether it should go on, in seconds."""
OVERLAP = 2
"""Segments that each sample is in."""


class MdxNetEstimator:
    """An MDX-Net that gives a waveform for each segment of a mixture."""

    def __init__(self, path: Path, request: LoadRequest) -> None:
        """Load it. Raises `ModelError` if the file is damaged, or not what its description says."""
        self._description, graph = read_graph(path)
        self._session = session_of(graph, str(path), request.device)
        check_shape(self._session, self._description, str(path))
        self._on_step = request.on_step
        self._thread = ThreadPoolExecutor(1, "onnx")
        self.sample_rate = self._description.sample_rate
        length = self._description.segment_samples
        self.streaming = SegmentGrid(length, length // OVERLAP)

    @torch.inference_mode()
    def estimate(self, mixture: Tensor) -> Tensor:
        """Estimate the vocals of `[2, samples]` on the same device; what is longer than a segment is cut into such."""
        length, samples = self._description.segment_samples, mixture.shape[1]
        whole = torch.nn.functional.pad(mixture.cpu(), (0, -samples % length))
        stem = torch.cat([self._stem(piece) for piece in torch.split(whole, length, 1)], 1)[:, :samples]
        stem = stem.to(mixture.device)
        return mixture - stem if self._description.is_rest else stem

    def _stem(self, segment: Tensor) -> Tensor:
        given = self._run(_transform(segment, self._description)[None].numpy())
        stem = _inverse(torch.from_numpy(given[0]), self._description, segment.shape[1])
        return stem * self._description.compensate

    def _run(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the graph in a thread of its own, so that a wish to stop is heard meanwhile."""
        options = onnxruntime.RunOptions()
        running = self._thread.submit(self._call, planes, options)
        try:
            return np.asarray(_awaited(running, self._on_step)[0], np.float32)
        except BaseException:
            options.terminate = True
            running.exception()
            raise

    def _call(self, planes: NDArray[np.float32], options: onnxruntime.RunOptions) -> Any:
        """Raises `MemoryError`, `RuntimeError`: onnxruntime's own errors have no common base."""
        try:
            return self._session.run(None, {self._session.get_inputs()[0].name: planes}, options)
        except Exception as error:
            text = _brief(error)
            kind = MemoryError if "alloc" in text.lower() or "memory" in text.lower() else RuntimeError
            raise kind(text) from error


def _awaited(running: Any, on_step: Callable[[], None]) -> Any:
    """The result of a future; `on_step` is called meanwhile, and may raise."""
    done = threading.Event()
    running.add_done_callback(lambda _: done.set())
    on_step()
    while not done.wait(LOOK_S):
        on_step()
    return running.result()


def session_of(graph: bytes, origin: str, device: str = "cpu") -> onnxruntime.InferenceSession:
    """Open an ONNX graph; it sees no file beside it. Raises `ModelError`."""
    try:
        foreign = operations(memoryview(graph)) & ENDLESS
    except ValueError as error:
        raise ModelError(f"{origin}: damaged, or no ONNX network that can run here ({error})") from error
    if foreign:
        raise ModelError(f"{origin}: refused: it has {', '.join(sorted(foreign))}, which no MDX-Net needs")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    there = onnxruntime.get_available_providers()
    wanted = ["CUDAExecutionProvider"] if device == "cuda" else ["CoreMLExecutionProvider"] if device == "mps" else []
    providers = [*(name for name in wanted if name in there), "CPUExecutionProvider"]
    try:
        return onnxruntime.InferenceSession(graph, options, providers=providers)
    except Exception as error:  # onnxruntime's own, which have no common base
        raise ModelError(f"{origin}: damaged, or no ONNX network that can run here ({_brief(error)})") from error


def check_shape(session: onnxruntime.InferenceSession, description: Description | None, origin: str) -> tuple[int, int]:
    """Return the bins and frames that a graph takes. Raises `ModelError` if it is no MDX-Net, or not the described."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    shape = inputs[0].shape if len(inputs) == 1 and len(outputs) == 1 else []
    if len(shape) != 4 or shape[1] != CHANNELS or inputs[0].type != "tensor(float)":
        raise ModelError(f"{origin}: is no MDX-Net: it does not take one tensor [batch, 4, bins, frames] and give one")
    if outputs[0].type != "tensor(float)":
        raise ModelError(f"{origin}: is no MDX-Net: it gives a {outputs[0].type}, not a tensor(float)")
    bins, frames = shape[2:]
    if not isinstance(bins, int) or not isinstance(frames, int):
        raise ModelError(f"{origin}: takes any number of bins or frames; an MDX-Net has both fixed")
    if description is not None and (bins, frames) != (description.bins, description.frames):
        raise ModelError(
            f"{origin}: takes {bins} bins and {frames} frames; its description says {description.bins} and "
            f"{description.frames}; import it again"
        )
    return bins, frames


def read_graph(path: Path) -> tuple[Description, bytes]:
    """Read what `importing` wrote. Raises `ModelError`."""
    try:
        with safe_open(path, framework="pt") as opened:
            text = (opened.metadata() or {}).get(KEY, "")
            graph = opened.get_tensor(GRAPH).numpy().tobytes()
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged, or not a safetensors file ({error}); import it again") from error
    try:
        return from_json(text), graph
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _transform(mixture: Tensor, description: Description) -> Tensor:
    """`[2, samples]` → `[4, bins, frames]`: left real, left imaginary, right real, right imaginary."""
    n_fft = description.n_fft
    spectrum = torch.stft(
        mixture, n_fft, description.hop_samples, window=torch.hann_window(n_fft), center=True, return_complex=True
    )
    planes = torch.view_as_real(spectrum[:, : description.bins]).movedim(-1, 1)  # [2, 2, bins, frames]
    return planes.flatten(0, 1).contiguous()


def _inverse(planes: Tensor, description: Description, samples: int) -> Tensor:
    """`[4, bins, frames]` → `[2, samples]`."""
    n_fft = description.n_fft
    spectrum = torch.view_as_complex(planes.view(2, 2, *planes.shape[1:]).movedim(1, -1).contiguous())
    spectrum = torch.nn.functional.pad(spectrum, (0, 0, 0, n_fft // 2 + 1 - description.bins))
    return torch.istft(
        spectrum, n_fft, description.hop_samples, window=torch.hann_window(n_fft), center=True, length=samples
    )


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
