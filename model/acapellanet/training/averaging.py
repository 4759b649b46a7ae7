"""Average weights that were trained on from one another."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from acapellanet.errors import ModelError
from acapellanet.estimate.registry import SUFFIX, model_hash, weights_path
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.net.tensor_files import read_tensors
from acapellanet.net.weights import TRAINING_KEY, load_network, save_network


def save_mean(path: Path, models: Sequence[str]) -> AcapellaNet:
    """Write and return the mean of weights that were trained on from one another, given as names or paths.

    If a run unlearned what the one before it knew, their mean keeps some of both (Wortsman et al. 2022, "Model soups",
    arXiv:2203.05482) at no cost. The temper and the training's record are those of the last one. Raises `ModelError` if
    there are fewer than two, they are of different networks, or `path` does not end in `.safetensors`.
    """
    if path.suffix != SUFFIX:
        raise ModelError(f"{path}: weights are written to a file that ends in {SUFFIX}")
    if len(models) < 2:
        raise ModelError(f"a mean takes two models or more, got {', '.join(models) or 'none'}")
    networks = [load_network(weights_path(model)) for model in models]
    last = networks[-1]
    for model, network in zip(models, networks, strict=True):
        if replace(network.config, temper=last.config.temper) != last.config:
            raise ModelError(f"{model} and {models[-1]} are not of the same network: {network.config}, {last.config}")
    last = mean_network(networks, last.config)
    training = json.loads(read_tensors(weights_path(models[-1]))[1].get(TRAINING_KEY, "{}"))
    save_network(path, last, {**training, "mean_of": [model_hash(model) for model in models]})
    return last


def mean_network(networks: Sequence[AcapellaNet], config: NetworkConfig) -> AcapellaNet:
    """Average networks of the same shape; the result has `config` and is in evaluation mode."""
    states = [network.state_dict() for network in networks]
    mean = AcapellaNet(config)
    mean.load_state_dict({name: _mean([state[name].cpu() for state in states]) for name in states[-1]})
    return mean.eval()


def _mean(values: list[Tensor]) -> Tensor:
    """Average values; of counts, take the last."""
    return torch.stack(values).mean(0) if values[-1].is_floating_point() else values[-1]
