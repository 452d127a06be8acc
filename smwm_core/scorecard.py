"""The scorecard page: every figure and table of the paper, made from result files alone."""

import csv
from pathlib import Path

from smwm_core import notebooks, paths
from smwm_core.presets import PRESETS
from smwm_core.report import format_interval, format_number
from smwm_core.results import Results, load_results, result_path

_INTRODUCTION = """\
(scorecard)=
# Scorecard

Every figure and table of the paper, with the paper's number, ours and how ours was made. This page is written
by a program from the result files in `data/results/`; nobody types numbers into it.

**How to read a verdict.** *Reproduced*: the paper's value lies inside our 95 % interval over seeds. *Differs*: it
lies outside. *No number*: the paper makes the point with a picture, so there is nothing to compare digit by
digit, and the page of that figure argues it. *Not yet run*: this book has no result file for it.
A budget other than `paper` is smaller than the paper's own.

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
    if metric["low"] is None:
        return "one seed only"
    return "reproduced" if metric["low"] <= metric["paper"] <= metric["high"] else "differs"


def render() -> str:
    """The whole page as Markdown."""
    with (paths.PAPER / "figures.csv").open(newline="") as file:
        figures = list(csv.DictReader(file))
    found = {row["notebook"]: _results(row["notebook"]) for row in figures if row["notebook"]}
    lines = ["| paper | what it shows | page | budget | verdict |", "|:--|:--|:--|:--|:--|"]
    for row in figures:
        lines.append(_summary_row(row, found.get(row["notebook"], [])))
    sections = [_section(name, results) for name, runs in found.items() for results in runs]
    return _INTRODUCTION + "\n".join(lines) + "\n\n" + "\n".join(sections)


def _results(notebook: str) -> list[Results]:
    return [
        load_results(notebook, name)
        for name, preset in PRESETS.items()
        if preset.published and result_path(notebook, name).exists()
    ]


def _summary_row(row: dict, runs: list[Results]) -> str:
    if not row["notebook"]:
        cells = ["[method](method.md)", "–", "explained"]
    elif not runs:
        cells = ["–", "–", "not yet run"]
    else:
        verdicts = [verdict(metric) for results in runs for metric in results.metrics if metric["paper"] is not None]
        budgets = ", ".join(f"`{results.preset}`" for results in runs)
        cells = [f"[page](../notebooks/{row['notebook']}.ipynb)", budgets, _overall(verdicts)]
    return f"| {' | '.join([row['figure'], row['content'], *cells])} |"


def _overall(verdicts: list[str]) -> str:
    if not verdicts:
        return "no number"
    if set(verdicts) == {"reproduced"}:
        return "reproduced"
    return f"{verdicts.count('reproduced')} of {len(verdicts)} numbers reproduced"


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
        for results in _results(name):
            origin = results.provenance
            seconds = f"{origin['training_seconds']:,.0f} s on {origin['device']}"
            lines.append(
                f"| [{name}](notebooks/{name}.ipynb) | {results.figure} | `.venv/bin/{origin['command']}` | {seconds} |"
            )
    return "\n".join(lines)
