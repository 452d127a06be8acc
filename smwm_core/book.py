"""Build the book: execute every notebook here and now, then let Jupyter Book lay out the pages.

Everything is staged under ``_build/source``, so a build never touches a tracked file.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tqdm import tqdm

from smwm_core import gallery, notebooks, paths, scorecard
from smwm_core.errors import SMWMError

_README_TABLE = re.compile(r"(<!-- figures: .*? -->\n).*?(<!-- end of figures -->)", re.DOTALL)
COPIED = ("_config.yml", "_toc.yml", "book")


def build() -> Path:
    """Execute all notebooks with their default parameters and build the book.

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
    for name in tqdm(notebooks.sources(), desc="executing notebooks", unit="notebook"):
        notebooks.execute(name, {}, stage / "notebooks" / f"{name}.ipynb")
    write_generated(stage)
    for former in ("html", ".doctrees"):
        shutil.rmtree(root / "_build" / former, ignore_errors=True)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "-n", "--keep-going", "--path-output", str(root)]
    finished = subprocess.run([str(jupyter_book), "build", *options, str(stage)])
    if finished.returncode:
        raise SMWMError("Jupyter Book reported the problems above; every warning is an error here.")
    return root / "_build" / "html" / "index.html"


def write_generated(root: Path) -> None:
    """Write the pages and pictures that are made from results and executed notebooks.

    Arguments:
        root: a tree with ``notebooks/`` (executed) and ``book/``; its README, if there is one, gets
            its table of figures.
    """
    scorecard.write(root / "book")
    gallery.write(root / "notebooks", root / "book" / "_static" / "gallery")
    readme = root / "README.md"
    if readme.exists():
        text = readme.read_text()
        readme.write_text(_README_TABLE.sub(lambda m: f"{m[1]}{scorecard.readme_table()}\n{m[2]}", text))
