"""What makes a sequence of actions good: costs for the planner to search with."""

from collections.abc import Callable

import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel

# (z, z_goal, actions) → cost: (B, Z), (B, Z), (B, S, H, A) → (B, S)
Cost = Callable[[Tensor, Tensor, Tensor], Tensor]


def final_distance(model: WorldModel) -> Cost:
    """The squared distance between the last predicted latent and the goal's.

    Paper: Sensorimotor World Models (arXiv 2606.20104), planning protocol.
    """

    @torch.no_grad()
    def cost(z: Tensor, z_goal: Tensor, actions: Tensor) -> Tensor:
        if actions.ndim != 4 or z.shape != z_goal.shape or len(z) != len(actions):
            raise SMWMError(
                f"Latents of shape (B, Z) need actions of shape (B, S, H, A); got {tuple(z.shape)}, "
                f"{tuple(z_goal.shape)} and {tuple(actions.shape)}."
            )
        tasks, samples = actions.shape[:2]
        predicted = model.rollout(z.repeat_interleave(samples, 0), actions.flatten(0, 1))[:, -1]
        return (predicted.unflatten(0, (tasks, samples)) - z_goal[:, None]).square().sum(-1)

    return cost
