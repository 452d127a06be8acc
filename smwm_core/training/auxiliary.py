"""What some objectives need beside the model while it trains, and nobody needs afterwards."""

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import nn

from smwm_core.losses.objective import Objective
from smwm_core.models import PixelDecoder, WorldModel
from smwm_core.training.adaptive_weight import AdaptiveWeight


class AuxiliaryNetworks(nn.Module):
    """A decoder for reconstruction, a slow copy of the encoder for a moving-average target, a weight that
    follows from a constraint; for most, none of them.

    Arguments:
        objective: which says what is needed.
        model: freshly initialised; the copy starts as its encoder.
    """

    def __init__(self, objective: Objective, model: WorldModel) -> None:
        super().__init__()
        self.decay = objective.ema_decay
        self.decoder = PixelDecoder(model.encoder.latent_dim) if objective.reconstruction else None
        self.target = deepcopy(model.encoder).requires_grad_(False) if objective.ema_decay else None
        kappa = getattr(objective, "constraint", 0.0)  # somebody's own objective may know nothing of it
        self.adaptive = AdaptiveWeight(objective.inverse, kappa) if kappa else None

    def trained(self) -> Iterator[nn.Parameter]:
        """The parameters that the optimiser moves."""
        return (parameter for parameter in self.parameters() if parameter.requires_grad)

    @torch.no_grad()
    def follow(self, model: WorldModel) -> None:
        """After a step of the optimiser: move the copy a little towards the encoder."""
        if self.target is not None:
            for slow, fast in zip(self.target.parameters(), model.encoder.parameters(), strict=True):
                slow.lerp_(fast, 1 - self.decay)
