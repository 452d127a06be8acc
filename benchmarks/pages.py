"""How long the pages take: every notebook is executed once, as `make book` does it, and its exercises are timed."""

import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
import papermill

from smwm_book import paths
from smwm_book.bench.measurements import write
from smwm_book.experiments.devices import pick_device
from smwm_book.notebooks import run as notebooks


def measure(name: str) -> tuple[float, float]:
    """Seconds that a notebook takes, start of its kernel included, and what its exercises take of that."""
    with tempfile.TemporaryDirectory() as scratch:
        source, executed = Path(scratch) / "source.ipynb", Path(scratch) / "executed.ipynb"
        nbformat.write(jupytext.read(notebooks.sources()[name]), source)
        started = time.perf_counter()
        papermill.execute_notebook(
            str(source),
            str(executed),
            cwd=str(paths.NOTEBOOKS),
            kernel_name="python3",
            progress_bar=False,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        seconds = time.perf_counter() - started
        cells = nbformat.read(executed, as_version=4).cells
    headings = [cell.source.split("\n")[0] for cell in cells]
    exercises = cells[headings.index("## Exercises") : headings.index("## What you have learned")]
    return seconds, sum(cell.metadata.papermill.duration or 0 for cell in exercises)


def main() -> None:
    found, started = {}, time.perf_counter()
    for name in notebooks.sources():
        found[f"pages.seconds.{name}"], found[f"exercises.seconds.{name}"] = ([value] for value in measure(name))
    command = " ".join(["python benchmarks/pages.py", *sys.argv[1:]])
    print(write("pages", found, {"seconds": "s"}, pick_device(), time.perf_counter() - started, command))


if __name__ == "__main__":
    main()
