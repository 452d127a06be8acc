"""What the pages beyond the paper found: their own hypotheses and verdicts, as their executed notebooks show them."""

import re
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


VERDICTS = ("holds", "refuted", "undecided")


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


def badges() -> dict[str, str]:
    """Markdown per page: what became of its expectations, and under which heading they stand."""
    committed = notebooks.committed()
    return {name: badge(committed[name]) for name in LIMITATIONS if name in committed}


def badge(notebook: nbformat.NotebookNode) -> str:
    """Markdown: how many expectations of a page hold, and under which heading its table of verdicts stands.

    Raises:
        SMWMError: it has no such table, or its verdicts are of another kind.
    """
    count, heading = Counter(finding.verdict for finding in findings(notebook)), ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = next(reversed(re.findall(r"^## (.+)$", cell.source, re.MULTILINE)), heading)
        elif any(_verdict(row) for text in _markdown(cell) for row in _rows(text)):
            break
    said = f"{count['holds']} hold, {count['refuted']} refuted, {count['undecided']} undecided"
    return f"*Stated beforehand*: {count.total()} expectations ({said}), with numbers and thresholds under *{heading}*."


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
                if verdict := _verdict(row):
                    says, measured = row[-3:-1] if len(row) == 4 else (stated.get(row[0], row[0]), row[1])
                    found.append(Finding(says, measured, verdict))
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


def _verdict(row: list[str]) -> str | None:
    """What the last entry of a row says, if that is a verdict."""
    said = row[-1].strip("*")
    return said if row[-1] == f"**{said}**" and said in VERDICTS else None


def _section(name: str, found: list[Finding]) -> str:
    if not found:
        return f"### {LIMITATIONS[name]}\n\nNo page yet."
    rows = [f"| {says} | {measured} | **{verdict}** |" for says, measured, verdict in found]
    head = ["| expectation | measured, mean [95 %] (threshold) | verdict |", "|:--|:--|:--|"]
    return "\n".join([f"### {LIMITATIONS[name]}", "", f"[](../notebooks/{name}.ipynb)", "", *head, *rows])


def _tally(pages: dict[str, list[Finding]]) -> str:
    count = Counter(finding.verdict for found in pages.values() for finding in found)
    lines = ["| limitation that the paper states | hold | refuted | undecided |", "|:--|--:|--:|--:|"]
    for name, found in pages.items():
        numbers = Counter(finding.verdict for finding in found)
        counted = " | ".join(f"{numbers[verdict]}" for verdict in VERDICTS)
        lines.append(f"| [{LIMITATIONS[name]}](../notebooks/{name}.ipynb) | {counted} |")
    return (
        f"Of {count.total()} expectations that {len(pages)} pages state, {count['holds']} hold, {count['refuted']} are "
        f"refuted and {count['undecided']} are undecided.\n\n" + "\n".join(lines)
    )
