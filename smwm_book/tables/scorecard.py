"""The scorecard: every figure and table of the paper beside ours, made from result files alone; a page and a table."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from smwm_book.experiments.results import Results, paper_table
from smwm_book.notebooks import run as notebooks
from smwm_book.tables.report import count_seeds, format_interval, format_number, published_results
from smwm_book.tables.verdicts import NOT_RUN, direction_verdict, figure_verdict, number_verdict
from smwm_core.storage.files import write_text

_INTRODUCTION = """\
(scorecard)=
# Scorecard

Every figure and table of the paper, and what this book has of it: the paper's number, ours, and how ours was made;
figures called *Ours* go beyond the paper. This page is written by a program from the result files in `data/results/`
and the paper's numbers in `data/paper/`; nobody types numbers into it. As a table to compute with:
{download}`scorecard.csv <scorecard.csv>`. What differs from the authors' own code, and what that does to the
numbers, has [a page of its own](differences.md).

"""

_RULES = """\
## The rule of the verdicts

A **number** of the paper is *reproduced* if it lies inside our 95 % interval (a count, the knee, must equal the
paper's for every seed); otherwise it *differs*. A **direction** is a comparison that the paper makes, such as *SMWM
plans better than random actions*. It *holds* if our two intervals lie apart on the side that the paper says, is
*contradicted* if they lie apart on the other, and *undecided* if they touch or one is not known. A **figure** is

- *reproduced* if it has numbers, all of them are reproduced, all its directions hold, and nothing of it is left to run,
- *reproduced in direction* if all directions that were run hold, but numbers differ, are missing, or there are none,
- *not reproduced* if a direction does not hold, or there are numbers only and not all are reproduced,
- *not yet run* if this book has no result for it.

A verdict holds for the budget that stands beside it; a budget other than `paper` is smaller than the paper's own.

**Intervals.** Mean over seeds and 95 % interval by Student's t. Success rates have Wilson's interval for the trials
of all seeds together; the seeds plan the same tasks, so it tells how well these tasks are solved, and is a little
too narrow for all tasks that could be drawn. Variances, losses, errors, distances and ratios
are averaged on a logarithmic scale. With three seeds such an interval is wide, and says so honestly.

**Metric names.** All terms are in the [list of words and symbols](glossary.md). `knee`: after which principal
component the variance falls off most steeply (see the [](method.md)). `top2_share`, `topk_share`: share of the
variance in the first 2, or k = controlled, components. `effective_rank`: how many components there seem to be, from
their shares alone. `total_variance`: sum of the variances of all latent dimensions, and `variance_over_untrained` the
same divided by that of the freshly initialised encoder. `…_r2`: coefficient of determination of a linear read-out, 1
is perfect. `inverse_loss`: loss of a new inverse model on frozen latents. `error`, `stay_put_distance`,
`error_ratio`: distance of a prediction from the encoded frame, of standing still from it, and their quotient.
`composition…relative_error`: distance between small steps and the one large step, over the length of the latter.
`r2_theta`: the mean of the read-outs of cos θ and sin θ. `decoder_mse`: mean squared error per pixel and channel, in
[0, 1], of frames that a decoder draws from frozen latents. `rollout_error_ratio`: `error_ratio` five steps ahead.
`step_ms`: time of one training step, which holds for the machine named and for nothing else.
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

_COLUMNS = [
    *("figure", "budget", "kind", "name", "ours", "low", "high", "unit", "seeds", "paper", "verdict"),
    *("machine", "training_seconds", "torch", "date", "commit", "command"),
]


def write(folder: Path) -> None:
    """Write ``scorecard.md`` and ``scorecard.csv`` into a folder."""
    write_text(folder / "scorecard.md", render())
    with (folder / "scorecard.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(csv_rows())


def render() -> str:
    """The whole page as Markdown."""
    figures = [(row, published_results(row["notebook"]) if row["notebook"] else []) for row in paper_table("figures")]
    overview = [
        "| paper | what it shows | verdict | numbers | directions | budget, seeds |",
        "|:--|:--|:--|:--|:--|:--|",
        *(line for row, runs in figures for line in _overview(row, runs)),
    ]
    sections = [_section(row, results) for row, runs in figures for results in runs]
    return "\n".join([_INTRODUCTION + _summary(figures), *overview, "", _RULES, *sections])


def _numbers(figure: str, results: Results) -> list[tuple[dict, str]]:
    """The metrics that belong to a figure, each with its verdict; the paper's numbers that we lack have no value.

    Metrics without a number of the paper belong to the first figure of their notebook.
    """
    first = next(row["figure"] for row in paper_table("figures") if row["notebook"] == results.notebook)
    belongs = {row["metric"]: row["figure"] for row in paper_table("metrics")}
    found = [metric for metric in results.metrics if belongs.get(metric["name"], first) == figure]
    ours = {metric["name"] for metric in found}
    missing = [
        {"name": row["metric"], "paper": float(row["value"]), "unit": ""}
        for row in paper_table("metrics")
        if row["figure"] == figure and row["metric"] not in ours
    ]
    return [*((metric, number_verdict(metric)) for metric in found), *((metric, NOT_RUN) for metric in missing)]


def _directions(figure: str, results: Results) -> list[tuple[dict[str, str], str]]:
    """The paper's comparisons in a figure, each with its verdict."""
    return [(row, direction_verdict(row, results)) for row in paper_table("claims") if row["figure"] == figure]


def _verdicts(figure: str, results: Results) -> tuple[list[str], list[str]]:
    numbers = [verdict for metric, verdict in _numbers(figure, results) if metric["paper"] is not None]
    return numbers, [verdict for _, verdict in _directions(figure, results)]


def _summary(figures: list[tuple[dict, list[Results]]]) -> str:
    """The plain-language summary: counts, and every comparison that did not come out as in the paper."""
    ours = [(row, runs) for row, runs in figures if row["notebook"] and row["figure"] != "Ours"]
    reached = Counter(figure_verdict(*_verdicts(row["figure"], runs[-1])) if runs else NOT_RUN for row, runs in ours)
    claims = [pair for row, runs in ours if runs for pair in _directions(row["figure"], runs[-1])]
    counts = Counter(verdict for _, verdict in claims)
    lines = [
        "## In plain words",
        "",
        f"The paper has {len(ours)} figures, tables and theorems that can be computed. Here",
        "",
        f"- **{reached['reproduced']} are reproduced**: every number of the paper lies inside our interval, and every "
        "comparison holds;",
        f"- **{reached['reproduced in direction']} are reproduced in direction**: what the paper says is larger is "
        "larger here too, but there are numbers that differ, that were not run, or none to compare;",
        f"- {reached['not reproduced']} are not reproduced at the budget of this book;",
        f"- {reached[NOT_RUN]} are not yet run.",
        "",
        f"Of the {len(claims)} comparisons that the paper makes in them, {counts['holds']} hold, {counts['undecided']} "
        f"are undecided, {counts['contradicted']} are contradicted, and {counts[NOT_RUN]} are not yet run.",
        "",
    ]
    for verdict, words in (("contradicted", "Contradicted here"), ("undecided", "Undecided at this budget")):
        if counts[verdict]:
            lines += [
                f"{words}:",
                "",
                *(f"- {row['claim']} ({row['figure']})" for row, v in claims if v == verdict),
                "",
            ]
    return "\n".join([*lines, ""])


def _overview(row: dict, runs: list[Results]) -> list[str]:
    if not row["notebook"]:
        return [f"| {row['figure']} | [{row['content']}](method.md) | explained | – | – | – |"]
    if not runs:
        return [f"| {row['figure']} | {row['content']} | {NOT_RUN} | – | – | – |"]
    return [_overview_row(row, results) for results in runs]


def _overview_row(row: dict, results: Results) -> str:
    numbers, directions = _verdicts(row["figure"], results)
    cells = [
        row["figure"],
        f"[{row['content']}](../notebooks/{row['notebook']}.ipynb)",
        "no paper value" if row["figure"] == "Ours" else f"**{figure_verdict(numbers, directions)}**",
        _share(numbers, "reproduced"),
        _share(directions, "holds"),
        f"`{results.preset}`,&nbsp;{len(results.seeds)}",
    ]
    return f"| {' | '.join(cells)} |"


def _share(verdicts: list[str], good: str) -> str:
    if not verdicts:
        return "–"
    run = [verdict for verdict in verdicts if verdict != NOT_RUN]
    rest = f" ({len(verdicts) - len(run)} not run)" if len(run) < len(verdicts) else ""
    return f"{run.count(good)} of {len(run)}{rest}"


def _section(row: dict, results: Results) -> str:
    origin = results.provenance
    figure = row["content"] if row["figure"] == "Ours" else f"{row['figure']}: {row['content']}"
    lines = [
        f"## {figure}, budget `{results.preset}`",
        "",
        f"[{notebooks.title(row['notebook'])}](../notebooks/{row['notebook']}.ipynb). {count_seeds(results)}, "
        f"{origin['training_seconds']:,.0f} s of training on "
        f"{origin['device']}, at most {origin['peak_memory_mb']:,} MB, torch {origin['torch']}, "
        f"{origin['date']}, commit `{origin['commit']}`.",
        "",
        "```",
        origin["command"],
        "```",
        "",
    ]
    if directions := _directions(row["figure"], results):
        lines += ["| the paper says | ours | verdict |", "|:--|:--|:--|"]
        lines += [f"| {claim['claim']} | {_compared(claim, results)} | {verdict} |" for claim, verdict in directions]
        lines.append("")
    if numbers := _numbers(row["figure"], results):
        lines += ["| metric | ours [95 % interval] | paper | unit | verdict |", "|:--|:--|:--|:--|:--|"]
    for metric, verdict in numbers:
        ours = format_interval(metric) if "value" in metric else "–"
        cells = [f"`{metric['name']}`", ours, format_number(metric["paper"]), metric["unit"], verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _compared(claim: dict[str, str], results: Results) -> str:
    """Both sides of a comparison in our numbers, with the sign that the paper puts between them."""
    ours = {metric["name"]: metric for metric in results.metrics}
    sides = [format_interval(ours[name]) if name in ours else name for name in (claim["left"], claim["right"])]
    return f" {claim['relation']} ".join(sides) if claim["left"] in ours else "–"


def csv_rows() -> Iterator[dict]:
    """Every number and every direction as one row with its origin."""
    for row in paper_table("figures"):
        for results in published_results(row["notebook"]) if row["notebook"] else []:
            origin = results.provenance
            shared = {
                "figure": row["figure"],
                "budget": results.preset,
                "seeds": len(results.seeds),
                "machine": origin["device"],
                **{key: origin[key] for key in ("training_seconds", "torch", "date", "commit", "command")},
            }
            for metric, verdict in _numbers(row["figure"], results):
                values = {key: metric.get(key) for key in ("name", "low", "high", "unit", "paper")}
                yield {**shared, **values, "kind": "number", "ours": metric.get("value"), "verdict": verdict}
            for claim, verdict in _directions(row["figure"], results):
                ours = _compared(claim, results)
                yield {**shared, "kind": "direction", "name": claim["claim"], "ours": ours, "verdict": verdict}


def readme_table() -> str:
    """Markdown for the README: notebook, figure, command and the training time of the committed results."""
    lines = ["| notebook | figure | command | training time |", "|:--|:--|:--|--:|"]
    for name in notebooks.sources():
        for results in published_results(name):
            origin = results.provenance
            seconds = f"{origin['training_seconds']:,.0f} s on {origin['device']}"
            command = origin["command"].replace("python -m smwm_core", "smwm")  # its former name
            lines.append(f"| [{name}](notebooks/{name}.ipynb) | {results.figure} | `.venv/bin/{command}` | {seconds} |")
    return "\n".join(lines)
