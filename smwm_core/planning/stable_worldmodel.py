"""Our models under somebody else's planner: the interface that stable-worldmodel asks of a cost."""

import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning.costs import final_distance


class PlannerCost(torch.nn.Module):
    """A trained model as the cost that the planners of stable-worldmodel (version 0.0.6) search with.

    Arguments:
        model: of a planning task; its candidates are standardised blocks of actions.
    """

    def __init__(self, model: WorldModel) -> None:
        super().__init__()
        self.model = model

    @torch.no_grad()
    def get_cost(self, info: dict, candidates: Tensor) -> Tensor:
        """What sequences of actions cost: the squared distance of the last latent from the goal's.

        Arguments:
            info: ``pixels`` and ``goal``, ``(B, S, T, 3, H, W)`` float in [0, 1], the same for all S sequences of a
                task; the last of the T frames counts. Larger frames are averaged down to the model's.
            candidates: ``(B, S, horizon, action_dim)``.

        Returns:
            ``(B, S)``.

        Raises:
            SMWMError: something is missing or of another shape.
        """
        z, z_goal = (self._encode(info, name, candidates) for name in ("pixels", "goal"))
        return final_distance(self.model)(z, z_goal, candidates.to(z))

    def _encode(self, info: dict, name: str, candidates: Tensor) -> Tensor:
        frames = info.get(name)
        if not torch.is_tensor(frames) or frames.ndim != 6 or frames.shape[:2] != candidates.shape[:2]:
            found = tuple(frames.shape) if torch.is_tensor(frames) else "missing"
            shape = tuple(candidates.shape)
            raise SMWMError(f"Candidates of shape {shape} need {name!r} of shape (B, S, T, 3, H, W); it is {found}.")
        weight = next(self.model.parameters())
        size = self.model.encoder.image_size
        return self.model.encode(torch.nn.functional.adaptive_avg_pool2d(frames[:, 0, -1].to(weight), size))
