"""Carrying out plans in a simulator, and the paper's protocol to score them.

A policy may act for twice as many steps as the recorded episode took from start to goal. It succeeds as soon as
the simulator's own test holds after any step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning.cem import CEM
from smwm_core.planning.costs import Cost, final_distance
from smwm_core.planning.tasks import Tasks
from smwm_core.seeds import generator as seeded
from smwm_core.worlds.recorded.frameskip import FrameSkip

# What is left of the tasks and a generator → primitive actions (N, K, A), to be carried out before it is asked again.
Policy = Callable[[Tasks, Generator], Tensor]

TASKS_PER_SEARCH = 20  # on a processor; a GPU searches all tasks at once


@dataclass(frozen=True)
class EpisodeOutcomes:
    """What became of the tasks.

    Arguments:
        steps: steps until success, ``(N,)``; 0 where the goal was not reached.
        trivial: whether the start already counted as reached, ``(N,)``.
        path: states from the start on, ``(N, act_steps + 1, state_dim)``.
        actions: the primitive actions that were carried out, ``(N, act_steps, A)``.
    """

    steps: Tensor
    trivial: Tensor
    path: Tensor
    actions: Tensor

    @property
    def success(self) -> Tensor:
        """``(N,)`` bool."""
        return self.steps > 0


def run_episodes(
    world: FrameSkip, policy: Policy, tasks: Tasks, act_steps: int, generator: Generator
) -> EpisodeOutcomes:
    """Act for ``act_steps`` primitive steps in all tasks at once.

    Success is latched: what happens afterwards does not matter. The start itself does not count. As in the original, a
    simulator may settle when it is set up, and may look for success between two actions.

    Raises:
        SMWMError: a start or a goal that is not in the world.
    """
    goal, simulator = tasks.goal, world.simulator
    for name, states in (("start", tasks.start), ("goal", goal)):
        outside = torch.nonzero(~simulator.inside(states))
        if len(outside):
            task = int(outside[0])
            raise SMWMError(f"The {name} of task {task} is not in the world: {states[task].tolist()}.")
    start = simulator.settled(tasks.start) if hasattr(simulator, "settled") else tasks.start
    path, actions = start[:, None], start.new_empty(len(goal), 0, simulator.action_dim)
    while path.shape[1] <= act_steps:
        before = path[:, -2] if path.shape[1] > 1 else tasks.start_before
        left = replace(tasks, start=path[:, -1], start_before=before, demonstrated=_rest(tasks, actions.shape[1]))
        chosen = policy(left, generator)[:, : act_steps - actions.shape[1]]
        path = torch.cat([path, simulator.play(path[:, -1], chosen).to(path)], 1)
        actions = torch.cat([actions, chosen], 1)
    reached = simulator.reached(path[:, 1:], goal[:, None])
    if hasattr(simulator, "between"):
        reached |= simulator.reached(simulator.between(path[:, :-1], actions), goal[:, None])
    first = reached.int().argmax(1) + 1
    return EpisodeOutcomes(torch.where(reached.any(1), first, 0), simulator.reached(tasks.start, goal), path, actions)


def evaluate(world: FrameSkip, policy: Policy, tasks: Tasks, act_steps: int, seed: int) -> EpisodeOutcomes:
    """``run_episodes`` in groups of twenty tasks, each with random numbers of its own, or all at once on a GPU.

    Either way the first twenty tasks can be planned again without the others.

    Arguments:
        seed: of the random numbers.
    """
    groups, size = [], len(tasks) if getattr(policy, "all_at_once", False) else TASKS_PER_SEARCH
    for first in range(0, len(tasks), size):
        some, random = tasks[first : first + size], seeded(seed, f"planning from task {first}")
        groups.append(run_episodes(world, policy, some, act_steps, random))
    columns = (torch.cat([getattr(group, field.name) for group in groups]) for field in fields(EpisodeOutcomes))
    return EpisodeOutcomes(*columns)


def mpc_policy(world: FrameSkip, model: WorldModel, search: CEM, cost: Cost | None = None) -> Policy:
    """Plan in the latent of a model: encode both frames, search, carry out the whole plan.

    A model on a GPU plans all tasks at once, each with random numbers of its own, whichever are planned beside it.

    Arguments:
        cost: judges action sequences in the latent; by default the distance of the last latent to the goal's.
    """
    cost = cost or final_distance(model)
    device = next(model.parameters()).device

    @float32_products("ieee")
    def policy(tasks: Tasks, generator: Generator) -> Tensor:
        z, z_goal = (model.encode_states(world, states.to(device)) for states in tasks.seen(model.frames))
        draws = generator
        if device.type != generator.device.type:  # a search draws on the device of its latents
            seed = int(torch.randint(2**62, (), generator=generator))
            draws = [seeded(seed, f"task {task}", device) for task in range(len(tasks))]
        plan = search(cost, z, z_goal, draws)
        return world.primitive_sequence(plan.actions).cpu()

    policy.all_at_once = device.type != "cpu"
    return policy


def inverse_policy(world: FrameSkip, model: WorldModel) -> Policy:
    """No search: carry out the block of actions that the inverse model sees between the present frame and the goal's.

    Its answers beyond the simulator's bounds are clipped to them; a block later it is asked again.
    """
    device = next(model.parameters()).device
    low, high = (bound.to(device) for bound in world.bounds)

    @float32_products("ieee")
    @torch.no_grad()
    def policy(tasks: Tasks, generator: Generator) -> Tensor:
        z, z_goal = (model.encode_states(world, states.to(device)) for states in tasks.seen(model.frames))
        return world.primitive_actions(model.inverse_model(z, z_goal).clamp(low, high)).cpu()

    return policy


@contextmanager
def float32_products(precision: str) -> Iterator[None]:
    """Let a GPU multiply float32 as such ("ieee"), or as "tf32", whose ten bits lose what plans differ by."""
    switches = torch.backends.cuda.matmul, torch.backends.cudnn.conv
    before = [switch.fp32_precision for switch in switches]
    for switch in switches:
        switch.fp32_precision = precision
    try:
        yield
    finally:
        for switch, value in zip(switches, before, strict=True):
            switch.fp32_precision = value


def _rest(tasks: Tasks, done: int) -> Tensor | None:
    return None if tasks.demonstrated is None else tasks.demonstrated[:, done:]


def oracle_policy(world: FrameSkip, search: CEM, *, velocities: bool = True) -> Policy:
    """The same search with the true dynamics and the goal test's own distances: what the protocol allows at best.

    Arguments:
        velocities: whether it knows how fast things move at the start of a plan; one frame does not show it, so
            without them it is what a planner can do at best that sees one frame and takes everything to stand still.
    """
    simulator = world.simulator

    def cost(state: Tensor, goal: Tensor, actions: Tensor) -> Tensor:
        tasks, samples = actions.shape[:2]
        primitive = world.primitive_sequence(actions.flatten(0, 1))
        s = simulator.play(state.repeat_interleave(samples, 0), primitive)[:, -1]
        return simulator.distances(s.unflatten(0, (tasks, samples)), goal[:, None]).square().sum(-1)

    def policy(tasks: Tasks, generator: Generator) -> Tensor:
        start = tasks.start.clone()
        if not velocities:
            start[:, simulator.velocities] = 0
        return world.primitive_sequence(search(cost, start, tasks.goal, generator).actions)

    return policy


def random_policy(world: FrameSkip) -> Policy:
    """Random actions: the floor."""

    def policy(tasks: Tasks, generator: Generator) -> Tensor:
        return world.simulator.random_action(len(tasks), generator)[:, None]

    return policy


def stay_policy(world: FrameSkip) -> Policy:
    """The action zero, which costs nothing to think of: a floor."""

    def policy(tasks: Tasks, generator: Generator) -> Tensor:
        return torch.zeros(len(tasks), 1, world.simulator.action_dim)

    return policy


def repeat_policy(world: FrameSkip) -> Policy:
    """The actions that led to the goal in the episode, blindly, then the action zero.

    It fails where the start of a task, a state, does not hold all that the episode went on from.
    """
    stay = stay_policy(world)

    def policy(tasks: Tasks, generator: Generator) -> Tensor:
        again = tasks.demonstrated
        if again is None:
            raise SMWMError("These tasks do not say which actions were demonstrated.")
        return again if again.shape[1] else stay(tasks, generator)

    return policy
