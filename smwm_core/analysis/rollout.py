"""How predictions drift from the encoded frames."""

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel


@torch.no_grad()
def rollout_errors(model: WorldModel, z: Tensor, actions: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """How far predictions end from the encoded frames, and how far standing still would.

    Arguments:
        model: frozen.
        z: ``(N, T + 1, Z)``, the encoded frames of N trajectories.
        actions: ``(N, T, A)``; ``actions[:, t]`` takes ``z[:, t]`` to ``z[:, t + 1]``.

    Returns:
        two arrays ``(T,)``, means over trajectories: ``‖ẑₖ − zₖ‖`` and ``‖z₀ − zₖ‖``.
    """
    if z.ndim != 3 or actions.ndim != 3 or z.shape[:2] != (len(actions), actions.shape[1] + 1):
        raise SMWMError(
            f"Actions of shape (N, T, A) need latents of shape (N, T + 1, Z); "
            f"got {tuple(actions.shape)} and {tuple(z.shape)}."
        )
    predicted = model.rollout(z[:, 0], actions)
    error = (predicted - z[:, 1:]).norm(dim=-1).mean(0)
    stay_put = (z[:, :1] - z[:, 1:]).norm(dim=-1).mean(0)
    return error.cpu().numpy(), stay_put.cpu().numpy()
