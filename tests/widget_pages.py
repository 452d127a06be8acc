"""What tests of pages that draw for themselves share: such a page in a file, its canvases, its words, its faults."""

from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


def whole_page(element: str, below: str = "") -> str:
    """A page in either theme with an element in it."""
    phone = '<meta name="viewport" content="width=device-width">'
    dark = "<style>html[data-theme=dark] { color: #ced6dd; background: #14181e; }</style>"
    page = f"<title>test</title>{phone}{dark}<main><h1>test</h1>{element}{below}</main></html>"
    return f'<!doctype html><html lang="en"><meta charset="utf-8">{page}'


def canvases(page) -> list[str]:
    return [canvas.evaluate("c => c.toDataURL()") for canvas in page.locator("canvas").all()]


def note_sizes_of_words(page) -> None:
    """From now on, ``window.sizes`` has the size of all words that are drawn, in px."""
    page.evaluate(
        """() => { window.sizes = []; const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (...given) {
            window.sizes.push(parseFloat(this.font)); return write.apply(this, given); }; }"""
    )


def serious_faults(page, inside: str = "html") -> list[str]:
    """What axe-core finds serious or critical, inside the first element of a selector."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("(i) => axe.run(document.querySelector(i)).then((found) => found.violations)", inside)
    return [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")]


@contextmanager
def without_javascript(browser, address: str):
    """The page at an address, opened without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()
