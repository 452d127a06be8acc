"""The encoder of the control tasks: a vision transformer, and the projector that both it and the forward model end in.

The transformer is that of the library ``transformers``: it is what the paper's own code builds, it needs nothing but
torch, and it attends with torch's fused kernel. (``timm`` has one as well, but brings torchvision along, whose wheels
do not load beside every build of torch.) It is imported only when an encoder is built.

Paper: Sensorimotor World Models (arXiv 2606.20104), control tasks; the sizes are those of its code.
"""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from smwm_core.errors import SMWMError

HEADS, MLP_RATIO, PROJECTOR_WIDTH = 3, 4, 2048
TRANSFORMERS_MISSING = "The vision transformer needs the package transformers; run `pip install transformers`."
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Projector(nn.Module):
    """Linear, BatchNorm, GELU, linear. All but the first layer is computed in float32, so latents are not rounded.

    Arguments:
        dim: size of what comes in and goes out.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.expand = nn.Linear(dim, PROJECTOR_WIDTH)
        self.norm = nn.BatchNorm1d(PROJECTOR_WIDTH)
        self.out = nn.Linear(PROJECTOR_WIDTH, dim)

    def forward(self, h: Tensor) -> Tensor:
        """``(N, dim)`` → ``(N, dim)`` float32."""
        h = self.expand(h)
        with torch.autocast(h.device.type, enabled=False):
            return self.out(nn.functional.gelu(self.norm(h.float())))


class ViTEncoder(nn.Module):
    """ViT-Tiny: patches of 14×14 pixels, twelve layers of width 192, the class token, a projector.

    In training it computes in bfloat16, or what ``precision`` is set to, else in float32: rounding would drown the
    differences between places that are close to each other. It returns float32. Where ``parts`` is set to more than
    one, it takes the frames in so many parts in training, and computes each again when its gradients are needed.

    Arguments:
        image_size: of the frames, a multiple of ``patch_size``.
        patch_size: of a patch.
        depth: number of layers.
        latent_dim: width of the transformer and size of the latent, a multiple of 3.

    Raises:
        SMWMError: sizes that do not fit together, or the package transformers is missing.
    """

    def __init__(self, image_size: int = 224, patch_size: int = 14, depth: int = 12, latent_dim: int = 192) -> None:
        super().__init__()
        if image_size < patch_size or image_size % patch_size:
            raise SMWMError(f"A frame of {image_size} px cannot be cut into patches of {patch_size} px.")
        if latent_dim % HEADS:
            raise SMWMError(f"A latent of {latent_dim} cannot be shared among {HEADS} heads of attention.")
        try:
            from transformers import ViTConfig, ViTModel
        except ImportError as error:
            raise SMWMError(TRANSFORMERS_MISSING) from error
        self.image_size, self.latent_dim = image_size, latent_dim
        self.precision, self.parts = torch.bfloat16, 1
        self.vit = ViTModel(
            ViTConfig(
                hidden_size=latent_dim,
                num_hidden_layers=depth,
                num_attention_heads=HEADS,
                intermediate_size=MLP_RATIO * latent_dim,
                image_size=image_size,
                patch_size=patch_size,
                attn_implementation="sdpa",
            ),
            add_pooling_layer=False,
        )
        self.projector = Projector(latent_dim)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, o: Tensor) -> Tensor:
        """``(N, 3, image_size, image_size)`` in [0, 1] → ``(N, latent_dim)`` float32."""
        size = self.image_size
        if o.ndim != 4 or o.shape[1:] != (3, size, size):
            raise SMWMError(f"This encoder reads frames of shape (N, 3, {size}, {size}), not {tuple(o.shape)}.")
        o = (o - self.mean) / self.std
        with half_precision(o, self.precision, self.training):
            if self.parts == 1 or not self.training:
                return self.projector(self._class_token(o))
            parts = o.chunk(self.parts)
            return self.projector(torch.cat([checkpoint(self._class_token, p, use_reentrant=False) for p in parts]))

    def _class_token(self, o: Tensor) -> Tensor:
        return self.vit(o).last_hidden_state[:, 0]


def half_precision(values: Tensor, precision: torch.dtype, training: bool) -> torch.autocast:
    """In training, a context in which matrix products are computed in a precision, where it is not float32 anyway."""
    half = precision if precision.itemsize == 2 else torch.bfloat16  # for what is not enabled
    return torch.autocast(values.device.type, half, enabled=training and precision.itemsize == 2)
