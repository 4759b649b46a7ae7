"""Save and restore the state of a training run in one safetensors file; nothing is pickled."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acapellanet.errors import ModelError, TrainingError
from acapellanet.net.config import config_from_json
from acapellanet.net.tensor_files import load_into, read_tensors, write_tensors
from acapellanet.training.trainer import Trainer

CHECKPOINT_FILE = "checkpoint.safetensors"


def save_checkpoint(path: Path, trainer: Trainer) -> None:
    """Write network, average, optimizer and clock, completely or not at all."""
    tensors: dict[str, Tensor] = {}
    tensors.update(prefixed("network", trainer.network.state_dict()))
    tensors.update(prefixed("averaged", trainer.averaged.state_dict()))
    tensors.update(optimizer_tensors(trainer.optimizer))
    metadata = {
        "config": trainer.config.to_json(),
        "state": json.dumps(
            {
                "step": trainer.step_number,
                "spent_s": trainer.budget.spent_s,
                "bad_steps": trainer.bad_steps,
                "seed": trainer.options.seed,
                "heard_s": trainer.heard_s,
                "data": trainer.mashups.fingerprint,
            }
        ),
    }
    write_tensors(path, tensors, metadata)


def resume(path: Path, trainer: Trainer, other_data: bool = False) -> None:
    """Restore `trainer` to where `save_checkpoint` left off; `other_data`: even if it was trained on other files.

    Raises `TrainingError` if the checkpoint is of another network, seed or data, `ModelError` if it is damaged.
    """
    tensors, metadata = read_tensors(path)
    if "config" not in metadata or "state" not in metadata:
        raise TrainingError(f"{path}: not a checkpoint of acapellanet train")
    config = config_from_json(metadata["config"])
    if config != trainer.config:
        raise TrainingError(
            f"{path}: checkpoint of {config.name} {config.channels}, but {trainer.config.name} "
            f"{trainer.config.channels} was asked for; give the same --config, or another --out"
        )
    state = json.loads(metadata["state"])
    if state["seed"] != trainer.options.seed:
        raise TrainingError(f"{path}: was trained with --seed {state['seed']}; give the same")
    if not other_data and state.get("data", trainer.mashups.fingerprint) != trainer.mashups.fingerprint:
        raise TrainingError(
            f"{path}: was trained on other data; give the same folder, or --other-data to go on with this"
        )
    load_into(trainer.network, under("network", tensors), str(path))
    load_into(trainer.averaged, under("averaged", tensors), str(path))
    load_optimizer(trainer.optimizer, tensors)
    trainer.step_number, trainer.bad_steps = state["step"], state["bad_steps"]
    trainer.budget.spent_s = state["spent_s"]
    trainer.heard_s = state.get("heard_s", 0.0)
    trainer.rejoin()


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimizer's state as tensors, which `load_optimizer` restores."""
    states = optimizer.state_dict()["state"]
    return {f"optimizer.{index}.{key}": value for index, state in states.items() for key, value in state.items()}


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Restore an optimizer from the tensors of a checkpoint. Raises `ModelError` if they do not fit."""
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in under("optimizer", tensors).items():
        index, key = name.split(".", 1)
        states.setdefault(int(index), {})[key] = value
    whole: dict[str, Any] = optimizer.state_dict()
    whole["state"] = states
    try:
        optimizer.load_state_dict(whole)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"the checkpoint's optimizer state does not fit: {error}") from error


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put `prefix` and a dot before every name."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with this prefix, by their own names."""
    start = prefix + "."
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}
