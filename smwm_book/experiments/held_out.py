"""Held-out data of the world that a run was trained in, drawn as frames: what a check-up reads."""

import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.seeds import generator
from smwm_core.training.kinds import Config
from smwm_core.worlds import FrameSkip, Transitions, World

COUNT, AHEAD = 2_000, 5  # transitions, and steps of a rollout


def held_out(config: Config) -> tuple[Transitions | tuple[Tensor, Tensor], tuple[Tensor, Tensor] | None]:
    """What ``checkup`` takes: transitions, or windows for an encoder of several frames; and windows for a rollout.

    Frames of planning tasks are those of held-out episodes. None stands where the first data are windows themselves, or
    where the world has no trajectories.

    Raises:
        SMWMError: a world without actions.
    """
    world, frames = config.make_world(), getattr(config, "frames", 1)
    if not world.action_dim:
        raise SMWMError(f"The world {config.world} has no action, so there is nothing to check.")
    steps = AHEAD + frames - 1
    if isinstance(world, FrameSkip):
        return _recorded(world, COUNT // AHEAD, frames), None
    if frames > 1:
        return _played(world, COUNT // AHEAD, steps), None
    drawn = world.sample(COUNT, generator(0, "held-out transitions"))
    data = Transitions(world.render(drawn.state), drawn.action, world.render(drawn.next_state))
    return data, _played(world, COUNT // 20, steps) if hasattr(world, "sample_trajectories") else None


def _played(world: World, n: int, steps: int) -> tuple[Tensor, Tensor]:
    """Windows of a toy world: frames ``(n, steps + 1, 3, H, W)`` and actions ``(n, steps, A)``."""
    states, actions = world.sample_trajectories(n, steps, generator(0, "held-out trajectories"))
    return world.render(states.flatten(0, 1)).unflatten(0, states.shape[:2]), actions


def _recorded(world: FrameSkip, n: int, seen: int) -> tuple[Tensor, Tensor]:
    """Windows of held-out episodes, with standardised blocks of actions; ``seen`` frames side by side."""
    episodes = world.split[1]
    rows = episodes.starts(world.frameskip * (AHEAD + 1))
    rows = rows[episodes.step[rows] >= seen - 1]
    rows = rows[torch.randint(len(rows), (n,), generator=generator(0, "held-out windows"))]
    together = [world.windows(episodes, rows - before, AHEAD)[0] for before in reversed(range(seen))]
    states = torch.stack(together, 2)  # (n, AHEAD + 1, seen, S)
    frames = world.render(states.flatten(0, 2)).unflatten(0, states.shape[:3])
    return frames.flatten(2, 3), world.windows(episodes, rows, AHEAD)[1]
