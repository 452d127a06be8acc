"""Fill the slides of the lecture with figures of the executed notebooks and committed numbers.

``book/slides.html`` is the lecture in the markup of reveal.js, which the book has a copy of. An appendix is
made from the notebooks: their claims, their figures with one message each, and what they teach.
"""

import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from nbformat import NotebookNode

from smwm_book import paths
from smwm_book.experiments.methods import METHODS
from smwm_book.experiments.results import load_results
from smwm_book.notebooks.run import chapters
from smwm_book.production.gallery import picture
from smwm_core.errors import SMWMError

SOURCE = paths.REPOSITORY / "book" / "slides.html"
# The message of a figure is the last sentence of its caption, or else the one of caption or claim that begins so.
_MESSAGES = {
    "fig-dot-spectrum": "With the inverse loss two",
    "fig-blob-latents": "λ = 10 and the inverse loss alone",
    "fig-drive": "Move the dot",
    "fig-composition": "Where the forward model is exact",
    "fig-staircase": "It does not fall",
    "fig-sprite-decoded": "Control of x and y",
    "fig-sprite-order": "x and y can be read",
    "fig-film-cube": "Only the position",
    "fig-search": "In the first round",
    "fig-landscape": "What the planner sees",
    "fig-plan-your-way": "A journey",
    "fig-probes": "The positions of what",
    "fig-geometry": "With the inverse loss the latent",
    "fig-geometry-sigreg": "With SIGReg it",
    "fig-look-alikes": "A latent that keeps only",
    "fig-kept-by-world": "How well the positions",
    "fig-amplitude": "If the action can be told",
    "fig-circles": "The inverse loss asks",
    "fig-wirings": "And where the frames",
    "fig-lags": "An action that arrives late",
    "fig-held": "A latent can",
    "fig-two-faults": "How far the latent follows the distractor",
    "fig-early-traces": "Either fault alone",
    "fig-costs": "Goals reached",
    "fig-quarter": "Goals of a model",
    "fig-drift": "Below 1",
    "fig-lambda-map": "What survives",
    "fig-scale-and-leak": "Where the world is deterministic",
    "fig-claims-knows": "If the log of the commands",
    "fig-set-points": "What no command moves",
    "fig-line": "Four boards",
}


def write(notebooks: dict[str, NotebookNode], path: Path) -> None:
    """Write the deck, and its figures into the folder ``slides`` beside it.

    Arguments:
        notebooks: executed, by name.
        path: where the HTML goes; it needs the book's ``_static`` beside it and links to ``notebooks/``.

    Raises:
        SMWMError: a notebook without claim, a figure without picture, a message that is in no caption, or a mark of the
            source that asks for what is not there.
    """
    folder = path.with_name("slides")
    folder.mkdir(exist_ok=True)
    images = {"fig-schematic": _schematic(folder)}
    for notebook in notebooks.values():
        images |= {
            settings["figure"]["name"]: _image(folder, settings, picture(cell)) for cell, settings in _figures(notebook)
        }
    appendix = "\n".join(_chapter(name, notebooks[name], images) for name in chapters())
    text = SOURCE.read_text()
    text = _filled(text, r"figure (\S+)", lambda name: images[name])
    text = _filled(text, r"number (\S+) (\S+) (\S+)", number)
    text = _filled(text, r"weight (\S+)", lambda name: f"{vars(METHODS[name].objective)[name]:g}")
    path.write_text(_filled(text, "(appendix)", lambda _: appendix))


def number(notebook: str, metric: str, form: str) -> str:
    """A committed result at the laptop budget, as Python formats it; powers of ten as one writes them."""
    value = load_results(notebook, "laptop").metric(metric)["value"]
    digits, power, exponent = format(value, form).partition("e")
    return f"{digits} · 10<sup>{int(exponent)}</sup>".replace("-", "−") if power else digits.replace("-", "−")


def message(figure: str, caption: str, claim: str) -> tuple[str, str]:
    """The one sentence to say about a figure, and what is left of its caption."""
    said = _sentences(caption)
    if figure not in _MESSAGES:
        return said[-1], " ".join(said[:-1])
    for sentence in [*said, *_sentences(claim)]:
        if sentence.startswith(_MESSAGES[figure]):
            return sentence, " ".join(other for other in said if other != sentence)
    raise SMWMError(f"Neither caption nor claim of {figure} has a sentence that begins with {_MESSAGES[figure]!r}.")


def _filled(text: str, mark: str, fill: Callable[..., str]) -> str:
    def filled(found: re.Match) -> str:
        try:
            return fill(*found.groups())
        except KeyError as error:
            raise SMWMError(f"The slides ask for {found[0]}, but there is no {error}.") from error

    return re.sub(rf"{{{{{mark}}}}}", filled, text)


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) |(?<=[.!?]\*) ", text)


def _figures(notebook: NotebookNode) -> list[tuple[NotebookNode, dict]]:
    return [(cell, cell.metadata["mystnb"]) for cell in notebook.cells if "figure" in cell.metadata.get("mystnb", {})]


def _schematic(folder: Path) -> str:
    """The schematic of the page of the method."""
    page = (paths.REPOSITORY / "book" / "method.md").read_text()
    file, alt = re.search(r"```{figure} (\S+)\n.*?:alt: (.+?)\n", page, re.DOTALL).groups()
    (folder / "fig-schematic.svg").write_bytes((paths.REPOSITORY / "book" / file).read_bytes())
    return f'<img class="r-stretch" data-src="slides/fig-schematic.svg" alt="{escape(alt)}">'


def _image(folder: Path, settings: dict, png: bytes) -> str:
    name = settings["figure"]["name"]
    (folder / f"{name}.png").write_bytes(png)
    return f'<img class="r-stretch" data-src="slides/{name}.png" alt="{escape(settings["image"]["alt"])}">'


def _chapter(name: str, notebook: NotebookNode, images: dict[str, str]) -> str:
    """The slides of a notebook, one below the other."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    opening = re.search(r"^# (.+)\n\n\*\*The (?:(?:paper's )?claim|question)\.\*\* ((?:.+\n?)+)", text, re.MULTILINE)
    learned = re.search(r"^## What you have learned\n\n((?:[- ] ?.+\n)+)", text, re.MULTILINE)
    if not opening or not learned:
        raise SMWMError(f"Notebook {name} does not open with a title and a claim, or does not say what was learned.")
    claim = " ".join(opening[2].split())
    title = f'<a href="notebooks/{name}.html">{_inline(opening[1])}</a>'
    slides = [_slide(name, f"<h2>{title}</h2>\n<p>{_inline(claim)}</p>")]
    for _, settings in _figures(notebook):
        figure = settings["figure"]["name"]
        said, rest = message(figure, settings["figure"]["caption"], claim)
        slides.append(
            _slide(figure, f'<h3>{_inline(said)}</h3>\n{images[figure]}\n<p class="legend">{_inline(rest)}</p>')
        )
    bullets = "\n".join(
        f"<li>{_inline(' '.join(b.split()))}</li>" for b in re.split(r"^- ", learned[1], flags=re.M)[1:]
    )
    slides.append(_slide(f"{name}-learned", f"<h2>What you have learned</h2>\n<ul>\n{bullets}\n</ul>"))
    return "<section>\n" + "\n".join(slides) + "\n</section>"


def _slide(label: str, content: str) -> str:
    return f'<section id="{label}">\n{content}\n</section>'


def _inline(text: str) -> str:
    """HTML of a sentence in Markdown, without its links and references."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)| ?{\w+(?::\w+)?}`[^`]*`", r"\1", text)
    return MarkdownIt().renderInline(text)
