"""What other programs read of a page: its description, its picture, where it stands; a Sphinx extension.

``repository.url`` and ``html.baseurl`` in ``_config.yml`` say where the repository and the book are published. As long
as they are empty, pages have no button, address or picture that would need them.
"""

import html
import re
from pathlib import Path
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from smwm_book.production import pdf

COLAB = "https://colab.research.google.com"
FRONT = "notebooks/fig2_dot_world"  # its picture stands for pages that have none in the gallery
LONGEST = 200  # characters of a description, unless its first sentence is longer


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.connect("config-inited", place)
    app.connect("html-page-context", describe, priority=600)  # after the theme has made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def place(app: Sphinx, config: Config) -> None:
    """Offer Colab and the repository where there is one, and take the PDF along where one was printed."""
    if config.html_theme_options.get("repository_url"):
        config.html_theme_options["use_repository_button"] = True
        config.html_theme_options.setdefault("launch_buttons", {})["colab_url"] = COLAB
    if (Path(app.srcdir) / "pdf" / pdf.NAME).exists():
        config.html_extra_path.append("pdf")


def describe(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Give a page its description, its open-graph data and a link to the PDF."""
    if "pdf" in app.config.html_extra_path:
        address, words = context["pathto"](pdf.NAME, 1), "The whole book as one PDF"
        context["theme_extra_footer"] = f'<p><a href="{address}">{words}</a></p>'
        button = {"type": "link", "url": address, "text": "Book (.pdf)", "tooltip": words, "icon": "fas fa-file-pdf"}
        for group in context.get("header_buttons", []):
            if group["label"] == "download-buttons":
                group["buttons"].append({**button, "label": "download-book-button"})
    # The theme declares the constants of Thebe twice, and no page uses it.
    context["script_files"] = [
        script for script in context["script_files"] if "thebe" not in f"{script.filename} {script.attributes}".lower()
    ]
    if doctree is None:
        return
    if not any(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))):
        # Sphinx gives the front page the formulas of its chapters.
        scripts = context["script_files"]
        context["script_files"] = [script for script in scripts if "mathjax" not in str(script.filename)]
    described = description(doctree)
    tags = {
        "og:type": "article",
        "og:site_name": app.config.project,
        "og:title": re.sub("<[^>]+>", "", context["title"]),
        "og:description": html.escape(described),
    }
    if base := app.config.html_baseurl:
        shown = (
            page if (Path(app.srcdir) / "book" / "_static" / "gallery" / f"{Path(page).name}.png").exists() else FRONT
        )
        picture = next(app.env.get_doctree(shown).findall(nodes.image))
        tags["og:url"] = context["pageurl"]
        tags["og:image"] = urljoin(base, f"_static/gallery/{Path(shown).name}.png")
        tags["og:image:alt"] = html.escape(picture["alt"])
    written = [f'<meta name="description" content="{html.escape(described)}">']
    written += [f'<meta property="{name}" content="{value}">' for name, value in tags.items()]
    context["metatags"] += "\n".join(written) + "\n"


def description(doctree: nodes.document) -> str:
    """The first sentences of a page's paragraphs, at most 200 characters or the first sentence."""
    text = " ".join(p.astext() for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section))
    sentences = re.split(r"(?<=[.?!]) ", re.sub(r"^The (?:paper\Ws )?\w+\. ", "", " ".join(text.split())))
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + 1 + len(sentence) > LONGEST:
            break
        kept += f" {sentence}"
    return kept
