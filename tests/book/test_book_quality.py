"""Claims about the quality of the built book.

1. Every page has a title, language, description and viewport, one first-level heading and no jump in its headings.
2. Every address inside the book leads somewhere, with its fragment; every notebook page offers its executed notebook;
   an entry of the list of references begins with the words that cite it.
3. Every figure has a number and a caption, and some text refers to it.
4. Every page is whole at desktop width, and axe-core has nothing serious or critical to say about it, on a wide screen,
   in the dark and on a phone.
5. A page loads at most 0.6 MB, one with an interactive figure at most 1.5 MB, counted as a server sends it.
6. Without JavaScript text, pictures, captions and formulas are there.
7. The book is one PDF, with every chapter and no untypeset formula, linked from every page; a Chromium that fails
   leaves the pages as they are, without a dead link.
8. Without a public address no page mentions one; with it, buttons and previews lead there.
9. Icons that pages use stay in the theme's script and style sheet, and a script of another form is left alone. Only the
   page that searches loads the search, and it finds what is asked for.
10. Pages and figures have one palette and one type scale, and the favicon is the logo's mark.
11. Prose and code are spelt right, and a planted mistake is found.
12. On a phone the words in figures are at least 9 px high, panels are stacked, and the front page has world and latent
    in one screen.
13. Tables of all numbers are folded on a screen, opened by keyboard, and open in print.
14. Sections fold below their headings, open by keyboard, by a link and in print, and so keep every page within 6,000 px
    on a wide screen.
"""

import gzip
import io
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import axe_playwright_python
import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from reading import assert_whole, open_page, pages, wait_until

from smwm_book import paths
from smwm_book.figures import style
from smwm_book.notebooks import run as notebooks
from smwm_book.notebooks.run import fewer_colours
from smwm_book.production import build, chromium, folded, icons, pdf
from smwm_core.errors import SMWMError

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
HEAVY, LIGHT = 1_500_000, 600_000  # bytes
TALLEST = 6_000  # pixels of a page that is 1,280 wide, as long as what folds is folded
# The theme looks at what scrolls 300 ms after a change of width; a later timer of the page ends after that one.
AFTER_THE_THEME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 400)))"
INTERACTIVE = '.bd-article [class^="smwm-"] canvas'


@pytest.fixture(scope="module")
def soups(built):
    """Every page by its path in the book."""
    return {
        str(path.relative_to(built)): BeautifulSoup(path.read_text(), "html.parser")
        for path in built.rglob("*.html")
        if "_static" not in path.parts
    }


@pytest.mark.parametrize("page_name", pages())
def test_page_says_what_it_is(soups, page_name):
    page = soups[page_name]
    assert len(page.title.text) > 10
    assert page.html["lang"] == "en"
    assert page.find("meta", attrs={"name": "viewport"})
    described = [meta["content"] for meta in page.find_all("meta", attrs={"name": "description"})]
    assert len(described) == 1
    assert 40 < len(described[0]) < 300
    levels = [int(heading.name[1]) for heading in page.article.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_descriptions_differ(soups):
    described = [soups[name].find("meta", attrs={"name": "description"})["content"] for name in pages()]
    assert len(set(described)) == len(described)


def test_there_is_no_page_for_an_index_that_the_book_does_not_have(built):
    assert not list(built.glob("*genindex*"))


def test_every_address_inside_the_book_leads_somewhere(built, soups):
    dead = set()
    ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in soups.items()}
    for name, page in soups.items():
        for tag in page.find_all(["a", "img", "script", "link"]):
            target, fragment = urldefrag(tag.get("href") or tag.get("src") or "")
            if urlparse(target).scheme:
                continue
            path = (built / name).parent / unquote(urlparse(target).path) if target else built / name
            if not path.is_file():
                dead.add(f"{name}: {target}")
            elif fragment and path.suffix == ".html" and fragment not in ids[str(path.resolve().relative_to(built))]:
                dead.add(f"{name}: {target}#{fragment}")
    assert not dead


def test_references_are_listed_under_the_words_that_cite_them(soups):
    entries = soups["book/references.html"].select("div.citation")
    labels = {entry["id"]: words(entry.select_one(".label")).strip("[]") for entry in entries}
    cited = [link for name in pages() for link in soups[name].select(".bibtex-citation a")]
    assert {urldefrag(link["href"]).fragment for link in cited} == set(labels)
    for link in cited:  # in a sentence the authors stand outside of the link
        assert labels[urldefrag(link["href"]).fragment].endswith(words(link))


def words(tag) -> str:
    return " ".join(tag.text.split())


@pytest.mark.parametrize("name", list(notebooks.sources()))
def test_the_download_is_the_executed_notebook(built, soups, name):
    links = [a["href"] for a in soups[f"notebooks/{name}.html"].select(".dropdown-download-buttons a")]
    (link,) = [link for link in links if link.endswith(".ipynb")]
    notebook = nbformat.read(built / "notebooks" / link, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)


def test_every_figure_has_a_number_a_caption_and_a_reference(built, soups):
    referred = set()
    for name in pages():
        for link in soups[name].article.select('a[href*="#"]'):
            if "headerlink" not in link.get("class", ()):
                target, fragment = urldefrag(link["href"])
                at = ((built / name).parent / target).resolve() if target else built / name
                referred.add((str(at.relative_to(built)), fragment))
    for name in pages():
        for figure in soups[name].article.find_all("figure"):
            assert figure.select_one(".caption-number"), (name, figure)
            assert len(figure.select_one(".caption-text").text) > 60
            assert (name, figure["id"]) in referred, f"no text refers to {figure['id']} of {name}"


def serious(page, options=""):
    """What axe-core calls serious or critical, as rule and place."""
    return page.evaluate(
        f"""axe.run(document, {{resultTypes: ["violations"], {options}}}).then((found) => found.violations
            .filter((rule) => ["serious", "critical"].includes(rule.impact))
            .flatMap((rule) => rule.nodes.map((node) => rule.id + " at " + node.target)))"""
    )


def test_axe_finds_a_planted_mistake(browser):
    page = browser.new_page()
    page.set_content('<html lang="en"><title>t</title><p style="color:#ccc; background:#fff">pale</p><img src="x.png">')
    page.evaluate(AXE.read_text())
    assert {finding.split(" at ")[0] for finding in serious(page)} == {"color-contrast", "image-alt"}
    page.close()


@pytest.mark.parametrize("page_name", pages())
def test_page_is_whole_accessible_and_light(browser, address, built, page_name):
    loaded = set()
    note = lambda request: loaded.add(urlparse(request.url).path)  # noqa: E731
    page, problems = open_page(browser, address, page_name, 1280, on_request=note)
    loaded |= {urlparse(source).path for source in page.evaluate("[...document.images].map((image) => image.src)")}
    weight = sum(len(gzip.compress((built / path[1:]).read_bytes())) for path in loaded if path.startswith("/"))
    assert weight <= (HEAVY if page.locator(INTERACTIVE).count() else LIGHT), f"{weight / 1e6:.2f} MB"
    assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST
    assert_whole(page, 1280)
    assert problems == []  # before axe, which asks for an imported style sheet at an address where it is not

    page.add_style_tag(content="* { transition: none !important }")  # else a change of colours is seen half-way
    page.evaluate(AXE.read_text())
    assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    wait_until(page, "document.documentElement.dataset.theme === 'dark'")
    assert serious(page, 'runOnly: ["color-contrast"]') == []  # all that a colour scheme changes
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate(AFTER_THE_THEME)
    assert serious(page, 'rules: {"color-contrast": {enabled: false}}') == []  # no width changes a colour
    page.close()


LETTER = 12 / 72  # inches of text in a figure; figures have 150 dots to the inch, those of shapes 100


@pytest.mark.parametrize("page_name", pages())
def test_figures_are_readable_on_a_phone(browser, address, page_name):
    page, _ = open_page(browser, address, page_name, 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for picture in page.locator("article figure:not(details *) img[src$='.png']").all():
        picture.scroll_into_view_if_needed()
        natural, shown, name = picture.evaluate(
            "p => p.decode().then(() => [p.naturalWidth, p.clientWidth, p.currentSrc])"
        )
        dots = 100 if "geometry" in picture.evaluate("p => p.closest('figure').id") else 150
        assert LETTER * dots * shown / natural >= 9, f"{name}: {natural} px of width are shown on {shown}"
    page.close()


def test_the_front_page_has_world_and_latent_in_one_screen_of_a_phone(browser, address):
    page, _ = open_page(browser, address, "book/intro.html", 390)
    page.set_viewport_size({"width": 390, "height": 844})
    picture = page.locator("#fig-front img")
    assert picture.evaluate("p => p.decode().then(() => p.currentSrc)").endswith("-phone.png")
    box = picture.bounding_box()
    assert box["height"] <= 844
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.close()


@pytest.mark.parametrize("page_name", pages())
def test_page_is_readable_without_javascript(browser, address, page_name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_name}")
    for part in ("article h1", "article p"):
        assert page.locator(part).first.is_visible()
    for part in ("article figure img", "article figcaption", "article .math"):
        assert all(found.is_visible() for found in page.locator(f"{part}:not(details *)").all())
    assert all(text.strip() for text in page.locator("article .math").all_text_contents())
    context.close()


def test_the_book_is_one_pdf(built, soups):
    printed = (built / pdf.NAME).read_bytes()
    assert printed.startswith(b"%PDF-")
    assert b"+MathJax_Main-Regular" in printed  # formulas were typeset before it was printed
    for name in pages():
        (link,) = soups[name].select(f'footer a[href$="{pdf.NAME}"]')
        assert ((built / name).parent / link["href"]).resolve() == built / pdf.NAME


def test_the_printed_page_is_whole(browser, built, soups):
    single = built.with_name("singlehtml")
    page = browser.new_page(viewport={"width": 700, "height": 1000})  # about the width of the paper
    page.goto((single / "print.html").as_uri(), wait_until="networkidle")
    page.emulate_media(media="print")
    listed = page.locator(".smwm-title-page li a")
    assert listed.count() == len(pages()) - 1
    assert all(page.locator(f'[id="{link.get_attribute("href")[1:]}"]').count() == 1 for link in listed.all()), (
        "a chapter of the title page has no place in the book"
    )
    wait_until(page, "document.querySelectorAll('mjx-container').length > 20")
    assert page.locator("article .math:not(:has(mjx-container))").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.locator(".solution").count() > 10
    assert all(solution.is_visible() for solution in page.locator(".solution section").all())
    for part in ("#pst-primary-sidebar", "details.hide summary", ".prev-next-area", 'article [class^="smwm-"] input'):
        assert not any(found.is_visible() for found in page.locator(part).all()), part
    assert page.locator('article [class^="smwm-"] canvas').first.is_visible()
    page.close()


def test_all_numbers_are_folded_on_screen_and_open_in_print(browser, address, built):
    page, _ = open_page(browser, address, "notebooks/fig5_planning.html", 390)
    page.locator("details.folded:has(details.numbers) > summary").press("Enter")  # the section around it
    numbers = page.locator("details.numbers")
    table, words = numbers.locator("table"), numbers.locator("summary")
    assert "All numbers" in words.inner_text()
    assert not table.is_visible()
    words.press("Enter")
    assert table.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
    printed = (built.with_name("singlehtml") / "print.html").read_text()
    assert 'class="numbers"' not in printed
    tables = printed.count("<summary>All numbers") + printed.count("<summary>Stated beforehand")
    assert tables == printed.count("<details open>") > 10


def test_numbers_do_not_break_in_tables(browser, address):
    page, _ = open_page(browser, address, "notebooks/anticollapse_gallery.html", 390)
    page.emulate_media(media="print")
    numbers = page.evaluate(
        """() => [...document.querySelectorAll("td p")].flatMap((cell) => {
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            const range = document.createRange(), found = [];
            while (texts.nextNode()) for (const number of texts.currentNode.data.matchAll(/[0-9.]+e-[0-9]+/g)) {
                range.setStart(texts.currentNode, number.index);
                range.setEnd(texts.currentNode, number.index + number[0].length);
                found.push([number[0], range.getClientRects().length]);
            }
            return found;
        })"""
    )
    assert len(numbers) > 10
    assert [number for number, lines in numbers if lines > 1] == []
    page.close()


def test_sections_that_fold_are_there(soups):
    for name, sections in folded.ON_ONE_PAGE.items():
        there = {details.parent.get("id") for details in soups[f"{name}.html"].select("details.folded")}
        assert set(sections) <= there, name
    everywhere = {
        details.parent["id"] for page in soups.values() for details in page.select("section > details.folded")
    }
    assert set(folded.ON_ALL_PAGES) <= everywhere


@pytest.mark.parametrize("page_name", ["book/scorecard.html", "notebooks/fig2_dot_world.html"])
def test_a_folded_section_opens_by_keyboard(browser, address, page_name):
    page, _ = open_page(browser, address, page_name, 1280)
    section = page.locator("article section:has(> details.folded)").first
    inside = section.locator("p").first
    assert section.locator("h2").first.is_visible()
    assert not inside.is_visible()
    section.locator("summary").first.press("Enter")
    assert inside.is_visible()
    page.close()


def test_a_link_into_a_folded_section_opens_it(browser, address):
    page, _ = open_page(browser, address, "book/api.html", 1280)
    signature = page.locator('dt[id$=".CEM"]')
    assert not signature.is_visible()
    page.get_by_role("link", name="CEM", exact=True).click()
    assert signature.is_visible()
    page.close()


def test_folded_sections_are_printed(browser, address):
    page, _ = open_page(browser, address, "notebooks/fig2_dot_world.html", 1280)
    exercise = page.locator("#exercises div.exercise").first
    assert not exercise.is_visible()
    page.emulate_media(media="print")
    assert exercise.is_visible()
    page.close()


def test_dark_pages_are_printed_light(browser, address):
    page, _ = open_page(browser, address, "book/intro.html", 1280, "dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def executable(path: Path, does: str) -> str:
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        ("exit 1", "did not print"),
        ("sleep 60", "did not print"),
        (None, "there is no Chromium"),
        ('for last; do case "$last" in --print-to-pdf=*) echo no >"${last#*=}";; esac; done', "not a PDF"),
    ],
)
def test_a_chromium_that_fails_is_one_sentence(tmp_path, monkeypatch, does, sentence):
    found = [executable(tmp_path / "chromium", does)] if does else []
    monkeypatch.setattr(chromium, "candidates", lambda: iter(found))
    monkeypatch.setattr(chromium, "LONGEST_SECONDS", 1)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "intro.html").write_text('<article class="bd-article">')
    with pytest.raises(SMWMError, match=sentence):
        pdf.write(tmp_path, tmp_path / "book.pdf", "A book")
    assert not (tmp_path / "book.pdf").exists()


def test_candidates_are_in_the_order_of_need_sh(tmp_path, monkeypatch):
    script = (paths.REPOSITORY / "tools" / "need.sh").read_text()
    assert re.search("for name in (.*); do", script)[1].split() == list(chromium.NAMES)
    monkeypatch.setattr(chromium, "find_spec", lambda name: None)  # Playwright's comes last
    for name in chromium.NAMES[1:]:
        executable(tmp_path / name, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [Path(path).name for path in chromium.candidates()] == list(chromium.NAMES[1:])


def laid_out(folder: Path, monkeypatch, changes: dict[str, str]) -> Path:
    """A book of two pages, built without a Chromium, with lines of the configuration replaced."""
    monkeypatch.setattr(chromium, "candidates", lambda: iter(()))
    stage = folder / "source"
    shutil.copytree(paths.REPOSITORY / "book" / "_static", stage / "book" / "_static")
    config = (paths.REPOSITORY / "_config.yml").read_text()
    for old, new in changes.items():
        assert config.count(old) == 1
        config = config.replace(old, new)
    (stage / "_config.yml").write_text(config)
    shutil.copy(paths.REPOSITORY / "book" / "references.bib", stage / "book")
    chapters = "chapters:\n  - file: notebooks/fig2_dot_world\n"
    (stage / "_toc.yml").write_text(f"format: jb-book\nroot: book/intro\n{chapters}")
    (stage / "book" / "intro.md").write_text('# A book\n\nIts first sentence is short. Its "second" <one> too.\n')
    notebook = nbformat.read(paths.NOTEBOOKS / "fig2_dot_world.ipynb", as_version=4)
    figure = next(cell for cell in notebook.cells if "figure" in cell.metadata.get("mystnb", {}))
    notebook.cells = [nbformat.v4.new_markdown_cell("# A page\n\nIt has a figure.", id="page"), figure]
    (stage / "notebooks").mkdir()
    nbformat.write(notebook, stage / "notebooks" / "fig2_dot_world.ipynb")
    return build.lay_out(stage, folder).parent


def tags(page: Path) -> dict[str, str]:
    found = BeautifulSoup(page.read_text(), "html.parser").find_all("meta", attrs={"property": re.compile("^og:")})
    return {tag["property"]: tag["content"] for tag in found}


def test_without_a_public_address_none_is_mentioned(tmp_path, monkeypatch, capfd):
    html = laid_out(tmp_path, monkeypatch, {})
    assert "The PDF was left out: there is no Chromium." in capfd.readouterr().err
    for page in html.glob("*/*.html"):
        text = page.read_text()
        for word in (pdf.NAME, "colab.research", "og:url", "og:image", 'rel="canonical"', "github.com"):
            assert word not in text, f"{page.name} mentions {word}"
    assert tags(html / "book" / "intro.html") == {
        "og:type": "article",
        "og:site_name": "Sensorimotor World Models",
        "og:title": "A book",
        "og:description": "Its first sentence is short. Its “second” <one> too.",
    }


def test_with_a_public_address_buttons_and_previews_lead_there(tmp_path, monkeypatch):
    places = {
        '  url: ""': "  url: https://github.com/someone/companion",
        'baseurl: ""': "baseurl: https://example.org/book/",
    }
    html = laid_out(tmp_path, monkeypatch, places)
    text = (html / "notebooks" / "fig2_dot_world.html").read_text()
    colab = "https://colab.research.google.com/github/someone/companion/blob/main/notebooks/fig2_dot_world.ipynb"
    assert f'href="{colab}"' in text
    assert 'href="https://github.com/someone/companion"' in text
    assert "colab" not in (html / "book" / "intro.html").read_text()
    address = "https://example.org/book/notebooks/fig2_dot_world.html"
    assert f'rel="canonical" href="{address}"' in text
    said = tags(html / "notebooks" / "fig2_dot_world.html")
    assert said["og:url"] == address
    for page in ("notebooks/fig2_dot_world", "book/intro"):
        said = tags(html / f"{page}.html")
        assert said["og:image"] == "https://example.org/book/_static/gallery/fig2_dot_world.png"
        assert (html / "_static" / "gallery" / "fig2_dot_world.png").is_file()
        assert said["og:image:alt"].startswith("Three panels. The world: a regular ten by ten grid")


def test_icons_that_pages_use_are_drawn(browser, address, built):
    script = (built / "_static" / "scripts" / "fontawesome.js").stat().st_size
    assert script < 150_000
    page, _ = open_page(browser, address, "notebooks/fig2_dot_world.html", 1280)
    assert page.locator("svg[data-icon]").count() >= 8
    assert page.locator("svg[data-icon]:not(:has(path[d]))").count() == 0
    assert page.locator("i.fa-solid, i.fas, .svg-inline--fa.fa-circle-question").count() == 0
    page.close()
    sheet = (built / "_static" / "styles" / "pydata-sphinx-theme.css").read_text()
    rules = set(re.findall(r"\.fa-([a-z0-9-]+):before", sheet))
    assert len(rules) < 100
    assert {"bars", "download"} <= rules
    assert ".fa-spin" in sheet  # no rule that is not of an icon is gone


def test_only_the_page_that_searches_loads_the_search_and_it_finds(browser, address, built, soups):
    for name, soup in soups.items():
        loads = any("searchindex" in script.get("src", "") for script in soup.find_all("script"))
        assert loads == (name == "search.html"), name
    page, _ = open_page(browser, address, "search.html?q=propeller", 1280)
    page.wait_for_selector(
        'ul.search a[href*="beyond_actions"]'
    )  # it parses other pages, whose handlers it may not run
    page.close()


def test_a_script_of_another_form_is_left_alone(tmp_path):
    (tmp_path / "_static" / "scripts").mkdir(parents=True)
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-list"></i>')
    with pytest.raises(SMWMError, match="has no fontawesome"):
        icons.cut(tmp_path)
    script = tmp_path / "_static" / "scripts" / "fontawesome.js"
    script.write_text("new Icons(list)")
    with pytest.raises(SMWMError, match="0 icons of the expected form"):
        icons.cut(tmp_path)
    assert script.read_text() == "new Icons(list)"


def test_pictures_lose_colours_only_where_nobody_sees_it():
    def png(pixels):
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, "png")
        return written.getvalue()

    figure, axis = style.new_figure(4, 3)
    axis.scatter(*np.random.default_rng(0).normal(size=(2, 300)), color=style.SMWM)
    written = io.BytesIO()
    figure.savefig(written)
    diagram = np.asarray(Image.open(written).convert("RGB"))
    small = fewer_colours(png(diagram))
    assert Image.open(io.BytesIO(small)).mode == "P"
    assert np.abs(np.asarray(Image.open(io.BytesIO(small)).convert("RGB")).astype(int) - diagram).mean() < 0.5
    assert fewer_colours(small) == small == fewer_colours(png(diagram))
    photograph = png(np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8))
    assert fewer_colours(photograph) == photograph


def test_pages_and_figures_have_one_palette_and_one_type_scale():
    sheet = (paths.REPOSITORY / "book" / "_static" / "smwm.css").read_text()
    variables = dict(re.findall(r"--smwm-(\w+): ([^;]+);", sheet))
    for name in ("blue", "orange", "vermilion", "purple", "sky", "ink", "grey", "pale", "faint"):
        assert variables.pop(name) == getattr(style, name.upper()).lower()
    for name in ("title", "small"):
        assert variables.pop(name) == f"{getattr(style, name.upper()) / style.TEXT:.3f}em"
    assert not variables
    for path in (paths.REPOSITORY / "smwm_book" / "figures").glob("*.py"):
        if path.name != "style.py":
            assert not re.search("#[0-9A-Fa-f]{6}|fontsize=[0-9]", path.read_text()), path.name


def test_the_favicon_is_the_mark_of_the_logo(built, soups):
    (link,) = soups["book/intro.html"].find_all("link", rel="icon")
    favicon = (built / "book" / link["href"]).resolve().read_text()
    logo = (built / "_static" / "logo.svg").read_text()
    colours = [set(re.findall("#[0-9A-Fa-f]{6}", text)) for text in (favicon, logo)]
    assert colours == [{style.BLUE, style.ORANGE}] * 2


SPELT = ("README.md", "CHANGELOG.md", "book", "notebooks", "smwm_core", "smwm_book", "tests", "benchmarks")


def codespell(*where: Path) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "codespell_lib",
        "--ignore-words-list=reacher,fro",
        "--skip=*.ipynb,*.svg,*/vendor/*,*.png,__pycache__",
    ]
    return subprocess.run([*command, *map(str, where)], capture_output=True, text=True, cwd=paths.REPOSITORY)


def test_the_spelling_is_right(tmp_path):
    found = codespell(*SPELT)
    assert found.returncode == 0, found.stdout
    (tmp_path / "planted.md").write_text("The latent " + "colla" + "spes.\n")
    assert codespell(tmp_path).returncode > 0
