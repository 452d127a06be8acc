"""Entries in the list of references begin as they are cited: Pathak et al., 2017; a Sphinx extension."""

from collections.abc import Iterator

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

STYLE = "author_year"  # bibtex_reference_style and bibtex_default_style in _config.yml


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    register_plugin("pybtex.style.labels", STYLE, LabelStyle)
    register_plugin("pybtex.style.formatting", STYLE, ListStyle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class LabelStyle(BaseLabelStyle):
    """Authors and year, as the citations have them."""

    def format_labels(self, sorted_entries: list[Entry]) -> Iterator[str]:
        """A label for every entry, in their order."""
        style = AuthorYearReferenceStyle()
        names = style.person.author_or_editor_or_title(full=False)
        for entry in sorted_entries:
            authors = names.format_data({"entry": entry, "style": style})
            yield f"{authors.render_as('text')}{style.author_year_sep}{entry.fields['year']}"


class ListStyle(Style):
    """The list: sorted by authors, with those labels."""

    default_label_style = STYLE
