"""A weight of the inverse loss that follows from a constraint on it.

Paper: Taming VAEs (arXiv 1810.00597), whose multiplier of a constraint grows while the constraint is missed; here with
a bounded step and between bounds.
"""

import math

import torch
from torch import Tensor, nn

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import HIGHEST, LOWEST

RATE = 0.02  # largest change of log λ in a step
DECAY = 0.95  # of the running mean
LEAST_VARIANCE = 1e-12  # of actions that are all alike


class AdaptiveWeight(nn.Module):
    """λ that rises while the inverse loss is above its limit, and falls while it is below.

    After each step ``log λ += 0.02 · clip(ℓ/κ − 1, −1, 1)``, where ℓ is the running mean of the inverse loss over the
    variance of the batch's actions, with decay 0.95. It starts at 1, the share that is left to a constant latent. λ
    stays in [0.001, 1000]. Both numbers are buffers, so that they are saved with a training and go on with it.

    Arguments:
        start: the first λ, in [0.001, 1000].
        limit: κ, the share of the action's variance that may be left, in (0, 1).

    Raises:
        SMWMError: a start or a limit out of its range.
    """

    def __init__(self, start: float, limit: float) -> None:
        super().__init__()
        if not 0 < limit < 1 or not LOWEST <= start <= HIGHEST:
            raise SMWMError(
                f"An adaptive weight has a limit in (0, 1) and starts in [{LOWEST:g}, {HIGHEST:g}], "
                f"not with {limit:g} at {start:g}."
            )
        self.limit = limit
        self.register_buffer("log_weight", torch.tensor(math.log(start)))
        self.register_buffer("missed", torch.tensor(1.0))

    @property
    def weight(self) -> Tensor:
        """λ as a scalar of its own, which later changes leave as it is."""
        return self.log_weight.exp()

    @torch.no_grad()
    def adapt(self, inverse_loss: Tensor, a: Tensor) -> None:
        """After a step: note what the inverse loss left, and move λ.

        Arguments:
            inverse_loss: of the batch, a scalar.
            a: its actions, ``(…, A)``.
        """
        variance = a.flatten(0, -2).var(0).mean().clamp_min(LEAST_VARIANCE)
        self.missed.lerp_((inverse_loss / variance).to(self.missed.dtype), 1 - DECAY)
        self.log_weight.add_(RATE * (self.missed / self.limit - 1).clamp(-1, 1))
        self.log_weight.clamp_(math.log(LOWEST), math.log(HIGHEST))
