"""From a notebook's source to its executed form.

``notebooks/x.py`` (percent format) is the source and ``notebooks/x.ipynb`` what readers open: it is
executed by papermill, cleaned of everything that changes from run to run, and only then moved into
place, so a run that fails leaves the former one untouched.
"""

import base64
import builtins
import hashlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import papermill
from PIL import Image

from smwm_book import paths
from smwm_book.experiments.devices import about_a_lost_card
from smwm_book.experiments.page import parse_changes
from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.storage.files import write_whole
from smwm_core.storage.reading import reason

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
PATIENCE = 600  # seconds that a kernel has to start, and to send what a finished cell printed, on a busy machine
KEPT_CELL_METADATA = ("tags", "mystnb")


def sources() -> dict[str, Path]:
    """Every notebook's name and source, in alphabetical order."""
    return {path.stem: path for path in sorted(paths.NOTEBOOKS.glob("*.py"))}


def committed() -> dict[str, nbformat.NotebookNode]:
    """Every executed notebook that readers open, by name."""
    return {name: nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4) for name in sources()}


def title(name: str) -> str:
    """The first heading of a notebook."""
    for line in choose("notebook", name, sources()).read_text().splitlines():
        if line.startswith("# # "):
            return line.removeprefix("# # ")
    raise SMWMError(f"Notebook {name} has no heading.")


def usual_preset(name: str) -> str:
    """The budget that a notebook's own parameters name."""
    return re.search(r'^preset: str = "(\w+)"', choose("notebook", name, sources()).read_text(), re.MULTILINE)[1]


def run(
    name: str,
    *,
    preset: str,
    seed: int,
    device: str,
    recompute: bool,
    changes: Sequence[str] = (),
    seeds: int | None = None,
) -> Path:
    """Run a notebook and keep its executed form.

    With ``recompute`` it is executed twice: once to train and to publish what was measured, once more to read it, for
    what readers open never trains. With ``seeds`` it averages over at most so many. With ``changes``, each
    ``NAME=VALUE``, it trains what it shows, and publishes nothing. With default parameters it goes to ``notebooks/``,
    as long as results go to the repository's own ``data/``; all else goes to ``cache/notebooks`` there, or in the
    user's cache folder where that cannot be written.

    Returns:
        where the executed notebook lies.

    Raises:
        SMWMError: an unknown notebook, one that was edited by hand, or a mistake that the notebook itself explained.
    """
    require_unedited(name)
    parameters = {"preset": preset, "seed": seed, "device": device}
    kept = root.data() / "cache" / "notebooks" / f"{name}_{preset}_seed{seed}.ipynb"
    if changes:
        named = "_".join(f"{value}{number:g}" for value, number in parse_changes(changes).items())
        output = kept.with_name(f"{kept.stem}_{named}.ipynb")
        execute(name, parameters, output, changes=changes, show_progress=True)
        return output
    if recompute:
        with tempfile.TemporaryDirectory() as scratch:
            trained = Path(scratch) / "trained.ipynb"
            asked = {**parameters, "recompute": True}
            execute(name, asked, trained, publish=True, seeds=seeds, show_progress=True)
    shown = {**parameters, "device": "auto"} if recompute else parameters
    if (
        shown == {"preset": usual_preset(name), "seed": 0, "device": "auto"}
        and root.data() == paths.REPOSITORY / "data"
    ):
        kept, parameters = paths.NOTEBOOKS / f"{name}.ipynb", {}
    if not (recompute or _writable(kept.parent)):  # reading a page writes nothing but the page
        kept = root.users_own() / "notebooks" / kept.name
    execute(name, parameters, kept)
    return kept


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def require_unedited(name: str) -> None:
    """Refuse to replace an executed notebook that somebody has edited.

    Raises:
        SMWMError: its cells are not those that were executed.
    """
    path = paths.NOTEBOOKS / f"{name}.ipynb"
    if not path.exists():
        return
    notebook = nbformat.read(path, as_version=4)
    if notebook.metadata.get("smwm", {}).get("cells", digest(notebook)) != digest(notebook):
        raise SMWMError(
            f"notebooks/{name}.ipynb was edited, and `run` executes notebooks/{name}.py and would replace it: execute "
            f"the edited one in Jupyter, or bring it back with `git restore notebooks/{name}.ipynb`."
        )


def digest(notebook: nbformat.NotebookNode) -> str:
    """Twelve hexadecimal digits of what is written in the cells, injected parameters left out."""
    cells = [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]
    written = json.dumps([cell for cell in cells if "injected-parameters" not in cell[2]])
    return hashlib.sha256(written.encode()).hexdigest()[:12]


def execute(
    name: str,
    parameters: dict,
    output: Path,
    *,
    changes: Sequence[str] = (),
    publish: bool = False,
    seeds: int | None = None,
    show_progress: bool = False,
) -> None:
    """Execute a notebook's source with parameters and write the cleaned result.

    Arguments:
        name: of the notebook.
        parameters: values for names in its cell tagged ``parameters``.
        output: where the executed notebook goes; replaced only when everything went well.
        changes: of the runs that it trains, each ``NAME=VALUE``.
        publish: whether it writes what it measures.
        seeds: how many it averages over at most.
        show_progress: whether what the notebook prints to stderr (progress bars) is passed on.

    Raises:
        SMWMError: an unknown notebook or parameter, a mistake that the notebook itself explained, or a kernel that was
            not heard of for ten minutes.
    """
    notebook = jupytext.read(choose("notebook", name, sources()))
    notebook.metadata["kernelspec"] = KERNEL
    with tempfile.TemporaryDirectory() as scratch:
        source, executed = Path(scratch) / "source.ipynb", Path(scratch) / "executed.ipynb"
        nbformat.write(notebook, source)
        known = papermill.inspect_notebook(str(source))
        for parameter in parameters:
            choose(f"parameter of {name}", parameter, known)
        # Kernels get exactly these, and nothing that was left behind in the environment.
        told = {
            "SMWM_CHANGES": ",".join(changes),
            "SMWM_PUBLISH": "1" if publish else "",
            "SMWM_SEEDS": str(seeds or ""),
            "TQDM_DISABLE": "" if show_progress else "1",  # a bar is no part of a page
        }
        os.environ.update(told)
        try:
            papermill.execute_notebook(
                str(source),
                str(executed),
                parameters=parameters,
                cwd=str(paths.NOTEBOOKS),
                progress_bar=False,
                stderr_file=sys.stderr if show_progress else None,
                extra_arguments=["--IPKernelApp.log_level=ERROR"],
                start_timeout=PATIENCE,
                iopub_timeout=PATIENCE,
                coalesce_streams=True,  # what one cell prints comes in one piece, on a busy machine too
            )
        except papermill.PapermillExecutionError as error:
            if error.ename == SMWMError.__name__:
                raise SMWMError(error.evalue) from None
            if issubclass(getattr(builtins, error.ename, object), OSError):
                raise SMWMError(f"The file system refused ({error.evalue}); nothing was replaced.") from None
            if said := about_a_lost_card(error.ename, error.evalue, f"the page {name}"):
                raise SMWMError(said) from None
            raise
        except (RuntimeError, TimeoutError) as error:  # the kernel's, not a cell's
            raise SMWMError(
                f"The kernel of {name} did not start, answer or live on ({reason(error)}); the machine may be too busy "
                "or short of memory, so start the same command again."
            ) from error
        finally:
            os.environ.update(dict.fromkeys(told, ""))
        finished = clean(nbformat.read(executed, as_version=4), parameters)
    write_whole(output, lambda unfinished: nbformat.write(finished, unfinished))


def clean(notebook: nbformat.NotebookNode, parameters: dict) -> nbformat.NotebookNode:
    """Drop what differs between two equal runs (times, random ids, widget state, kernel details); shrink pictures."""
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position:03d}"
        cell.metadata = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)}
        for output in cell.get("outputs", []):
            if png := output.get("data", {}).get("image/png"):
                output.data["image/png"] = base64.b64encode(fewer_colours(base64.b64decode(png))).decode()
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "smwm": {"parameters": parameters, "cells": digest(notebook)},
    }
    return nbformat.from_dict(notebook)


VISIBLE = 0.5  # mean error in grey levels of 255; diagrams stay below, photographs do not


def fewer_colours(png: bytes) -> bytes:
    """The same picture with at most 256 colours, or as it was where that would show or not be smaller.

    Arguments:
        png: an opaque picture.
    """
    picture = Image.open(io.BytesIO(png))
    if picture.mode == "P" or (picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] < 255):
        return png
    whole = picture.convert("RGB")
    small = whole.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    error = np.abs(np.asarray(small.convert("RGB"), dtype=int) - np.asarray(whole, dtype=int)).mean()
    written = io.BytesIO()
    small.save(written, "png", optimize=True)
    return written.getvalue() if error < VISIBLE and written.tell() < len(png) else png


def chapters() -> list[str]:
    """Names of the notebooks in the order of the book."""
    return re.findall(r"file: notebooks/(\S+)", (paths.REPOSITORY / "_toc.yml").read_text())
