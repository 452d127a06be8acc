"""Models: the encoder, the two heads on its latent, the world model they make, and a decoder."""

from smwm_core.models.decoder import PixelDecoder
from smwm_core.models.dynamics import ForwardModel, InverseModel
from smwm_core.models.encoder import ConvEncoder
from smwm_core.models.world_model import WorldModel

__all__ = ["ConvEncoder", "ForwardModel", "InverseModel", "PixelDecoder", "WorldModel"]
