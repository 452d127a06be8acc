"""Matrices to look at a latent through: what a read-out uses, as much by chance, and all directions made alike.

They leave a model as it is and change only what counts as near, for ``final_distance``.
"""

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError

SMALLEST = 1e-4  # of the largest variance: what is smaller is not magnified any further


def read_directions(z: Tensor, target: Tensor, ridge: float = 1e-3) -> Tensor:
    """The directions that a linear read-out uses.

    Arguments:
        z: ``(N, Z)`` latents.
        target: ``(N, D)`` what is read from them, D ≤ Z.
        ridge: penalty of the read-out from standardised latents, per sample.

    Returns:
        ``(Z, D)`` with orthonormal columns.

    Raises:
        SMWMError: another number of targets than latents, or more targets than dimensions.
    """
    if z.ndim != 2 or target.ndim != 2 or len(z) != len(target) or target.shape[1] > z.shape[1]:
        raise SMWMError(
            f"A read-out takes latents (N, Z) and targets (N, D), D ≤ Z; not {tuple(z.shape)} and "
            f"{tuple(target.shape)}."
        )
    scale = z.std(0).clamp(min=1e-12).double()
    x, y = (z.double() - z.double().mean(0)) / scale, target.double() - target.double().mean(0)
    penalty = ridge * len(x) * torch.eye(x.shape[1], dtype=torch.float64)
    weights = torch.linalg.solve(x.T @ x + penalty, x.T @ y) / scale[:, None]
    return torch.linalg.qr(weights / weights.norm(dim=0).clamp(min=1e-24)).Q.to(z.dtype)


def random_directions(size: int, rank: int, generator: Generator) -> Tensor:
    """As many directions by chance, ``(size, rank)`` with orthonormal columns."""
    if not 1 <= rank <= size:
        raise SMWMError(f"A latent of {size} dimensions has between 1 and {size} directions, not {rank}.")
    return torch.linalg.qr(torch.randn(size, rank, generator=generator)).Q


def whitening(z: Tensor) -> Tensor:
    """What gives every principal component the variance 1, ``(Z, Z)``.

    Components with less than a ten-thousandth of the largest variance are magnified like one that has just that.

    Raises:
        SMWMError: latents that are all the same.
    """
    centred = z.double() - z.double().mean(0)
    variances, axes = torch.linalg.eigh(centred.T @ centred / len(z))
    if variances[-1] <= 0:
        raise SMWMError("Latents that are all the same cannot be whitened.")
    return (axes / variances.clamp(min=SMALLEST * variances[-1]).sqrt()).to(z.dtype)
