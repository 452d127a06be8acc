"""VICReg: keeps a latent from collapsing by asking every dimension to vary, and no two to vary together.

Paper: VICReg (arXiv 2105.04906), its variance and covariance terms with their weights relative to each
other; its invariance term is the forward loss here, as in PLDM (arXiv 2502.14819).
"""

from torch import Tensor

from smwm_core.errors import SMWMError

COVARIANCE_WEIGHT = 1 / 25
EPSILON = 1e-4


def vicreg_loss(z: Tensor) -> Tensor:
    """``mean max(0, 1 − std) + 1/25 · Σ cov² / Z``: a mean over dimensions, a sum over pairs of different ones.

    Arguments:
        z: latents ``(N, Z)``, N ≥ 2.

    Returns:
        a scalar ≥ 0; 0 if every dimension has a standard deviation of at least 1 and all are uncorrelated.
    """
    if z.ndim != 2 or len(z) < 2:
        raise SMWMError(f"VICReg needs at least two latents of shape (N, Z), not {tuple(z.shape)}.")
    centred = z - z.mean(0)
    covariance = centred.T @ centred / (len(z) - 1)
    variance = covariance.diagonal()
    hinge = (1 - (variance + EPSILON).sqrt()).relu().mean()
    together = (covariance.square().sum() - variance.square().sum()) / z.shape[1]
    return hinge + COVARIANCE_WEIGHT * together
