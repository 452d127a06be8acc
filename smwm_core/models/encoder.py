"""The toy encoder: a frame of 64×64 pixels becomes a point in a 64-dimensional cube.

Paper: Sensorimotor World Models (arXiv 2606.20104), toy architecture.
"""

from torch import Tensor, nn

from smwm_core.errors import SMWMError

IMAGE_SIZE = 64


class ConvEncoder(nn.Module):
    """Three stride-2 convolutions, a 2×2 max-pool, one linear layer and a tanh.

    Arguments:
        latent_dim: size of the latent.
        bounded: without it the tanh is left out and the latent may lie anywhere.
        image_size: height and width of the frames in pixels, a multiple of 16.

    Raises:
        SMWMError: another image size.
    """

    def __init__(self, latent_dim: int = 64, bounded: bool = True, image_size: int = IMAGE_SIZE) -> None:
        super().__init__()
        if image_size < 16 or image_size % 16:
            raise SMWMError(f"The toy encoder reads frames whose size is a multiple of 16 px, not {image_size} px.")
        self.latent_dim, self.image_size = latent_dim, image_size
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Linear(128 * (image_size // 16) ** 2, latent_dim)
        self.squash = nn.Tanh() if bounded else nn.Identity()

    def forward(self, o: Tensor) -> Tensor:
        """``(N, 3, image_size, image_size)`` in [0, 1] → ``(N, latent_dim)``, in (-1, 1) if bounded."""
        size = self.image_size
        if o.ndim != 4 or o.shape[1:] != (3, size, size):
            raise SMWMError(f"This encoder reads frames of shape (N, 3, {size}, {size}), not {tuple(o.shape)}.")
        return self.squash(self.head(self.features(o)))
