"""The toy encoder: a 64×64 frame becomes a point in a 64-dimensional cube.

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
    """

    def __init__(self, latent_dim: int = 64, bounded: bool = True) -> None:
        super().__init__()
        self.latent_dim = latent_dim
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
        self.head = nn.Linear(128 * 4 * 4, latent_dim)
        self.squash = nn.Tanh() if bounded else nn.Identity()

    def forward(self, o: Tensor) -> Tensor:
        """``(N, 3, 64, 64)`` in [0, 1] → ``(N, latent_dim)``, in (-1, 1) if bounded."""
        if o.ndim != 4 or o.shape[1:] != (3, IMAGE_SIZE, IMAGE_SIZE):
            raise SMWMError(
                f"The toy encoder reads frames of shape (N, 3, {IMAGE_SIZE}, {IMAGE_SIZE}), not {tuple(o.shape)}."
            )
        return self.squash(self.head(self.features(o)))
