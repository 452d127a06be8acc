"""What is minimised: a weighted sum of losses, each of which reaches the encoder.

With the defaults it is the paper's objective. The other terms are the other ways to keep a latent from
collapsing that the book compares it with; each can be added to any of the others.

Paper: Sensorimotor World Models (arXiv 2606.20104), algorithm 1.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.losses.inverse import Question
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import foreground_loss, forward_loss, relative_forward_loss
from smwm_core.losses.vicreg import vicreg_loss
from smwm_core.models import PixelDecoder, WorldModel

WEIGHTS = ("inverse", "sigreg", "vicreg", "reconstruction")
LOWEST, HIGHEST = 1e-3, 1e3  # an adapted λ stays between them


@dataclass(frozen=True)
class Objective:
    """Forward loss + ``inverse`` · inverse loss + ``sigreg`` · SIGReg + …; a term of weight 0 is not computed.

    Arguments:
        inverse: λ, the weight of the inverse loss; the paper's toy worlds use 10. 0 is the
            forward-only baseline, which collapses.
        sigreg: weight of SIGReg; the paper's baseline uses 0.09 with ``inverse=0``.
        vicreg: weight of the variance and covariance terms of VICReg.
        reconstruction: weight of drawing the first frame again from its latent.
        ema_decay: not a weight but the decay, in [0, 1), of a moving average of the encoder that encodes the
            second frame without gradient (BYOL); 0 is no such average.
        inverse_steps, inverse_target, inverse_lags: what the inverse model is asked, as ``Question`` says; the
            defaults are the paper's question.
        inverse_dims: how many dimensions of the latent, the first ones, the inverse model sees; 0 is all of them.
        constraint: κ, in [0, 1), the largest share of the action's variance that the inverse loss may leave. Above 0
            the weight of the inverse loss starts at ``inverse``, in [0.001, 1000], and is adapted while training as
            ``AdaptiveWeight`` says; 0, the paper's way, leaves it as it is.
        relative: whether the forward loss is divided by that of standing still, so that it has no scale.
    """

    inverse: float = 10.0
    sigreg: float = 0.0
    vicreg: float = 0.0
    reconstruction: float = 0.0
    ema_decay: float = 0.0
    inverse_steps: tuple[int, ...] = (1,)
    inverse_target: str = "first"
    inverse_lags: int = 0
    inverse_dims: int = 0
    constraint: float = 0.0
    relative: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "inverse_steps", tuple(self.inverse_steps))  # a list, if read from a file
        for name in (*WEIGHTS, "ema_decay"):
            weight = getattr(self, name)
            if not 0 <= weight < float("inf"):
                raise SMWMError(f"The weight of a loss is a finite number ≥ 0; {name} is {weight}.")
        if self.ema_decay >= 1:
            raise SMWMError(f"A moving average needs a decay below 1, or it never moves; not {self.ema_decay}.")
        if self.question != Question() and not self.inverse:
            raise SMWMError("An objective with inverse=0 asks the inverse model nothing; leave its question as it is.")
        if not isinstance(self.inverse_dims, int) or self.inverse_dims < 0 or (self.inverse_dims and not self.inverse):
            raise SMWMError(
                f"An inverse model sees a whole number of dimensions, and some only where there is an inverse loss; "
                f"inverse_dims is {self.inverse_dims} with inverse={self.inverse:g}."
            )
        if not 0 <= self.constraint < 1:
            raise SMWMError(f"A constraint is a share of the action's variance, in [0, 1), not {self.constraint}.")
        if self.constraint and (self.question != Question() or not LOWEST <= self.inverse <= HIGHEST):
            raise SMWMError(
                f"A constraint adapts the weight of the paper's inverse loss, of no other question, from a start in "
                f"[{LOWEST:g}, {HIGHEST:g}], not {self.inverse:g}."
            )

    @property
    def question(self) -> Question:
        """What the inverse model is asked."""
        return Question(self.inverse_steps, self.inverse_target, self.inverse_lags)

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the losses that are computed, the weighted sum first, and of an adapted weight, last."""
        return ("loss", "forward", *self._weighted, *["weight"] * (self.constraint > 0))

    @property
    def _weighted(self) -> list[str]:
        return [name for name in WEIGHTS if getattr(self, name)]

    @property
    def components(self) -> tuple[str, ...]:
        """What decides its numbers, as ``VERSIONS`` names it."""
        used = {
            "sigreg": self.sigreg,
            "vicreg": self.vicreg,
            "reconstruction": self.reconstruction,
            "ema": self.ema_decay,
            "inverse question": self.question != Question(),
            "split inverse": self.inverse_dims,
            "constraint": self.constraint,
            "relative forward": self.relative,
        }
        return ("objective", *(name for name, weight in used.items() if weight))

    @property
    def bounded(self) -> bool:
        """Whether latents end in a tanh; a latent of unit variance per dimension does not fit into (-1, 1)."""
        return not (self.sigreg or self.vicreg)

    def __call__(
        self,
        model: WorldModel,
        z: Tensor,
        a: Tensor,
        z_next: Tensor,
        generator: Generator | None = None,
        *,
        frames: Tensor | None = None,
        decoder: PixelDecoder | None = None,
        weight: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute every term on consecutive latents: single steps ``(N, …)``, or windows of T steps ``(N, T, …)``.

        Arguments:
            model: whose heads predict the next latent and recover the action.
            z, z_next: latents ``(N, Z)`` or ``(N, T, Z)``; ``a[:, t]`` takes ``z[:, t]`` to ``z_next[:, t]``.
            a: actions ``(N, A)`` or ``(N, T, A)``; for a forward model of P past actions ``(N, P + T, A)``.
            generator: source of SIGReg's directions; it is applied to each frame of the windows by itself.
            frames: those of ``z``, ``(N, 3, H, W)`` or ``(N, T, 3, H, W)``; only for reconstruction.
            decoder: draws frames from latents; only for reconstruction.
            weight: of the inverse loss where there is a constraint, a scalar; ``inverse`` if not given.

        Returns:
            live scalars under the names in ``terms``.
        """
        if z.ndim == 2:
            z, a, z_next = z[:, None], a[:, None], z_next[:, None]
        z_hat = model.predict(z, a)
        losses = {"forward": relative_forward_loss(z_hat, z, z_next) if self.relative else forward_loss(z_hat, z_next)}
        each = [*z.unbind(1), z_next[:, -1]]
        if self.inverse:
            seen = slice(self.inverse_dims or None)
            own = a[:, -z.shape[1] :]
            losses["inverse"] = self.question.loss(model.inverse_model, z[..., seen], own, z_next[..., seen])
        if self.sigreg:
            losses["sigreg"] = torch.stack([sigreg_loss(part, generator=generator) for part in each]).mean()
        if self.vicreg:
            losses["vicreg"] = torch.stack([vicreg_loss(part) for part in each]).mean()
        if self.reconstruction:
            losses["reconstruction"] = foreground_loss(decoder(z.flatten(0, 1)), frames.reshape(-1, *frames.shape[-3:]))
        total = losses["forward"]
        weights = {name: getattr(self, name) for name in self._weighted}
        if self.constraint:
            weights["inverse"] = losses["weight"] = z.new_full((), self.inverse) if weight is None else weight
        for name, factor in weights.items():
            total = total + factor * losses[name]
        return {"loss": total, **losses}
