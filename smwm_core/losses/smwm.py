"""The two losses of a sensorimotor world model, and the one that compares pictures.

All are means over the batch and over dimensions. The first two send gradients into the encoder: in the
paper's objective there is no stop-gradient, no moving average and no frozen part.

Paper: Sensorimotor World Models (arXiv 2606.20104), method.
"""

from torch import Tensor
from torch.nn.functional import mse_loss

from smwm_core.errors import SMWMError

FOREGROUND_WEIGHT = 10.0
TINY = 1e-12  # latent units²; a latent that has fallen to a point still has a relative loss


def forward_loss(z_hat: Tensor, z_next: Tensor) -> Tensor:
    """Mean squared error of the predicted next latent: two ``(…, Z)`` tensors → a scalar ≥ 0."""
    return _mean_squared_error("forward", z_hat, z_next)


def relative_forward_loss(z_hat: Tensor, z: Tensor, z_next: Tensor) -> Tensor:
    """The forward loss over that of a prediction that the latent stays as it is: a scalar ≥ 0 that has no scale.

    1 is no better than standing still. Both losses send gradients into the encoder.

    Arguments:
        z_hat, z, z_next: the predicted, the present and the next latent, three ``(…, Z)`` tensors.

    Raises:
        SMWMError: tensors of different shapes.
    """
    return forward_loss(z_hat, z_next) / (forward_loss(z, z_next) + TINY)


def inverse_loss(a_hat: Tensor, a: Tensor) -> Tensor:
    """Mean squared error of the recovered action: two ``(…, A)`` tensors → a scalar ≥ 0.

    With a constant encoder the best possible value is the variance of the action, averaged over
    its dimensions. Anything below needs information about the action in the latents.
    """
    return _mean_squared_error("inverse", a_hat, a)


def foreground_loss(o_hat: Tensor, o: Tensor) -> Tensor:
    """Mean squared error in which ink counts up to eleven times as much as white ground, a scalar ≥ 0.

    Every value is weighted by ``1 + 10 · (1 − o)``; without it an empty frame would be a good answer.

    Arguments:
        o_hat, o: frames ``(N, 3, H, W)`` in [0, 1].
    """
    _require_one_shape("foreground", o_hat, o)
    return ((1 + FOREGROUND_WEIGHT * (1 - o)) * (o_hat - o).square()).mean()


def _mean_squared_error(name: str, estimate: Tensor, target: Tensor) -> Tensor:
    _require_one_shape(name, estimate, target)
    return mse_loss(estimate, target)


def _require_one_shape(name: str, estimate: Tensor, target: Tensor) -> None:
    if estimate.shape != target.shape:
        raise SMWMError(
            f"The {name} loss compares tensors of one shape, not {tuple(estimate.shape)} with {tuple(target.shape)}."
        )
