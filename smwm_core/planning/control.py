"""Carrying out plans in a simulator, and the paper's protocol to score them.

A task starts in a state of a held-out episode and asks for the state that the episode was in some steps
later. A controller may act for twice that long. It succeeds as soon as the simulator's own test
holds after any step.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning.cem import CEM
from smwm_core.planning.costs import Cost, final_distance
from smwm_core.worlds.blocks import Blocks

# state, goal, generator → primitive actions: (N, S), (N, S) → (N, K, A), to be carried out before it is asked again.
Controller = Callable[[Tensor, Tensor, Generator], Tensor]


@dataclass(frozen=True)
class Tasks:
    """Where to start and where to get to: two ``(N, state_dim)``."""

    start: Tensor
    goal: Tensor


@dataclass(frozen=True)
class Outcome:
    """What became of the tasks.

    Arguments:
        steps: steps until success, ``(N,)``; 0 where the goal was not reached.
        trivial: whether the start already counted as reached, ``(N,)``.
        path: states from the start on, ``(N, budget + 1, state_dim)``.
    """

    steps: Tensor
    trivial: Tensor
    path: Tensor

    @property
    def success(self) -> Tensor:
        """``(N,)`` bool."""
        return self.steps > 0


def draw_tasks(world: Blocks, n: int, offset: int, generator: Generator) -> Tasks:
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


def carry_out(world: Blocks, controller: Controller, tasks: Tasks, budget: int, generator: Generator) -> Outcome:
    """Act for ``budget`` primitive steps in all tasks at once.

    Success is latched: what happens afterwards does not matter. The start itself does not count.
    """
    goal, simulator = tasks.goal, world.simulator
    path = tasks.start[:, None]
    while path.shape[1] <= budget:
        actions = controller(path[:, -1], goal, generator)[:, : budget + 1 - path.shape[1]]
        path = torch.cat([path, simulator.play(path[:, -1], actions).to(path)], 1)
    reached = simulator.reached(path[:, 1:], goal[:, None])
    first = reached.int().argmax(1) + 1
    return Outcome(torch.where(reached.any(1), first, 0), simulator.reached(tasks.start, goal), path)


def model_controller(world: Blocks, model: WorldModel, search: CEM, cost: Cost | None = None) -> Controller:
    """Plan in the latent of a model: encode both frames, search, carry out the whole plan.

    Arguments:
        cost: judges action sequences in the latent; by default the distance of the last latent to the goal's.
    """
    cost = cost or final_distance(model)
    device = next(model.parameters()).device

    def controller(state: Tensor, goal: Tensor, generator: Generator) -> Tensor:
        z, z_goal = (model.encode_states(world, s.to(device)) for s in (state, goal))
        plan = search(cost, z, z_goal, generator)
        return world.primitive_sequence(plan.actions).cpu()

    return controller


def oracle_controller(world: Blocks, search: CEM) -> Controller:
    """The same search with the true dynamics and the distance between states: what the protocol allows at best."""

    def cost(state: Tensor, goal: Tensor, actions: Tensor) -> Tensor:
        tasks, samples = actions.shape[:2]
        primitive = world.primitive_sequence(actions.flatten(0, 1))
        s = world.simulator.play(state.repeat_interleave(samples, 0), primitive)[:, -1]
        return (s.unflatten(0, (tasks, samples)) - goal[:, None]).square().sum(-1)

    def controller(state: Tensor, goal: Tensor, generator: Generator) -> Tensor:
        plan = search(cost, state, goal, generator)
        return world.primitive_sequence(plan.actions)

    return controller


def random_controller(world: Blocks) -> Controller:
    """Random actions: the floor."""

    def controller(state: Tensor, goal: Tensor, generator: Generator) -> Tensor:
        return world.simulator.random_action(len(state), generator)[:, None]

    return controller


def median_steps(outcome: Outcome) -> float:
    """Median of the steps to success; NaN if there was none."""
    solved = outcome.steps[outcome.success].numpy()
    return float(np.median(solved)) if len(solved) else float("nan")
