"""Models: encoders, the two heads on their latent, the world models they make, and a decoder."""

from smwm_core.models.decoder import PixelDecoder
from smwm_core.models.encoder import ConvEncoder
from smwm_core.models.heads import ForwardModel, InverseModel, MultiStepInverseModel, RememberingForwardModel
from smwm_core.models.transformer import TransformerForwardModel
from smwm_core.models.vit import ViTEncoder
from smwm_core.models.vit_world_model import VitWorldModel
from smwm_core.models.world_model import WorldModel

__all__ = [
    "ConvEncoder",
    "ForwardModel",
    "InverseModel",
    "MultiStepInverseModel",
    "PixelDecoder",
    "RememberingForwardModel",
    "TransformerForwardModel",
    "ViTEncoder",
    "VitWorldModel",
    "WorldModel",
]
