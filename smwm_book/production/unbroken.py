"""Numbers in tables stay in one line: browsers would break 1.2e-05 after its hyphen; a Sphinx extension."""

import re

from docutils import nodes
from sphinx.application import Sphinx

_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?e[-+]\d+)")


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.connect("doctree-resolved", keep_whole)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keep_whole(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Wrap numbers with an exponent in a span that does not break."""
    for entry in doctree.findall(nodes.entry):
        for text in list(entry.findall(nodes.Text)):
            parts = _NUMBER.split(text.astext())  # what is between numbers, and numbers, in turn
            if len(parts) > 1 and not isinstance(text.parent, nodes.literal | nodes.math):
                text.parent.replace(text, [_part(part, bool(at % 2)) for at, part in enumerate(parts) if part])


def _part(text: str, whole: bool) -> nodes.Node:
    return nodes.inline("", text, classes=["text-nowrap"]) if whole else nodes.Text(text)
