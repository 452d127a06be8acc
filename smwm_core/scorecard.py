"""The scorecard page: every figure and table of the paper, made from result files alone."""

import csv
from pathlib import Path

from smwm_core import notebooks, paths
from smwm_core.report import format_interval, format_number, published_results
from smwm_core.results import Results

_INTRODUCTION = """\
(scorecard)=
# Scorecard

Every figure and table of the paper, and what this book has of it so far: the paper's number, ours, and how ours
was made; figures called *Ours* go beyond the paper. This page is written by a program from the result files in
`data/results/`; nobody types numbers into it.

**Verdicts.** *Reproduced*: the paper's value lies inside our 95 % interval; a count (a knee) must equal the
paper's for every seed. *Differs*: it does not. *No number*: the paper makes the point with a picture, so there
is nothing to compare digit by digit, and the page of that figure argues it. *Explained*: the method page covers
it. *Not yet run*: this book has no result file for it. A verdict holds for the budget that stands beside it; a
budget other than `paper` is smaller than the paper's own.

**Intervals.** Mean over seeds and 95 % interval by Student's t. Success rates have Wilson's interval for the trials
of all seeds together; the seeds plan the same tasks, so it tells how well these tasks are solved, and is a little
too narrow for all tasks that could be drawn. Variances, losses, errors, distances and ratios
are averaged on a logarithmic scale. With three seeds such an interval is wide, and says so honestly.

**Metric names.** `knee`: after which principal component the variance falls off most steeply (see the
[](method.md)). `top2_share`, `topk_share`: share of the variance in the first 2, or k = controlled, components.
`effective_rank`: how many components there seem to be, from their shares alone. `total_variance`: sum of the
variances of all latent dimensions, and `variance_over_untrained` the same divided by that of the freshly
initialised encoder. `…_r2`: coefficient of determination of a linear read-out, 1 is perfect. `inverse_loss`:
loss of a new inverse model on frozen latents. `error`, `stay_put_distance`, `error_ratio`: distance of a
prediction from the encoded frame, of standing still from it, and their quotient. `composition…relative_error`:
distance between small steps and the one large step, over the length of the latter. `r2_theta`: the mean of the
read-outs of cos θ and sin θ. `decoder_mse`: mean squared error per pixel and channel, in [0, 1], of frames that a
decoder draws from frozen latents. `rollout_error_ratio`: `error_ratio` five steps ahead. `step_ms`: time of one
training step, which holds for the machine named and for nothing else.
`success_percent`: share of planning tasks whose goal was reached within the budget; `nontrivial_…`: without the tasks
whose start already counts as reached; `first_tasks_percent`: of the first twenty, which are planned again when the
book is built. `steps_to_success_median`: over the tasks that were solved. `offset_…`: steps from start to goal.
`….linear.…r2`, `….mlp.…r2`: a probe fitted on frames of the training episodes and scored on held-out ones; `….half.…`:
fitted on one half of the held-out frames, scored on the other. `rank_correlation`: Spearman's, between what a model
thinks plans cost and where they really lead. `spread`: the largest distance between the latents of two places.
`usual.…`, `border.…`: moves that start where training steps start, and outside of it; `inverse_error`: distance between
the action and the one that the inverse model finds. `across.…`: journeys from one room of TwoRoom to the other;
`wrong_room_percent`: those that failed and ended on the wrong side of the wall. `block1.…`, `block5.…`: one block, and
five, of random actions ahead.

"""


def write(folder: Path) -> Path:
    """Write ``scorecard.md`` into a folder and return its path."""
    path = folder / "scorecard.md"
    path.write_text(render())
    return path


def verdict(metric: dict) -> str:
    """The written rule of the page, for one metric."""
    if metric["paper"] is None:
        return "no number"
    if metric["name"].endswith("knee"):
        agrees = all(value == metric["paper"] for value in metric["per_seed"])
    elif metric["low"] is None:
        return "one seed only"
    else:
        agrees = metric["low"] <= metric["paper"] <= metric["high"]
    return "reproduced" if agrees else "differs"


def render() -> str:
    """The whole page as Markdown."""
    with (paths.PAPER / "figures.csv").open(newline="") as file:
        figures = list(csv.DictReader(file))
    found = {row["notebook"]: published_results(row["notebook"]) for row in figures if row["notebook"]}
    lines = ["| paper | what it shows | page | verdict (budget) |", "|:--|:--|:--|:--|"]
    for row in figures:
        lines.append(_summary_row(row, found.get(row["notebook"], [])))
    sections = [_section(name, results) for name, runs in found.items() for results in runs]
    return _INTRODUCTION + "\n".join(lines) + "\n\n" + "\n".join(sections)


def _summary_row(row: dict, runs: list[Results]) -> str:
    if not row["notebook"]:
        cells = ["[method](method.md)", "explained"]
    elif not runs:
        cells = ["–", "not yet run"]
    else:
        cells = [f"[page](../notebooks/{row['notebook']}.ipynb)", "; ".join(map(_overall, runs))]
    return f"| {' | '.join([row['figure'], row['content'], *cells])} |"


def _overall(results: Results) -> str:
    verdicts = [verdict(metric) for metric in results.metrics if metric["paper"] is not None]
    if not verdicts:
        return f"no number (`{results.preset}`)"
    return f"{verdicts.count('reproduced')} of {len(verdicts)} numbers reproduced (`{results.preset}`)"


def _section(notebook: str, results: Results) -> str:
    origin = results.provenance
    lines = [
        f"## {results.figure}, budget `{results.preset}`",
        "",
        f"{notebooks.title(notebook)}. {len(results.seeds)} seeds, {origin['training_seconds']:,.0f} s of training on "
        f"{origin['device']}, at most {origin['peak_memory_mb']:,} MB, torch {origin['torch']}, "
        f"{origin['date']}, commit `{origin['commit']}`.",
        "",
        "```",
        origin["command"],
        "```",
        "",
        "| metric | ours [95 % interval] | paper | unit | seeds | verdict |",
        "|:--|:--|:--|:--|--:|:--|",
    ]
    for metric in results.metrics:
        cells = [
            f"`{metric['name']}`",
            format_interval(metric),
            format_number(metric["paper"]),
            metric["unit"],
            str(metric["n"]),
            verdict(metric),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def readme_table() -> str:
    """Markdown for the README: notebook, figure, command and the training time of the committed results."""
    lines = ["| notebook | figure | command | training time |", "|:--|:--|:--|--:|"]
    for name in notebooks.sources():
        for results in published_results(name):
            origin = results.provenance
            seconds = f"{origin['training_seconds']:,.0f} s on {origin['device']}"
            lines.append(
                f"| [{name}](notebooks/{name}.ipynb) | {results.figure} | `.venv/bin/{origin['command']}` | {seconds} |"
            )
    return "\n".join(lines)
