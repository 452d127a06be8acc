"""What is minimised: a weighted sum of losses, each of which reaches the encoder.

Paper: Sensorimotor World Models (arXiv 2606.20104), algorithm 1.
"""

from dataclasses import asdict, dataclass

from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.losses import forward_loss, inverse_loss
from smwm_core.models import WorldModel
from smwm_core.sigreg import sigreg_loss


@dataclass(frozen=True)
class Objective:
    """``L = L_fwd + inverse · L_inv + sigreg · L_sigreg``; a term of weight 0 is not computed.

    Arguments:
        inverse: λ, the weight of the inverse loss; the paper's toy worlds use 10. 0 is the
            forward-only baseline, which collapses.
        sigreg: weight of SIGReg; the paper's baseline uses 0.09 with ``inverse=0``.
    """

    inverse: float = 10.0
    sigreg: float = 0.0

    def __post_init__(self) -> None:
        for name, weight in asdict(self).items():
            if not 0 <= weight < float("inf"):
                raise SMWMError(f"The weight of a loss is a finite number ≥ 0; {name} is {weight}.")

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the losses that are computed, the weighted sum first."""
        return ("loss", "forward", *(name for name, weight in asdict(self).items() if weight))

    def __call__(
        self, model: WorldModel, z: Tensor, a: Tensor, z_next: Tensor, generator: Generator | None = None
    ) -> dict[str, Tensor]:
        """Compute every term on a batch of consecutive latents.

        Arguments:
            model: whose heads predict the next latent and recover the action.
            z, z_next: latents ``(N, Z)``; ``a`` takes one to the other.
            a: actions ``(N, A)`` in [-1, 1].
            generator: source of SIGReg's directions.

        Returns:
            live scalars under the names in ``terms``.
        """
        losses = {"forward": forward_loss(model.predict(z, a), z_next)}
        total = losses["forward"]
        if self.inverse:
            losses["inverse"] = inverse_loss(model.inverse_model(z, z_next), a)
            total = total + self.inverse * losses["inverse"]
        if self.sigreg:
            losses["sigreg"] = (sigreg_loss(z, generator=generator) + sigreg_loss(z_next, generator=generator)) / 2
            total = total + self.sigreg * losses["sigreg"]
        return {"loss": total, **losses}
