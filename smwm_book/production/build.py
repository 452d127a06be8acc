"""Build the book: execute every notebook here and now, then let Jupyter Book lay out the pages.

Everything is staged under ``_build``, so a build never touches a tracked file, and the book that was there is replaced
only by a whole one.
"""

import hashlib
import os
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
from smwm_book.production import chromium, folded, gallery, icons, pdf, phone, policy, search, slides
from smwm_book.tables import beyond, gpu_table, scorecard, teaching
from smwm_core.errors import SMWMError
from smwm_core.storage import root as storage
from smwm_core.storage.files import locked, sha256, write_text, write_whole

READ = {".py", ".html", ".js", ".css", ".csv", ".json", ".npz", ".safetensors"}  # kinds of files that decide numbers
COPIED = ("_config.yml", "_toc.yml", "book")


def build() -> Path:
    """Execute all notebooks with their default parameters and build the book, its slides and its student versions.

    Warnings of the build are errors.

    Returns:
        the page to open first.

    Raises:
        SMWMError: a notebook explained why it cannot run, Jupyter Book found something wrong, or another process is
            building; the former book stays, and the next build goes on with the notebooks that were executed.
    """
    folder = paths.REPOSITORY / "_build"
    with locked(folder, "building the book"):
        _let_in(folder / "former", folder / "html")  # what a build that was killed had put aside
        executed = _executed(folder / "executed" / _inputs())
        for unfinished in ("source", "new"):
            shutil.rmtree(folder / unfinished, ignore_errors=True)
        stage = folder / "source"
        (stage / "notebooks").mkdir(parents=True)
        for name in COPIED:
            copy = shutil.copytree if (paths.REPOSITORY / name).is_dir() else shutil.copyfile
            copy(paths.REPOSITORY / name, stage / name)
        for name, notebook in executed.items():
            nbformat.write(notebook, stage / "notebooks" / f"{name}.ipynb")
        write_generated(stage)
        badges = scorecard.badges() | beyond.badges()
        for name, notebook in executed.items():
            page = exercises.boxed(notebook, name)
            if name in badges:
                page.cells[0].source = below_the_claim(page.cells[0].source, badges[name])
            nbformat.write(page, stage / "notebooks" / f"{name}.ipynb")
        html = lay_out(stage, folder / "new").parent
        slides.write(executed, html / "slides.html")
        exercises.write_students(executed, html / "student", archive=True)
        policy.write(html)
        _replace(folder / "html", html, folder / "former")
        if (single := html.with_name("singlehtml")).exists():  # what the PDF was printed from
            _replace(folder / "singlehtml", single, folder / "former")
        for finished in ("executed", "new"):
            shutil.rmtree(folder / finished)
    return folder / "html" / "index.html"


def below_the_claim(source: str, badge: str) -> str:
    """The first cell of a page, its title and its claim, with a line after the claim."""
    title, claim, *rest = source.split("\n\n")
    return "\n\n".join([title, claim, badge, *rest])


def _executed(folder: Path) -> dict[str, nbformat.NotebookNode]:
    """Every notebook, executed into a folder; those that a build with the same inputs had finished there stay."""
    for name in tqdm(notebooks.sources(), desc="executing notebooks", unit="notebook"):
        if not (folder / f"{name}.ipynb").exists():
            notebooks.execute(name, {}, folder / f"{name}.ipynb")
    return {name: nbformat.read(folder / f"{name}.ipynb", as_version=4) for name in notebooks.sources()}


def _inputs() -> str:
    """Twelve hexadecimal digits of all that decides what notebooks show: sources, code, and what is stored."""
    folders = [paths.REPOSITORY / name for name in ("notebooks", "smwm_core", "smwm_book")]
    folders += [paths.PAPER, *(storage.data() / name for name in ("results", "checkpoints", "tasks"))]
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in READ):
        digest.update(f"{path} {sha256(path)}\n".encode())
    return digest.hexdigest()[:12]


def _replace(place: Path, new: Path, former: Path) -> None:
    """Put a folder in the place of another, which is whole in one of two places all the time."""
    shutil.rmtree(former, ignore_errors=True)
    if place.exists():
        os.replace(place, former)
    os.replace(new, place)
    shutil.rmtree(former, ignore_errors=True)


def _let_in(former: Path, place: Path) -> None:
    if former.exists() and not place.exists():
        os.replace(former, place)


def lay_out(stage: Path, root: Path) -> Path:
    """Make pages and PDF of staged sources in ``_build`` of a folder; without a Chromium the PDF is left out."""
    if any(chromium.candidates()):
        _jupyter_book(stage, root, "singlehtml")
        title, output = yaml.safe_load((stage / "_config.yml").read_text())["title"], stage / "pdf" / pdf.NAME
        _if_possible("The PDF was left out", pdf.write, root / "_build" / "singlehtml", output, title)
    else:
        print("The PDF was left out: there is no Chromium.", file=sys.stderr)
    _jupyter_book(stage, root, "html")  # with a link to the PDF if there is one
    _if_possible("Pages load more than they need", icons.cut, root / "_build" / "html")
    search.only_where_it_is_searched(root / "_build" / "html")
    phone.write(root / "_build" / "html")
    folded.write(root / "_build" / "html")
    return root / "_build" / "html" / "index.html"


def _jupyter_book(stage: Path, root: Path, builder: str) -> None:
    command = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "-n", "--keep-going", "--builder", builder, "--path-output", str(root)]
    silent = subprocess.DEVNULL  # it would say where the pages are, and there they do not stay
    if subprocess.run([str(command), "build", *options, str(stage)], stdout=silent).returncode:
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
    write_whole(root / "book" / "scorecard.csv", scorecard.write_csv)
    gallery.write(root / "notebooks", root / "book" / "_static" / "gallery")
    verdicts = scorecard.parts()
    _fill(root / "README.md", {"figures": scorecard.readme_table(), **verdicts})
    for page in ("intro.md", "scorecard.md"):
        _fill(root / "book" / page, verdicts)
    _fill(root / "book" / "teaching.md", {"pages": teaching.pages_table(), "training": teaching.training_table()})
    _fill(root / "book" / "beyond.md", beyond.parts())
    of_gpus = {"step": gpu_table.step_table(), "run": gpu_table.run_table(), "gpu": gpu_table.figures_table()}
    of_gpus["plan"] = gpu_table.plan_table()
    _fill(root / "book" / "gpu.md", of_gpus)


def _fill(path: Path, tables: dict[str, str]) -> None:
    """Put tables between their marks in a page, if there is such a page."""
    if path.exists():
        text = path.read_text()
        for name, table in tables.items():
            marks = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
            text = marks.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
        write_text(path, text)
