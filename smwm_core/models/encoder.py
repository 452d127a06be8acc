"""The convolutional encoder: a frame of 64×64 pixels becomes a point in a 64-dimensional latent.

Its last layers are those of the paper's toy model, one linear layer and a tanh, or the kind of projector that the
paper's control models have, through which an action that is hard to see finds its way into the latent much sooner.

Paper: Sensorimotor World Models (arXiv 2606.20104), toy architecture and control tasks.
"""

import torch
from torch import Tensor, nn

from smwm_core.errors import SMWMError

IMAGE_SIZE, PROJECTOR_WIDTH = 64, 512
ENCODED_AT_ONCE = 32  # frames


class ConvEncoder(nn.Module):
    """Three stride-2 convolutions, a 2×2 max-pool, then one linear layer and a tanh, or a projector.

    The projector is linear, BatchNorm, GELU, linear. With it, convolutions can be trained in bfloat16; what is not
    training is computed in float32 always.

    Arguments:
        latent_dim: size of the latent.
        bounded: without it the tanh is left out and the latent may lie anywhere.
        image_size: height and width of the frames in pixels, a multiple of 16.
        frames: how many consecutive frames it sees at once, the newest last.
        projector: whether the latent comes from a projector; it is never bounded.
        bfloat16: whether a projector's convolutions are trained in bfloat16.

    Raises:
        SMWMError: another image size, or no frame.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        bounded: bool = True,
        image_size: int = IMAGE_SIZE,
        *,
        frames: int = 1,
        projector: bool = False,
        bfloat16: bool = False,
    ) -> None:
        super().__init__()
        if image_size < 16 or image_size % 16:
            raise SMWMError(f"The toy encoder reads frames whose size is a multiple of 16 px, not {image_size} px.")
        if frames < 1:
            raise SMWMError(f"An encoder sees at least one frame, not {frames}.")
        self.latent_dim, self.image_size, self.frames, self.bfloat16 = latent_dim, image_size, frames, bfloat16
        self.features = nn.Sequential(
            nn.Conv2d(3 * frames, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        width = 128 * (image_size // 16) ** 2
        if projector:
            self.expand = nn.Linear(width, PROJECTOR_WIDTH)
            self.head = nn.Sequential(
                nn.BatchNorm1d(PROJECTOR_WIDTH), nn.GELU(), nn.Linear(PROJECTOR_WIDTH, latent_dim)
            )
        else:
            self.expand, self.head = nn.Identity(), nn.Linear(width, latent_dim)
        self.squash = nn.Tanh() if bounded and not projector else nn.Identity()

    def forward(self, o: Tensor) -> Tensor:
        """``(N, 3 · frames, image_size, image_size)`` in [0, 1] → ``(N, latent_dim)``, in (-1, 1) if bounded."""
        channels, size = 3 * self.frames, self.image_size
        if o.ndim != 4 or o.shape[1:] != (channels, size, size):
            raise SMWMError(
                f"This encoder reads frames of shape (N, {channels}, {size}, {size}), not {tuple(o.shape)}."
            )
        # On a CPU, activations of more frames leave the cache, and their memory is fetched anew at every step.
        parts = o.split(ENCODED_AT_ONCE) if o.device.type == "cpu" else (o,)
        with torch.autocast(o.device.type, torch.bfloat16, enabled=self.bfloat16 and self.training):
            h = torch.cat([self.expand(self.features(part)) for part in parts])
        return self.squash(self.head(h.to(o.dtype)))


def seen_together(frames: Tensor, seen: int) -> Tensor:
    """What an encoder of ``seen`` frames sees: windows ``(N, T, 3, …)`` → moments ``(N, T - seen + 1, 3 · seen, …)``.

    Frames that come side by side already, ``(N, T, 3 · seen, H, W)``, stay as they are.
    """
    if seen == 1 or (frames.ndim == 5 and frames.shape[2] == 3 * seen):
        return frames
    moments = max(0, frames.shape[1] - seen + 1)
    return torch.cat([frames[:, k : k + moments] for k in range(seen)], 2)
