"""How good a cost is to search with: whether it ranks plans as the world does, and what it looks like."""

import torch
from scipy.stats import spearmanr
from torch import Generator, Tensor

from smwm_core.models import WorldModel
from smwm_core.planning.costs import final_distance
from smwm_core.planning.tasks import Tasks
from smwm_core.worlds import FrameSkip


@torch.no_grad()
def rank_correlation(
    world: FrameSkip, model: WorldModel, tasks: Tasks, *, plans: int, horizon: int, generator: Generator
) -> Tensor:
    """Per task, how the model's cost of random plans ranks them, against where they really lead.

    Arguments:
        plans: per task, drawn from the first distribution of the search, inside the bounds.
        horizon: blocks per plan.

    Returns:
        ``(N,)`` Spearman's correlation of the cost with the real distance between the last state and the goal, in
        units of each state column's spread over tasks; 1 is a cost that ranks plans as the world does. NaN where the
        cost is the same for all plans.
    """
    low, high = world.bounds
    drawn = torch.randn(len(tasks), plans, horizon, len(low), generator=generator).clamp(low, high)
    device = next(model.parameters()).device
    z, z_goal = (model.encode_states(world, states.to(device)) for states in tasks.seen(model.frames))
    cost = final_distance(model)(z, z_goal, drawn.to(device)).cpu()
    primitive = world.primitive_sequence(drawn).flatten(0, 1)
    last = world.simulator.play(tasks.start.repeat_interleave(plans, 0), primitive)[:, -1]
    spread = torch.cat([tasks.start, tasks.goal]).std(0).clamp(min=1e-6)
    real = ((last.unflatten(0, (len(tasks), plans)) - tasks.goal[:, None]) / spread).norm(dim=-1)
    different = [c.min() < c.max() for c in cost]
    return torch.tensor(
        [spearmanr(c, r).statistic if d else torch.nan for c, r, d in zip(cost, real, different, strict=True)]
    )


@torch.no_grad()
def cost_landscape(
    world: FrameSkip, model: WorldModel, start: Tensor, goal: Tensor, ticks: Tensor, horizon: int
) -> Tensor:
    """The cost of plans that repeat one primitive action, over the plane of its first two components.

    Arguments:
        start, goal: states ``(state_dim,)``.
        ticks: values of each component, ``(T,)``; the other components are 0.
        horizon: blocks per plan.

    Returns:
        ``(T, T)``, first index the second component; divided by the cost of doing nothing.
    """
    primitive = torch.zeros(len(ticks), len(ticks), world.simulator.action_dim)
    primitive[..., 1], primitive[..., 0] = torch.meshgrid(ticks, ticks, indexing="ij")
    blocks = world.standardised(primitive.flatten(0, 1).repeat(1, world.frameskip))
    nothing = world.standardised(torch.zeros(1, world.action_dim))
    plans = torch.cat([blocks, nothing])[None, :, None].expand(-1, -1, horizon, -1)
    z, z_goal = (model.encode_states(world, state[None]) for state in (start, goal))
    cost = final_distance(model)(z, z_goal, plans.contiguous())[0]
    return (cost[:-1] / cost[-1]).view(len(ticks), len(ticks))
