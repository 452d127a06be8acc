"""The two losses of a sensorimotor world model.

Both are means over the batch and over dimensions, and both send gradients into the encoder: there
is no stop-gradient, no moving average and no frozen part.

Paper: Sensorimotor World Models (arXiv 2606.20104), method.
"""

from torch import Tensor
from torch.nn.functional import mse_loss

from smwm_core.errors import SMWMError


def forward_loss(z_hat: Tensor, z_next: Tensor) -> Tensor:
    """Mean squared error of the predicted next latent: two ``(…, Z)`` tensors → a scalar ≥ 0."""
    return _mean_squared_error("forward", z_hat, z_next)


def inverse_loss(a_hat: Tensor, a: Tensor) -> Tensor:
    """Mean squared error of the recovered action: two ``(…, A)`` tensors → a scalar ≥ 0.

    With a constant encoder the best possible value is the variance of the action, averaged over
    its dimensions. Anything below needs information about the action in the latents.
    """
    return _mean_squared_error("inverse", a_hat, a)


def _mean_squared_error(name: str, estimate: Tensor, target: Tensor) -> Tensor:
    if estimate.shape != target.shape:
        raise SMWMError(
            f"The {name} loss compares tensors of one shape, not {tuple(estimate.shape)} with {tuple(target.shape)}."
        )
    return mse_loss(estimate, target)
