"""Build the book: execute every notebook here and now, then let Jupyter Book lay out the pages.

Everything is staged under ``_build/source``, so a build never touches a tracked file.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import yaml
from tqdm import tqdm

from smwm_book import paths
from smwm_book.notebooks import exercises
from smwm_book.notebooks import run as notebooks
from smwm_book.production import chromium, gallery, icons, pdf, phone, slides
from smwm_book.tables import gpu_table, scorecard, teaching
from smwm_core.errors import SMWMError
from smwm_core.storage.files import write_text

COPIED = ("_config.yml", "_toc.yml", "book")


def build() -> Path:
    """Execute all notebooks with their default parameters and build the book, its slides and its student versions.

    Warnings of the build are errors.

    Returns:
        the page to open first.

    Raises:
        SMWMError: a notebook explained why it cannot run, or Jupyter Book found something wrong.
    """
    root = paths.REPOSITORY
    stage = root / "_build" / "source"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for name in COPIED:
        copy = shutil.copytree if (root / name).is_dir() else shutil.copyfile
        copy(root / name, stage / name)
    executed = {}
    for name in tqdm(notebooks.sources(), desc="executing notebooks", unit="notebook"):
        page = stage / "notebooks" / f"{name}.ipynb"
        notebooks.execute(name, {}, page)
        executed[name] = nbformat.read(page, as_version=4)
    write_generated(stage)
    badges = scorecard.badges()
    for name, notebook in executed.items():
        page = exercises.boxed(notebook, name)
        if name in badges:  # below the claim, with which every page opens
            page.cells[0].source += f"\n\n{badges[name]}"
        nbformat.write(page, stage / "notebooks" / f"{name}.ipynb")
    first = lay_out(stage, root)
    slides.write(executed, first.with_name("slides.html"))
    exercises.write_students(executed, first.with_name("student"), archive=True)
    return first


def lay_out(stage: Path, root: Path) -> Path:
    """Make pages and PDF of staged sources in ``_build`` of a folder; without a Chromium the PDF is left out."""
    for former in ("html", "singlehtml", ".doctrees"):
        shutil.rmtree(root / "_build" / former, ignore_errors=True)
    if any(chromium.candidates()):
        _jupyter_book(stage, root, "singlehtml")
        title, output = yaml.safe_load((stage / "_config.yml").read_text())["title"], stage / "pdf" / pdf.NAME
        _if_possible("The PDF was left out", pdf.write, root / "_build" / "singlehtml", output, title)
    else:
        print("The PDF was left out: there is no Chromium.", file=sys.stderr)
    _jupyter_book(stage, root, "html")  # with a link to the PDF if there is one
    _if_possible("Pages load more than they need", icons.cut, root / "_build" / "html")
    phone.write(root / "_build" / "html")
    return root / "_build" / "html" / "index.html"


def _jupyter_book(stage: Path, root: Path, builder: str) -> None:
    command = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "-n", "--keep-going", "--builder", builder, "--path-output", str(root)]
    if subprocess.run([str(command), "build", *options, str(stage)]).returncode:
        raise SMWMError("Jupyter Book reported the problems above; every warning is an error here.")


def _if_possible(otherwise: str, step: Callable, *arguments) -> None:
    """Take a step that the pages can do without; if it fails, say so in one sentence."""
    try:
        step(*arguments)
    except SMWMError as error:
        print(f"{otherwise}: {error}.", file=sys.stderr)


def write_generated(root: Path) -> None:
    """Write the pages and pictures that are made from results and executed notebooks.

    Arguments:
        root: a tree with ``notebooks/`` (executed) and ``book/``; its README and its pages, if they are there,
            get what stands between their marks.
    """
    scorecard.write_csv(root / "book" / "scorecard.csv")
    gallery.write(root / "notebooks", root / "book" / "_static" / "gallery")
    verdicts = scorecard.parts()
    _fill(root / "README.md", {"figures": scorecard.readme_table(), **verdicts})
    for page in ("intro.md", "scorecard.md"):
        _fill(root / "book" / page, verdicts)
    _fill(root / "book" / "teaching.md", {"pages": teaching.pages_table(), "training": teaching.training_table()})
    of_gpus = {"step": gpu_table.step_table(), "run": gpu_table.run_table(), "gpu": gpu_table.figures_table()}
    _fill(root / "book" / "gpu.md", of_gpus)


def _fill(path: Path, tables: dict[str, str]) -> None:
    """Put tables between their marks in a page, if there is such a page."""
    if path.exists():
        text = path.read_text()
        for name, table in tables.items():
            marks = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
            text = marks.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
        write_text(path, text)
