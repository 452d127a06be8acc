"""A check-up of a trained model: the measures by which the book's pages found what was wrong with theirs.

Needs nothing but the model and held-out data of the kind it was trained on: no state, no simulator, no reward.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from smwm_core.analysis.findings import FINE, LOOK, Checkup, Finding
from smwm_core.analysis.observed import encoded_moments, gathered, moments_of
from smwm_core.analysis.rollout import rollout_errors
from smwm_core.analysis.spectrum import knee, spectrum, top_share
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.seeds import initialising
from smwm_core.worlds.world import Transitions

# Each is a threshold that a page states and tests; without one, a line has a number and no verdict.
UNREAD = 0.09  # of Var(a): beyond_actions, where wires that are swapped in 40 % of all steps let less than that be told
READ = 0.95  # of Var(a): beyond_lambda, whose constraint asks for as much
SHRUNK = 0.01  # beyond_time, beyond_actions: a collapsed latent has less than a hundredth of an open one's variance
TOLD = 0.9  # of Var(a): beyond_time, where an action that has arrived leaves less than a tenth
LEANS = 0.25  # R² of the action from one observation: beyond_policy, a bias of 0.5, the least that was tried
PULL = 0.15  # beyond_policy: one fault alone pulls less
LAGS = 3  # steps that an action may come late
DROPPED = 0.3  # R²: beyond_dropped, where the latent tells less of a dot that nobody moves
LEAST, UNTRAINED = 200, 500  # transitions
LABELLED = 200  # labels at most that latent and observation are compared with
SMALLEST = 32  # pixels of a side from which on a picture is looked at through filters
HEAD_STEPS = 500  # of the training of the fresh head


def checkup(
    model: WorldModel,
    batches: Transitions | Iterable | Callable[[int], Iterable],
    *,
    windows: Iterable | None = None,
    quantities: Mapping[str, Tensor | np.ndarray] | None = None,
) -> Checkup:
    """What can be told of a trained model from held-out data alone; the model stays as it is.

    A fresh head is trained on the first half of the data and scored on the second, so leave recordings in their order;
    linear read-outs are cross-validated.

    Arguments:
        model: trained, on the device where it is to be read.
        batches: as ``fit`` takes them, from data that were not trained on: ``Transitions`` of observations, actions
            and next observations, windows ``(N, T + 1, …)`` with actions ``(N, T, A)``, an iterable of either, or a
            function that yields windows. At least 200 transitions, and four for each number of the latent; the first
            4,000 are used.
        windows: for the rollout, where ``batches`` are single steps: observations and actions of several steps.
        quantities: labels ``(n,)`` or ``(n, D)`` of the first n observations, in windows of their first moments, by
            name; ten are enough. They are read from latents with noise of 5 % of their spread, and up to 200 of them
            from the observations as well: what these tell and the latent does not has been dropped.

    Returns:
        findings on the action, the variance, the spectrum, the rollout, what the observation repeats, and the policy.
        A policy that leans on what happens in the same step, like a wind that no single frame shows, is not seen. An
        observation under position control tells the command too, without being a copy of it.

    Raises:
        SMWMError: wrong shapes, too few samples, numbers that are not finite, or a column of the action that never
            changes.
    """
    from smwm_core.analysis.probes import fresh_inverse_head  # scikit-learn, which no training waits for

    training, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        seen, a = moments_of(*gathered(batches), model.frames)
        z = encoded_moments(model.encoder, seen, device)
        _require_enough(z, a)
        before, after, done = z[:, :-1].flatten(0, 1), z[:, 1:].flatten(0, 1), a.flatten(0, 1).to(device)
        std = (done - done.mean(0)) / done.std(0)
        head = fresh_inverse_head(before, std, after, seed=0, steps=HEAD_STEPS)
        half = len(done) // 2
        told = _share(head, before[half:], after[half:], std[half:])
        told = np.maximum(told, _r2(torch.cat([before, after], 1), std))
        own = _own_share(model.inverse_model, before, after, done)
        best = told if own is None else np.maximum(told, own)
        findings = [_recovered(told, best)]
        if own is not None:
            words = "what h reads, if it was trained"
            findings.append(Finding("by its own head", tuple(own), "of Var(a)", words, "beyond_actions"))
        some = max(1, UNTRAINED // a.shape[1])
        if best.min() <= UNREAD and a.shape[1] > 1:
            findings.append(_late(_small(seen).to(device), a.to(device), best <= UNREAD))
        findings += _scale(before, encoded_moments(_untrained(model.encoder), seen[:some, :-1], device).flatten(0, 1))
        roll = moments_of(*gathered(windows), model.frames) if windows is not None else (seen, a)
        if roll[1].shape[1] > 1 and not getattr(model.forward_model, "past_actions", 0):
            moments = z if windows is None else encoded_moments(model.encoder, roll[0], device)
            error, still = rollout_errors(model, moments, roll[1].to(device))
            findings.append(_rollout(error / still.clip(min=1e-12)))
        pictures = [_small(part).flatten(0, 1) for part in (seen[:, :-1], seen[:, 1:])]
        leaning, copied = (
            np.maximum(_r2(picture, std), _r2(latent, std))
            for picture, latent in zip(pictures, (before, after), strict=True)
        )
        findings += [_readback(leaning, copied), _policy(leaning, best)]
        first = seen[:, 0], z[:, 0]
        return Checkup((*findings, *(_quantity(name, *first, of) for name, of in (quantities or {}).items())))
    finally:
        model.train(training)


def _require_enough(z: Tensor, a: Tensor) -> None:
    count, needed = a.shape[:2].numel(), max(LEAST, 4 * z.shape[2])
    if count < needed:
        raise SMWMError(f"A check-up of a latent of {z.shape[2]} numbers needs {needed} transitions, not {count}.")
    idle = [str(i + 1) for i, std in enumerate(a.flatten(0, 1).std(0)) if not std > 0]
    if idle:
        raise SMWMError(f"Column {', '.join(idle)} of the actions never changes; leave it out.")


def _untrained(encoder: torch.nn.Module) -> torch.nn.Module:
    """The same architecture with fresh weights, wherever a layer can draw its own."""
    fresh = deepcopy(encoder)
    with initialising(0, "untrained encoder"):
        for layer in fresh.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    return fresh.eval()


@torch.no_grad()
def _share(head: torch.nn.Module, z: Tensor, z_next: Tensor, a: Tensor) -> np.ndarray:
    """What a head recovers of each column of the action, ``(A,)`` in Var(a); below zero is zero."""
    missed = (head(z, z_next) - a).square().mean(0) / a.var(0)
    return (1 - missed).clamp(min=0).cpu().double().numpy()


def _recovered(told: np.ndarray, best: np.ndarray) -> Finding:
    lost = [str(column + 1) for column in np.flatnonzero(best <= UNREAD)]
    which = "no column" if len(lost) == len(best) else f"not column {', '.join(lost)}"
    meaning = f"{which}: idle, miswired or late" if lost else "what fresh heads read of each column"
    verdict = LOOK if lost else FINE if best.min() >= READ else ""
    return Finding("action recovered", tuple(told), "of Var(a)", meaning, "beyond_actions", verdict)


def _own_share(head: torch.nn.Module, z: Tensor, z_next: Tensor, a: Tensor) -> np.ndarray | None:
    try:
        return _share(head, z, z_next, a)
    except (TypeError, RuntimeError, SMWMError):  # it was asked another question than for the action of one step
        return None


def _scale(z: Tensor, untrained: Tensor) -> list[Finding]:
    variances = spectrum(z)
    ratio = variances.sum() / max(spectrum(untrained).sum(), 1e-30)
    shrunk = ratio < SHRUNK  # the pages' open latents have 0.8 times the untrained variance or far more
    meaning = "the latent has collapsed" if shrunk else "how far training opened the latent"
    verdict = LOOK if shrunk else ""
    shares = tuple(top_share(variances, k) for k in range(1, min(4, len(variances)) + 1))
    return [
        Finding("total variance", (ratio,), "of untrained", meaning, "beyond_time", verdict),
        Finding("knee", (float(knee(variances)),), "components", "where the spectrum falls", "fig4_controllable_dof"),
        Finding("first components", shares, "of variance", "shares of 1, 2, 3, 4 together", "fig4_controllable_dof"),
    ]


def _rollout(ratio: np.ndarray) -> Finding:
    return Finding("rollout", tuple(ratio), "of standing still", "error by steps ahead", "fig3_latent_rollout")


def _small(seen: Tensor) -> Tensor:
    """Observations as rows ``(N, M, D)``; pictures as the means of 8×8 fields."""
    if seen.ndim == 5:
        seen = adaptive_avg_pool2d(seen.flatten(0, 1), 8).unflatten(0, seen.shape[:2])
    return seen.flatten(2)


def _r2(x: Tensor, a: Tensor) -> np.ndarray:
    """Of a linear read-out of each column of the action, ``(A,)``; below zero is zero."""
    from smwm_core.analysis.detection import budgeted_r2

    return budgeted_r2(x, a).clip(min=0)


def _readback(before: np.ndarray, after: np.ndarray) -> Finding:
    column = after.argmax()
    copied = bool(((after >= TOLD) & (before < TOLD)).any())
    meaning = "the observation repeats the command" if copied else "what the next observation alone tells of it"
    return Finding("readback", (after[column],), "R²", meaning, "beyond_series", LOOK if copied else "")


def _policy(leaning: np.ndarray, told: np.ndarray) -> Finding:
    """The product rule of two faults: R² is the bias ρ², and what the action's trace leaves open gives the slip."""
    left, rho = 1 - told, np.sqrt(np.where(leaning > LEANS, leaning, 0))
    own = np.maximum(1 - rho**2 - left, 1e-12)
    pull = (rho * left / own).max()
    meaning = "biased, and its effect is unsure" if pull > PULL else "what one observation tells of the action"
    return Finding("policy", (leaning.max(),), "R²", meaning, "beyond_policy", LOOK if pull > PULL else FINE)


def _late(seen: Tensor, a: Tensor, lost: np.ndarray) -> Finding:
    """Whether two observations tell the action of an earlier step, where they do not tell the present one.

    Arguments:
        seen: observations as rows, ``(N, T + 1, D)``.
        a: ``(N, T, A)``.
        lost: which columns of the action are not told, ``(A,)``.
    """
    from smwm_core.analysis.probes import fresh_inverse_head

    told = []
    for lag in range(1, min(LAGS, a.shape[1] - 1) + 1):
        before, after = (seen[:, first:last].flatten(0, 1) for first, last in ((lag, -1), (lag + 1, None)))
        done = a[:, :-lag].flatten(0, 1)
        std, rows, half = (done - done.mean(0)) / done.std(0), torch.cat([before, after], 1), len(done) // 2
        rows = (rows - rows.mean(0)) / rows.var(0).mean().sqrt().clamp(min=1e-12)
        before, after = rows.chunk(2, 1)
        head = fresh_inverse_head(before, std, after, seed=0, steps=HEAD_STEPS)
        share = np.maximum(_share(head, before[half:], after[half:], std[half:]), _r2(rows, std))
        told.append(share[lost].min())
    late = int(np.argmax(told)) + 1
    found = max(told) >= TOLD
    meaning = f"the action shows {late} steps late" if found else "what is told of 1, 2, … steps before"
    return Finding("earlier actions", tuple(told), "of Var(a)", meaning, "beyond_time", LOOK if found else "")


def _quantity(name: str, seen: Tensor, z: Tensor, labels: Tensor | np.ndarray) -> Finding:
    from smwm_core.analysis.detection import budgeted_r2, convolved
    from smwm_core.analysis.sensitivity import blurred, blurred_r2

    of = torch.as_tensor(labels).double()
    of = of[:, None] if of.ndim == 1 else of
    if of.ndim != 2 or not 10 <= len(of) <= len(z) or not torch.isfinite(of).all():
        raise SMWMError(f"{name} needs 10 to {len(z)} finite labels of shape (n,) or (n, D), not {tuple(of.shape)}.")
    some = min(len(of), LABELLED)
    in_latent = budgeted_r2(blurred(z)[:some], of[:some])
    pictures = seen.ndim == 4 and min(seen.shape[2:]) >= SMALLEST
    rows = convolved(seen[:some]) if pictures else seen[:some].flatten(1)
    missing = ((in_latent < DROPPED) & (budgeted_r2(rows, of[:some]) - in_latent > DROPPED)).any()
    r2 = blurred_r2(z[: len(of)], of) if len(of) // 2 > z.shape[1] else in_latent
    meaning = "dropped: the observation tells it" if missing else f"read with {len(of)} labels"
    verdict = LOOK if missing else ""
    return Finding(name, tuple(r2.clip(min=0)), "R², blurred", meaning, "beyond_dropped", verdict)
