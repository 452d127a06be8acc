"""Claims about the search to watch, in Python and in a real browser; opened as a file, as a reader may do.

1. The page holds the plans that the planner's own search draws, its elites among them, and its costs and words.
2. It plays to the last round, pauses, and goes round by round by keyboard; each round has its own picture and words.
3. Nothing moves by itself, and who asked for less motion is offered single rounds alone.
4. It fits a phone with words of at least 9 px, follows the theme, has nothing serious for axe-core, and says so without
   data or JavaScript.
"""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from reading import wait_until
from widget_pages import canvases, note_sizes_of_words, serious_faults, whole_page, without_javascript

from smwm_book.widgets import Planning
from smwm_book.widgets.search import UNITS, watch_the_search
from smwm_core.models import WorldModel
from smwm_core.planning import CEM, final_distance
from smwm_core.seeds import generator, initialising
from smwm_core.worlds import make_world

ROUNDS = 4


@pytest.fixture(scope="module")
def planning():
    world = replace(make_world("tworoom"), known_scale=(torch.zeros(10), torch.ones(10)))
    with initialising(0, "test"):
        model = WorldModel.toy(10).requires_grad_(False)
    search = CEM(*world.bounds, samples=90, iterations=ROUNDS, elites=9)
    return Planning(world, model, search, torch.tensor([60.0, 60.0]), torch.tensor([160.0, 60.0]))


@pytest.fixture(scope="module")
def html(planning):
    return watch_the_search(planning, 3)


@pytest.fixture
def opened(watched, html, tmp_path):
    def open_page(width=1280, shown=html, **options):
        (tmp_path / "search.html").write_text(whole_page(shown))
        return watched((tmp_path / "search.html").as_uri(), width, 1200, **options)

    return open_page


def words(page) -> str:
    return page.locator("p[aria-live]").inner_text()


def test_the_page_holds_the_search_itself(planning, html):
    text = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    data = json.loads(text)
    plan = planning.plan(planning.start, planning.goal, 3)
    assert data["best"] == pytest.approx(plan.best[:, 0].tolist(), rel=1e-6)
    assert data["sentences"][1] == planning.sentence(plan, 1, planning.start, planning.goal)
    cost, stream = final_distance(planning.model), generator(3, "a plan to look at")
    z, z_goal = (planning.model.encode_states(planning.world, place[None]) for place in (planning.start, planning.goal))
    for number in range(ROUNDS):
        noise = torch.randn(90, 5, 10, generator=stream)
        noise[0] = 0
        drawn = (plan.means[number, 0] + plan.stds[number, 0] * noise).clamp(*planning.world.bounds)
        ways = np.frombuffer(base64.b64decode(data["ways"][number]), np.uint8).reshape(60, data["steps"], 2) / UNITS
        assert np.abs(ways - planning.play(planning.start, drawn[:60]).numpy()).max() < 0.5
        costs = cost(z, z_goal, drawn[None])[0]
        assert data["average"][number] == pytest.approx(costs.mean().item(), rel=1e-4)
        elites = costs.topk(9, largest=False).indices
        assert sorted(data["elites"][number]) == sorted(elites[elites < 60].tolist())
    frame = np.frombuffer(base64.b64decode(data["frame"]), np.uint8).reshape(64, 64, 3) / 255
    assert np.abs(frame - planning.world.render(planning.start[None])[0].permute(1, 2, 0).numpy()).max() < 0.003
    assert np.array(data["goal"]) / UNITS == pytest.approx(planning.goal.numpy())
    assert not re.search(r"https?:|//[a-z]|PLAY_|\bsrc=|@import|url\(", html.replace(text, ""))


@pytest.mark.parametrize("width", [1280, 390])
def test_it_plays_pauses_and_goes_round_by_round(opened, width):
    page = opened(width)
    still = canvases(page)
    page.wait_for_timeout(500)
    assert canvases(page) == still
    assert words(page).startswith(f"Round {ROUNDS} of {ROUNDS}: ")
    play, following = page.get_by_role("button").all()
    following.focus()
    seen = []
    for number in range(1, ROUNDS + 1):
        page.keyboard.press("Enter")
        assert words(page).startswith(f"Round {number} of {ROUNDS}: ")
        seen.append(canvases(page))
        for canvas in page.locator("canvas").all():
            assert words(page) in canvas.get_attribute("aria-label")
    assert seen[-1] == still
    assert all(len(set(pictures)) == ROUNDS for pictures in zip(*seen, strict=True))

    play.click()
    assert words(page).startswith("Round 1 of")
    assert play.inner_text() == "Pause"
    wait_until(page, "() => document.querySelector('p[aria-live]').innerText.startsWith('Round 2')")
    play.press("Enter")
    paused = words(page)
    page.wait_for_timeout(500)
    assert words(page) == paused
    play.click()
    wait_until(page, "() => document.querySelector('button').innerText === 'Play'")
    assert canvases(page) == still
    slider = page.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    assert words(page).startswith("Round 1 of")
    assert slider.get_attribute("aria-valuetext") == words(page)


def test_who_asked_for_less_motion_goes_round_by_round(opened):
    page = opened(reduced_motion="reduce")
    assert page.get_by_text("Play", exact=True).is_hidden()
    page.get_by_role("button", name="Next round").click()
    first = canvases(page)
    page.wait_for_timeout(500)
    assert words(page).startswith("Round 1 of")
    assert canvases(page) == first


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_with_readable_words_in_either_theme(opened, scheme):
    page = opened(390)
    light = canvases(page)
    note_sizes_of_words(page)
    page.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; }", scheme)
    wait_until(page, "() => window.sizes.length > 4")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert min(page.evaluate("window.sizes")) >= 9
    room, chart = (a != b for a, b in zip(canvases(page), light, strict=True))
    assert not room  # a frame keeps its own colours
    assert chart == (scheme == "dark")
    assert serious_faults(page, ".smwm-search") == []


@pytest.mark.parametrize(("whole", "broken"), [('"frame"', "frame"), ('"ways":["', '"ways":["%')])
def test_broken_data_are_named_in_their_place(opened, html, whole, broken):
    page = opened(shown=html.replace(whole, broken, 1))
    assert words(page).startswith("The figure could not read its data (")
    assert page.locator("canvas").first.is_hidden()


def test_without_javascript_it_points_to_the_picture(opened, browser, tmp_path):
    opened()
    with without_javascript(browser, (tmp_path / "search.html").as_uri()) as page:
        assert "the captioned picture below shows some of its rounds" in page.locator("noscript").inner_text()
        assert page.locator("canvas").first.is_hidden()
