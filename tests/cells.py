"""Notebooks executed in the process of the tests, without the start of a kernel."""

import contextlib
import io
import os
import warnings
from pathlib import Path

import jupytext

from smwm_book import paths


def run(code: str, scope: dict) -> str:
    """Execute a cell and return what it prints."""
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("ignore")
        exec(compile(code, "<cell>", "exec"), scope)
    return printed.getvalue()


def run_notebook(name: str, **parameters) -> dict:
    """Execute all cells of a notebook's source with parameters, as a kernel would; returns its names."""
    before, scope = Path.cwd(), {"display": lambda *_: None}
    os.chdir(paths.NOTEBOOKS)
    try:
        for cell in jupytext.read(paths.NOTEBOOKS / f"{name}.py").cells:
            if cell.cell_type == "code":
                run(cell.source, scope)
            if "parameters" in cell.metadata.get("tags", []):
                scope |= parameters
    finally:
        os.chdir(before)
    return scope
