"""Claims about the layout: imports go one way.

1. The core imports nothing of the book, and nothing that only a book needs.
2. Inside the core no part imports one above it, and no modules import each other in a circle.
3. The core's top has five files.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

import smwm_core

TOP = Path(smwm_core.__file__).parent
FOREIGN = {"smwm_book", "matplotlib", "jupyter", "jupyter_book", "jupytext", "IPython", "ipywidgets", "nbformat",
           "papermill", "sphinx"}  # fmt: skip
LEVELS = [
    {"errors", "seeds"},
    {"storage"},
    {"worlds"},
    {"models"},
    {"losses", "planning"},
    {"analysis", "training"},
]


def level(module):
    part = module.split(".")[1] if "." in module else ""
    return next((number for number, parts in enumerate(LEVELS) if part in parts), None)


@cache
def imports():
    """Every module of the core with what it imports, wherever in the file."""
    found, files = {}, {}
    for path in TOP.rglob("*.py"):
        name = ".".join(["smwm_core", *path.relative_to(TOP).with_suffix("").parts]).removesuffix(".__init__")
        files[name] = path
    for name, path in files.items():
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name} imports relatively"
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    found[name].add(whole if whole in files else node.module)
    return found


def test_the_core_imports_no_book():
    for name, imported in imports().items():
        assert not {module.split(".")[0] for module in imported} & FOREIGN, name


def test_nothing_imports_what_is_above_it():
    for name, imported in imports().items():
        if level(name) is not None:
            for module in imported:
                if module.startswith("smwm_core."):
                    assert level(module) is not None, f"{name} imports {module}"
                    same = name.split(".")[1] == module.split(".")[1]
                    assert same or level(module) < level(name) or level(name) == 0, f"{name} imports {module}"


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: {module for module in imported if module in imports()} for name, imported in imports().items()}
    done = set()

    def visit(name, above):
        if name in above:
            pytest.fail(" imports ".join([*above[above.index(name) :], name]))
        if name not in done:
            for module in graph[name]:
                visit(module, [*above, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def test_the_top_of_the_core_has_five_files():
    assert len(list(TOP.glob("*.py"))) == 5
