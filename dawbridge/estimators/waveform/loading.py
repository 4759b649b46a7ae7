"""Builds a network from a description and its tensors, and runs it; imports torch and pymss-core."""

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from dawbridge.errors import ModelError
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.overlap_add import SegmentGrid
from dawbridge.estimators.waveform.description import KEY, Description, from_json
from dawbridge.files.printable import printable

_SPARE = 1 << 20
"""Parameters beyond those in its file that a network may have while it is built."""


class WaveformEstimator:
    """A network that gives a waveform for each segment of a mixture."""

    def __init__(self, path: Path, request: LoadRequest) -> None:
        """Load it. Raises `ModelError` if the file is damaged, or not what its description says."""
        self._description, tensors = read_weights(path)
        self._network = built(self._description, tensors, str(path)).to(request.device)
        for module in self._network.modules():
            if not list(module.children()):
                module.register_forward_pre_hook(lambda *_: request.on_step())
        self.sample_rate = self._description.sample_rate
        self.streaming = SegmentGrid(self._description.segment_samples, self._description.hop_samples)

    @torch.inference_mode()
    def estimate(self, mixture: Tensor) -> Tensor:
        """Estimate the vocals of one segment, `[2, samples]`, on the network's device."""
        return vocals_of(self._network, self._description, mixture[None])[0]

    @torch.inference_mode()
    def estimate_batch(self, mixtures: Tensor) -> Tensor:
        """Estimate the vocals of `[segments, 2, samples]`; the result stays on the device."""
        return vocals_of(self._network, self._description, mixtures)


def vocals_of(network: nn.Module, description: Description, mixtures: Tensor) -> Tensor:
    """Run the network on `mixtures` `[batch, 2, samples]`, and take the vocals from what it gives."""
    with warnings.catch_warnings():  # SCNet's transform has no window, and torch says so
        warnings.simplefilter("ignore", UserWarning)
        stems = network(mixtures)  # [batch, stems, 2, samples], or without the second of them
    stem = stems[:, description.stem] if stems.dim() == 4 else stems
    samples = mixtures.shape[-1]
    stem = torch.nn.functional.pad(stem, (0, max(0, samples - stem.shape[-1])))[..., :samples]
    return mixtures - stem if description.is_rest else stem


def read_weights(path: Path) -> tuple[Description, dict[str, Tensor]]:
    """Read what `importing` wrote. Raises `ModelError`."""
    try:
        with safe_open(path, framework="pt") as opened:
            text = (opened.metadata() or {}).get(KEY, "")
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged, or not a safetensors file ({error}); import it again") from error
    try:
        return from_json(text), tensors
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def built(description: Description, tensors: Mapping[str, Tensor], origin: str) -> nn.Module:
    """Make the network and put `tensors` in; ready to run, in float32. Raises `ModelError` naming what does not fit."""
    with _no_more_than(sum(tensor.numel() for tensor in tensors.values()) + _SPARE, origin):
        try:
            network = _network(description)
        except ModelError:
            raise
        except Exception as error:  # whatever a foreign constructor makes of foreign settings
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise ModelError(f"{origin}: cannot be built from its configuration ({reason})") from error
    wanted = network.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors:
            raise ModelError(f"{origin}: does not fit its configuration: it has no tensor {name}")
        if name not in wanted:
            raise ModelError(
                f"{origin}: does not fit its configuration: the tensor {printable(name)[:100]} has no place in it"
            )
        if wanted[name].shape != tensors[name].shape:
            raise ModelError(
                f"{origin}: does not fit its configuration: {name} is {list(tensors[name].shape)} "
                f"where {list(wanted[name].shape)} is wanted"
            )
        if wanted[name].is_floating_point() != tensors[name].is_floating_point():
            kind = str(tensors[name].dtype).removeprefix("torch.")
            raise ModelError(
                f"{origin}: does not fit its configuration: {name} holds numbers of the wrong kind, {kind}"
            )
    network.load_state_dict(dict(tensors))
    return network.float().eval().requires_grad_(False)


@contextmanager
def _no_more_than(parameters: int, origin: str) -> Iterator[None]:
    """Stop the building of a network that is larger than the tensors that it is for."""
    left = [parameters]

    def count(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        left[0] -= parameter.numel() if parameter is not None else 0
        if left[0] < 0:
            raise ModelError(f"{origin}: its configuration asks for a larger network than its tensors are for")

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _network(description: Description) -> nn.Module:
    builders: dict[str, Callable[[Description], nn.Module]] = {
        "mel_band_roformer": _mel_band_roformer,
        "bs_roformer": _bs_roformer,
        "scnet": _scnet,
        "mdx23c": _mdx23c,
        "htdemucs": _htdemucs,
    }
    return builders[description.architecture](description)


def _mel_band_roformer(description: Description) -> nn.Module:
    from pymss_core.modules.bs_roformer import MelBandRoformer

    return _made(MelBandRoformer, description.model)


def _bs_roformer(description: Description) -> nn.Module:
    from pymss_core.modules.bs_roformer import BSRoformer

    bands = description.model.get("freqs_per_bands")
    return _made(BSRoformer, {**description.model, **({"freqs_per_bands": tuple(bands)} if bands else {})})


def _scnet(description: Description) -> nn.Module:
    from pymss_core.modules.scnet import SCNet

    return _made(SCNet, description.model)


def _htdemucs(description: Description) -> nn.Module:
    from pymss_core.modules.demucs4ht import HTDemucs

    return _made(HTDemucs, {**description.model, "use_train_segment": False})


def _mdx23c(description: Description) -> nn.Module:
    from pymss_core.config import to_attrdict
    from pymss_core.modules.mdx23c_tfc_tdf_v3 import TFC_TDF_net

    stems = list(description.stems)
    training = {"instruments": stems, "target_instrument": stems[0] if len(stems) == 1 else None}
    return _made(
        TFC_TDF_net,
        {"config": to_attrdict({"audio": description.audio, "model": description.model, "training": training})},
    )


def _made(kind: type[nn.Module], settings: Mapping[str, Any]) -> nn.Module:
    """Make a network; settings that its class does not know are an error, unless it takes any."""
    signature = inspect.signature(kind).parameters
    if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in signature.values()):
        unknown = sorted(set(settings) - set(signature))
        if unknown:
            raise ModelError(
                f"its configuration has settings that {kind.__name__} does not know: {', '.join(unknown)[:200]}"
            )
    return kind(**settings)
