"""Training the toy models: states are drawn as frames in the step that needs them, and thrown away."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from smwm_core.losses.inverse import Question
from smwm_core.models import WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.training.batches import in_epochs
from smwm_core.training.config import ToyConfig
from smwm_core.training.loop import Batch, History, fit

SNAPSHOT_FRAMES = 256
EASIEST_SHARE = 0.1


def build_model(config: ToyConfig, seed: int = 0) -> WorldModel:
    """A freshly initialised toy model for the world of ``config``, in channels-last memory."""
    with initialising(seed, "weights"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")  # a world without any action
        action_dim = config.make_world().action_dim
        model = WorldModel.toy(
            action_dim,
            config.latent_dim,
            config.objective.bounded,
            frames=config.frames,
            past_actions=config.past_actions,
        )
        if config.objective.question != Question() or config.objective.inverse_dims:
            seen = config.objective.inverse_dims or config.latent_dim
            model.inverse_model = config.objective.question.head(seen, action_dim)
    return model.to(memory_format=torch.channels_last)


def train(
    config: ToyConfig,
    seed: int,
    *,
    device: torch.device,
    progress: Path | None = None,
    save_every_seconds: float = 15.0,
    pause: Callable[[], bool] | None = None,
) -> History:
    """Train a model.

    Arguments:
        config: what to train.
        seed: of data, weights and order.
        device: where.
        progress, save_every_seconds, pause: as for ``fit``.
    """
    world = config.make_world()
    states, actions = (part.to(device) for part in _windows(config, seed))
    if config.frames == 1:
        watched = world.sample(SNAPSHOT_FRAMES, generator(seed, "snapshot frames")).state.to(device)
    else:
        before = config.frames - 1
        watched = world.sample_trajectories(SNAPSHOT_FRAMES, before, generator(seed, "snapshot frames"))[0].to(device)

    def batches(done: int) -> Iterator[Batch]:
        for numbers in _numbers(config, seed, done, device):
            in_time = states[numbers].transpose(0, 1)  # all first frames, then all second ones
            frames = world.render(in_time.flatten(0, 1)).unflatten(0, in_time.shape[:2])
            yield frames.transpose(0, 1), actions[numbers]

    return fit(
        build_model(config, seed).to(device),
        config.objective,
        batches,
        steps=config.steps,
        seed=seed,
        progress=progress,
        optimizer=partial(torch.optim.Adam, lr=config.learning_rate, fused=True, capturable=device.type == "cuda"),
        captured=True,
        watch=lambda model: model.encode_states(world, watched),
        save_every_seconds=save_every_seconds,
        pause=pause,
        name=f"{config.world} with seed {seed}",
    )


def _windows(config: ToyConfig, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """All windows of a run: states ``(N, T + 1, S)`` and actions ``(N, T, A)``; with one step, they are transitions.

    Where the forward model is given past actions, those before the first frame come first.
    """
    world, steps = config.make_world(), config.objective.question.window + config.frames - 1
    if steps > 1:
        states, actions = world.sample_trajectories(config.transitions, steps, generator(seed, "training windows"))
    else:
        data = world.sample(config.transitions, generator(seed, "training transitions"))
        if config.curriculum:
            data = data[world.difficulty(data).argsort(stable=True)]
        states, actions = torch.stack([data.state, data.next_state], 1), data.action[:, None]
    if config.past_actions:
        past = world.pending_actions(states[:, 0])[:, -config.past_actions :]
        actions = torch.cat([past, actions], 1)
    return states, actions


def _numbers(config: ToyConfig, seed: int, done: int, device: torch.device) -> Iterator[torch.Tensor]:
    """The batches of a run from step ``done`` on: those of the curriculum, then epochs in random order."""
    for step in range(done, config.curriculum):
        share = EASIEST_SHARE + (1 - EASIEST_SHARE) * step / config.curriculum
        easiest = max(config.batch_size, int(share * config.transitions))
        drawn = torch.randint(easiest, (config.batch_size,), generator=generator(seed, f"curriculum step {step}"))
        yield drawn.to(device)

    def order(epoch: int) -> torch.Tensor:
        shuffled = torch.randperm(config.transitions, generator=generator(seed, f"order of epoch {epoch}"))
        return shuffled.to(device)  # a whole epoch at once, so that no step waits for a copy

    yield from in_epochs(order, config.batch_size, max(0, done - config.curriculum))


def prepare(config: ToyConfig) -> None:
    """Record the episodes of a run's world and draw their frames, where it has any."""
    config.make_world().sample(1, generator(0, "preparation of a sweep"))
