"""The world model of the control tasks: the same three parts as the toy model, larger, and a memory for rollouts.

Paper: Sensorimotor World Models (arXiv 2606.20104), control tasks.
"""

import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models.heads import InverseModel
from smwm_core.models.transformer import TransformerForwardModel
from smwm_core.models.vit import ViTEncoder
from smwm_core.models.world_model import WorldModel


class ControlModel(WorldModel):
    """A vision transformer, a causal transformer and the paper's inverse model: 18.2 million parameters.

    Arguments:
        action_dim: size of the action.
        image_size, patch_size, encoder_depth: of the encoder.
        history, depth: of the forward model.
        latent_dim: size of the latent.
    """

    def __init__(
        self,
        action_dim: int,
        *,
        image_size: int = 224,
        patch_size: int = 14,
        encoder_depth: int = 12,
        history: int = 1,
        depth: int = 6,
        latent_dim: int = 192,
    ) -> None:
        super().__init__(
            ViTEncoder(image_size, patch_size, encoder_depth, latent_dim),
            TransformerForwardModel(latent_dim, action_dim, history, depth),
            InverseModel(latent_dim, action_dim),
        )

    def rollout(self, z: Tensor, actions: Tensor) -> Tensor:
        """Predict several steps ahead; each prediction looks back on as many latents as the forward model can.

        Arguments:
            z: first latents ``(N, Z)``.
            actions: ``(N, T, A)``; ``actions[:, t]`` takes step ``t`` to step ``t + 1``.

        Returns:
            the predicted latents of steps 1 to T, ``(N, T, Z)``.

        Raises:
            SMWMError: actions of another shape.
        """
        if actions.ndim != 3 or len(actions) != len(z):
            raise SMWMError(
                f"A rollout of {len(z)} latents takes actions of shape ({len(z)}, T, A), not {tuple(actions.shape)}."
            )
        latents, history = [z], self.forward_model.history
        for t in range(actions.shape[1]):
            first = max(0, t + 1 - history)
            seen = torch.stack(latents[first:], 1)
            latents.append(self.predict(seen, actions[:, first : t + 1])[:, -1])
        return torch.stack(latents[1:], 1)
