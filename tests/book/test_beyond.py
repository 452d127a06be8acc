"""Claims about the page that collects what the pages beyond the paper found.

1. It has every hypothesis of every page, with the verdict that the page shows.
2. Tables of two kinds are read: with the expectation beside the numbers, and with a number that stands for it.
3. A notebook without verdicts is refused in one sentence.
4. A page says below its claim what became of its expectations, and under which heading they stand.
"""

import nbformat
import pytest

from smwm_book import paths
from smwm_book.notebooks.run import committed
from smwm_book.tables import beyond
from smwm_core.errors import SMWMError


def _notebook(*cells: tuple[str, str]) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook()
    for kind, text in cells:
        if kind == "markdown":
            notebook.cells.append(nbformat.v4.new_markdown_cell(text))
        else:
            shown = nbformat.v4.new_output("display_data", {"text/markdown": text})
            notebook.cells.append(nbformat.v4.new_code_cell("…", outputs=[shown]))
    return notebook


def test_every_page_and_every_verdict_is_there():
    pages, text = committed(), (paths.REPOSITORY / "book" / "beyond.md").read_text()
    there = [name for name in beyond.LIMITATIONS if name in pages]
    assert there == [name for name in beyond.LIMITATIONS if f"(../notebooks/{name}.ipynb)\n\n| expectation" in text]
    found = [finding for name in there for finding in beyond.findings(pages[name])]
    assert text.count("| **holds** |") == sum(finding.verdict == "holds" for finding in found)
    assert text.count("| **refuted** |") == sum(finding.verdict == "refuted" for finding in found)
    assert len(found) >= 6 * len(there)
    assert all(finding.says in text for finding in found)


def test_tables_of_both_kinds_are_read():
    beside = "| | expectation | measured | verdict |\n|--:|:--|:--|:--|\n| 1 | It rises. | 0.3 [0.1, 0.5] | **holds** |"
    assert beyond.findings(_notebook(("code", beside))) == [("It rises.", "0.3 [0.1, 0.5]", "holds")]
    stated = "| | hypothesis | threshold |\n|:--|:--|:--|\n| H1 | it falls | ≤ 0.1 |"
    apart = "| | result, mean [95 %] | verdict |\n|:--|:--|:--|\n| H1 | 0.4 [0.3, 0.5] | **refuted** |"
    both = _notebook(("markdown", stated), ("code", apart))
    assert beyond.findings(both) == [("it falls", "0.4 [0.3, 0.5]", "refuted")]


def test_a_notebook_without_verdicts_is_refused():
    with pytest.raises(SMWMError, match="no verdicts"):
        beyond.findings(_notebook(("markdown", "| a | b |\n|:--|:--|\n| 1 | 2 |")))


def test_a_page_says_what_became_of_its_expectations():
    rows = "| | expectation | measured | verdict |\n|--:|:--|:--|:--|\n| 1 | It rises. | 0.3 | **holds** |"
    page = _notebook(
        ("markdown", "# A page"), ("markdown", "## Verdicts\n\n…"), ("code", rows), ("markdown", "## Later")
    )
    said = beyond.badge(page)
    assert "1 expectations (1 hold, 0 refuted, 0 undecided)" in said
    assert "*Verdicts*" in said
