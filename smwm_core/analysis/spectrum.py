"""Reading a latent space: its spectrum, and whether it collapsed.

Everything here reads a frozen model's latents and trains nothing.
"""

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError

KNEE_FLOOR = 0.01


def spectrum(z: Tensor) -> np.ndarray:
    """Variances along the principal components of a set of latents, largest first.

    Arguments:
        z: ``(N, Z)``, N ≥ 2.

    Returns:
        ``(Z,)`` float64 ≥ 0, in squared latent units; their sum is the total variance.
    """
    _require_latents(z)
    covariance = np.cov(z.detach().double().cpu().numpy(), rowvar=False)
    return np.linalg.eigvalsh(np.atleast_2d(covariance))[::-1].clip(min=0)


def top_share(variances: np.ndarray, k: int) -> float:
    """Share of the total variance in the first ``k`` components, in [0, 1]; 0 if there is no variance."""
    total = variances.sum()
    return float(variances[:k].sum() / total) if total else 0.0


def knee(variances: np.ndarray) -> int:
    """Where the spectrum falls off: the ``k`` with the largest ratio of component k to k + 1.

    Only components that carry at least 1 % of the total variance can be the last one before the
    fall, so ratios between two negligible components do not count. This is the eigenvalue-ratio
    estimator of Ahn and Horenstein (Econometrica 2013) with a floor. It is blind to scale: look at
    the total variance before reading anything into it.
    """
    floor = min(KNEE_FLOOR * variances.sum(), variances[0])  # with very many equal components none has 1 %
    candidates = np.flatnonzero(variances[:-1] >= floor)
    with np.errstate(over="ignore"):
        ratios = variances[candidates] / np.maximum(variances[candidates + 1], np.finfo(variances.dtype).tiny)
    return int(candidates[ratios.argmax()] + 1)


def effective_rank(variances: np.ndarray) -> float:
    """Exponential of the entropy of the variance shares (Roy and Vetterli 2007), in [1, Z]; 0 without variance.

    It too is blind to scale, and *rises* when everything collapses to one noisy point.
    """
    share = variances[variances > 0] / (variances.sum() or 1)
    if not len(share):
        return 0.0
    return float(np.exp(-(share * np.log(share)).sum()))


class PrincipalPlane:
    """The first principal axes of a set of latents, to project others onto.

    Arguments:
        z: ``(N, Z)``; fixes the centre and the axes. The sign of each axis is chosen so that its
            largest entry is positive, which makes pictures repeatable.
        components: how many axes.
    """

    def __init__(self, z: Tensor, components: int = 2) -> None:
        _require_latents(z)
        points = z.detach().double().cpu().numpy()
        self.centre = points.mean(0)
        _, _, axes = np.linalg.svd(points - self.centre, full_matrices=False)
        axes = axes[:components]
        signs = np.sign(axes[np.arange(components), np.abs(axes).argmax(1)])
        self.axes = axes * signs[:, None]

    def __call__(self, z: Tensor) -> np.ndarray:
        """``(…, Z)`` → ``(…, components)`` coordinates, in latent units."""
        return (z.detach().double().cpu().numpy() - self.centre) @ self.axes.T


def _require_latents(z: Tensor) -> None:
    if z.ndim != 2 or len(z) < 2:
        raise SMWMError(f"A spectrum needs at least two latents of shape (N, Z), not {tuple(z.shape)}.")
    if not torch.isfinite(z).all():
        raise SMWMError("A latent is not finite; the model has diverged.")
