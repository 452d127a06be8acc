"""Sections that fold away below their heading, so that a page is claim, figure, verdicts and what to notice.

The single page, from which the PDF is printed, keeps them open; a fragment of an address opens what it leads into.
"""

import re
from pathlib import Path

SECTIONS = ("exercises", "prior-work", "provenance", "numbers-and-provenance", "all-metrics-and-provenance")
_EDGE = re.compile(r"<section\b|</section>")
_SECTION = re.compile(r'<section id="([^"]+)">\n<h2>(.*?)(?:<a class="headerlink".*?</a>)?</h2>', re.DOTALL)


def write(html: Path) -> None:
    """Fold ``SECTIONS`` of every notebook's page, and all of the scorecard but its first.

    Arguments:
        html: the root of the built book.
    """
    for page in (html / "notebooks").glob("*.html"):
        page.write_text(folded(page.read_text(), SECTIONS))
    for scorecard in (html / "book").glob("scorecard.html"):
        text = scorecard.read_text()
        scorecard.write_text(folded(text, [found[1] for found in _SECTION.finditer(text)][1:]))


def folded(page: str, sections: tuple[str, ...] | list[str]) -> str:
    """A page whose sections with these ids open where their heading is asked for.

    Arguments:
        page: its HTML.
        sections: ids of sections with a heading of the second level; those that it does not have are passed over.
    """
    for found in reversed([found for found in _SECTION.finditer(page) if found[1] in sections]):
        end = _end(page, found.start())
        heading = f'<section id="{found[1]}">\n<details class="folded"><summary><h2>{found[2]}</h2></summary>'
        page = f"{page[: found.start()]}{heading}{page[found.end() : end]}</details>\n{page[end:]}"
    return page


def _end(page: str, start: int) -> int:
    """Where the section that begins at ``start`` ends."""
    depth = 0
    for edge in _EDGE.finditer(page, start):
        depth += 1 if edge[0] != "</section>" else -1
        if depth == 0:
            return edge.start()
    return len(page)
