"""Load the search and its index on the page that searches, and nowhere else.

The theme loads them everywhere, for results that appear while one types; this book shows results on a page of their
own, and the index is as large as three chapters.
"""

import re
from pathlib import Path

_LOADED = re.compile(r'[ \t]*<script src="[^"]*(?:/searchtools|/language_data|searchindex)\.js"></script>\n')


def only_where_it_is_searched(html: Path) -> None:
    """Take the scripts of the search out of all pages of a built book but ``search.html``.

    Arguments:
        html: the root of the built book.
    """
    for page in html.rglob("*.html"):
        text = page.read_text()
        changed = text if page.name == "search.html" else _LOADED.sub("", text)
        if changed != text:
            page.write_text(changed)
