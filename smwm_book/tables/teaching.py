"""Tables of the page for teachers: what the pages hold and how long everything takes, from result files and weights."""

import jupytext

from smwm_book import paths
from smwm_book.experiments import checkpoints
from smwm_book.experiments.results import read_benchmark
from smwm_book.notebooks import exercises
from smwm_book.notebooks import run as notebooks
from smwm_book.notebooks.run import chapters
from smwm_book.tables.report import count_seeds, published_results
from smwm_core.errors import SMWMError
from smwm_core.storage import weights
from smwm_core.training.kinds import config_from


def pages_table() -> str:
    """Markdown: per page its exercises, the time to execute it, and the training behind its committed results.

    Raises:
        SMWMError: nobody has measured the pages.
    """
    measured = sorted((paths.REPOSITORY / "data" / "results" / "benchmarks").glob("*_pages.json"))
    if not measured:
        raise SMWMError("There is no measurement of the pages; make one with `python benchmarks/pages.py`.")
    content = read_benchmark(measured[-1])
    seconds = {metric.name: metric.value for metric in content.metrics}
    lines = [
        "| page | exercises | executing it | of that, exercises | training its models | without solutions |",
        "|:--|--:|--:|--:|:--|:--|",
    ]
    for name in chapters():
        count = len(exercises.find(jupytext.read(paths.NOTEBOOKS / f"{name}.py"), name))
        trained = "; ".join(
            f"{results.provenance['training_seconds']:,.0f} s for {count_seeds(results)} on "
            f"{results.provenance['device']}"
            for results in published_results(name)
        )
        taken = [seconds.get(f"{what}.seconds.{name}") for what in ("pages", "exercises")]
        page, inside = ("not measured" if value is None else f"{value:.1f} s" for value in taken)
        title = f"[{notebooks.title(name)}](../notebooks/{name}.ipynb)"
        version = f'<a href="../student/{name}.ipynb" download aria-label="student version of {name}">download</a>'
        lines.append(f"| {title} | {count} | {page} | {inside} | {trained} | {version} |")
    timed = [seconds[f"pages.seconds.{name}"] for name in chapters() if f"pages.seconds.{name}" in seconds]
    origin = content.provenance
    lines += [
        "",
        f"The {len(timed)} of {len(chapters())} pages that were measured, together: {sum(timed):.0f} s to execute, "
        f"start of Python included, on {origin.device} "
        f"({origin.date}, commit `{origin.commit}`, `{origin.command}`).",
    ]
    return "\n".join(lines)


def training_table() -> str:
    """Markdown: what one training took, by world and length, from the headers of the published weights."""
    found: dict[tuple[str, str], list[float]] = {}
    for name in sorted(checkpoints.read_manifest()):
        run = weights.describe(checkpoints.folder() / name)
        config = config_from(run.config, name)
        found.setdefault((config.world, f"{config.steps:,} of {config.batch_size}"), []).append(run.seconds)
    lines = ["| world | steps and batch | runs | seconds for one |", "|:--|:--|--:|:--|"]
    for (world, length), seconds in found.items():
        shortest, longest = min(seconds), max(seconds)
        shown = f"{shortest:.0f}" if len(seconds) == 1 else f"{shortest:.0f} to {longest:.0f}"
        lines.append(f"| `{world}` | {length} | {len(seconds)} | {shown} |")
    return "\n".join(lines)
