"""What the pages beyond the paper found: their own hypotheses and verdicts, as their executed notebooks show them."""

from collections import Counter
from typing import NamedTuple

import nbformat

from smwm_book.notebooks import run as notebooks
from smwm_core.errors import SMWMError

# The limitations that the paper states, in its order, with the page about each.
LIMITATIONS = {
    "beyond_actions": "The action must be readable from two consecutive frames",
    "beyond_time": "One frame hides velocities, one step hides delays",
    "beyond_dropped": "What no recorded action touched is dropped, and a later task may need it",
    "beyond_policy": "A biased policy makes a distractor look like the agent",
    "beyond_planning": "Recorded data have holes, predictions drift, and the world may change",
    "beyond_lambda": "λ has to be chosen for every world",
    "beyond_series": "Nothing was shown on series of numbers, graphs and events",
}


class Finding(NamedTuple):
    """A hypothesis of a page, what was measured, and the verdict: holds, refuted or undecided."""

    says: str
    measured: str
    verdict: str


def parts() -> dict[str, str]:
    """Markdown of what is generated on the page, by the names of its marks."""
    committed = notebooks.committed()
    pages = {name: findings(committed[name]) for name in LIMITATIONS if name in committed}
    sections = (_section(name, pages.get(name, [])) for name in LIMITATIONS)
    return {"beyond": "\n\n".join(sections), "tally": _tally(pages)}


def findings(notebook: nbformat.NotebookNode) -> list[Finding]:
    """The rows of a notebook's table of verdicts.

    Raises:
        SMWMError: it has no such table, or its verdicts are of another kind.
    """
    stated, found = {}, []
    for cell in notebook.cells:
        shown = [cell.source] if cell.cell_type == "markdown" else _markdown(cell)
        for text in shown:
            for row in _rows(text):
                if row[-1].startswith("**") and row[-1].strip("*") in ("holds", "refuted", "undecided"):
                    says, measured = row[-3:-1] if len(row) == 4 else (stated.get(row[0], row[0]), row[1])
                    found.append(Finding(says, measured, row[-1].strip("*")))
                elif len(row) == 3 and row[0].startswith("H"):  # stated above the results, with a number
                    stated[row[0]] = row[1]
    if not found:
        raise SMWMError("This notebook shows no verdicts; execute it first.")
    return found


def _markdown(cell: nbformat.NotebookNode) -> list[str]:
    shown = (output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", []))
    return ["".join(text) for text in shown]


def _rows(text: str) -> list[list[str]]:
    lines = (line.strip().lstrip("# ") for line in text.splitlines())
    return [[entry.strip() for entry in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]


def _section(name: str, found: list[Finding]) -> str:
    if not found:
        return f"### {LIMITATIONS[name]}\n\nNo page yet."
    rows = [f"| {says} | {measured} | **{verdict}** |" for says, measured, verdict in found]
    head = ["| expectation | measured, mean [95 %] (threshold) | verdict |", "|:--|:--|:--|"]
    return "\n".join([f"### {LIMITATIONS[name]}", "", f"[](../notebooks/{name}.ipynb)", "", *head, *rows])


def _tally(pages: dict[str, list[Finding]]) -> str:
    count = Counter(finding.verdict for found in pages.values() for finding in found)
    return (
        f"Of {count.total()} expectations that {len(pages)} pages state, {count['holds']} hold, {count['refuted']} are "
        f"refuted and {count['undecided']} are undecided."
    )
