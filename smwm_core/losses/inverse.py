"""What the inverse model is asked about a window of frames: for one action, or for more than that.

The paper asks for the action between two consecutive frames. The other questions look further ahead, for a second
moment of the action, or back at actions that were taken before.

Papers: Sensorimotor World Models (arXiv 2606.20104), one step; AC-State (arXiv 2207.08229), several steps.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.losses.smwm import inverse_loss
from smwm_core.models import InverseModel, MultiStepInverseModel

TARGETS = ("first", "sum", "moments")
FARTHEST = 1_000  # steps


@dataclass(frozen=True)
class Question:
    """What ``h`` is to tell.

    Arguments:
        steps: distances k between the two frames that it sees; the loss is the mean over them.
        target: ``first``, the action that was taken at the first of the two frames; ``sum``, all actions between them
            added up and divided by √k; ``moments``, the first action a together with 3a² − 1.
        lags: tell also the actions taken up to so many steps before two consecutive frames, the latest one first.

    Raises:
        SMWMError: distances that are not rising whole numbers from 1 on, or lags together with other questions.
    """

    steps: tuple[int, ...] = (1,)
    target: str = "first"
    lags: int = 0

    def __post_init__(self) -> None:
        choose("target of the inverse loss", self.target, dict.fromkeys(TARGETS))
        whole = all(isinstance(k, int) and 0 < k <= FARTHEST for k in self.steps)
        if not (self.steps and whole and list(self.steps) == sorted(set(self.steps))):
            raise SMWMError(
                f"The steps of the inverse loss are rising whole numbers from 1 to {FARTHEST}, not {self.steps}."
            )
        if not isinstance(self.lags, int) or not 0 <= self.lags <= FARTHEST:
            raise SMWMError(f"The inverse loss looks back 0 to {FARTHEST} whole steps, not {self.lags}.")
        if self.lags and (self.steps != (1,) or self.target != "first"):
            raise SMWMError("An inverse loss with lags reads two consecutive frames and no other target.")

    @property
    def window(self) -> int:
        """Steps that a window must have."""
        return max(self.steps[-1], self.lags + 1)

    def head(self, latent_dim: int, action_dim: int) -> InverseModel:
        """An inverse model that can answer."""
        outputs = action_dim * (self.lags + 1) * (2 if self.target == "moments" else 1)
        return (InverseModel if self.steps == (1,) else MultiStepInverseModel)(latent_dim, outputs)

    def loss(self, h: InverseModel, z: Tensor, a: Tensor, z_next: Tensor) -> Tensor:
        """Mean squared error of the answers on all pairs of frames that a window has.

        Arguments:
            h: made by ``head``.
            z, z_next: latents ``(N, T, Z)`` of the first T frames of windows, and of the last T.
            a: actions ``(N, T, A)``.

        Raises:
            SMWMError: windows that are too short.
        """
        return torch.stack([inverse_loss(*pair) for pair in self.answers(h, z, a, z_next).values()]).mean()

    def answers(self, h: InverseModel, z: Tensor, a: Tensor, z_next: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        """What ``h`` says and what is right, by distance, or with lags by how many steps before the latest action.

        Arguments and errors are those of ``loss``.
        """
        if a.shape[1] < self.window:
            raise SMWMError(f"This inverse loss needs windows of {self.window} steps; these have {a.shape[1]}.")
        if self.lags:
            said = h(z[:, self.lags :], z_next[:, self.lags :]).split(a.shape[2], -1)
            return {lag: (said[lag], a[:, self.lags - lag : a.shape[1] - lag]) for lag in range(self.lags + 1)}
        if self.steps == (1,):
            return {1: (h(z, z_next), self._target(a, 1))}
        found = {}
        for k in self.steps:
            target = self._target(a, k)
            found[k] = h(z[:, : target.shape[1]], z_next[:, k - 1 :], k / self.steps[-1]), target
        return found

    def _target(self, a: Tensor, k: int) -> Tensor:
        first = a[:, : a.shape[1] - k + 1]
        if self.target == "sum":
            return a.unfold(1, k, 1).sum(-1) / k**0.5
        return first if self.target == "first" else torch.cat([first, 3 * first.square() - 1], -1)
