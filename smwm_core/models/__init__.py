"""Models: the encoder, the two heads on its latent, and the world model they make."""

from smwm_core.models.dynamics import ForwardModel, InverseModel
from smwm_core.models.encoder import ConvEncoder
from smwm_core.models.world_model import WorldModel

__all__ = ["ConvEncoder", "ForwardModel", "InverseModel", "WorldModel"]
