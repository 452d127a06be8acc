"""Claims about the built book, checked in a real browser.

1. It builds from clean without a warning and leaves the git tree as it was.
2. Every page loads at phone width, in the dark and in the light (at desktop width in ``test_book_quality``, where it is
   open already), with no request to another host, no failed request, no error of ours on the console, no picture
   without alt text and no sideways scrolling.
3. Formulas are typeset and figures are shown by the page itself; what a page prints anew is what is committed.
4. The collapse explorer moves by keyboard and by pointer, redraws for the dark theme, and says so without its data.
5. The pages that compute in the browser do so in the book, and weigh little enough.
6. Solutions of exercises are hidden until somebody asks for them; everything that the page for teachers links is there.
7. The slides move by keyboard, fit the screen, scroll on a phone, and print one a page.
"""

import re
import zipfile
from dataclasses import replace

import nbformat
import pytest
from reading import assert_whole, open_page, pages, wait_until

from smwm_book import paths
from smwm_book.experiments.results import load_results
from smwm_book.notebooks import run as notebooks
from smwm_book.widgets.explorer import Exploration, viewer


@pytest.mark.parametrize("page_name", pages())
def test_page_is_whole_on_a_phone_at_night(browser, address, page_name):
    page, problems = open_page(browser, address, page_name, 390, "dark")
    assert_whole(page, 390)
    assert problems == []
    page.close()


def checked(notebook):
    """What the cells print that are compared."""
    return [
        [(output.output_type, output.get("text")) for output in cell.outputs]
        for cell in notebook.cells
        if "nbval-check-output" in cell.metadata.get("tags", [])
    ]


@pytest.mark.parametrize("name", list(notebooks.sources()))
def test_a_page_prints_what_is_committed(built, name):
    (page,) = (built / "_sources" / "notebooks").glob(f"{name}.ipynb")
    committed = nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert checked(committed)
    assert checked(nbformat.read(page, as_version=4)) == checked(committed)
    cell = next(cell for cell in committed.cells if "nbval-check-output" in cell.metadata.get("tags", []))
    cell.outputs[0].text = cell.outputs[0].text.replace(".", ".0", 1)
    assert checked(nbformat.read(page, as_version=4)) != checked(committed)


def test_formulas_are_typeset(browser, address):
    page, problems = open_page(browser, address, "book/method.html", 1280)
    page.wait_for_selector("mjx-container svg, mjx-container mjx-math", state="attached")
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror, mjx-container [data-mjx-error]").count() == 0
    assert problems == []
    page.close()


def test_the_front_page_shows_a_result_without_scrolling(browser, address):
    for width, height in ((1280, 800), (390, 844)):
        page, _ = open_page(browser, address, "book/intro.html", width)
        page.set_viewport_size({"width": width, "height": height})
        box = page.locator("article figure img").first.bounding_box()
        assert box["y"] + box["height"] / 2 < height
        page.close()


def test_every_page_has_a_policy_and_names_no_content_network(built):
    for path in built.rglob("*.html"):
        if "_static" not in path.parts:
            text = path.read_text()
            assert text.count('<meta http-equiv="Content-Security-Policy" content="default-src \'self\';') == 1, (
                path.name
            )
            assert not re.search("cdnjs|jsdelivr|unpkg|maxcdn", text), path.name


EXPLORER = "notebooks/collapse_explorer.html"


def pixels(canvas) -> str:
    return canvas.evaluate("c => c.toDataURL()")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_explorer_moves_by_keyboard_and_pointer(browser, address, width):
    page, problems = open_page(browser, address, EXPLORER, width)
    root = page.locator(".smwm-explorer").first
    lam, step = root.locator("input[type=range]").all()
    cloud, bars, _ = root.locator("canvas").all()
    words = root.locator("p[aria-live]")
    results = load_results("collapse_explorer", "laptop")
    last = len(results.arrays["lambdas"]) - 1, len(results.arrays["steps"]) - 1
    shown = Exploration(**results.arrays)
    assert words.inner_text() == shown.sentence(*last)

    before = pixels(cloud), pixels(bars)
    lam.focus()
    for _ in range(last[0]):
        page.keyboard.press("ArrowLeft")
    assert words.inner_text() == shown.sentence(0, last[1])
    assert lam.get_attribute("aria-valuetext") == f"λ = {shown.lambdas[0]:g}"
    after = pixels(cloud), pixels(bars)
    assert before[0] != after[0]
    assert before[1] != after[1]

    step.scroll_into_view_if_needed()
    box = step.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert words.inner_text() == shown.sentence(0, 0)
    assert problems == []
    page.close()


@pytest.fixture
def explorer(browser, tmp_path):
    """The explorer by itself, opened at the largest λ and the last step."""
    shown = Exploration(**load_results("collapse_explorer", "laptop").arrays)
    (tmp_path / "page.html").write_text(f'<meta charset="utf-8">{viewer(shown)}')
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "page.html").as_uri())
    yield page, shown
    page.close()


def test_the_explorer_plays_the_steps_and_magnifies(explorer):
    page, shown = explorer
    words, cloud, play = page.locator("p[aria-live]"), page.locator("canvas").first, page.get_by_role("button").first
    first = play.evaluate("(play) => { play.click(); return document.querySelector('p[aria-live]').innerText; }")
    assert first == shown.sentence(len(shown.lambdas) - 1, 0)
    wait_until(page, "(first) => document.querySelector('p').innerText !== first", arg=first)
    play.press("Enter")
    assert play.inner_text() == "Play"
    before, said = pixels(cloud), words.inner_text()
    page.get_by_role("checkbox").check()
    assert pixels(cloud) != before
    assert words.inner_text().removeprefix(said).startswith(" Magnified ")


def test_the_explorer_draws_both_losses(explorer):
    page, shown = explorer
    curves, (lam, step) = page.locator("canvas").nth(2), page.locator("input[type=range]").all()
    drawn = [pixels(curves)]
    step.press("ArrowLeft")
    drawn.append(pixels(curves))
    lam.press("Home")
    drawn.append(pixels(curves))
    assert len(set(drawn)) == 3  # the mark moves, and at λ = 0 there is one curve less
    assert shown.losses[0, :, 1].max() == 0
    assert "no inverse loss" in curves.get_attribute("aria-label")


def test_the_explorer_of_a_single_weight_has_no_slider_for_it(explorer):
    page, shown = explorer
    assert page.get_by_role("slider").count() == 2
    one = replace(
        shown, **{part: getattr(shown, part)[:1] for part in ("lambdas", "clouds", "spectra", "variances", "losses")}
    )
    page.set_content(viewer(one))
    assert page.get_by_role("slider").count() == 1
    assert page.locator("p[aria-live]").inner_text() == one.sentence(0, len(one.steps) - 1)


def test_sliders_of_the_explorer_stay_where_they_are(explorer):
    page, shown = explorer
    slider = page.locator("input[type=range]").first
    slider.focus()
    places = set()
    for _ in shown.lambdas:
        places.add(slider.bounding_box()["y"])
        page.keyboard.press("ArrowLeft")
    assert len(places) == 1


def test_the_explorer_follows_the_theme(browser, address):
    page, _ = open_page(browser, address, EXPLORER, 1280)
    bars = page.locator(".smwm-explorer canvas").nth(1)
    light = pixels(bars)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    wait_until(page, "([bars, light]) => bars.toDataURL() !== light", arg=[bars.element_handle(), light])
    page.close()


def test_the_explorer_says_so_when_its_data_are_broken(browser, tmp_path):
    whole = viewer(Exploration(**load_results("collapse_explorer", "laptop").arrays))
    (tmp_path / "broken.html").write_text(whole.replace('"lambdas"', "lambdas", 1))
    page = browser.new_page()
    page.goto((tmp_path / "broken.html").as_uri())
    assert page.locator("p[aria-live]").inner_text().startswith("The explorer could not read its data")
    page.close()


def test_without_javascript_the_explorer_points_to_the_pictures(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{EXPLORER}")
    assert "needs JavaScript" in page.locator(".smwm-explorer noscript").first.inner_text()
    assert page.locator(".smwm-explorer canvas").first.is_hidden()
    assert page.locator("article figure img").count() > 0
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["drive_the_dot", "plan_your_way"])
def test_pages_that_compute_do_so_in_the_book(browser, address, name, width):
    page, problems = open_page(browser, address, f"notebooks/{name}.html", width)
    root = page.locator(".smwm-play")
    canvas, words = root.locator("canvas").first, root.locator("p[aria-live]")
    before, said = pixels(canvas), words.inner_text()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, "([words, said]) => words.innerText !== said", arg=[words.element_handle(), said])
    assert pixels(canvas) != before
    assert problems == []
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_solution_is_hidden_until_it_is_asked_for(browser, address, width):
    page, problems = open_page(browser, address, "notebooks/fig2_dot_world.html", width)
    exercise, solution = page.locator("div.exercise").first, page.locator("div.solution").first
    code = solution.locator("div.highlight").first
    assert not exercise.is_visible()
    page.locator("#exercises > details > summary").press("Enter")
    assert exercise.is_visible()
    assert not code.is_visible()
    solution.locator(".toggle-button").first.click()
    code.scroll_into_view_if_needed()
    assert code.is_visible()
    assert "best_guess" in code.inner_text()
    assert "Right:" in solution.inner_text()
    assert problems == []
    page.close()


@pytest.mark.parametrize("name", ["drive_the_dot", "plan_your_way"])
def test_without_javascript_the_pages_that_compute_point_to_a_picture(browser, address, built, name):
    assert (built / "notebooks" / f"{name}.html").stat().st_size < 1_500_000
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/notebooks/{name}.html")
    assert "the captioned picture on this page" in page.locator(".smwm-play noscript").inner_text()
    assert page.locator(".smwm-play canvas").first.is_hidden()
    assert page.locator("article figure img").count() == 1
    context.close()


def test_everything_that_the_page_for_teachers_links_is_there(built, address, browser):
    page, _ = open_page(browser, address, "book/teaching.html", 1280)
    links = {link.get_attribute("href") for link in page.locator("article a[href]").all()}
    page.close()
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert len(local) > 30
    for link in local:
        file, _, label = link.partition("#")
        file = file.partition("?")[0]
        path = (built / "book" / file).resolve() if file else built / "book" / "teaching.html"
        assert path.is_file(), link
        if label and path.suffix == ".html":
            assert f'id="{label}"' in path.read_text(), link
    names = [path.stem for path in paths.NOTEBOOKS.glob("*.py")]
    assert {path.stem for path in (built / "student").glob("*.ipynb")} == set(names)
    with zipfile.ZipFile(built / "student" / "student.zip") as archive:
        assert sorted(archive.namelist()) == sorted(f"student/{name}.ipynb" for name in names)


def test_slides_move_and_fit(browser, address):
    page, problems = open_page(browser, address, "slides.html", 1280)
    wait_until(page, "() => window.Reveal && Reveal.isReady()")
    wait_until(page, "() => document.querySelectorAll('mjx-container').length > 10")
    assert page.locator("mjx-merror, mjx-container [data-mjx-error]").count() == 0
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total > 60
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/slides.html#/latent")
    page.keyboard.press("o")
    assert page.evaluate("Reveal.isOverview()")
    page.keyboard.press("o")
    assert page.evaluate("Reveal.hasPlugin('notes')")
    for number in range(total):
        page.evaluate(
            "(i) => { const at = Reveal.getIndices(Reveal.getSlides()[i]); Reveal.slide(at.h, at.v); }", number
        )
        shown = page.locator("section.present:not(.stack)").last
        label = shown.get_attribute("id")
        for picture in shown.locator("img").all():
            assert len(picture.get_attribute("alt")) > 20
            assert picture.evaluate("p => p.decode().then(() => p.naturalWidth)") > 0
            page.evaluate("Reveal.layout()")
            assert picture.evaluate("p => p.offsetHeight") > 150, f"the figure of {label} is too small"
        assert shown.evaluate("s => s.scrollHeight") <= 720, f"{label} is too long"
    assert problems == []
    page.close()


def test_slides_scroll_on_a_phone(browser, address):
    page, problems = open_page(browser, address, "slides.html", 390)
    wait_until(page, "() => window.Reveal && Reveal.isReady()")
    assert page.evaluate("Reveal.isScrollView()")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert problems == []
    page.close()


def test_slides_print_one_a_page(browser, address):
    page, _ = open_page(browser, address, "slides.html?view=print", 1280)
    wait_until(page, "() => window.Reveal && Reveal.isReady() && document.querySelector('.pdf-page')")
    assert page.locator(".pdf-page").count() == page.evaluate("Reveal.getTotalSlides()")
    page.close()
