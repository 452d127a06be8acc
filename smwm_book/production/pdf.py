"""The book as one PDF: Jupyter Book's single page, with a title page, printed by Chromium.

How it looks is in ``book/_static/print.css``, which also serves readers who print a page from the browser. The module
is a Sphinx extension as well, without which the single page could not be built.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

from smwm_book.production import chromium
from smwm_core.errors import SMWMError

NAME = "sensorimotor-world-models.pdf"

_TITLE_PAGE = """<section class="smwm-title-page">
<img src="_static/favicon.svg" alt="">
<p class="title">{title}</p>
<p class="subtitle">The reproducible companion of arXiv 2606.20104</p>
<nav aria-label="Chapters"><ol>{chapters}</ol></nav>
</section>
"""
_CHAPTER = re.compile(r'<span id="(document-[^"]+)"></span>.*?<h2>(.*?)<a class="headerlink"', re.DOTALL)


def setup(app: Sphinx) -> dict:
    """Called by Sphinx, for this module is an extension too."""
    app.connect("builder-inited", share_handlers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def share_handlers(app: Sphinx) -> None:
    """Let the single page write every node that a page can.

    sphinx-exercise has handlers for single pages of its own, and then Sphinx forgets those that others have for HTML.
    """
    handlers = app.registry.translation_handlers
    if "singlehtml" in handlers:
        handlers["singlehtml"] = {**handlers.get("html", {}), **handlers["singlehtml"]}


def write(single: Path, output: Path, title: str) -> None:
    """Print the single-page build of the book.

    Arguments:
        single: the folder of the build, with ``book/intro.html`` in it.
        output: the PDF.
        title: of the book.

    Raises:
        SMWMError: no Chromium could print it; the sentence says why.
    """
    page = single / "print.html"  # paths in the page are relative to the folder above book/
    page.write_text(printable((single / "book" / "intro.html").read_text(), title))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    chromium.print_to_pdf(page, output)
    if output.read_bytes()[:5] != b"%PDF-":
        output.unlink()
        raise SMWMError("what Chromium printed is not a PDF")


def printable(html: str, title: str) -> str:
    """The single page with links that stay inside it, tables unfolded, and a title page with the chapters."""
    chapters = "".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading in _CHAPTER.findall(html))
    html = html.replace('href="book/intro.html#', 'href="#').replace('<details class="numbers">', "<details open>")
    front = _TITLE_PAGE.format(title=title, chapters=chapters)
    return html.replace('<article class="bd-article">', f'<article class="bd-article">{front}', 1)
