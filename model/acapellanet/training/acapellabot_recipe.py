"""Train acapellabot as in 2017: mean squared error on tiles, Adam at 0.001; it resumes after a kill."""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from acapellanet.acapellabot.network import Acapellabot, save_acapellabot
from acapellanet.data.camelot import keys_of
from acapellanet.data.library import open_library
from acapellanet.data.splits import split
from acapellanet.errors import TrainingError
from acapellanet.estimate.registry import ANCESTOR, SUFFIX
from acapellanet.net.tensor_files import load_into, read_tensors, write_tensors
from acapellanet.training.acapellabot_tiles import Tiles, pairs_of
from acapellanet.training.checkpoints import CHECKPOINT_FILE, load_optimizer, optimizer_tensors, prefixed, under
from acapellanet.training.schedule import WARM_UP_STEPS, Budget

LINE_EVERY_STEPS = 20
DEAD_AFTER_STEPS = 50
"""Number of steps in a row without any output after which the last layer's ReLU has died and cannot learn."""
RECIPE = "recipe-2017"


@dataclass(frozen=True, slots=True)
class Recipe2017:
    """Options of a run."""

    data: Path
    out: Path
    cache: Path
    minutes: float
    """Training time, counted in steps alone, in minutes."""
    seed: int = 0
    resumed: bool = False
    batch: int = 8
    """Number of tiles in each step."""
    rate: float = 1e-3
    """Adam's learning rate, constant after the first hundred steps, in which it rises."""
    exclude: tuple[str, ...] = ()
    other_data: bool = False
    """Whether to resume although the run had other data before."""
    checkpoint_every_s: float = 180.0


class Trainer2017:
    """Network, optimizer and clock; call `step` until the budget is spent."""

    def __init__(self, tiles: Tiles, recipe: Recipe2017) -> None:
        torch.manual_seed(recipe.seed)
        self.network = Acapellabot()
        self.network.apply(_as_keras_begins)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=recipe.rate)
        self.budget = Budget(recipe.minutes * 60)
        self.step_number = 0
        self._tiles, self._recipe = tiles, recipe
        self._silent_steps = 0

    def step(self) -> float:
        """Learn from one batch and return its error. Raises `TrainingError` if it is not finite or the output died."""
        began = time.monotonic()
        mixture, voice = self._tiles.batch(self.step_number * self._recipe.batch, self._recipe.batch)
        self.optimizer.zero_grad(set_to_none=True)
        for group in self.optimizer.param_groups:
            group["lr"] = self._recipe.rate * min(1.0, (self.step_number + 1) / WARM_UP_STEPS)
        estimate = self.network.train()(mixture)
        self._listen(estimate)
        loss = mse_loss(estimate, voice)
        loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(loss.item()):
            raise TrainingError(f"the loss of step {self.step_number} is not finite; lower --rate, check the data")
        self.optimizer.step()
        self.step_number += 1
        self.budget.add(time.monotonic() - began)
        return loss.item()

    def _listen(self, estimate: Tensor) -> None:
        self._silent_steps = 0 if estimate.detach().any() else self._silent_steps + 1
        if self._silent_steps == DEAD_AFTER_STEPS:
            raise TrainingError(
                f"the network has given nothing but silence for {DEAD_AFTER_STEPS} steps and will not recover: its "
                "last layer's ReLU has died; start again with another --seed and --out"
            )

    def save(self, path: Path) -> None:
        """Write everything that `resume` needs to one safetensors file."""
        tensors = prefixed("network", self.network.state_dict()) | optimizer_tensors(self.optimizer)
        state = {
            "step": self.step_number,
            "spent_s": self.budget.spent_s,
            "seed": self._recipe.seed,
            "data": self._tiles.fingerprint,
        }
        write_tensors(path, tensors, {"architecture": ANCESTOR, "state": json.dumps(state)})

    def resume(self, path: Path) -> None:
        """Resume what `save` wrote. Raises `TrainingError` for other recipe, seed or data, `ModelError` if damaged."""
        tensors, metadata = read_tensors(path)
        if metadata.get("architecture") != ANCESTOR or "state" not in metadata:
            raise TrainingError(f"{path}: not a checkpoint of --recipe 2017; give the same --recipe, or another --out")
        state = json.loads(metadata["state"])
        if state["seed"] != self._recipe.seed:
            raise TrainingError(f"{path}: was trained with --seed {state['seed']}; give the same")
        if not self._recipe.other_data and state.get("data", self._tiles.fingerprint) != self._tiles.fingerprint:
            raise TrainingError(
                f"{path}: was trained on other data; give the same folder, or --other-data to go on with this"
            )
        load_into(self.network, under("network", tensors), str(path))
        load_optimizer(self.optimizer, tensors)
        self.step_number, self.budget.spent_s = state["step"], state["spent_s"]


def _as_keras_begins(module: nn.Module) -> None:
    """Initialise kernels by Glorot's uniform distribution and biases by 0."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def run_recipe(recipe: Recipe2017, console: Console) -> Path:
    """Train until the minutes are spent and return the path of the weights.

    Raises `DataError` if nothing can be trained on, `TrainingError` if a run exists already and `resumed` is not set.
    """
    checkpoint = recipe.out / CHECKPOINT_FILE
    if checkpoint.exists() and not recipe.resumed:
        raise TrainingError(f"{checkpoint} exists already: give --resume, or another --out")
    trainer = Trainer2017(_tiles(recipe, console), recipe)
    if checkpoint.exists():
        trainer.resume(checkpoint)
        console.print(f"resumed at step {trainer.step_number}, {trainer.budget.spent_s / 60:.1f} min spent")
    return _until_done(trainer, recipe, console)


def _tiles(recipe: Recipe2017, console: Console) -> Tiles:
    library = open_library(recipe.data, recipe.cache, recipe.exclude)
    chosen = split(library.tracks, validation=False)
    tracks = [*chosen.instrumentals, *(track for tracks in chosen.voices.values() for track in tracks)]
    with _bar(console) as bar:
        task = bar.add_task("keys", total=len(tracks))
        keys = keys_of(library, tracks, recipe.cache, lambda count: bar.update(task, completed=count))
    pairs = pairs_of(tracks, keys)
    mashups = sum(len(pair.music) for pair in pairs)
    skipped = len(library.problems)
    console.print(f"{len(tracks)} files, {len(pairs)} voices, {mashups} mashups in key; {skipped} skipped")
    return Tiles(library, pairs, recipe.seed)


def _bar(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), console=console, disable=not console.is_terminal)


def _until_done(trainer: Trainer2017, recipe: Recipe2017, console: Console) -> Path:
    saved_s = time.monotonic()
    with _bar(console) as bar:
        task = bar.add_task("", total=trainer.budget.limit_s)
        while trainer.budget.progress < 1.0:
            line = _line(trainer, trainer.step())
            bar.update(task, completed=trainer.budget.spent_s, description=line)
            if not console.is_terminal and trainer.step_number % LINE_EVERY_STEPS == 0:
                console.print(line, highlight=False)
            if time.monotonic() - saved_s > recipe.checkpoint_every_s:
                _save(trainer, recipe)
                saved_s = time.monotonic()
    return _save(trainer, recipe)


def _line(trainer: Trainer2017, loss: float) -> str:
    spent, limit = trainer.budget.spent_s / 60, trainer.budget.limit_s / 60
    return f"step {trainer.step_number} {spent:.1f}/{limit:.0f} min loss {loss:.4f}"


def _save(trainer: Trainer2017, recipe: Recipe2017) -> Path:
    trainer.save(recipe.out / CHECKPOINT_FILE)
    minutes = round(trainer.budget.spent_s / 60, 1)
    training = {"steps": trainer.step_number, "minutes": minutes, "seed": recipe.seed, "excluded": list(recipe.exclude)}
    weights = recipe.out / f"{ANCESTOR}{SUFFIX}"
    save_acapellabot(weights, trainer.network, RECIPE, training)
    return weights
