"""Seven objectives for one world model: six ways to keep its latent from collapsing, and none at all."""

from dataclasses import dataclass

from smwm_core.losses.objective import Objective


@dataclass(frozen=True)
class Method:
    """One objective with what there is to say about it.

    Arguments:
        label: for figures and tables.
        objective: what is minimised.
        choices: numbers that someone has to choose, beyond those of the forward-only model.
        source: where it comes from.
    """

    label: str
    objective: Objective
    choices: tuple[str, ...]
    source: str


_SIGREG = ("weight", "number of directions", "highest frequency")

METHODS = {
    "forward_only": Method("forward only", Objective(inverse=0), (), "the baseline"),
    "inverse": Method("inverse (SMWM)", Objective(inverse=10), ("λ",), "arXiv 2606.20104"),
    "sigreg": Method("SIGReg (LeWM)", Objective(inverse=0, sigreg=0.09), _SIGREG, "arXiv 2511.08544, 2603.19312"),
    "vicreg": Method(
        "variance–covariance (VICReg)",
        Objective(inverse=0, vicreg=1),
        ("weight of the variance", "weight of the covariance", "target deviation"),
        "arXiv 2105.04906, 2502.14819",
    ),
    "ema": Method("moving-average target (BYOL)", Objective(inverse=0, ema_decay=0.99), ("decay",), "arXiv 2006.07733"),
    "reconstruction": Method(
        "reconstruction",
        Objective(inverse=0, reconstruction=1),
        ("weight", "weight of ink"),
        "autoencoders; the decoder is the paper's probe",
    ),
    "inverse_sigreg": Method(
        "inverse + SIGReg", Objective(inverse=10, sigreg=0.09), ("λ", *_SIGREG), "both of the above"
    ),
}
