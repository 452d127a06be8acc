"""The training loop: render, encode, two heads, one step of Adam.

Only states are stored. Each batch is drawn on the device from its states, encoded once (all first
and all second frames in one go), and thrown away. Nothing in a step waits for the device;
losses are read when the progress bar is refreshed.

An interrupted run continues where it was last saved and ends with the same bits as a run that was
never interrupted: every random choice follows from the seed and the step. (On a CPU. A GPU's
convolutions may add numbers in another order each time.)
"""

import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import Module
from tqdm import tqdm

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.training.auxiliary import Helpers
from smwm_core.training.config import RunConfig
from smwm_core.training.loop import REFRESH_EVERY, SNAPSHOT_FRAMES, Trained, snapshot_steps
from smwm_core.worlds import Transitions, make_world

EASIEST_SHARE = 0.1
# On a CPU, activations of more frames leave the cache, and their memory is given back and fetched anew at every step.
ENCODED_AT_ONCE = 32
PROGRESS_KEYS = {"step", "seconds", "model", "helpers", "optimizer", "directions", "losses", "snapshots"}


def build_model(config: RunConfig, seed: int = 0) -> WorldModel:
    """A freshly initialised toy model for the world of ``config``, in channels-last memory."""
    with initialising(seed, "weights"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")  # a world without any action
        model = WorldModel.toy(make_world(config.world).action_dim, config.latent_dim, config.objective.bounded)
    return model.to(memory_format=torch.channels_last)


def train(
    config: RunConfig,
    seed: int,
    *,
    device: torch.device,
    state: dict | None = None,
    save: Callable[[dict], None] | None = None,
    save_every_seconds: float = 15.0,
) -> Trained:
    """Train a model.

    Arguments:
        config: what to train.
        seed: of data, weights and order.
        device: where.
        state: what ``save`` was given, read back from disk, to continue from there; it is used up.
        save: called with the complete state now and then, always between two steps;
            its tensors go on changing, so write them out at once.
        save_every_seconds: how often; 0 saves after every step.

    Returns:
        the model with its history.
    """
    world = make_world(config.world)
    data = world.sample(config.transitions, generator(seed, "training transitions"))
    if config.curriculum:
        data = data[world.difficulty(data).argsort(stable=True)]
    data = data.to(device)
    watched = world.sample(SNAPSHOT_FRAMES, generator(seed, "snapshot frames")).state.to(device)
    model = build_model(config, seed).to(device)
    with initialising(seed, "helpers"):
        helpers = Helpers(config.objective, model).to(device)
    optimizer = torch.optim.Adam([*model.parameters(), *helpers.trained()], lr=config.learning_rate, fused=True)
    directions = generator(seed, "loss directions", device)
    losses = torch.zeros(config.steps, len(config.objective.terms), device=device)
    snapshots = {0: model.encode_states(world, watched).cpu()}
    done, seconds_before = 0, 0.0
    if state is not None:
        model.load_state_dict(state["model"])
        helpers.load_state_dict(state["helpers"])
        optimizer.load_state_dict(state["optimizer"])
        directions.set_state(state["directions"])
        losses[: state["step"]] = state["losses"].to(device)
        snapshots = state["snapshots"]
        done, seconds_before = state["step"], state["seconds"]

    started = last_saved = time.monotonic()

    def complete_state() -> dict:
        return {
            "step": done,
            "seconds": seconds_before + time.monotonic() - started,
            "model": model.state_dict(),
            "helpers": helpers.state_dict(),
            "optimizer": optimizer.state_dict(),
            "directions": directions.get_state(),
            "losses": losses[:done].cpu(),
            "snapshots": snapshots,
        }

    at_once = ENCODED_AT_ONCE if device.type == "cpu" else 2 * config.batch_size

    def encode(encoder: Module, frames: Tensor) -> Tensor:
        return torch.cat([encoder(part) for part in frames.split(at_once)])

    keep = set(snapshot_steps(config.steps))
    batches = _batches(config, data, seed, device, done)
    bar = tqdm(
        total=config.steps * config.batch_size,
        initial=done * config.batch_size,
        desc=f"{config.world} seed {seed}",
        unit=" transitions",
        unit_scale=True,
        dynamic_ncols=True,
    )
    try:
        while done < config.steps:
            batch = next(batches)
            frames = world.render(torch.cat([batch.state, batch.next_state]))
            first_frames, next_frames = frames.chunk(2)
            if helpers.target is None:
                z, z_next = encode(model.encoder, frames).chunk(2)
            else:
                z = encode(model.encoder, first_frames)
                with torch.no_grad():
                    z_next = encode(helpers.target, next_frames)
            terms = config.objective(
                model, z, batch.action, z_next, directions, frames=first_frames, decoder=helpers.decoder
            )
            optimizer.zero_grad(set_to_none=True)
            terms["loss"].backward()
            optimizer.step()
            helpers.follow(model)

            losses[done] = torch.stack([terms[name].detach() for name in config.objective.terms])
            done += 1
            if done in keep:
                snapshots[done] = model.encode_states(world, watched).cpu()
            if done % REFRESH_EVERY == 0 or done == config.steps:
                recent = losses[done - 1].tolist()
                if not np.isfinite(recent).all():
                    raise SMWMError(
                        f"Training on {config.world} with seed {seed} diverged: a loss is not finite by step {done}; "
                        f"lower the learning rate."
                    )
                bar.set_postfix_str(
                    " ".join(f"{n}={v:.2g}" for n, v in zip(config.objective.terms, recent, strict=True)), refresh=False
                )
                bar.update(done * config.batch_size - bar.n)
            if save and done < config.steps and time.monotonic() - last_saved >= save_every_seconds:
                save(complete_state())
                last_saved = time.monotonic()
    finally:
        bar.close()

    final = losses.cpu().numpy()
    steps = sorted(snapshots)
    return Trained(
        model=model,
        losses={name: final[:, i] for i, name in enumerate(config.objective.terms)},
        snapshot_steps=np.array(steps),
        snapshots=torch.stack([snapshots[step] for step in steps]).numpy(),
        seconds=seconds_before + time.monotonic() - started,
    )


def _batches(config: RunConfig, data: Transitions, seed: int, device: torch.device, done: int) -> Iterator[Transitions]:
    """The batches of a run from step ``done`` on: those of the curriculum, then epochs in random order."""
    for step in range(done, config.curriculum):
        share = EASIEST_SHARE + (1 - EASIEST_SHARE) * step / config.curriculum
        easiest = max(config.batch_size, int(share * config.transitions))
        drawn = generator(seed, f"curriculum step {step}")
        yield data[torch.randint(easiest, (config.batch_size,), generator=drawn).to(device)]
    batches_per_epoch = config.transitions // config.batch_size
    epoch, batch_of_epoch = divmod(max(0, done - config.curriculum), batches_per_epoch)
    while True:
        order = torch.randperm(config.transitions, generator=generator(seed, f"order of epoch {epoch}")).to(device)
        for batch in range(batch_of_epoch, batches_per_epoch):
            yield data[order[batch * config.batch_size : (batch + 1) * config.batch_size]]
        epoch, batch_of_epoch = epoch + 1, 0
