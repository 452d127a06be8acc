"""Build the book: execute every notebook here and now, then let Jupyter Book lay out the pages.

Everything is staged under ``_build/source``, so a build never touches a tracked file.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from tqdm import tqdm

from smwm_core import exercises, gallery, notebooks, paths, scorecard, slides, teaching
from smwm_core.errors import SMWMError

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
    for name, notebook in executed.items():
        nbformat.write(exercises.boxed(notebook, name), stage / "notebooks" / f"{name}.ipynb")
    for former in ("html", ".doctrees"):
        shutil.rmtree(root / "_build" / former, ignore_errors=True)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "-n", "--keep-going", "--path-output", str(root)]
    finished = subprocess.run([str(jupyter_book), "build", *options, str(stage)])
    if finished.returncode:
        raise SMWMError("Jupyter Book reported the problems above; every warning is an error here.")
    html = root / "_build" / "html"
    slides.write(executed, html / "slides.html")
    exercises.write_students(executed, html / "student", archive=True)
    return html / "index.html"


def write_generated(root: Path) -> None:
    """Write the pages and pictures that are made from results and executed notebooks.

    Arguments:
        root: a tree with ``notebooks/`` (executed) and ``book/``; its README and its page on teaching, if they are
            there, get their tables.
    """
    scorecard.write(root / "book")
    gallery.write(root / "notebooks", root / "book" / "_static" / "gallery")
    _fill(root / "README.md", {"figures": scorecard.readme_table()})
    _fill(root / "book" / "teaching.md", {"pages": teaching.pages_table(), "training": teaching.training_table()})


def _fill(path: Path, tables: dict[str, str]) -> None:
    """Put tables between their marks in a page, if there is such a page."""
    if path.exists():
        text = path.read_text()
        for name, table in tables.items():
            marks = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
            text = marks.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
        path.write_text(text)
