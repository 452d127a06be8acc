"""Claims about the planned episodes to watch, in Python and in a real browser; opened as a file, as a reader may do.

1. The page holds every frame exactly, and trajectory, plans and goal to within a pixel.
2. Each step shows the last frame that was kept until then, the goal, the trajectory so far and the present plan; its
   words are the numbers.
3. It plays to the last step by button and space bar, pauses, goes step by step, by keyboard and by touch, and rests out
   of sight.
4. Nothing moves by itself, and who asked for less motion is offered single steps alone.
5. Another world or task changes pictures and words; where there is nothing to choose, nothing is offered.
6. It fits a phone, follows the theme, has nothing serious for axe-core, and says so without data, without pictures or
   without JavaScript.
"""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from reading import wait_until
from widget_pages import canvases, serious_faults, whole_page, without_javascript

from smwm_book.widgets.films import watch_the_films

PLAN_STEPS, KEPT = 4, [0, 3, 6]  # the second plan is made at step 4
COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200), "goal": (200, 200, 0)}
RANDOM = np.random.default_rng(0)
ORANGE, BLUE = [230, 159, 0], [0, 114, 178]


def film(solved: bool, shades: tuple[str, ...] = ("red", "green", "blue")) -> dict:
    """Along a straight line to the goal, all of the way or half of it, while the plans go straight up."""
    way = np.linspace([-2, -2], [2, -2] if solved else [0, -2], 7).astype(np.float32)
    up = np.linspace([0, 0], [0, 4], 5).astype(np.float32)
    return {
        "frames": np.array([np.full((8, 8, 3), COLOURS[name]) for name in shades]).astype(np.uint8),
        "steps": np.array(KEPT),
        "goal": np.full((8, 8, 3), COLOURS["goal"]).astype(np.uint8),
        "cloud": np.array([[-2, 2], [2, -2], [2, 2]], dtype=np.float32)[: 3 if solved else 2],
        "way": way,
        "planned": np.stack([way[0] + up, way[PLAN_STEPS] + up]),
        "target": np.array([2, -2], dtype=np.float32),
        "solved_after": np.array(6 if solved else 0),
    }


WORLDS = {
    "One": {"solved": film(True), "failed": film(False, ("blue", "green", "red"))},
    "Other": {"failed": film(False)},
}


@pytest.fixture(scope="module")
def html():
    return watch_the_films(WORLDS, PLAN_STEPS)


@pytest.fixture(scope="module")
def slow(html):
    """So that a test on a busy machine can still act between two steps."""
    assert html.count("draw, 120);") == 1
    return html.replace("draw, 120);", "draw, 600);")


@pytest.fixture
def opened(watched, html, tmp_path):
    def open_page(width=1280, shown=html, **options):
        (tmp_path / "films.html").write_text(whole_page(shown, '<div style="height: 3000px"></div>'))
        page = watched((tmp_path / "films.html").as_uri(), width, 1200, **options)
        wait_until(page, "() => document.querySelector('p[aria-live]').innerText")
        return page

    return open_page


def words(page) -> str:
    return page.locator("p[aria-live]").inner_text()


def step(page) -> int:
    return int(re.search(r"step (\d+) of 6", words(page))[1])


def pixels_of(canvas) -> np.ndarray:
    png = base64.b64decode(canvas.evaluate("c => c.toDataURL()").split(",")[1])
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def colour_at(pixels: np.ndarray, right: float, down: float) -> list[int]:
    """The colour of a place, in parts of the side."""
    return pixels[int(down * len(pixels)), int(right * len(pixels))].tolist()


def at(x: float, y: float) -> tuple[float, float]:
    """Where on the canvas a place of the latent is, whose corners are two from the middle."""
    return 0.5 + 0.465 * x / 2, 0.5 - 0.465 * y / 2


def test_the_page_holds_frames_and_places(html):
    text = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    data = json.loads(text)
    assert data["plan_steps"] == PLAN_STEPS
    assert [world["title"] for world in data["worlds"]] == list(WORLDS)
    for world in data["worlds"]:
        for held in world["films"]:
            given = WORLDS[world["title"]][held["label"]]
            pictures = np.asarray(Image.open(io.BytesIO(base64.b64decode(held["pictures"]))))
            assert np.array_equal(pictures.reshape(4, 8, 8, 3), [*given["frames"], given["goal"]])
            assert held["steps"] == KEPT
            assert held["solved"] == (held["label"] == "solved")
            for part in ("cloud", "way", "target"):
                found = np.frombuffer(base64.b64decode(held[part]), "<i2").reshape(-1, 2) / 32767
                assert found == pytest.approx(given[part].reshape(-1, 2) / 2, abs=1e-4)
            for plan, wanted in zip(held["planned"], given["planned"], strict=True):
                found = np.frombuffer(base64.b64decode(plan), "<i2").reshape(-1, 2) / 32767
                assert found == pytest.approx(wanted / 2, abs=1e-4)
    assert not re.search(r"https?:|//[a-z]|PLAY_|\bsrc=|@import|url\(", html.replace(text, ""))


def test_random_places_keep_their_shape_and_fill_the_square():
    random = {name: RANDOM.normal(size=(5, 2)) * [3, 1] + 7 for name in ("cloud", "way", "target")}
    shown = watch_the_films({"One": {"solved": film(True) | random | {"planned": random["way"][None]}}}, PLAN_STEPS)
    held = json.loads(re.search(r'json">(.*?)</script>', shown, re.DOTALL)[1])["worlds"][0]["films"][0]
    given = np.concatenate(list(random.values()))
    found = (
        np.concatenate([np.frombuffer(base64.b64decode(held[name]), "<i2").reshape(-1, 2) for name in random]) / 32767
    )
    assert np.abs(found).max() == 1
    half = np.ptp(given, axis=0).max() / 2  # one scale for both directions
    assert np.diff(found, axis=0) == pytest.approx(np.diff(given, axis=0) / half, abs=1e-3)


def test_each_step_shows_its_frame_trajectory_and_plan(opened):
    page = opened()
    titles = page.locator(".pictures span").all_inner_texts
    slider = page.get_by_role("slider")
    slider.focus()
    for number in range(7):
        shown = max(kept for kept in KEPT if kept <= number)
        now, goal, latent = map(pixels_of, page.locator("canvas").all())
        assert colour_at(now, 0.5, 0.5)[:3] == list(COLOURS[("red", "green", "blue")[KEPT.index(shown)]])
        assert colour_at(goal, 0.5, 0.5)[:3] == list(COLOURS["goal"])
        assert colour_at(goal, 0.005, 0.5)[:3] == BLUE
        assert titles() == [f"frame of step {shown}", "goal", f"latent (2 PCs), step {number}"]
        left = round(100 * (6 - number) / 6)
        plan = 2 if number >= PLAN_STEPS else 1
        end = " The goal is reached." if number == 6 else ""
        assert words(page) == (
            f"One, step {number} of 6, plan {plan} of 2: in these two components of the latent {left} % of the "
            f"distance to the goal is left.{end}"
        )
        assert slider.get_attribute("aria-valuetext") == words(page)
        for canvas in page.locator("canvas").all()[::2]:
            assert words(page) in canvas.get_attribute("aria-label")
        for which, x in enumerate((-2, -2 + 4 * PLAN_STEPS / 6), 1):  # a dot of the plan, half way up
            assert (colour_at(latent, *at(x, 0))[:3] == ORANGE) == (which == plan)
        assert colour_at(latent, *at(2, -2))[:3] == BLUE
        for between in range(6):  # black and opaque where the trajectory has been
            ink = colour_at(latent, *at(-2 + 4 * (between + 0.5) / 6, -2))
            assert (ink == [0, 0, 0, 255]) == (between < number), (between, number)
        page.keyboard.press("ArrowRight")
    assert step(page) == 6
    page.keyboard.press("Home")
    assert step(page) == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_it_plays_pauses_and_goes_step_by_step(opened, slow, width):
    page = opened(width, slow)
    still = canvases(page)
    page.wait_for_timeout(500)
    assert canvases(page) == still
    assert step(page) == 0
    play, following = page.get_by_role("button").all()
    following.focus()
    page.keyboard.press("Enter")
    assert step(page) == 1
    play.click()
    assert play.inner_text() == "Pause"
    assert page.locator("p[aria-live]").get_attribute("aria-live") == "off"
    wait_until(page, "() => /step [3-6] of/.test(document.querySelector('p[aria-live]').innerText)")
    wait_until(page, "() => document.querySelector('button').innerText === 'Play'")
    assert step(page) == 6
    assert page.locator("p[aria-live]").get_attribute("aria-live") == "polite"
    following.press("Enter")
    assert step(page) == 0  # after the last comes the first

    page.get_by_role("slider").press("Space")
    page.get_by_role("slider").press("Space")
    paused = step(page)
    assert 0 < paused < 6
    assert play.inner_text() == "Play"
    page.wait_for_timeout(1000)
    assert step(page) == paused
    play.press("Enter")
    page.get_by_role("slider").press("Home")
    page.wait_for_timeout(1000)
    assert step(page) == 0


def test_a_finger_plays_and_moves_it(opened):
    page = opened(390, has_touch=True)
    box = page.get_by_role("slider").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert step(page) == 3
    page.get_by_role("button", name="Play").tap()
    wait_until(page, "() => document.querySelector('button').innerText === 'Play'")
    assert step(page) == 6


def test_it_rests_out_of_sight(opened, slow):
    page = opened(shown=slow)
    page.get_by_role("button", name="Play").click()
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_timeout(300)
    rested = step(page)
    page.wait_for_timeout(1500)
    assert step(page) == rested < 6
    page.evaluate("scrollTo(0, 0)")
    wait_until(page, "() => document.querySelector('p[aria-live]').innerText.includes('step 6 of')")


def test_who_asked_for_less_motion_goes_step_by_step(opened):
    page = opened(reduced_motion="reduce")
    assert page.get_by_text("Play", exact=True).is_hidden()
    page.get_by_role("button", name="Next step").click()
    first = canvases(page)
    page.get_by_role("slider").press("Space")
    page.wait_for_timeout(500)
    assert step(page) == 1
    assert canvases(page) == first


def test_another_world_or_task_changes_pictures_and_words(opened, slow):
    page = opened(shown=slow)
    solved = canvases(page)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("radio", name="solved").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1000)
    assert words(page).startswith("One, step 0 of 6, ")  # and it stands still
    failed = canvases(page)
    assert [a != b for a, b in zip(failed, solved, strict=True)] == [True, False, True]
    page.get_by_role("slider").press("End")
    assert words(page).endswith(" 50 % of the distance to the goal is left. The goal was not reached.")
    page.get_by_role("radio", name="One").focus()
    page.keyboard.press("ArrowRight")
    assert words(page).startswith("Other, step 0 of 6, ")
    assert page.get_by_role("radio", name="failed").count() == 0  # its only task
    page.get_by_role("radio", name="One").check()
    assert page.get_by_role("radio", name="failed").is_checked()
    assert canvases(page) == failed

    page = opened(shown=watch_the_films({"One": WORLDS["One"]}, PLAN_STEPS))
    assert [radio.evaluate("r => r.parentNode.innerText.trim()") for radio in page.get_by_role("radio").all()] == [
        "solved",
        "failed",
    ]
    assert canvases(page) == solved


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_either_theme(opened, scheme):
    page = opened(390)
    light = canvases(page)
    page.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; }", scheme)
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    changed = [a != b for a, b in zip(canvases(page), light, strict=True)]
    assert changed == [False, False, scheme == "dark"]  # frames keep their own colours
    now, goal, latent = (canvas.bounding_box() for canvas in page.locator("canvas").all())
    assert now["y"] == goal["y"] < latent["y"]
    assert now["width"] == goal["width"] > 140
    assert latent["width"] > 280
    assert serious_faults(page, ".smwm-films") == []


@pytest.mark.parametrize(
    ("whole", "broken", "said"),
    [
        ('"worlds"', "worlds", "The figure could not read its data ("),
        ('"way":"', '"way":"%', "The figure could not read its data ("),
        ('"pictures":"iVBORw0KGgo', '"pictures":"AAAAAAAAAAA', "The figure could not read its pictures ("),
    ],
)
def test_broken_data_are_named_in_their_place(opened, html, whole, broken, said):
    assert whole in html
    page = opened(shown=html.replace(whole, broken, 1))
    assert words(page).startswith(said)
    for part in ("canvas", "button", "input", "ul"):
        assert page.locator(part).first.is_hidden()


def test_without_javascript_it_points_to_the_strips(opened, browser, tmp_path):
    opened()
    with without_javascript(browser, (tmp_path / "films.html").as_uri()) as page:
        assert "the captioned strips on this page show six frames" in page.locator("noscript").inner_text()
        assert page.locator("canvas").first.is_hidden()
