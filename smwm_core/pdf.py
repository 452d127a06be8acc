"""The book as one PDF: Jupyter Book's single page, with a title page, printed by Chromium.

How it looks is in ``book/_static/print.css``, which also serves readers who print a page from the browser.
"""

import re
from pathlib import Path

from smwm_core import chromium
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
    """The single page with links that stay inside it, and a title page with the chapters."""
    chapters = "".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading in _CHAPTER.findall(html))
    html = html.replace('href="book/intro.html#', 'href="#')
    front = _TITLE_PAGE.format(title=title, chapters=chapters)
    return html.replace('<article class="bd-article">', f'<article class="bd-article">{front}', 1)
