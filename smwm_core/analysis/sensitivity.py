"""Metrics that a small scale cannot flatter: a linear read-out of blurred latents, and an intervention on the state.

An ordinary linear read-out may magnify: it finds a quantity that holds a millionth of the latent's variance as well as
one that holds half of it. Read both beside the total variance (``spectrum(z).sum()``), for they are relative to it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from smwm_core.analysis.probes import linear_r2
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.seeds import generator
from smwm_core.worlds import World


def blurred_r2(z: Tensor, target: Tensor, blur: float = 0.05) -> np.ndarray:
    """``linear_r2`` of latents to which normal noise is added, always the same.

    The noise has one standard deviation in all dimensions, ``blur`` times the root of their mean variance, so the
    result does not depend on the scale of the latent, and what lies far below the blur cannot be read.

    Arguments:
        z: ``(N, Z)`` latents.
        target: ``(N, D)``, what should be read out.
        blur: relative standard deviation of the noise, > 0.

    Returns:
        ``(D,)`` coefficients of determination; 1 is perfect, 0 no better than the mean.

    Raises:
        SMWMError: a blur that is not positive, or too few latents for a linear probe.
    """
    return linear_r2(blurred(z, blur), target)


def blurred(z: Tensor, blur: float = 0.05) -> Tensor:
    """Latents ``(N, Z)`` with the noise of ``blurred_r2``, in double precision on the CPU.

    Raises:
        SMWMError: a blur that is not positive.
    """
    z, std = z.detach().double().cpu(), _noise(z, blur)
    return z + std * torch.randn(z.shape, generator=generator(0, "blur"), dtype=z.dtype)


def blurred_readout(z: Tensor, target: Tensor, blur: float = 0.05) -> Callable[[Tensor], Tensor]:
    """The linear read-out with the least squared error on blurred latents, averaged over all noise.

    That is ridge regression with N times the variance of the noise as its penalty. It does not magnify what a small
    error of a forward model would swamp.

    Arguments:
        z: ``(N, Z)`` latents.
        target: ``(N, D)``, what should be read out.
        blur: as of ``blurred_r2``.

    Returns:
        a function ``(…, Z)`` → ``(…, D)``, in the precision and on the device of what it is given.

    Raises:
        SMWMError: a blur that is not positive, or another number of latents than of targets.
    """
    if len(z) != len(target):
        raise SMWMError(f"A read-out needs one target per latent; there are {len(z)} and {len(target)}.")
    std, z, target = _noise(z, blur), z.detach().double().cpu(), target.double().cpu()
    centre, offset = z.mean(0), target.mean(0)
    penalty = len(z) * std.square().clamp(min=torch.finfo(z.dtype).tiny) * torch.eye(z.shape[1], dtype=z.dtype)
    weight = torch.linalg.solve((z - centre).T @ (z - centre) + penalty, (z - centre).T @ (target - offset))
    return lambda latents: (latents - centre.to(latents)) @ weight.to(latents) + offset.to(latents)


def _noise(z: Tensor, blur: float) -> Tensor:
    """Standard deviation of the noise."""
    if not 0 < blur < float("inf"):
        raise SMWMError(f"A blur is a positive number, not {blur}.")
    return blur * z.detach().double().cpu().var(0).mean().sqrt()


def pull(model: WorldModel, world: World, state: Tensor, coordinates: Sequence[int], by: float) -> float:
    """How far the latent moves when some coordinates of the state are moved and all others stay.

    It is an intervention, so nothing that is only correlated with these coordinates counts.

    Arguments:
        model: whose encoder is asked.
        world: which draws the states.
        state: ``(N, S)``, such that the world can draw them with one coordinate moved.
        coordinates: columns of the state; each is moved by itself, up and down, ``(2, 3)`` for a second dot.
        by: how far, in the units of the state (pixels for dots).

    Returns:
        the mean of ‖Δz‖ over states, coordinates and both directions, in latent units.

    Raises:
        SMWMError: a column that the state does not have, or no move at all.
    """
    if not coordinates or not all(0 <= column < state.shape[1] for column in coordinates) or not by:
        raise SMWMError(
            f"A pull needs columns of a state of {state.shape[1]} numbers and a move that is not 0, not "
            f"{tuple(coordinates)} and {by}."
        )
    state = state.to(next(model.parameters()).device)
    z = model.encode_states(world, state)
    moves = []
    for column in coordinates:
        for sign in (1, -1):
            moved = state.clone()
            moved[:, column] += sign * by
            moves.append((model.encode_states(world, moved) - z).norm(dim=1).mean())
    return torch.stack(moves).mean().item()


def pull_ratio(
    model: WorldModel, world: World, state: Tensor, uncontrolled: Sequence[int], controlled: Sequence[int], by: float
) -> float:
    """The pull of what the action does not move, over the pull of what it moves.

    Arguments:
        uncontrolled, controlled: columns of the state; the other arguments are those of ``pull``.

    Returns:
        a ratio ≥ 0: 0 if the latent ignores the uncontrolled part, 1 if it follows both equally far.

    Raises:
        SMWMError: as ``pull``, or a latent that does not follow the controlled part at all.
    """
    whole = pull(model, world, state, controlled, by)
    if not whole:
        raise SMWMError("The latent does not move with what is controlled, so there is no ratio of pulls.")
    return pull(model, world, state, uncontrolled, by) / whole
