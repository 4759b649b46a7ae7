"""Save and load a network with its configuration in one safetensors file."""

import json
from pathlib import Path

import torch

from acapellanet.errors import ModelError
from acapellanet.net.config import config_from_json
from acapellanet.net.network import AcapellaNet
from acapellanet.net.tensor_files import check_fit, load_into, read_tensors, write_tensors

CONFIG_KEY, TRAINING_KEY = "config", "training"


def save_network(path: Path, network: AcapellaNet, training: dict[str, object], half: bool = False) -> None:
    """Write weights and BatchNorm statistics, with the configuration and the training's record as metadata.

    `half`: matrices and kernels in float16, which halves the file; it is as float32 once it is loaded.
    """
    metadata = {CONFIG_KEY: network.config.to_json(), TRAINING_KEY: json.dumps(training)}
    tensors = network.state_dict()
    if half:
        tensors = {name: value.half() if value.dim() > 1 else value for name, value in tensors.items()}
    write_tensors(path, tensors, metadata)


def load_network(path: Path) -> AcapellaNet:
    """Load what `save_network` wrote, in evaluation mode. Raises `ModelError` for anything else."""
    tensors, metadata = read_tensors(path)
    if CONFIG_KEY not in metadata:
        raise ModelError(f"{path}: safetensors, but not of acapellanet (no configuration in its metadata)")
    config = config_from_json(metadata[CONFIG_KEY])
    with torch.device("meta"):  # a configuration that asks for more than the file holds must not get the memory
        check_fit(AcapellaNet(config), tensors, str(path))
    network = AcapellaNet(config)
    load_into(network, tensors, str(path))
    return network.eval()
