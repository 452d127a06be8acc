"""Runs: train once, keep the outcome, find it again.

A run lives in ``data/cache/runs/<name>_<fingerprint>/``: ``progress.pt`` while it trains (deleted
at the end), then ``weights.safetensors`` and ``history.npz``. Whoever asks for a run gets it from
there, from the published checkpoints, or by training it; in all cases the model is read back from
a weights file.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from smwm_book.experiments import checkpoints
from smwm_book.experiments.devices import a_lost_card_in_one_sentence
from smwm_book.experiments.provenance import commit
from smwm_book.experiments.recipe import fingerprint, recipe, require_recipe
from smwm_book.experiments.resources import require_room
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import WEIGHTS
from smwm_core.models import WorldModel
from smwm_core.storage import root
from smwm_core.storage.files import locked, save_arrays
from smwm_core.storage.reading import read_arrays
from smwm_core.storage.schemas import LARGEST_PUBLISHED, history
from smwm_core.storage.weights import load_weights, save_weights
from smwm_core.training.control import has_bfloat16
from smwm_core.training.kinds import Config, config_from, trainer
from smwm_core.training.loop import read_progress
from smwm_core.worlds import World

# Named in a run's name only where it is not the usual value.
_RARELY_CHANGED = {
    "transitions": "of",
    "learning_rate": "lr",
    "latent_dim": "z",
    "curriculum": "curriculum",
    "frames": "frames",
    "past_actions": "past",
    "precision": "",
    "image_size": "px",
    "patch_size": "patch",
    "encoder_depth": "layers",
    "depth": "depth",
    "history": "history",
    "windows": "of",
    "warm_up": "warmup",
    "weight_decay": "decay",
    "clip": "clip",
}
_RETRAIN = "delete its folder to train anew"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Arguments:
        config, seed: what it was.
        world: the world it was trained in.
        model: its model in evaluation mode, on the device asked for.
        history: ``loss``, ``forward``, … per step, ``snapshot_steps`` and ``snapshots``; empty for a
            published checkpoint, which carries weights alone.
        seconds: what training took, on the machine that did it.
        weights: the file that the model was read from.
        arithmetic: in which precision it was trained, and what was computed twice; empty for small models.
    """

    config: Config
    seed: int
    world: World
    model: WorldModel
    history: dict[str, np.ndarray]
    seconds: float
    weights: Path
    arithmetic: str = ""

    @property
    def name(self) -> str:
        """See ``run_name``."""
        return run_name(self.config, self.seed)

    @property
    def recipe(self) -> dict[str, int]:
        """Name and version of every component that decides its numbers."""
        return recipe(self.config)

    def encode(self, state: torch.Tensor) -> torch.Tensor:
        """Draw states ``(…, state_dim)`` and encode them: latents ``(…, Z)``."""
        device = next(self.model.parameters()).device
        z = self.model.encode_states(self.world, state.flatten(0, -2).to(device))
        return z.unflatten(0, state.shape[:-1])


@dataclass(frozen=True)
class OwnRun:
    """A run that no configuration describes: a page trained it on data of its own.

    Arguments:
        name: what sets it apart from the page's other runs.
        recipe: name and version of every component that decides its numbers.
        model, seconds, arithmetic: as of a ``Run``.
    """

    name: str
    recipe: dict[str, int]
    model: nn.Module
    seconds: float
    arithmetic: str = ""


def run_name(config: Config, seed: int) -> str:
    """A readable name made from the values that set runs apart."""
    objective, asked = config.objective, config.objective.question
    weights = "_".join(
        f"{term.removesuffix('_decay')}{getattr(objective, term):g}"
        for term in (*WEIGHTS, "ema_decay")
        if getattr(objective, term)
    )
    if asked.steps != (1,):
        weights += f"_k{'-'.join(map(str, asked.steps))}"
    weights += f"_{asked.target}" * (asked.target != "first") + f"_lags{asked.lags}" * (asked.lags > 0)
    weights += f"_dims{objective.inverse_dims}" * (objective.inverse_dims > 0)
    weights += f"_kappa{objective.constraint:g}" * (objective.constraint > 0) + "_relative" * objective.relative
    parts = [config.world.replace("/", "-"), weights or "forward", f"{config.length}x{config.batch_size}"]
    for field in fields(config):
        value = getattr(config, field.name)
        if field.name in _RARELY_CHANGED and value != field.default:
            parts.append(_RARELY_CHANGED[field.name] + (value if isinstance(value, str) else f"{value:g}"))
    return "_".join([*parts, f"seed{seed}"])


def train_or_load(config: Config, seed: int, device: torch.device, *, recompute: bool) -> Run:
    """A run, trained (``recompute``) or only opened: the call that notebooks make."""
    if recompute:
        return train_run(trainable(config, device), seed, device)
    return load_run(config, seed, device)


def train_run(config: Config, seed: int, device: torch.device, *, pause: Callable[[], bool] | None = None) -> Run:
    """Train a run, continue it, or find it finished.

    Arguments:
        config, seed, device: what to train, from which seed, where.
        pause: as for ``fit``.

    Raises:
        Paused: ``pause`` said yes; the next call goes on.
        SMWMError: its saved progress is damaged, or another process is training it.
    """
    folder = _folder(config, seed, device)
    with locked(folder, "training"):
        if not (folder / "weights.safetensors").exists():
            _train_into(folder, config, seed, device, pause)
        for left in (*folder.glob("progress.pt"), *folder.glob("*.part")):  # by this process or one that was killed
            left.unlink()
    return _open_cached(folder, config, seed, device)


def trainable(config: Config, device: torch.device) -> Config:
    """A configuration in a precision that a device computes in: float32 in place of bfloat16 where it lacks that."""
    if getattr(config, "precision", "float32") == "bfloat16" and not has_bfloat16(device):
        return replace(config, precision="float32")
    return config


def publish(run: Run) -> None:
    """Put a run's weights among the published checkpoints, in place of an older one of that name.

    Those of the vision transformers, 36 MB each, are too large for that and stay where they are.
    """
    if run.weights.stat().st_size <= LARGEST_PUBLISHED:
        checkpoints.publish(run.weights, f"{run_name(run.config, run.seed)}.safetensors")


def _train_into(folder: Path, config: Config, seed: int, device: torch.device, pause: Callable | None) -> None:
    saved = folder / "progress.pt"
    with a_lost_card_in_one_sentence(run_name(config, seed)):
        chosen = require_room(config, device, folder)
        trained = trainer(config).train(config, seed, device=device, progress=saved, pause=pause, **chosen)
    arrays = {**trained.losses, "snapshot_steps": trained.snapshot_steps, "snapshots": trained.snapshots}
    save_arrays(folder / "history.npz", arrays)
    description = {
        "name": run_name(config, seed),
        "config": asdict(config),
        "seed": seed,
        "device": device.type,
        "recipe": recipe(config),
        "commit": commit(),
        "seconds": round(trained.seconds, 1),
    }
    if chosen:
        description["arithmetic"] = str(chosen["arithmetic"])
    scale = getattr(config.make_world(), "scale", None)
    if scale:  # without it, nobody who lacks the episodes could use the model
        description["action_scale"] = [part.tolist() for part in scale]
    save_weights(folder / "weights.safetensors", trained.model, description)


def load_run(config: Config, seed: int, device: torch.device) -> Run:
    """Open a run that was published or finished here before, without training.

    Raises:
        SMWMError: there is no such run, or the code has changed since it was trained.
    """
    published = checkpoints.folder() / f"{run_name(config, seed)}.safetensors"
    if published.exists() or published.name in checkpoints.read_manifest():
        checkpoints.verify(published)
        return _open(config, seed, device, published, {})
    folder = _folder(config, seed, device)
    if (folder / "weights.safetensors").exists():
        return _open_cached(folder, config, seed, device)
    raise SMWMError(
        f"No trained weights for {run_name(config, seed)} with the present code; train them with --recompute, or with "
        "recompute = True in a notebook."
    )


def progress(config: Config, seed: int, device: torch.device) -> float:
    """The share of a run that is done and saved, from 0 to 1; 1 only if its weights are here, after its last step."""
    folder = _folder(config, seed, device)
    if (folder / "weights.safetensors").exists():
        return 1.0
    state = read_progress(folder / "progress.pt", torch.device("cpu"))
    return min(state.step / state.steps, math.nextafter(1.0, 0.0)) if state else 0.0


def finished() -> dict[str, Path]:
    """Names and weights of the runs that were finished in this data folder; of several with one name, the latest."""
    files = sorted(
        (root.data() / "cache" / "runs").glob("*/weights.safetensors"), key=lambda path: path.stat().st_mtime
    )
    return {path.parent.name.rsplit("_", 3)[0]: path for path in files}


def _folder(config: Config, seed: int, device: torch.device) -> Path:
    """Where a run is kept; another torch or number of threads adds in another order and is another run.

    On a GPU the number of threads changes nothing, and machines that share a folder may have several.
    """
    adding = f"{torch.get_num_threads()}threads" if device.type == "cpu" else "gpu"
    arithmetic = f"torch{torch.__version__}_{adding}"
    name = f"{run_name(config, seed)}_{fingerprint(config, seed, device.type)}_{arithmetic}"
    return root.data() / "cache" / "runs" / name


def _open_cached(folder: Path, config: Config, seed: int, device: torch.device) -> Run:
    arrays = read_arrays(folder / "history.npz", history(config.objective.terms), _RETRAIN)
    return _open(config, seed, device, folder / "weights.safetensors", arrays)


def _open(config: Config, seed: int, device: torch.device, weights: Path, arrays: dict) -> Run:
    world, model, name = config.make_world(), trainer(config).build_model(config), root.shown(weights)
    described = load_weights(weights, model)
    if (config_from(described.config, name), described.seed) != (config, seed):
        raise SMWMError(f"{name} is of another run than its name says; restore or recompute it.")
    require_recipe(name, described.recipe, recipe(config))
    if hasattr(world, "known_scale"):
        mean, std = map(torch.tensor, described.action_scale or ((), ()))
        if len(mean) != world.action_dim:
            raise SMWMError(f"{name} has no scale of actions of {world.action_dim} numbers; restore or recompute it.")
        world = replace(world, known_scale=(mean, std))
    model = model.to(device).eval().requires_grad_(False)
    return Run(config, seed, world, model, arrays, described.seconds, weights, described.arithmetic)
