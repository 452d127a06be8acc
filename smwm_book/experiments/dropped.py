"""What a latent has dropped: variables of two dots, tasks in which one of them is in the way, and who sees it."""

import numpy as np
import torch
from sklearn.metrics import r2_score
from torch import Generator, Tensor

from smwm_core.analysis.probes import probe_values
from smwm_core.analysis.sensitivity import blurred
from smwm_core.planning import CEM
from smwm_core.planning.costs import Cost
from smwm_core.worlds import DotWorld

VARIABLES = ("x of dot 1", "y of dot 1", "x of dot 2", "y of dot 2", "gap in x", "gap in y", "distance", "direction")
REACH = 6  # px that a dot may move in a step and axis here, so that it cannot jump over the other one
COLLISION, ARRIVED, APART = 8, 4, 12  # px: too near, at the goal, and how far dot 2 is from a start and a goal at least
STEPS, CARRIED_OUT = 12, 2  # of an episode, and of a plan before the next one is made


def variables(state: Tensor) -> Tensor:
    """What a task could ask of two dots: states ``(N, 4)`` → ``(N, 8)``, in the order of ``VARIABLES``.

    The direction is the cosine of the angle of dot 2 around the frame's centre.
    """
    state = state.float()
    gap, around = state[:, 2:] - state[:, :2], state[:, 2:] - 32
    direction = around[:, 0] / around.norm(dim=1).clamp(min=0.5)
    return torch.stack([*state.unbind(1), *gap.unbind(1), gap.norm(dim=1), direction], 1)


def held_r2(z: Tensor, state: Tensor, seed: int) -> np.ndarray:
    """How much of each variable is in a slightly blurred latent, ``(8,)``, by an MLP on one half of the frames.

    Arguments:
        z: ``(N, Z)`` latents, or the states themselves, which bound what there is to be read.
        state: ``(N, 4)``, those of the frames.
        seed: of the MLP's weights.
    """
    z, wanted, half = blurred(z), variables(state).double(), len(z) // 2
    read = probe_values("mlp", z[:half], wanted[:half], z[half:], seed=seed)
    return r2_score(wanted[half:].numpy(), read.numpy(), multioutput="raw_values")


def straight_step(position: Tensor, goal: Tensor) -> Tensor:
    """The step straight towards a goal, of at most 6 px: ``(N, 2)`` and ``(N, 2)`` → pixels ``(N, 2)``."""
    way = (goal - position).float()
    return way * (REACH / way.norm(dim=1, keepdim=True).clamp(min=REACH))


def blocked_tasks(world: DotWorld, n: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Starts ``(n, 4)`` and goals ``(n, 2)`` of dot 1 for which going straight comes too near to dot 2."""
    start = world.sample(100 * n, generator).state
    goal = world.sample(100 * n, generator).state[:, :2].float()
    state, path = start, []
    for _ in range(STEPS):
        action = straight_step(state[:, :2], goal) / world.largest_displacement
        state = world.play(state, action[:, None], generator)[:, 0]
        path.append(state)
    _, collided = outcome(torch.stack(path, 1), goal)
    far = (start[:, 2:] - start[:, :2]).float().norm(dim=1) >= APART
    far &= (start[:, 2:] - goal).float().norm(dim=1) >= APART
    chosen = (collided & far).nonzero()[:n, 0]
    return start[chosen], goal[chosen]


def act(
    world: DotWorld, start: Tensor, goal: Tensor, cost: Cost, see, search: CEM, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Plan, carry out two steps, look and plan again.

    Arguments:
        world: in which to act.
        start, goal: tasks, ``(N, 4)`` and ``(N, 2)``.
        cost: of plans.
        see: what the planner plans from, given states ``(N, 4)``.
        search: over actions.
        generator: source of the draws, on the device of what ``see`` gives.

    Returns:
        the states after each of the twelve steps, ``(N, 12, 4)``, and the first plan, ``(N, H, 2)``.
    """
    state, path, first = start, [], None
    unused = torch.Generator()  # no dot moves by chance in these worlds
    for _ in range(STEPS // CARRIED_OUT):
        here = see(state)
        plan = search(cost, here, goal.to(here), generator).actions
        first = plan if first is None else first
        path.append(world.play(state, plan[:, :CARRIED_OUT].cpu(), unused))
        state = path[-1][:, -1]
    return torch.cat(path, 1), first


def outcome(path: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Which episodes end well, and which in a collision: two ``(N,)`` bool; in the rest dot 1 does not arrive.

    Arguments:
        path: states after each step, ``(N, K, 4)``; what comes after arrival or collision does not count.
        goal: ``(N, 2)``.
    """
    path, k = path.float(), path.shape[1]
    arrived = (path[..., :2] - goal[:, None]).norm(dim=2) <= ARRIVED
    near = (path[..., :2] - path[..., 2:]).norm(dim=2) < COLLISION
    time = torch.arange(k)
    first_arrival, first_collision = (torch.where(event, time, k).amin(1) for event in (arrived, near))
    return first_arrival < first_collision, (first_collision < k) & (first_collision <= first_arrival)


def confused_pair(z: Tensor, state: Tensor) -> tuple[Tensor, Tensor, float]:
    """Two frames that look the same to a latent though dot 2 is in the way in one of them only.

    Of all pairs in which dot 1 is at nearly one place and dot 2 halfway to a goal in the first frame and far from the
    way in the second, the one whose latents are nearest.

    Arguments:
        z, state: latents ``(N, Z)`` and states ``(N, 4)`` to choose from.

    Returns:
        the two states ``(2, 4)``, the goal ``(2,)``, and the distance of the latents over the median distance.
    """
    state = state.float()
    dot, other = state[:, :2], state[:, 2:]
    goal = 2 * other - dot  # for a frame whose dot 2 is in the way
    length = (other - dot).norm(dim=1)
    fits = (length >= COLLISION + 1) & (length <= 14) & (goal >= 18).all(1) & (goal <= 45).all(1)
    aside = torch.cdist(other, other).ge(14) & torch.cdist(goal, other).ge(APART) & torch.cdist(dot, other).ge(APART)
    unmet = (torch.cdist(dot, dot) > 1.5).int() + (~aside).int() + (~fits).int()[:, None]
    apart = torch.cdist(z, z)
    median = apart.median().clamp(min=1e-12)
    apart.fill_diagonal_(float("inf"))
    first, second = divmod(int((apart / median + 1e6 * unmet).argmin()), len(z))
    return state[[first, second]], goal[first], float(apart[first, second] / median)
