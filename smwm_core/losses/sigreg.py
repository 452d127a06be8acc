"""SIGReg: keeps a latent from collapsing by making it look like a standard normal.

By the Cramér–Wold theorem a distribution is N(0, I) exactly when each of its one-dimensional
projections is N(0, 1). Each random projection is compared with N(0, 1) by the Epps–Pulley
statistic, the weighted squared distance between characteristic functions.

Paper: LeJEPA (arXiv 2511.08544); used by LeWorldModel (arXiv 2603.19312), the paper's baseline.
"""

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError

HIGHEST_FREQUENCY = 3.0


def sigreg_loss(z: Tensor, *, directions: int = 1024, knots: int = 17, generator: Generator | None = None) -> Tensor:
    """How far a batch of latents is from N(0, I).

    The statistic of one direction is ``N · ∫ |φ̂(t) − exp(−t²/2)|² exp(−t²/2) dt`` over t in
    [−3, 3]; the integrand is even, so it is summed by the trapezoid rule over [0, 3] and doubled.

    Arguments:
        z: ``(N, Z)``, N ≥ 2.
        directions: number of random unit directions.
        knots: number of points of the trapezoid rule.
        generator: source of the directions, on the device of ``z``.

    Returns:
        the mean over directions, a scalar ≥ 0. Its expectation on N(0, I) does not depend on N.
    """
    if z.ndim != 2 or len(z) < 2:
        raise SMWMError(f"SIGReg needs at least two latents of shape (N, Z), not {tuple(z.shape)}.")
    direction = torch.randn(z.shape[1], directions, generator=generator, device=z.device, dtype=z.dtype)
    projection = z @ (direction / direction.norm(dim=0))
    t = torch.linspace(0, HIGHEST_FREQUENCY, knots, device=z.device, dtype=z.dtype)
    normal = torch.exp(-t.square() / 2)
    angle = projection[..., None] * t
    distance = (angle.cos().mean(0) - normal).square() + angle.sin().mean(0).square()
    return len(z) * 2 * torch.trapezoid(distance * normal, t, dim=-1).mean()
