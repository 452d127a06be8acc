"""Slides made from the executed notebooks: their claims, their figures with one message each, and what they teach.

The deck is one HTML file without any other. It moves by keyboard, buttons and touch, and prints one slide a page.
"""

import base64
import re
import struct
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from nbformat import NotebookNode

from smwm_book import paths
from smwm_book.notebooks.run import chapters
from smwm_book.production.gallery import picture
from smwm_core.errors import SMWMError

_TEMPLATE = Path(__file__).with_name("slides.html")
# The message of a figure is the last sentence of its caption, or else the one of caption or claim that begins so.
_MESSAGES = {
    "fig-dot-spectrum": "With the inverse loss two",
    "fig-staircase": "It does not fall",
    "fig-sprite-decoded": "Control of x and y",
    "fig-sprite-order": "x and y can be read",
    "fig-search": "In the first round",
    "fig-geometry": "With the inverse loss the latent",
    "fig-probes": "From a latent",
}
_OBJECTIVE = "L = ‖ẑ<sub>t+1</sub> − z<sub>t+1</sub>‖² + λ ‖â<sub>t</sub> − a<sub>t</sub>‖²"


def write(notebooks: dict[str, NotebookNode], path: Path) -> None:
    """Write the deck.

    Arguments:
        notebooks: executed, by name.
        path: where the HTML goes; links of the deck lead to ``notebooks/`` beside it.

    Raises:
        SMWMError: a notebook without claim, a figure without picture, or a message that is in no caption.
    """
    slides = [_title(), _method(), *(slide for name in chapters() for slide in _chapter(name, notebooks[name]))]
    path.write_text(_TEMPLATE.read_text().replace("SLIDES", "\n".join(slides)))


def message(figure: str, caption: str, claim: str) -> tuple[str, str]:
    """The one sentence to say about a figure, and what is left of its caption."""
    said = _sentences(caption)
    if figure not in _MESSAGES:
        return said[-1], " ".join(said[:-1])
    for sentence in [*said, *_sentences(claim)]:
        if sentence.startswith(_MESSAGES[figure]):
            return sentence, " ".join(other for other in said if other != sentence)
    raise SMWMError(f"Neither caption nor claim of {figure} has a sentence that begins with {_MESSAGES[figure]!r}.")


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) |(?<=[.!?]\*) ", text)


def _title() -> str:
    return _slide(
        "title",
        "<h1>Sensorimotor World Models</h1>\n<p class=claim>Why latents collapse, and what keeps them open</p>\n"
        "<p class=legend>After Ivashkov, Balestriero and Schölkopf, arXiv 2606.20104. Every figure was drawn by the "
        "code of its page; arrow keys, space or a swipe turn the slides.</p>",
    )


def _method() -> str:
    """The schematic with the objective, from the page of the method."""
    page = (paths.REPOSITORY / "book" / "method.md").read_text()
    schematic = re.search(r"```{figure} (\S+)\n.*?:alt: (.+?)\n\n(.+?)\n```", page, re.DOTALL)
    image = _image("svg+xml", (paths.REPOSITORY / "book" / schematic[1]).read_bytes(), schematic[2])
    said, rest = message("fig-schematic", " ".join(schematic[3].split()), "")
    return _slide(
        "fig-schematic",
        f"<h2>{_inline(said)}</h2>\n{image}\n<p class=claim>{_OBJECTIVE}</p>\n<p class=legend>{_inline(rest)}</p>",
        "book/method.html",
    )


def _chapter(name: str, notebook: NotebookNode) -> list[str]:
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    opening = re.search(r"^# (.+)\n\n\*\*The (?:claim|question)\.\*\* ((?:.+\n?)+)", text, re.MULTILINE)
    learned = re.search(r"^## What you have learned\n\n((?:[- ] ?.+\n)+)", text, re.MULTILINE)
    if not opening or not learned:
        raise SMWMError(f"Notebook {name} does not open with a title and a claim, or does not say what was learned.")
    title, claim, page = opening[1], " ".join(opening[2].split()), f"notebooks/{name}.html"
    slides = [_slide(name, f"<h2>{_inline(title)}</h2>\n<p class=claim>{_inline(claim)}</p>", page)]
    for cell in notebook.cells:
        settings = cell.metadata.get("mystnb", {})
        if "figure" in settings:
            said, rest = message(settings["figure"]["name"], settings["figure"]["caption"], claim)
            image = _image("png", picture(cell), settings["image"]["alt"])
            slides.append(
                _slide(
                    settings["figure"]["name"],
                    f"<h2>{_inline(said)}</h2>\n{image}\n<p class=legend>{_inline(rest)}</p>",
                    page,
                )
            )
    bullets = "\n".join(
        f"<li>{_inline(' '.join(b.split()))}</li>" for b in re.split(r"^- ", learned[1], flags=re.M)[1:]
    )
    return [*slides, _slide(f"{name}-learned", f"<h2>What you have learned</h2>\n<ul>\n{bullets}\n</ul>", page)]


def _image(kind: str, data: bytes, alt: str) -> str:
    width, height = struct.unpack(">II", data[16:24]) if kind == "png" else (2, 1)
    shape = ' class="tall"' if height > 0.7 * width else ""  # beside its words, where there is room
    source = f"data:image/{kind};base64,\n{base64.b64encode(data).decode()}\n"
    return f'<img{shape} alt="{escape(alt)}" src="{source}">'


def _slide(label: str, content: str, page: str = "index.html") -> str:
    return f'<section id="{label}" data-page="{page}">\n{content}\n</section>'


def _inline(text: str) -> str:
    """HTML of a sentence in Markdown, without its links and references."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)|{\w+(?::\w+)?}`[^`]*`", r"\1", text)
    return MarkdownIt().renderInline(text)
