"""Training the paper's own models: AdamW, half precision, warm-up and cosine, one epoch after the other.

On a GPU from Volta on, encoder and forward model are compiled. A run is saved after every epoch, and every few
minutes.

Paper: Sensorimotor World Models (arXiv 2606.20104), control tasks.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import VitWorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.training.arithmetic import USUAL, Arithmetic
from smwm_core.training.batches import in_epochs
from smwm_core.training.config import VitConfig
from smwm_core.training.loop import History, Step, fit
from smwm_core.training.schedule import warm_up_and_cosine
from smwm_core.training.windows import Windows, feed, shuffled


def build_model(config: VitConfig, seed: int = 0) -> VitWorldModel:
    """A freshly initialised model for the world of ``config``."""
    with initialising(seed, "weights"):
        return VitWorldModel(
            config.make_world().action_dim,
            image_size=config.image_size,
            patch_size=config.patch_size,
            encoder_depth=config.encoder_depth,
            history=config.history,
            depth=config.depth,
        )


def make_step(config: VitConfig, model: VitWorldModel, seed: int, steps: int, arithmetic: Arithmetic = USUAL) -> Step:
    """A step of a run by itself, as ``fit`` takes it; on a GPU the model is compiled."""
    return Step(model, config.objective, **_options(config, model, steps, arithmetic), seed=seed)


def _options(config: VitConfig, model: VitWorldModel, steps: int, arithmetic: Arithmetic) -> dict:
    arithmetic.set(model)
    if next(model.parameters()).is_cuda and arithmetic.precision != "float32":  # torch compiles from Volta on
        (model.encoder if arithmetic.parts == 1 else model.encoder.vit).compile()
        model.forward_model.compile()
    adamw = partial(torch.optim.AdamW, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
    schedule = partial(warm_up_and_cosine, config.learning_rate, config.warm_up, steps=steps)
    scaled = arithmetic.precision == "float16"
    return {"optimizer": adamw, "schedule": schedule, "clip": config.clip, "scaled": scaled}


def train(
    config: VitConfig,
    seed: int,
    *,
    device: torch.device,
    progress: Path | None = None,
    save_every_seconds: float = 300.0,
    pause: Callable[[], bool] | None = None,
    arithmetic: Arithmetic = USUAL,
) -> History:
    """Train a model; arguments and result are those of the toy models, without any snapshots.

    Arguments:
        arithmetic: how the device computes a step.

    Raises:
        SMWMError: too few windows for a batch, or a loss that is not finite.
    """
    world = config.make_world()
    windows = Windows(world, config.history, device)
    per_epoch = steps_per_epoch(config, windows)
    steps = config.epochs * per_epoch
    model = build_model(config, seed).to(device)
    return fit(
        model,
        config.objective,
        lambda done: feed(world, windows, ordered(config, windows, seed, done)),
        steps=steps,
        seed=seed,
        progress=progress,
        **_options(config, model, steps, arithmetic),
        save_every_seconds=save_every_seconds,
        pause=pause,
        save_every_steps=per_epoch,
        name=f"{config.world} with seed {seed}",
    )


def steps_per_epoch(config: VitConfig, windows: Windows) -> int:
    """Batches of an epoch; windows that do not fill one are left out.

    Raises:
        SMWMError: too few windows for a batch.
    """
    per_epoch = min(len(windows), config.windows or len(windows)) // config.batch_size
    if not per_epoch:
        raise SMWMError(f"{config.world} has {len(windows)} windows, too few for a batch of {config.batch_size}.")
    return per_epoch


def ordered(config: VitConfig, windows: Windows, seed: int, done: int) -> Iterator[Tensor]:
    """The batches of a run from step ``done`` on, as numbers of windows: epochs in random order."""
    used = torch.arange(len(windows))
    if config.windows and config.windows < len(windows):
        used = torch.randperm(len(windows), generator=generator(seed, "used windows"))[: config.windows]

    def order(epoch: int) -> Tensor:
        return shuffled(windows, used, generator(seed, f"order of epoch {epoch}"))

    return islice(in_epochs(order, config.batch_size, done), config.epochs * steps_per_epoch(config, windows) - done)


def prepare(config: VitConfig) -> None:
    """Record the episodes of a run's world and draw their frames, where it keeps any."""
    Windows(config.make_world(), config.history, torch.device("cpu"))
