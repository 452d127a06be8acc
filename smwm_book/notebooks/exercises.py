"""Exercises: boxes with hidden solutions in the book, and notebooks without answers for students.

In a notebook an exercise is a run of tagged cells: Markdown tagged ``exercise`` (a heading ``### Exercise: title`` and
the task), code tagged ``solution``, code tagged ``check`` that fails unless what the solution made is right, and
Markdown tagged ``solution`` that says why.
"""

import ast
import re
import textwrap
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from smwm_book import paths
from smwm_core.errors import SMWMError
from smwm_core.storage.files import write_whole

TAGS = {"exercise", "solution", "check"}
_HEADING = re.compile(r"### Exercise: (.+)\n+")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook.

    Arguments:
        label: unique in the book, ``ex-<notebook>-<number>``.
        title, task: what the student reads, in Markdown.
        first, last: positions of its cells in the notebook.
        solution, check: positions of these two code cells.
        names: what the solution makes and the check looks at, in the order in which the solution makes it.
    """

    label: str
    title: str
    task: str
    first: int
    last: int
    solution: int
    check: int
    names: tuple[str, ...]


def find(notebook: NotebookNode, name: str) -> list[Exercise]:
    """The exercises of a notebook, in order.

    Raises:
        SMWMError: tagged cells that are no exercise.
    """
    found, cells = [], notebook.cells
    kinds = [next(iter(TAGS & set(cell.metadata.get("tags", []))), None) for cell in cells]
    starts = [position for position, kind in enumerate(kinds) if kind == "exercise"]
    used = set()
    for number, first in enumerate(starts, start=1):
        run = [first]
        while run[-1] + 1 < len(cells) and kinds[run[-1] + 1] in ("solution", "check"):
            run.append(run[-1] + 1)
        code = {kinds[position]: position for position in run if cells[position].cell_type == "code"}
        heading = _HEADING.match(cells[first].source)
        if heading is None or list(code) != ["solution", "check"]:
            raise SMWMError(
                f"Exercise {number} of {name} is not a heading `### Exercise: title` with a task, then a solution, "
                f"then a check."
            )
        solution, check = (cells[code[kind]].source for kind in ("solution", "check"))
        names = tuple(made for made in _made(solution) if made in _looked_at(check))
        if not names:
            raise SMWMError(f"The check of exercise {number} of {name} looks at nothing that its solution makes.")
        task = cells[first].source[heading.end() :]
        found.append(Exercise(f"ex-{name}-{number}", heading[1], task, first, run[-1], *code.values(), names))
        used.update(run)
    if stray := [position for position, kind in enumerate(kinds) if kind and position not in used]:
        raise SMWMError(f"Cell {stray[0]} of {name} is tagged {kinds[stray[0]]} but belongs to no exercise.")
    return found


def boxed(notebook: NotebookNode, name: str) -> NotebookNode:
    """A copy in which every exercise is a box, and all its other cells fold away below it."""
    notebook = nbformat.from_dict(notebook)
    cells = list(notebook.cells)
    for exercise in reversed(find(notebook, name)):
        box = f"`````{{exercise}} {exercise.title}\n:label: {exercise.label}\n\n{exercise.task}\n`````"
        folded = f"```{{solution-start}} {exercise.label}\n:label: {exercise.label}-solution\n:class: dropdown\n```"
        cells[exercise.first : exercise.last + 1] = [
            new_markdown_cell(box),
            new_markdown_cell(folded),
            *cells[exercise.first + 1 : exercise.check],
            new_markdown_cell("The check:"),
            *cells[exercise.check : exercise.last + 1],
            new_markdown_cell("```{solution-end}\n```"),
        ]
    return _renumbered(notebook, cells)


def student(notebook: NotebookNode, name: str) -> NotebookNode:
    """A copy without solutions: in their place a cell that says what to define, and checks that have not run.

    An exercise that is still open says so and stops nothing; what the rest of the page needs of it, it takes from here.
    """
    notebook = nbformat.from_dict(notebook)
    cells = list(notebook.cells)
    for number, exercise in reversed(list(enumerate(find(notebook, name), start=1))):
        check = cells[exercise.check]
        later = "\n".join(cell.source for cell in notebook.cells[exercise.last + 1 :] if cell.cell_type == "code")
        needed = any(wanted in _looked_at(later) for wanted in exercise.names)
        open_answer = f"{' = '.join(exercise.names)} = ..."
        guarded = _guarded(check.source, exercise.names, f"solution({name!r}, {number})" if needed else "")
        cells[exercise.first + 1 : exercise.last + 1] = [
            new_code_cell(f"# Your answer. Define: {', '.join(exercise.names)}\n{open_answer}"),
            new_code_cell(guarded, metadata=check.metadata),
        ]
    return _renumbered(notebook, cells)


def solution(name: str, number: int) -> str:
    """The code that solves an exercise of a notebook, by its number on the page."""
    notebook = jupytext.read(paths.NOTEBOOKS / f"{name}.py")
    return notebook.cells[find(notebook, name)[number - 1].solution].source


def _guarded(check: str, names: tuple[str, ...], instead: str) -> str:
    """A check that runs as soon as there is an answer; until then ``instead`` is executed, if it is given."""
    wanted = " or ".join(f"{name} is ..." for name in names)
    lines = [f"if {wanted}:", f'    print("Open: define {", ".join(names)} above, and run both cells again.")']
    if instead:
        lines += [
            '    print("Until then the page goes on with the solution of the book.")',
            "    from smwm_book.notebooks.exercises import solution",
            "",
            f"    exec({instead})",
        ]
    return "\n".join([*lines, "else:", textwrap.indent(check, "    ")])


def write_students(notebooks: dict[str, NotebookNode], folder: Path, *, archive: bool = False) -> list[Path]:
    """Write the student version of every notebook, and with ``archive`` also ``student.zip`` beside the others.

    Raises:
        SMWMError: one of the files exists; somebody may have worked in it.
    """
    written = {folder / f"{name}.ipynb": student(notebook, name) for name, notebook in notebooks.items()}
    if taken := [path for path in written if path.exists()]:
        raise SMWMError(f"{taken[0]} exists and may hold somebody's work; choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for path, notebook in written.items():
        write_whole(path, partial(nbformat.write, notebook))
    if archive:
        with zipfile.ZipFile(folder / "student.zip", "w", zipfile.ZIP_DEFLATED) as file:
            for path in written:
                file.write(path, f"student/{path.name}")
    return list(written)


def _renumbered(notebook: NotebookNode, cells: list[NotebookNode]) -> NotebookNode:
    for position, cell in enumerate(cells):
        cell.id = f"cell-{position:03d}"
    notebook.cells = cells
    return notebook


def _made(code: str) -> list[str]:
    """Names that code defines at its top level, in order."""
    made = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            made.append(statement.name)
        elif isinstance(statement, ast.Assign):
            made += [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(made))


def _looked_at(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
