"""What stands between a latent and a goal: how well what it asks for can be read, and what its distance is made of."""

from torch import Tensor

from smwm_book.experiments.measures import Measure, Scale, Share
from smwm_book.experiments.runs import Run
from smwm_core.analysis.probes import explained_share, probe_values
from smwm_core.analysis.quantities import ASKED


def diagnose(run: Run, fit: Tensor, score: Tensor, seed: int) -> dict[str, Measure]:
    """Read from a model's latents, with an MLP, each quantity that the goal test of its task asks for.

    Arguments:
        run: a model of a planning task.
        fit, score: states ``(N, S)`` of training episodes and ``(M, S)`` of held-out ones.
        seed: of the MLPs.

    Returns:
        per quantity ``…_error``, the median error on held-out frames in the test's own unit; ``…_within``, the share
        of those frames where the error is within the test's tolerance; ``…_share``, the share of the latent's
        variance that is a function of the quantity.
    """
    z_fit, z_score, found = run.encode(fit), run.encode(score), {}
    for name, asked in ASKED[run.config.world.partition("/")[0]].items():
        error = asked.error(probe_values("mlp", z_fit, asked.read(fit), z_score, seed=seed), score)
        found[f"{name}_error"] = Scale(error.median().item(), asked.unit)
        found[f"{name}_within"] = Share((error < asked.tolerance).float().mean().item())
        found[f"{name}_share"] = Share(max(0.0, explained_share(asked.read(fit), z_fit, seed=seed)))
    return found
