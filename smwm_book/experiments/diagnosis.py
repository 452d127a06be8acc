"""How well a model plans, and what stands between its latent and a goal.

What the goal test of a task asks for is read from the latent: where that fails, nothing can plan. And what the model
expects of its own plan is compared with what came of it: where the two part, the search has found a flaw of the model
instead of a way to the goal.
"""

from dataclasses import replace

import torch
from torch import Tensor

from smwm_book.experiments.held_out import held_out
from smwm_book.experiments.measures import Measure, Rate, Scale, Share, planning_measures
from smwm_book.experiments.page import Page
from smwm_book.experiments.results import Results
from smwm_book.experiments.runs import Run
from smwm_core.analysis.observed import encoded_moments, moments_of
from smwm_core.analysis.probes import draw_states, explained_share, probe_values
from smwm_core.analysis.quantities import ASKED
from smwm_core.losses.smwm import inverse_loss
from smwm_core.planning import CEM, TASKS_PER_SEARCH, EpisodeOutcomes, Tasks, evaluate, mpc_policy
from smwm_core.seeds import generator

OFFSET, ACT_STEPS = 25, 50  # primitive steps from start to goal, and to act
SHORTER = 4  # how many times as long the whole training is as the other one that a page compares it with


def plan_and_diagnose(page: Page, run: Run, of: str) -> EpisodeOutcomes:
    """Plan a page's tasks with a model and add what comes out to the page's measures.

    If the page is measured anew, that is all tasks, ``expected_and_met`` and, for a model that sees one frame,
    ``diagnose``; otherwise the first twenty tasks.

    Arguments:
        of: under which name.
    """
    world, tasks = run.world, page.tasks(run, OFFSET)
    policy = mpc_policy(world, run.model, CEM(*world.bounds, **page.budget.search))
    outcome = evaluate(world, policy, page.some(tasks, tasks[:TASKS_PER_SEARCH]), ACT_STEPS, run.seed)
    first = outcome.success[:TASKS_PER_SEARCH]
    page.add(run, of, first20_success_percent=Rate(int(first.sum()), len(first)))
    if page.redo:
        page.add(run, of, **planning_measures(outcome), **expected_and_met(run, tasks, outcome))
    if page.redo and run.model.frames == 1:
        draws = generator(run.seed, f"states of {run.config.world}")
        fit, score = draw_states(run.config.make_world(), *page.budget.probe_states, draws)
        page.add(run, of, **diagnose(run, fit, score))
    return outcome


@torch.no_grad()
def expected_and_met(run: Run, tasks: Tasks, outcome: EpisodeOutcomes) -> dict[str, Measure]:
    """How much of the way to the goal is left in the latent after the first plan: as the model expects, and as it is.

    Arguments:
        run: the model that planned.
        tasks, outcome: what it planned, with the offset and the number of steps above, and what came of it.

    Returns:
        ``left_expected`` and ``left_met``: the distance of the last predicted and of the last real latent to the
        goal's, divided by that of the start's; medians over tasks.
    """
    world, model = run.world, run.model
    device, path = next(model.parameters()).device, outcome.path
    began = replace(tasks, start=path[:, 0])
    ended = replace(tasks, start=path[:, OFFSET], start_before=path[:, OFFSET - 1])
    seen = (*began.seen(model.frames), ended.seen(model.frames)[0])
    z, goal, met = (model.encode_states(world, states.to(device)) for states in seen)
    expected = model.rollout(z, world.block_sequence(outcome.actions[:, :OFFSET]).to(z))[:, -1]
    way = (z - goal).norm(dim=1)
    left = {"left_expected": expected, "left_met": met}
    return {name: Scale(((end - goal).norm(dim=1) / way).median().item()) for name, end in left.items()}


@torch.no_grad()
def inverse_losses(run: Run) -> dict[str, Measure]:
    """The inverse loss of a freshly trained model of a planning task, in shares of the variance of the actions.

    Returns:
        ``inverse_loss`` of the last hundred batches, and ``held_out_inverse_loss`` of blocks of held-out episodes.
    """
    o, a = held_out(run.config)[0]
    seen, a = moments_of(o, a, run.model.frames)
    z = encoded_moments(run.model.encoder, seen, next(run.model.parameters()).device)
    missed = inverse_loss(run.model.inverse_model(z[:, :-1], z[:, 1:]), a.to(z)) / a.var((0, 1)).mean().to(z)
    return {
        "inverse_loss": Scale(float(run.history["inverse"][-100:].mean())),
        "held_out_inverse_loss": Scale(missed.item()),
    }


def by_windows(results: Results, pattern: str, labels: dict[str, str], windows: int) -> dict[str, dict[int, dict]]:
    """A metric per model's label and windows seen in training: all of them, and a quarter where that was trained too.

    Arguments:
        pattern: a metric's name with ``*`` for the key of a label, such as ``"pusht.*.success_percent"``; after a
            quarter of the training the key is followed by ``.quarter``.
        labels: of models.
        windows: of the whole training.
    """
    found: dict[str, dict[int, dict]] = {label: {} for label in labels.values()}
    for count, part in ((windows // SHORTER, ".quarter"), (windows, "")):
        for label, metric in results.each(pattern.replace("*", f"*{part}"), labels).items():
            found[label][count] = metric
    return found


def diagnose(run: Run, fit: Tensor, score: Tensor) -> dict[str, Measure]:
    """Read from a model's latents, with an MLP, each quantity that the goal test of its task asks for.

    Arguments:
        run: a model of a planning task.
        fit, score: states ``(N, S)`` of training episodes and ``(M, S)`` of held-out ones.

    Returns:
        per quantity ``…_error``, the median error on held-out frames in the test's own unit; ``…_within``, the share
        of those frames where the error is within the test's tolerance; ``…_share``, the share of the latent's
        variance that is a function of the quantity.
    """
    z_fit, z_score, found = run.encode(fit), run.encode(score), {}
    for name, asked in ASKED[run.config.world.partition("/")[0]].items():
        error = asked.error(probe_values("mlp", z_fit, asked.read(fit), z_score, seed=run.seed), score)
        found[f"{name}_error"] = Scale(error.median().item(), asked.unit)
        found[f"{name}_within"] = Share((error < asked.tolerance).float().mean().item())
        found[f"{name}_share"] = Share(max(0.0, explained_share(asked.read(fit), z_fit, seed=run.seed)))
    return found
