"""What makes a sequence of actions good: costs for the planner to search with."""

from collections.abc import Callable

import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel

# How many sequences one core rolls out together: so few that what the layers hand on stays in its cache.
_SEQUENCES_PER_CORE = 512

# (z, z_goal, actions) → cost: (B, Z), (B, Z), (B, S, H, A) → (B, S)
Cost = Callable[[Tensor, Tensor, Tensor], Tensor]


def final_distance(model: WorldModel, through: Tensor | None = None) -> Cost:
    """The squared distance between the last predicted latent and the goal's.

    Arguments:
        model: which predicts.
        through: ``(Z, R)``, by which both latents are multiplied first; the paper's distance is taken without.

    Paper: Sensorimotor World Models (arXiv 2606.20104), planning protocol.
    """

    def seen(way: Tensor) -> Tensor:
        return way if through is None else way @ through.to(way)

    @torch.no_grad()
    def cost(z: Tensor, z_goal: Tensor, actions: Tensor) -> Tensor:
        if actions.ndim != 4 or z.shape != z_goal.shape or len(z) != len(actions):
            raise SMWMError(
                f"Latents of shape (B, Z) need actions of shape (B, S, H, A); got {tuple(z.shape)}, "
                f"{tuple(z_goal.shape)} and {tuple(actions.shape)}."
            )
        return _by_parts(
            lambda z, goal, a: seen(model.rollout(z, a)[:, -1] - goal).square().sum(-1), z, z_goal, actions
        )

    return cost


def doubt_along(model: WorldModel, judge: Callable[[Tensor, Tensor], Tensor]) -> Cost:
    """The mean over a plan of how doubtful each of its steps is, wherever the goal lies.

    Arguments:
        model: which predicts the latents of the plan.
        judge: of steps from ``(M, H, Z)`` under ``(M, H, A)``: ``(M, H)``, as ``Ensemble.disagreement``.
    """

    def doubt(z: Tensor, goal: Tensor, a: Tensor) -> Tensor:
        return judge(torch.cat([z[:, None], model.rollout(z, a)[:, :-1]], 1), a).mean(1)

    return torch.no_grad()(lambda z, z_goal, actions: _by_parts(doubt, z, z_goal, actions))


def keeping_away(
    rollout: Callable[[Tensor, Tensor], Tensor], read: Callable[[Tensor], Tensor], *, margin: float, penalty: float
) -> Cost:
    """The mean distance to a goal over a plan, and a penalty for every pixel by which an obstacle is too near.

    Arguments:
        rollout: what follows from ``(M, Z)`` under ``(M, H, A)``: ``(M, H, Z)``, as ``WorldModel.rollout``.
        read: positions in it, ``(…, Z)`` → ``(…, 4)``: first the mover's x and y, then the obstacle's.
        margin: distance below which the penalty begins, in pixels.
        penalty: per pixel below it, relative to a pixel of distance to the goal; 0 ignores the obstacle.

    Returns:
        a cost whose goals are positions ``(B, 2)``.
    """

    @torch.no_grad()
    def cost(z: Tensor, goal: Tensor, actions: Tensor) -> Tensor:
        if actions.ndim != 4 or goal.shape != (len(z), 2) or len(z) != len(actions):
            raise SMWMError(
                f"Latents of shape (B, Z) need goals of shape (B, 2) and actions of shape (B, S, H, A); got "
                f"{tuple(z.shape)}, {tuple(goal.shape)} and {tuple(actions.shape)}."
            )

        def judged(z: Tensor, goal: Tensor, a: Tensor) -> Tensor:
            seen = read(rollout(z, a))
            left = (seen[..., :2] - goal[:, None]).norm(dim=-1)
            near = (margin - (seen[..., :2] - seen[..., 2:]).norm(dim=-1)).clamp(min=0)
            return (left + penalty * near).mean(-1)

        return _by_parts(judged, z, goal, actions)

    return cost


def _by_parts(judged: Cost, z: Tensor, goal: Tensor, actions: Tensor) -> Tensor:
    """Costs ``(B, S)`` of all sequences: a GPU judges them at once, a processor as many as its cache can hold.

    Arguments:
        judged: costs ``(M,)`` of M sequences, each with a start and a goal of its own.
    """
    samples = actions.shape[1]
    sequences = z.repeat_interleave(samples, 0), goal.repeat_interleave(samples, 0), actions.flatten(0, 1)
    together = _SEQUENCES_PER_CORE * torch.get_num_threads() if z.device.type == "cpu" else len(sequences[0])
    parts = zip(*(values.split(together) for values in sequences), strict=True)
    return torch.cat([_as_fits(judged, *part) for part in parts]).unflatten(0, actions.shape[:2])


def _as_fits(judged: Cost, *sequences: Tensor) -> Tensor:
    """Costs of all sequences at once, or of each half where the memory does not suffice for the whole."""
    try:
        return judged(*sequences)
    except torch.OutOfMemoryError:
        if len(sequences[0]) == 1:
            raise
    halves = zip(*(values.tensor_split(2) for values in sequences), strict=True)
    return torch.cat([_as_fits(judged, *half) for half in halves])
