"""Sections that fold away below their heading, so that a page is claim, figure, verdict and what to notice.

The single page, from which the PDF is printed, keeps them open; a fragment of an address opens what it leads into.
"""

import re
from pathlib import Path

# What folds on every page that has it, by the id that Sphinx makes of a heading.
ON_ALL_PAGES = (
    "all-in-plain-text",
    "all-metrics-and-provenance",
    "exercises",
    "limits",
    "numbers-and-provenance",
    "prior-work",
    "provenance",
    "the-numbers",
    "the-verdicts",
    "verdicts",
    "what-is-expected-and-why",
)
# What folds on a single page, which would be too long with it.
ON_ONE_PAGE = {
    "book/beyond": ("every-expectation-page-by-page",),
    "book/differences": ("at-the-paper-s-budget",),
    "book/method": ("how-dimensions-are-counted",),
    "book/gpu": ("what-most-figures-take", "several-gpus", "a-t4-and-colab", "how-it-is-made-fast"),
    "book/teaching": ("how-long-it-takes",),
    "notebooks/anticollapse_gallery": ("the-table",),
    "notebooks/beyond_dropped": (
        "the-experiment",
        "the-lights-on-two-latents-that-are-known",
        "how-far-a-light-without-labels-could-get",
    ),
    "notebooks/beyond_policy": (
        "the-experiment",
        "readable-is-not-the-same-as-used",
        "early-in-training",
        "a-warning-light",
        "the-other-way-round-push-t",
    ),
    "notebooks/beyond_series": (
        "the-rig",
        "what-would-have-happened",
        "set-points-and-a-new-rule",
        "four-boards-in-a-line",
    ),
    "notebooks/beyond_time": ("how-much-the-forward-loss-does-two-tiny-worlds-exactly",),
    "notebooks/collapse_explorer": ("the-same-as-pictures",),
    "notebooks/build_it_yourself": ("now-meet-fit",),
    "notebooks/fig4_controllable_dof": ("dot-by-dot",),
    "notebooks/fig5_planning": ("the-same-episodes-as-strips",),
}
LINES = 30  # of a program at most, if it is to be read on the way
_EDGE = re.compile(r"<section\b|</section>")
_SECTION = re.compile(r'<section id="([^"]+)">\n<h2>(.*?)(?:<a class="headerlink".*?</a>)?</h2>', re.DOTALL)
_PROGRAM = re.compile(
    r'(<div class="cell[^"]*">\n)(<div class="cell_input docutils container">\n.*?</pre></div>\n</div>\n</div>\n)',
    re.DOTALL,
)
_NAME = re.compile(r'<dl class="py (?:class|exception|function)">\n<dt class="sig[^"]*" id="([^"]+\.([^".]+))">')


def write(html: Path) -> None:
    """Fold the named sections of every page, all of the scorecard but its first, and the signatures of the library.

    Arguments:
        html: the root of the built book.
    """
    for page in (*(html / "book").glob("*.html"), *(html / "notebooks").glob("*.html")):
        text, name = page.read_text(), f"{page.parent.name}/{page.stem}"
        sections = [found[1] for found in _SECTION.finditer(text)]
        if name == "book/scorecard":
            page.write_text(folded(text, sections[1:]))
        elif name == "book/api":
            page.write_text(indexed(text))
        else:
            page.write_text(shortened(folded(text, (*ON_ALL_PAGES, *ON_ONE_PAGE.get(name, ())))))


def folded(page: str, sections: tuple[str, ...] | list[str]) -> str:
    """A page whose sections with these ids open where their heading is asked for.

    Arguments:
        page: its HTML.
        sections: ids of sections with a heading of the second level; those that it does not have are passed over.
    """
    for found in reversed([found for found in _SECTION.finditer(page) if found[1] in sections]):
        heading = f'<section id="{found[1]}">\n<details class="folded"><summary><h2>{found[2]}</h2></summary>'
        page = _wrapped(page, found, heading)
    return page


def indexed(page: str) -> str:
    """The page of functions and classes, whose sections show names that lead to what is folded below them."""
    for found in reversed(list(_SECTION.finditer(page))):
        inside = page[found.end() : _end(page, found.start())]
        names = ", ".join(f'<a href="#{place}"><code>{name}</code></a>' for place, name in _NAME.findall(inside))
        summary = f'<summary>Signatures and arguments<span class="visually-hidden"> of {found[2]}</span></summary>'
        page = _wrapped(page, found, f'{found[0]}<p>{names}</p><details class="folded">{summary}')
    return page


def shortened(page: str) -> str:
    """A page whose programs of more than ``LINES`` lines open where they are asked for."""
    return _PROGRAM.sub(_shortened, page)


def _shortened(cell: re.Match) -> str:
    lines = cell[2].count("\n", cell[2].index("<pre>")) - 3  # of the markup after the program
    if lines <= LINES:
        return cell[0]
    titles = "".join(
        f'<p class="{when} admonition-title">{what} code, {lines} lines</p>'
        for when, what in (("collapsed", "Show"), ("expanded", "Hide"))
    )
    return (
        f'{cell[1]}<details class="admonition hide above-input folded"><summary>{titles}</summary>{cell[2]}</details>\n'
    )


def _wrapped(page: str, found: re.Match, opening: str) -> str:
    """A page in which the heading of a section is replaced, and what opens there closes where the section ends."""
    end = _end(page, found.start())
    return f"{page[: found.start()]}{opening}{page[found.end() : end]}</details>\n{page[end:]}"


def _end(page: str, start: int) -> int:
    """Where the section that begins at ``start`` ends."""
    depth = 0
    for edge in _EDGE.finditer(page, start):
        depth += 1 if edge[0] != "</section>" else -1
        if depth == 0:
            return edge.start()
    return len(page)
