"""Training the small control models: Adam, warm-up and cosine, windows of all training episodes in random order."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.training.batches import in_epochs
from smwm_core.training.config import ControlConfig
from smwm_core.training.loop import Batch, History, fit
from smwm_core.training.schedule import warm_up_and_cosine
from smwm_core.training.windows import Windows, feed, shuffled

_WITH_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")  # what processors call it


def build_model(config: ControlConfig, seed: int = 0) -> WorldModel:
    """A freshly initialised model for the world of ``config``, in channels-last memory."""
    with initialising(seed, "weights"):
        model = WorldModel.control(
            config.make_world().action_dim,
            config.latent_dim,
            frames=config.frames,
            bfloat16=config.precision == "bfloat16",
        )
    return model.to(memory_format=torch.channels_last)


def train(
    config: ControlConfig,
    seed: int,
    *,
    device: torch.device,
    progress: Path | None = None,
    save_every_seconds: float = 15.0,
    pause: Callable[[], bool] | None = None,
) -> History:
    """Train a model; arguments and result are those of the toy models, without any snapshots.

    Raises:
        SMWMError: too few windows for a batch, a precision that the device lacks, or a loss that is not finite.
    """
    if config.precision == "bfloat16" and not has_bfloat16(device):
        raise SMWMError("This device does not compute bfloat16; train with precision float32.")
    world = config.make_world()
    windows = Windows(world, 1, device, config.frames)
    if len(windows) < config.batch_size:
        raise SMWMError(f"{config.world} has {len(windows)} windows, too few for a batch of {config.batch_size}.")
    used = torch.arange(len(windows))

    def order(epoch: int) -> torch.Tensor:
        return shuffled(windows, used, generator(seed, f"order of epoch {epoch}"))

    def batches(done: int) -> Iterator[Batch]:
        for frames, actions in feed(world, windows, in_epochs(order, config.batch_size, done)):
            yield frames.unflatten(1, (2, config.frames)).flatten(2, 3), actions

    return fit(
        build_model(config, seed).to(device),
        config.objective,
        batches,
        steps=config.steps,
        seed=seed,
        progress=progress,
        optimizer=partial(torch.optim.Adam, lr=config.learning_rate, fused=True),
        schedule=lambda step: warm_up_and_cosine(config.learning_rate, config.warm_up, step, config.steps),
        save_every_seconds=save_every_seconds,
        pause=pause,
        name=f"{config.world} with seed {seed}",
    )


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device computes bfloat16 faster than float32: GPUs from Ampere on, processors that have it built in."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in _WITH_BFLOAT16)


def prepare(config: ControlConfig) -> None:
    """Record the episodes of a run's world and draw their frames, where it keeps any."""
    Windows(config.make_world(), 1, torch.device("cpu"), config.frames)
