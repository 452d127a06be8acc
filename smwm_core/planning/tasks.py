"""Tasks: a state of a held-out episode to start from, and the state some steps later to get to."""

from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds import FrameSkip


@dataclass(frozen=True)
class Tasks:
    """Where to start and where to get to, each ``(N, state_dim)``.

    Arguments:
        start, goal: states.
        start_before, goal_before: the states a primitive step earlier, for models that see two frames at once.
        demonstrated: the primitive actions ``(N, K, A)`` that led from start to goal in the episode.

    Raises:
        SMWMError: states that do not belong together, or that are not finite.
    """

    start: Tensor
    goal: Tensor
    start_before: Tensor | None = None
    goal_before: Tensor | None = None
    demonstrated: Tensor | None = None

    def __post_init__(self) -> None:
        if self.start.ndim != 2:
            raise SMWMError(f"The starts of tasks are (N, S), not {tuple(self.start.shape)}.")
        for name, states in self.columns.items():
            if name == "demonstrated" and (states.ndim != 3 or len(states) != len(self.start)):
                raise SMWMError(
                    f"Demonstrations of {len(self.start)} tasks have shape ({len(self.start)}, K, A), not "
                    f"{tuple(states.shape)}."
                )
            if name != "demonstrated" and states.shape != self.start.shape:
                raise SMWMError(
                    f"Tasks have as many starts as goals, (N, S) both; these have {tuple(self.start.shape)} and, as "
                    f"{name}, {tuple(states.shape)}."
                )
            if not torch.isfinite(states).all():
                raise SMWMError("A start, a goal or a demonstrated action of a task is not finite.")

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen) -> "Tasks":
        """Some of the tasks, by slice or index."""
        return Tasks(**{name: states[chosen] for name, states in self.columns.items()})

    @property
    def columns(self) -> dict[str, Tensor]:
        """What there is of each task, by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: states for name, states in found.items() if states is not None}

    def seen(self, frames: int) -> tuple[Tensor, Tensor]:
        """What a model that sees one frame, or two, is shown of start and goal: ``(N, S)`` each, or ``(N, 2, S)``.

        Raises:
            SMWMError: more frames, or tasks that do not say what came before.
        """
        if frames == 1:
            return self.start, self.goal
        if frames != 2 or self.start_before is None or self.goal_before is None:
            raise SMWMError(f"These tasks have no {frames} consecutive states of start and goal.")
        return torch.stack([self.start_before, self.start], 1), torch.stack([self.goal_before, self.goal], 1)


def draw_tasks(world: FrameSkip, n: int, offset: int, generator: Generator) -> Tasks:
    """Tasks from held-out episodes, without drawing a start twice.

    What came before is the state a primitive step earlier, or the start itself where an episode begins.

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
    before = (rows - (held_out.step[rows] > 0).long(), rows + offset - 1)
    states = (held_out.state[moment] for moment in (rows, rows + offset, *before))
    return Tasks(*states, demonstrated=held_out.action_blocks(rows, offset).unflatten(1, (offset, -1)))
