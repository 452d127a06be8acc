"""The world model of the control tasks: the same three parts as the toy model, larger.

Paper: Sensorimotor World Models (arXiv 2606.20104), control tasks.
"""

from smwm_core.models.heads import InverseModel
from smwm_core.models.transformer import TransformerForwardModel
from smwm_core.models.vit import ViTEncoder
from smwm_core.models.world_model import WorldModel


class VitWorldModel(WorldModel):
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
