"""Do latent actions compose? Displacements, composition errors, and how constant a shift is.

Paper: Sensorimotor World Models (arXiv 2606.20104), theorem 1 and emergent translations.
"""

import torch
from torch import Tensor

from smwm_core.analysis.probes import linear_r2
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel


@torch.no_grad()
def displacements(model: WorldModel, z: Tensor, a: Tensor) -> Tensor:
    """``g_a(z) − z``: how far each action moves each latent.

    Arguments:
        z: latents ``(N, Z)``.
        a: actions ``(N, A)`` in [-1, 1], or one action ``(A,)`` for all latents.
    """
    return model.predict(z, a.expand(len(z), -1)) - z


@torch.no_grad()
def translation_r2(model: WorldModel, z: Tensor, a: Tensor) -> float:
    """How much of the displacements a linear map of the action alone explains, on held-out data.

    It is 1 if every action is one and the same shift wherever it is applied, and the shift of two
    actions together is the sum of their shifts. The share is taken over all latent dimensions
    together, so dimensions that hardly move hardly count.

    Arguments:
        z, a: latents ``(N, Z)`` and actions ``(N, A)``, N > 2 A.
    """
    moved = displacements(model, z, a)
    held_out = moved[len(moved) // 2 :].var(0, correction=0).double().cpu().numpy()
    r2 = linear_r2(a, moved)
    return float((r2 * held_out).sum() / held_out.sum())


@torch.no_grad()
def composition_error(model: WorldModel, z: Tensor, actions: Tensor, *, largest: float = 1.0) -> float:
    """How far several small actions end from the one action that is their sum.

    Theorem 1 says that for an exactly equivariant encoder the two agree. Only those sequences are
    used whose sum is itself an action of the world.

    Arguments:
        z: first latents ``(N, Z)``.
        actions: ``(N, K, A)``, K ≥ 2.
        largest: bound of a single action per dimension.

    Returns:
        mean distance between the two end points, divided by the mean length of the single step.

    Raises:
        SMWMError: no sequence has a sum that is an action.
    """
    total = actions.sum(1)
    allowed = (total.abs() <= largest).all(1) & (total != 0).any(1)
    if not allowed.any():
        raise SMWMError(f"None of the {len(z)} action sequences adds up to a single action; draw more or shorter ones.")
    z, actions, total = z[allowed], actions[allowed], total[allowed]
    at_once = model.predict(z, total)
    step_by_step = model.rollout(z, actions)[:, -1]
    return float((step_by_step - at_once).norm(dim=1).mean() / (at_once - z).norm(dim=1).mean())
