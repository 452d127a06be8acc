"""Tasks: a state of a held-out episode to start from, and the state some steps later to get to."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds import FrameSkip


@dataclass(frozen=True)
class Tasks:
    """Where to start and where to get to: two ``(N, state_dim)``.

    Raises:
        SMWMError: states that do not belong together, or that are not finite.
    """

    start: Tensor
    goal: Tensor

    def __post_init__(self) -> None:
        if self.start.ndim != 2 or self.start.shape != self.goal.shape:
            raise SMWMError(
                f"Tasks have as many starts as goals, (N, S) both; these have {tuple(self.start.shape)} and "
                f"{tuple(self.goal.shape)}."
            )
        if not (torch.isfinite(self.start).all() and torch.isfinite(self.goal).all()):
            raise SMWMError("A start or a goal of a task is not finite.")

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen) -> "Tasks":
        """Some of the tasks, by slice or index."""
        return Tasks(self.start[chosen], self.goal[chosen])


def draw_tasks(world: FrameSkip, n: int, offset: int, generator: Generator) -> Tasks:
    """Tasks from held-out episodes, without drawing a start twice.

    Arguments:
        n: how many.
        offset: primitive steps between start and goal.

    Raises:
        SMWMError: the held-out episodes are too short or too few.
    """
    held_out = world.split[1]
    starts = held_out.starts(offset)
    if len(starts) < n:
        raise SMWMError(f"The held-out episodes have {len(starts)} places for a task of {offset} steps, not {n}.")
    rows = starts[torch.randperm(len(starts), generator=generator)[:n]]
    return Tasks(held_out.state[rows], held_out.state[rows + offset])
