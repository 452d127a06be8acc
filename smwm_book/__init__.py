"""What makes a book of the science in ``smwm_core``: experiments and their records, figures, widgets, tables, pages."""

from smwm_book.paths import REPOSITORY
from smwm_core.storage import root

if (REPOSITORY / "_toc.yml").exists():
    root.set_default(REPOSITORY / "data")
