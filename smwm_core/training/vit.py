"""The training loop of the control tasks: bfloat16, AdamW, warm-up and cosine, one epoch after the other.

A step draws its frames, encodes all of them at once, computes the losses in float32, and waits for nothing: losses are
read when the progress bar is refreshed. On a GPU the encoder and the forward model are compiled.

An interrupted run continues where it was last saved and, on a processor, ends with the same bits as a run that was
never interrupted. It is saved after every epoch, and every few minutes.

Paper: Sensorimotor World Models (arXiv 2606.20104), control tasks.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import compute_losses
from smwm_core.models import ControlModel
from smwm_core.seeds import generator, initialising, stream_seed
from smwm_core.training.config import ControlConfig
from smwm_core.training.loop import REFRESH_EVERY, Trained
from smwm_core.training.resources import require_bfloat16, require_memory
from smwm_core.training.windows import Windows, feed, shuffled

PROGRESS_KEYS = {"step", "steps", "seconds", "model", "optimizer", "directions", "random", "losses"}


def build_model(config: ControlConfig, seed: int = 0) -> ControlModel:
    """A freshly initialised model for the world of ``config``."""
    with initialising(seed, "weights"):
        return ControlModel(
            config.make_world().action_dim,
            image_size=config.image_size,
            patch_size=config.patch_size,
            encoder_depth=config.encoder_depth,
            history=config.history,
            depth=config.depth,
        )


def learning_rate(config: ControlConfig, step: int, steps: int) -> float:
    """The learning rate of a step, from 0: a straight line up, then half a cosine down to nearly 0."""
    rising = math.ceil(config.warm_up * steps)
    if step < rising:
        return config.learning_rate * (step + 1) / rising
    return config.learning_rate * (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2


class Step:
    """One step of training: gradients of a batch, and what the optimiser makes of them.

    Arguments:
        config: of the run.
        model: on the device where it is trained.
        directions: source of SIGReg's directions, on that device.
        steps: of the whole run.
    """

    def __init__(self, config: ControlConfig, model: ControlModel, directions: Generator, steps: int) -> None:
        self.config, self.model, self.directions, self.steps = config, model, directions, steps
        on_gpu = next(model.parameters()).is_cuda
        self.encoder, self.forward_model = (
            torch.compile(part) if on_gpu else part for part in (model.encoder, model.forward_model)
        )
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )

    def encode(self, frames: Tensor) -> Tensor:
        """Windows of frames ``(N, H + 1, 3, S, S)`` → latents ``(N, H + 1, Z)``, all in one batch."""
        return self.encoder(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])

    def losses(self, z: Tensor, a: Tensor) -> dict[str, Tensor]:
        """See ``compute_losses``."""
        return compute_losses(
            self.config.objective, self.forward_model, self.model.inverse_model, z, a, self.directions
        )

    def update(self, done: int) -> None:
        """Clip the gradients, move the weights and drop the gradients; ``done`` steps came before this one."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, done, self.steps)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def train(
    config: ControlConfig,
    seed: int,
    *,
    device: torch.device,
    state: dict | None = None,
    save: Callable[[dict], None] | None = None,
    save_every_seconds: float = 300.0,
) -> Trained:
    """Train a model; arguments and result are those of ``smwm_core.training.toy.train``, without any snapshots.

    Raises:
        SMWMError: a GPU that is too old, too little memory, too few windows for a batch, or a loss that is not finite.
    """
    require_bfloat16(device)
    require_memory(config, device)
    world = config.make_world()
    windows = Windows(world, config.history, device)
    per_epoch = steps_per_epoch(config, windows)
    steps = config.epochs * per_epoch
    model = build_model(config, seed).to(device)
    directions = generator(seed, "loss directions", device)
    step = Step(config, model, directions, steps)
    losses = torch.zeros(steps, len(config.objective.terms), device=device)
    done, seconds_before = 0, 0.0
    started = time.monotonic()

    with _own_random_numbers(device, stream_seed(seed, "dropout")):
        if state is not None:
            model.load_state_dict(state["model"])
            step.optimizer.load_state_dict(state["optimizer"])
            directions.set_state(state["directions"])
            _set_random_state(state["random"], device)
            losses[: state["step"]] = state["losses"].to(device)
            done, seconds_before = state["step"], state["seconds"]
            state = None  # its copies of the weights are not needed any more

        def complete_state() -> dict:
            return {
                "step": done,
                "steps": steps,
                "seconds": seconds_before + time.monotonic() - started,
                "model": model.state_dict(),
                "optimizer": step.optimizer.state_dict(),
                "directions": directions.get_state(),
                "random": _random_state(device),
                "losses": losses[:done].cpu(),
            }

        last_saved = time.monotonic()
        batches = feed(world, windows, ordered(config, windows, seed, done))
        bar = tqdm(
            total=steps * config.batch_size,
            initial=done * config.batch_size,
            desc=f"{config.world} seed {seed}",
            unit=" windows",
            unit_scale=True,
            dynamic_ncols=True,
        )
        with bar, contextlib.closing(batches):
            model.train()
            while done < steps:
                frames, action = next(batches)
                terms = step.losses(step.encode(frames), action)
                terms["loss"].backward()
                step.update(done)
                losses[done] = torch.stack([terms[name].detach() for name in config.objective.terms])
                done += 1
                if done % REFRESH_EVERY == 0 or done == steps:
                    _refresh(bar, config, seed, done, losses[done - 1].tolist())
                due = done % per_epoch == 0 or time.monotonic() - last_saved >= save_every_seconds
                if save and due and done < steps:
                    save(complete_state())
                    last_saved = time.monotonic()

    final = losses.cpu().numpy()
    return Trained(
        model=model,
        losses={name: final[:, i] for i, name in enumerate(config.objective.terms)},
        snapshot_steps=np.empty(0, int),
        snapshots=np.empty((0, 0, 0), np.float32),
        seconds=seconds_before + time.monotonic() - started,
    )


def steps_per_epoch(config: ControlConfig, windows: Windows) -> int:
    """Batches of an epoch; windows that do not fill one are left out.

    Raises:
        SMWMError: too few windows for a batch.
    """
    per_epoch = min(len(windows), config.windows or len(windows)) // config.batch_size
    if not per_epoch:
        raise SMWMError(f"{config.world} has {len(windows)} windows, too few for a batch of {config.batch_size}.")
    return per_epoch


def ordered(config: ControlConfig, windows: Windows, seed: int, done: int) -> Iterator[Tensor]:
    """The batches of a run from step ``done`` on, as numbers of windows: epochs in random order, the rest left out."""
    used = torch.arange(len(windows))
    if config.windows and config.windows < len(windows):
        used = torch.randperm(len(windows), generator=generator(seed, "used windows"))[: config.windows]
    per_epoch = steps_per_epoch(config, windows)
    for epoch in range(done // per_epoch, config.epochs):
        order = shuffled(windows, used, generator(seed, f"order of epoch {epoch}"))
        batches = order[: per_epoch * config.batch_size].split(config.batch_size)
        yield from batches[done % per_epoch if epoch == done // per_epoch else 0 :]


def _refresh(bar: tqdm, config: ControlConfig, seed: int, done: int, recent: list[float]) -> None:
    if not np.isfinite(recent).all():
        raise SMWMError(
            f"Training on {config.world} with seed {seed} diverged: a loss is not finite by step {done}; "
            f"lower the learning rate."
        )
    terms = zip(config.objective.terms, recent, strict=True)
    bar.set_postfix_str(" ".join(f"{name}={value:.2g}" for name, value in terms), refresh=False)
    bar.update(done * config.batch_size - bar.n)


@contextlib.contextmanager
def _own_random_numbers(device: torch.device, seed: int) -> Iterator[None]:
    """Dropout draws from torch's global generators; leave them as they were, and those of other devices alone."""
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def _set_random_state(state: dict[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"].cpu())
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
