"""The two heads on the latent: where an action leads, and which action it was.

Paper: Sensorimotor World Models (arXiv 2606.20104), toy architecture.
"""

import torch
from torch import Tensor, nn

from smwm_core.errors import SMWMError


class ForwardModel(nn.Module):
    """``g``: predicts the next latent from the latent and the action; two hidden layers, tanh output.

    Arguments:
        latent_dim: size of the latent.
        action_dim: size of the action; 0 is allowed (a world without any action).
        hidden_dim: width of the hidden layers.
        bounded: without it the tanh is left out, for an encoder that has none either.
    """

    history = 1  # latents that it looks at

    def __init__(self, latent_dim: int, action_dim: int, hidden_dim: int = 256, bounded: bool = True) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(latent_dim + action_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, latent_dim),
            nn.Tanh() if bounded else nn.Identity(),
        )

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        """``(…, latent_dim)`` and ``(…, action_dim)`` → the predicted ``(…, latent_dim)``."""
        return self.net(torch.cat([z, a], dim=-1))


class RememberingForwardModel(ForwardModel):
    """``g`` that is given past actions as well: some act late, and are in no frame.

    Arguments:
        latent_dim, action_dim, hidden_dim, bounded: as of ``ForwardModel``.
        past_actions: how many actions before the present one, at least 1.
    """

    def __init__(
        self, latent_dim: int, action_dim: int, past_actions: int, hidden_dim: int = 256, bounded: bool = True
    ) -> None:
        super().__init__(latent_dim, (past_actions + 1) * action_dim, hidden_dim, bounded)
        self.past_actions = past_actions

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        """Latents of T steps and, from ``past_actions`` steps before them on, all actions → the predicted latents.

        Arguments:
            z: ``(N, T, latent_dim)``.
            a: ``(N, past_actions + T, action_dim)``.

        Returns:
            ``(N, T, latent_dim)``.

        Raises:
            SMWMError: another number of actions.
        """
        if z.ndim != 3 or a.ndim != 3 or a.shape[1] != z.shape[1] + self.past_actions:
            raise SMWMError(
                f"This forward model takes latents (N, T, Z) and {self.past_actions} actions more than T, not "
                f"{tuple(z.shape)} and {tuple(a.shape)}."
            )
        return super().forward(z, a.unfold(1, self.past_actions + 1, 1).transpose(2, 3).flatten(2))


class InverseModel(nn.Module):
    """``h``: recovers the action from two consecutive latents; two hidden layers, linear output.

    Arguments:
        latent_dim: size of the latent.
        action_dim: size of the action.
        hidden_dim: width of the hidden layers.
    """

    def __init__(self, latent_dim: int, action_dim: int, hidden_dim: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2 * latent_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, action_dim),
        )

    def forward(self, z: Tensor, z_next: Tensor) -> Tensor:
        """Two latents ``(…, latent_dim)`` → the action between them ``(…, action_dim)``."""
        return self.net(torch.cat([z, z_next], dim=-1))


class MultiStepInverseModel(InverseModel):
    """``h`` for frames that lie further apart: it is told how far.

    Arguments:
        latent_dim: size of the latent.
        action_dim: size of what it recovers.
        hidden_dim: width of the hidden layers.
    """

    def __init__(self, latent_dim: int, action_dim: int, hidden_dim: int = 256) -> None:
        super().__init__(latent_dim, action_dim, hidden_dim)
        self.net[0] = nn.Linear(2 * latent_dim + 1, hidden_dim)

    def forward(self, z: Tensor, z_later: Tensor, distance: float) -> Tensor:
        """Two latents ``(…, latent_dim)`` and the share, in (0, 1], of the largest distance → ``(…, action_dim)``."""
        return self.net(torch.cat([z, z_later, torch.full_like(z[..., :1], distance)], dim=-1))
