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


def final_distance(model: WorldModel) -> Cost:
    """The squared distance between the last predicted latent and the goal's.

    A GPU rolls out all sequences at once, a processor as many at a time as its cache can hold.

    Paper: Sensorimotor World Models (arXiv 2606.20104), planning protocol.
    """

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
        costs = [(model.rollout(start, part)[:, -1] - goal).square().sum(-1) for start, goal, part in parts]
        return torch.cat(costs).unflatten(0, actions.shape[:2])

    return cost
