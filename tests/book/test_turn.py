"""Claims about the latents to turn, in Python and in a real browser; opened as a file, as a reader may do.

1. The page holds points, colours and spectra to within a pixel, and its words are their numbers.
2. Points are turned rigidly, and drawn where they are turned to, in their colours; both latents turn together.
3. They turn by keyboard, mouse and touch, never by themselves, and a button leads back to the front.
4. Another world changes all four pictures and the words; elbow and dimension of the action are marked.
5. It fits a phone with words of at least 9 px, follows the theme, also around the names of axes, has nothing serious
   for axe-core, and says so without data or JavaScript.
"""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from widget_pages import canvases, note_sizes_of_words, serious_faults, whole_page, without_javascript

from smwm_book.figures import position_colours
from smwm_book.widgets.turn import turn_the_latents

AXES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-0.2, -0.2, 0.1]], dtype=float)
PLACES = np.array([[0, 0], [10, 0], [10, 20], [0, 20]], dtype=float)
SPECTRA = {  # elbows after 2 and after 5 components
    "SMWM": np.array([[6, 3, *[0.01] * 14], [5, 4, *[0.02] * 14]]),
    "SIGReg": np.array([[1, 1, 1, 1, 1, *[0.001] * 11], [1.1, 1, 1, 1, 0.9, *[0.002] * 11]]),
}


def world(turned: np.ndarray, action_dim: int) -> dict:
    latents = {
        label: {"coordinates": scale * turned, "spectrum": SPECTRA[label], "elbow": elbow}
        for label, scale, elbow in (("SMWM", 7.0, 2), ("SIGReg", 0.3, 5))
    }
    return {"state": PLACES, "coloured_by": "dot's place", "action_dim": action_dim, "latents": latents}


@pytest.fixture(scope="module")
def html():
    return turn_the_latents({"One": world(AXES, 2), "Other": world(AXES[::-1], 5)})


@pytest.fixture
def opened(watched, html, tmp_path):
    def open_page(width=1280, shown=html, **options):
        (tmp_path / "turn.html").write_text(whole_page(shown))
        return watched((tmp_path / "turn.html").as_uri(), width, 1200, **options)

    return open_page


def settled(page) -> None:
    """After the next drawing."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def view(page) -> tuple[int, int]:
    said = page.locator("p.view").inner_text()
    return tuple(map(int, re.fullmatch(r"Both are turned by (-?\d+)° and tipped by (-?\d+)°\.", said).groups()))


def colour_at(canvas, right: float, up: float) -> list[int]:
    """The colour of a place of a cloud, in units of its farthest point."""
    png = base64.b64decode(canvas.evaluate("c => c.toDataURL()").split(",")[1])
    pixels = np.asarray(Image.open(io.BytesIO(png)))
    side = len(pixels)
    return pixels[int(side * (0.5 - 0.45 * up)), int(side * (0.5 + 0.45 * right)), :3].tolist()


def test_the_page_holds_the_numbers(html):
    text = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    data = json.loads(text)
    one = data["worlds"][0]
    for latent in one["latents"]:
        points = np.frombuffer(base64.b64decode(latent["points"]), "<i2").reshape(-1, 3) / 32767
        assert np.abs(points - AXES).max() < 1e-4
        share = SPECTRA[latent["label"]] / SPECTRA[latent["label"]].sum(1, keepdims=True)
        assert 10.0 ** np.array(latent["exponents"]) == pytest.approx(share, rel=0.02)
    state = np.frombuffer(base64.b64decode(one["state"]), np.int8).reshape(-1, 2) / 127
    assert np.array_equal(state, [[-1, -1], [1, -1], [1, 1], [-1, 1]])
    colours = np.frombuffer(base64.b64decode(one["colours"]), np.uint8).reshape(-1, 3) / 255
    assert np.abs(colours - position_colours(PLACES)).max() < 0.003
    assert [latent["elbow"] for latent in one["latents"]] == [2, 5]
    assert one["words"] == (
        "One, whose action has 2 dimensions. SMWM: elbow after component 2, 99 % of the variance in the three that are "
        "drawn. SIGReg: elbow after component 5, 60 % of the variance in the three that are drawn."
    )
    assert not re.search(r"https?:|//[a-z]|PLAY_|\bsrc=|@import|url\(", html.replace(text, ""))


def test_points_are_turned_rigidly_and_drawn_in_their_colours(opened):
    page = opened()
    found = np.array(
        page.evaluate("(points) => points.map(document.querySelector('.smwm-turn').smwm.turned)", AXES.tolist())
    )
    a, b = np.radians(view(page))
    about, tip = np.eye(3), np.eye(3)
    about[::2, ::2] = [[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]
    tip[1:, 1:] = [[np.cos(b), -np.sin(b)], [np.sin(b), np.cos(b)]]
    assert found == pytest.approx(AXES @ (tip @ about).T)

    page.get_by_role("button").click()
    settled(page)
    assert view(page) == (0, 0)
    clouds = page.locator("canvas").all()[:2]
    for canvas in clouds:  # right and up are the first two axes, in the colours of the first two places
        assert colour_at(canvas, 1, 0) == pytest.approx(255 * position_colours(PLACES)[0], abs=70)
        assert colour_at(canvas, 0, 1) == pytest.approx(255 * position_colours(PLACES)[1], abs=70)
        assert colour_at(canvas, -1, 0) == colour_at(canvas, 0, -1) == [0, 0, 0]
    clouds[1].focus()
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    settled(page)
    assert view(page) == (90, 0)
    for canvas in clouds:  # a quarter: now the third axis leads to the right
        assert colour_at(canvas, 1, 0) == pytest.approx(255 * position_colours(PLACES)[2], abs=70)


@pytest.mark.parametrize("width", [1280, 390])
def test_both_turn_by_keyboard_and_mouse_and_not_by_themselves(opened, width):
    page = opened(width)
    before = canvases(page)
    page.wait_for_timeout(500)
    assert canvases(page) == before
    assert view(page) == (30, 20)
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    settled(page)
    assert view(page) == (20, 65)
    after = canvases(page)
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert after[2:] == before[2:]
    page.keyboard.press("Shift+ArrowDown")
    settled(page)
    assert view(page) == (20, 90)  # from the top, and no farther

    box = page.locator("canvas").nth(1).bounding_box()
    x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + side / 9, y - side / 6, steps=4)
    page.mouse.up()
    page.mouse.move(x, y)
    settled(page)
    assert view(page) == pytest.approx((40, 60), abs=1)
    for _ in range(4):
        page.locator("canvas").first.press("Shift+ArrowRight")
    settled(page)
    assert view(page)[0] == pytest.approx(40 + 180 - 360, abs=1)
    for canvas in page.locator("canvas").all()[:2]:
        assert page.locator("p.view").inner_text() in canvas.get_attribute("aria-label")


def test_a_finger_turns_them(opened):
    page = opened(390, has_touch=True)
    box = page.locator("canvas").first.bounding_box()
    touches, x, y = page.context.new_cdp_session(page), box["x"] + 50, box["y"] + 50
    for kind, right, down in (("Start", 0, 0), ("Move", 10, 5), ("Move", box["width"] / 6, box["width"] / 9)):
        point = [{"x": x + right, "y": y + down}]
        touches.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": point})
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settled(page)
    assert view(page) == pytest.approx((60, 40), abs=1)
    assert page.locator("body").evaluate("b => getComputedStyle(b).touchAction") == "auto"


def test_another_world_changes_pictures_and_words(opened, html):
    page = opened()
    before, words = canvases(page), page.locator("p[aria-live]").first
    assert words.inner_text().startswith("One, whose action has 2 dimensions. ")
    page.get_by_role("radio", name="One").focus()
    page.keyboard.press("ArrowRight")
    assert words.inner_text().startswith("Other, whose action has 5 dimensions. ")
    after = canvases(page)
    assert [a != b for a, b in zip(after, before, strict=True)] == [True, True, False, True]  # places are the same
    assert view(page) == (30, 20)
    page.get_by_role("radio", name="One").check()
    assert canvases(page) == before
    without = canvases(opened(shown=html.replace('"elbow":5', '"elbow":4')))
    assert [a != b for a, b in zip(without, before, strict=True)] == [False, False, False, True]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_with_readable_words_in_either_theme(opened, scheme):
    page = opened(390)
    light = canvases(page)
    note_sizes_of_words(page)
    page.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; }", scheme)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert len(page.evaluate("window.sizes")) > 10
    assert min(page.evaluate("window.sizes")) >= 9
    changed = [a != b for a, b in zip(canvases(page), light, strict=True)]
    assert changed == [scheme == "dark"] * 4
    first, second = (canvas.bounding_box() for canvas in page.locator("canvas").all()[:2])
    assert first["y"] == second["y"]
    assert first["width"] == second["width"] > 140
    assert serious_faults(page, ".smwm-turn") == []


@pytest.mark.parametrize(("scheme", "ground"), [("light", "#ffffff"), ("dark", "#14181e")])
def test_names_of_axes_stand_out_from_the_points(opened, scheme, ground):
    page = opened()
    page.evaluate(
        """() => { window.halos = []; const write = CanvasRenderingContext2D.prototype.strokeText;
        CanvasRenderingContext2D.prototype.strokeText = function (text, ...where) {
            window.halos.push([text, this.strokeStyle]); return write.call(this, text, ...where); }; }"""
    )
    page.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; }", scheme)
    settled(page)
    assert page.evaluate("window.halos") == 2 * [[f"PC {axis}", ground] for axis in (1, 2, 3)]


@pytest.mark.parametrize(("whole", "broken"), [('"worlds"', "worlds"), ('"points":"', '"points":"%')])
def test_broken_data_are_named_in_their_place(opened, html, whole, broken):
    page = opened(shown=html.replace(whole, broken, 1))
    assert page.locator("p[aria-live]").first.inner_text().startswith("The figure could not read its data (")
    assert page.locator("canvas").first.is_hidden()


def test_without_javascript_it_points_to_the_figures(opened, html, browser, tmp_path):
    opened()
    with without_javascript(browser, (tmp_path / "turn.html").as_uri()) as page:
        assert "the captioned figures on this page show the same points" in page.locator("noscript").inner_text()
        assert page.locator("canvas").first.is_hidden()
