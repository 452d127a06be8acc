"""The decoder: from a latent back to a picture.

The paper uses it as a probe, trained on frozen latents, which shows what they still know of the picture.

Paper: Sensorimotor World Models (arXiv 2606.20104), sprite experiment.
"""

from torch import Tensor, nn

from smwm_core.errors import SMWMError


class PixelDecoder(nn.Module):
    """One linear layer and four stride-2 transposed convolutions, from a latent to a 64×64 frame.

    Arguments:
        latent_dim: size of the latent.
    """

    def __init__(self, latent_dim: int = 64) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.expand = nn.Linear(latent_dim, 128 * 4 * 4)
        self.layers = nn.Sequential(
            nn.Unflatten(1, (128, 4, 4)),
            nn.ConvTranspose2d(128, 128, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 3, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Latents ``(N, latent_dim)`` → frames ``(N, 3, 64, 64)`` in (0, 1)."""
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise SMWMError(f"This decoder reads latents of shape (N, {self.latent_dim}), not {tuple(z.shape)}.")
        return self.layers(self.expand(z))
