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

    A GPU rolls out all sequences at once, a processor as many at a time as its cache can hold.

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
        samples = actions.shape[1]
        sequences = z.repeat_interleave(samples, 0), z_goal.repeat_interleave(samples, 0), actions.flatten(0, 1)
        together = _SEQUENCES_PER_CORE * torch.get_num_threads() if z.device.type == "cpu" else len(sequences[0])
        parts = zip(*(values.split(together) for values in sequences), strict=True)
        costs = [seen(model.rollout(start, part)[:, -1] - goal).square().sum(-1) for start, goal, part in parts]
        return torch.cat(costs).unflatten(0, actions.shape[:2])

    return cost


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
        samples = actions.shape[1]
        starts, sequences = z.repeat_interleave(samples, 0), actions.flatten(0, 1)
        together = _SEQUENCES_PER_CORE * torch.get_num_threads() if z.device.type == "cpu" else len(starts)
        parts = zip(starts.split(together), sequences.split(together), strict=True)
        seen = torch.cat([read(rollout(*part)) for part in parts]).unflatten(0, actions.shape[:2])
        left = (seen[..., :2] - goal[:, None, None]).norm(dim=-1)
        near = (margin - (seen[..., :2] - seen[..., 2:]).norm(dim=-1)).clamp(min=0)
        return (left + penalty * near).mean(-1)

    return cost
