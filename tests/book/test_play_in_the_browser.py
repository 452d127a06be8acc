"""Claims about the pages to play with, checked in a real browser against torch; opened as files, as a reader may do.

1. Frames, latents, predictions, recovered actions and costs are torch's to 1e-4, and so are TwoRoom's steps in px; to
   encode a frame takes less than three times what its multiplications and additions take in a bare loop. A switch
   leads to the points at λ = 0, as near as their table says.
2. By keyboard, mouse and touch the dot moves, and the words are those of the Python side; a long drag is many actions.
   Where a dot stays, the inverse model guesses outside the square of the training steps, and the words say so.
3. The search is torch's, round by round, when both draw the same numbers, and the page's numbers are standard normal.
   It lowers its cost, repeats with its seed, finds the way into the other room, and gives up after four plans.
4. Start and goal move by keyboard, mouse and touch; the page plans, stops, also by Enter in the room, and can be looked
   back at.
5. Who asked for less motion sees no animation and can still look at every moment.
6. Both redraw for the dark theme, where what a frame shows in black has a black key; they live side by side, and say
   so where their data are broken.
7. A phone shows both pictures and the words at once; all words in the pictures can be read there.
"""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from reading import wait_until
from widget_pages import canvases, whole_page

from smwm_book.experiments.presets import PLANNING_OBJECTIVES, get_preset
from smwm_book.experiments.runs import load_run
from smwm_book.widgets import Drive, Planning, reachable
from smwm_core.losses.objective import Objective
from smwm_core.planning import CEM, final_distance

CPU = torch.device("cpu")
WIDTHS = [1280, 390]
PHONE = 358  # what the book leaves at least, on its dark ground, of a screen of 390
ACROSS = [45.0, 185.0], [170.0, 60.0]


@pytest.fixture(scope="module")
def drive():
    config = get_preset("laptop").config
    return Drive(*(load_run(config("dots/single", Objective(inverse=lam)), 0, CPU).model for lam in (10, 0)))


@pytest.fixture(scope="module")
def planning():
    run = load_run(get_preset("laptop").config("tworoom", PLANNING_OBJECTIVES["smwm"]), 0, CPU)
    start, goal = map(torch.tensor, ACROSS)
    return Planning(run.world, run.model, CEM(*run.world.bounds), start, goal)


@pytest.fixture(scope="module")
def addresses(drive, planning, tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("pages"), {}
    for name, shown in {"drive": drive, "planner": planning}.items():
        (folder / f"{name}.html").write_text(whole_page(shown.html()))
        found[name] = (folder / f"{name}.html").as_uri()
    return found


@pytest.fixture
def opened(watched, addresses):
    return lambda name, width=1280, **options: watched(addresses[name], width, 900, **options)


def asked(page, expression: str, *arguments):
    """The value of an expression over ``net`` (what the page computes with), ``smwm`` and ``given``."""
    names = "const smwm = document.querySelector('.smwm-play').smwm, net = smwm.network;"
    return page.evaluate(f"(given) => {{ {names} return {expression}; }}", list(arguments))


def words(page) -> str:
    return page.locator("p[aria-live]").inner_text()


def at(page, x: float, y: float, length: float) -> tuple[float, float]:
    """Where a place of a picture is on the screen."""
    box = page.locator("canvas").first.bounding_box()
    return box["x"] + x / length * box["width"], box["y"] + y / length * box["height"]


def drag(page, length: float, *places) -> None:
    page.mouse.move(*at(page, *places[0], length))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*at(page, *place, length))
    page.mouse.up()


def settled(page) -> None:
    """After the next drawing."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def test_the_dot_world_in_the_page_is_torchs(opened, drive):
    page = opened("drive")
    places = torch.tensor([[18, 18], [45, 30], [2, 61], [31, 32], [60, 5]])
    frames, z = drive.world.render(places), drive.model.encode_states(drive.world, places)
    rendered = torch.tensor(asked(page, "given[0].map((place) => [...smwm.render(place)])", places.tolist()))
    assert torch.equal(rendered, frames.permute(0, 2, 3, 1).flatten(1))
    encoded = torch.tensor(asked(page, "given[0].map((place) => [...net.encode(smwm.render(place))])", places.tolist()))
    assert (encoded - z).abs().max() < 1e-4
    action = torch.tensor([[1.0, -1.0], [0.0, 0.25], [-0.5, 0.5], [0.0, 0.0], [0.1, -0.9]])
    flat = [values.flatten().tolist() for values in (z, action, z.flip(0))]
    predicted = asked(page, "[...net.predict(...given.slice(0, 2).map((v) => Float32Array.from(v)), 5)]", *flat)
    assert (torch.tensor(predicted) - drive.model.predict(z, action).flatten()).abs().max() < 1e-4
    inverse = asked(page, "[...net.inverse(Float32Array.from(given[0]), Float32Array.from(given[2]), 5)]", *flat)
    assert (torch.tensor(inverse) - drive.model.inverse_model(z, z.flip(0)).flatten()).abs().max() < 1e-4


def test_two_room_in_the_page_is_torchs(opened, planning):
    page, generator = opened("planner"), torch.Generator().manual_seed(0)
    state = 21 + 182 * torch.rand(3_000, 2, generator=generator)
    state[:1_500, 0] = 90 + 44 * torch.rand(1_500, generator=generator)  # at the wall
    action = 3 * torch.rand(3_000, 2, generator=generator) - 1.5
    stepped = asked(page, "given[0].map((state, i) => smwm.step(state, given[1][i]))", state.tolist(), action.tolist())
    assert (torch.tensor(stepped) - planning.world.simulator.step(state, action)).abs().max() < 1e-4
    places = [[0, 0], [105, 150], [119, 150], [112, 49], [300, 60]]
    assert asked(page, "given[0].map(smwm.reachable)", places) == [list(reachable(*place)) for place in places]

    some = torch.cat([state[:4], torch.tensor([[112.0, 49.0], [21.0, 203.0]])])
    frames, z = planning.world.render(some), planning.model.encode_states(planning.world, some)
    rendered = torch.tensor(asked(page, "given[0].map((place) => [...smwm.render(place)])", some.tolist()))
    assert (rendered - frames.permute(0, 2, 3, 1).flatten(1)).abs().max() < 1e-4
    encoded = torch.tensor(asked(page, "given[0].map((place) => [...net.encode(smwm.render(place))])", some.tolist()))
    assert (encoded - z).abs().max() < 1e-4
    blocks = torch.randn(6, 10, generator=generator)
    flat = [values.flatten().tolist() for values in (z, blocks)]
    predicted = asked(page, "[...net.predict(...given.map((values) => Float32Array.from(values)), 6)]", *flat)
    assert (torch.tensor(predicted) - planning.model.predict(z, blocks).flatten()).abs().max() < 1e-4


def test_encoding_a_frame_is_nearly_all_arithmetic(opened, drive):
    layers = drive.model.encoder.features[:6:2]
    products = sum(layer.weight.numel() * side**2 for layer, side in zip(layers, (32, 16, 8), strict=True))
    timed = """(() => {
      const rows = [0, 1, 2, 3, 4, 5].map((k) => Float32Array.from({length: 512}, (_, i) => Math.sin(i + k)));
      function bare() {
        let total = 0;
        for (let done = 0; done < given[0]; done += 8 * 512) {
          const [u, v, p, q, r, s] = rows;
          let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
          for (let i = 0; i < 512; i++) {
            a += u[i] * p[i]; b += u[i] * q[i]; c += u[i] * r[i]; d += u[i] * s[i];
            e += v[i] * p[i]; f += v[i] * q[i]; g += v[i] * r[i]; h += v[i] * s[i];
          }
          total += a + b + c + d + e + f + g + h;
        }
        return total;
      }
      function took(work) { const t = performance.now(); work(); return performance.now() - t; }
      return took(() => net.encode(smwm.render([30, 30]))) / took(bare);
    })()"""
    page = opened("drive")
    assert sorted(asked(page, timed, products) for _ in range(21))[10] < 3


@pytest.mark.parametrize("width", WIDTHS)
def test_the_switch_leads_to_the_collapsed_latent(opened, drive, width):
    page, places = opened("drive", width), [[2, 2], [61, 2], [2, 61], [31, 40], [36, 28]]
    found = torch.tensor(asked(page, "given[0].map(smwm.listed)", places), dtype=torch.float64)
    points = torch.from_numpy(drive.collapsed_points).view(60, 60, 2)
    assert (found - torch.stack([points[y - 2, x - 2] for x, y in places])).norm(dim=1).max() < 3e-5
    switch, magnify = page.get_by_role("switch"), page.get_by_label("magnify")
    assert magnify.is_hidden()
    before = canvases(page)
    switch.focus()
    page.keyboard.press("Space")
    assert all(a != b for a, b in zip(before, canvases(page), strict=True))
    moved = (points[26, 34] - points[34, 22]).norm()
    said = f"Trained without the inverse loss, the latent moved by {moved:.4f} in these two components."
    assert words(page) == f"The dot went from (24, 36) to (36, 28). {said} The scale is that of λ = 10."
    for part in ("the action that the inverse model finds", "where the forward model expected the latent"):
        assert page.get_by_text(part).is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = canvases(page)[1]
    magnify.check()
    assert canvases(page)[1] != small
    times = round(abs(drive.cloud).max() / abs(drive.collapsed_points).max())
    assert words(page).endswith(f"{said} Magnified {times} times.")
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowLeft")
    settled(page)
    assert words(page).startswith("The dot went from (36, 28) to (32, 28). Trained without")
    switch.uncheck()
    assert words(page) == drive.sentence(drive.move((36, 28), (32, 28)))
    assert magnify.is_hidden()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_dot_moves_by_keyboard_and_mouse(opened, drive, width):
    page = opened("drive", width)
    assert words(page) == drive.sentence(drive.move((24, 36), (36, 28)))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    before = canvases(page)
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowLeft")
    settled(page)
    assert words(page) == drive.sentence(drive.move((36, 28), (32, 28)))
    assert all(a != b for a, b in zip(before, canvases(page), strict=True))
    page.keyboard.press("Shift+ArrowDown")
    settled(page)
    assert words(page) == drive.sentence(drive.move((32, 28), (32, 44)))
    before = canvases(page)
    drag(page, 64, (32.5, 44.5), (30.5, 40.5), (27.5, 38.5))
    settled(page)
    assert words(page) == drive.sentence(drive.move((32, 44), (27, 38)))
    assert all(a != b for a, b in zip(before, canvases(page), strict=True))
    # 33 px to the right is two whole actions and 1 px, and the frame ends the way.
    drag(page, 64, (27.5, 38.5), (60.5, 38.5))
    settled(page)
    assert words(page) == drive.sentence(drive.move((59, 38), (60, 38)))
    drag(page, 64, (60.5, 38.5), (63.9, 38.5))
    settled(page)
    assert words(page) == drive.sentence(drive.move((60, 38), (61, 38)))
    for canvas in page.locator("canvas").all():
        assert words(page) in canvas.get_attribute("aria-label")


def test_the_words_say_why_a_dot_stays(opened, drive):
    places = drive.places
    missed = drive.moves(places, places).recovered.norm(dim=1)
    inside = ((places >= 18) & (places <= 45)).all(1)
    border = ((places == 2) | (places == 61)).any(1)
    assert missed[inside].max() < 1 < missed[border].mean()
    page = opened("drive")
    page.locator("canvas").first.focus()
    for end in ((52, 28), (61, 28), (61, 28)):
        page.keyboard.press("Shift+ArrowRight")
        settled(page)
        assert f"({end[0]}, {end[1]})" in words(page)
    assert words(page) == drive.sentence(drive.move((61, 28), (61, 28)))
    assert "at the border of the frame" in words(page)
    assert words(page).endswith("No training step started out here, so the inverse model guesses.")
    for place in ((56, 50), (30, 30)):
        for _ in range(2):
            page.mouse.click(*at(page, place[0] + 0.5, place[1] + 0.5, 64))
        settled(page)
        assert words(page) == drive.sentence(drive.move(place, place))


@pytest.mark.parametrize("name", ["drive", "planner"])
def test_a_phone_shows_pictures_and_words_together(opened, name):
    page = opened(name, PHONE)
    page.locator("canvas").first.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")  # the longest words are those of a dot that stays
    settled(page)
    picture, other = (canvas.bounding_box() for canvas in page.locator("canvas").all())
    said = page.locator("p[aria-live]").bounding_box()
    assert picture["y"] == other["y"]
    assert picture["x"] + picture["width"] <= other["x"]
    assert picture["width"] >= 150
    assert 0 <= said["y"] - picture["y"] - picture["height"] < 20
    assert said["y"] + said["height"] - picture["y"] < 844
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_a_finger_moves_the_dot_and_the_goal(opened, drive):
    page = opened("drive", 390, has_touch=True)
    page.touchscreen.tap(*at(page, 30.5, 30.5, 64))
    settled(page)
    assert words(page) == drive.sentence(drive.move((36, 28), (30, 30)))
    page = opened("planner", 390, has_touch=True)
    page.touchscreen.tap(*at(page, 160, 150, 224))
    assert words(page).startswith("From (45, 185) to (160, 150), ")
    assert page.locator("canvas").first.evaluate("c => getComputedStyle(c).touchAction") == "none"
    assert page.locator("body").evaluate("c => getComputedStyle(c).touchAction") == "auto"


JOURNEY = """(() => {
    const moments = [];
    for (const seen of smwm.travel(given[0], given[1], given[2])) {
        if (seen) moments.push({...seen, ways: null});
        if (moments.length === given[3]) break;
    }
    return moments;
})()"""


def test_the_search_finds_its_way_into_the_other_room(opened, planning):
    page = opened("planner")
    moments = asked(page, JOURNEY, *ACROSS, 1)
    rounds = [moment for moment in moments if moment["kind"] == "round" and moment["plan"] == 1]
    assert len(rounds) == 30
    assert rounds[-1]["average"] < rounds[0]["average"] / 2
    assert rounds[-1]["best"] < rounds[0]["best"]
    assert all(moment["best"] <= moment["average"] for moment in rounds)
    assert moments[-1]["reached"]
    assert moments[-1]["steps"] <= 50
    gone = torch.tensor(moments[-1]["gone"])
    assert len(gone) == moments[-1]["steps"] + 1
    assert gone[0, 0] < 112 < gone[-1, 0]
    assert (gone[-1] - planning.goal).norm() < 16
    assert ((gone[:-1] - planning.goal).norm(dim=1) >= 16).all()
    assert asked(page, JOURNEY, *ACROSS, 1, 3) == moments[:3]
    assert asked(page, JOURNEY, *ACROSS, 2, 3) != moments[:3]


def test_plans_lead_and_cost_what_torch_says(opened, planning):
    page, generator = opened("planner"), torch.Generator().manual_seed(0)
    plans = torch.randn(7, 5, 10, generator=generator).clamp(*planning.world.bounds)
    z, z_goal = (planning.model.encode_states(planning.world, place[None]) for place in (planning.start, planning.goal))
    expected = final_distance(planning.model)(z, z_goal, plans[None])[0]
    given = [values.flatten().tolist() for values in (z, z_goal, plans)]
    found = asked(page, "smwm.costs(...given.map((values) => Float32Array.from(values)), 7)", *given)
    assert found == pytest.approx(expected.tolist(), rel=1e-4)
    ways = asked(page, "given[0].map((plan) => smwm.wayOf(plan, given[1]))", plans.flatten(1).tolist(), ACROSS[0])
    assert (torch.tensor(ways) - planning.play(planning.start, plans)).abs().max() < 1e-3


NUMBERS = "(() => { const draw = smwm.normalNumbers(given[0]); return Array.from({length: given[1]}, draw); })()"


def test_with_the_same_numbers_the_search_is_torchs(opened, planning, monkeypatch):
    page, rounds = opened("planner"), 5
    seen = asked(page, JOURNEY, *ACROSS, 1, rounds)
    drawn = torch.tensor(asked(page, NUMBERS, 1, rounds * 299 * 50)).view(rounds, 1, 299, 5, 10)
    noises = iter(torch.nn.functional.pad(drawn, (0, 0, 0, 0, 1, 0)))
    monkeypatch.setattr(torch, "randn", lambda *shape, **options: next(noises).clone())
    plan = replace(planning, search=replace(planning.search, iterations=rounds)).plan(planning.start, planning.goal, 0)
    assert [moment["best"] for moment in seen] == pytest.approx(plan.best[:, 0].tolist(), rel=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 100])
def test_the_pages_numbers_are_standard_normal(opened, seed):
    x = torch.tensor(asked(opened("planner"), NUMBERS, seed, 100_000), dtype=torch.float64)
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert (x**power).mean().item() == pytest.approx(moment, abs=0.1)
    for lag in (1, 2, 10, 50):
        assert (x[lag:] * x[:-lag]).mean().item() == pytest.approx(0, abs=0.02)
    assert x.abs().max() < 6


WRITTEN = """() => { window.written = []; const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const width = this.measureText(text).width, left = x - width * {left: 0, center: 0.5, right: 1}[this.textAlign];
        window.written.push([left, left + width, y, parseFloat(this.font), this.canvas.clientWidth]);
        return write.call(this, text, x, y); }; }"""


def test_the_agent_gives_up_after_four_plans(browser, planning, tmp_path):
    start, goal = torch.tensor([50.0, 190.0]), torch.tensor([170.0, 190.0])
    small = CEM(*planning.world.bounds, samples=20, iterations=2, elites=4)
    far = replace(planning, search=small, start=start, goal=goal)
    (tmp_path / "far.html").write_text(whole_page(far.html()))
    page = browser.new_page(viewport={"width": PHONE, "height": 844})
    page.goto((tmp_path / "far.html").as_uri())
    page.locator("button").click()
    wait_until(page, "document.querySelector('button').innerText === 'Plan'")
    assert words(page).startswith("Step 100 of plan 4: ")
    assert words(page).endswith("Not reached after 100 steps.")
    page.evaluate(WRITTEN)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    settled(page)
    written = page.evaluate("window.written")
    assert len(written) > 8
    for left, right, y, size, side in written:
        assert size >= 9
        assert 0 <= left < right <= side
        assert size <= y <= side
    for (_, right, y, *_), (left, _, below, *_) in pairwise(sorted(written, key=lambda word: (word[2], word[0]))):
        assert y < below or right < left
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_places_move_and_the_page_plans(opened, planning, width):
    page = opened("planner", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert words(page).startswith("From (45, 185) to (170, 60), ")
    before = canvases(page)[0]
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowRight")
    assert words(page).startswith("From (50, 185) to (170, 60), ")
    page.get_by_label("move the goal").check()
    page.locator("canvas").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    assert words(page).startswith("From (50, 185) to (170, 85), ")
    drag(page, 224, (170, 85), (150, 100), (112, 150))
    assert words(page).startswith("From (50, 185) to (124, 150), ")
    drag(page, 224, (50, 185), (50, 150))
    assert words(page).startswith("From (50, 150) to (124, 150), ")
    drag(page, 224, (124, 150), (112, 49))
    assert canvases(page)[0] != before

    button, moment = page.locator("button"), page.locator("input[type=range]")
    assert moment.is_disabled()
    button.focus()
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelector('p[aria-live]').innerText.includes('round 5 of 30')")
    assert button.inner_text() == "Stop"
    button.click()
    assert button.inner_text() == "Plan"
    assert "round" in words(page)
    button.click()
    wait_until(page, "document.querySelector('button').innerText === 'Plan'", timeout=60_000)
    assert words(page).startswith("Reached after ")
    ended = canvases(page)
    moment.focus()
    page.keyboard.press("Home")
    assert words(page).startswith("Plan 1, round 1 of 30: the cheapest of 300 plans costs ")
    assert moment.get_attribute("aria-valuetext") == words(page)
    assert all(a != b for a, b in zip(ended, canvases(page), strict=True))
    page.keyboard.press("ArrowRight")
    assert words(page).startswith("Plan 1, round 2 of 30")


def test_enter_in_the_room_plans_and_stops(opened):
    page = opened("planner")
    assert page.get_by_text("or Enter in the room; press again to stop").is_visible()
    room, button = page.locator("canvas").first, page.locator("button")
    room.focus()
    page.keyboard.press("Enter")
    assert button.inner_text() == "Stop"
    wait_until(page, "document.querySelector('p[aria-live]').innerText.includes('round 2 of 30')")
    page.keyboard.press("Enter")
    assert button.inner_text() == "Plan"
    assert "round" in words(page)
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")  # a key that is held repeats
    assert button.inner_text() == "Stop"
    page.keyboard.up("Enter")
    page.keyboard.press("ArrowRight")
    assert button.inner_text() == "Plan"
    assert words(page).startswith("From (50, 185) to (170, 60), ")


def test_less_motion_shows_the_end_at_once(opened):
    page = opened("planner", reduced_motion="reduce")
    page.evaluate(
        """() => { window.seen = []; const words = document.querySelector("p[aria-live]");
        new MutationObserver(() => window.seen.push(words.innerText)).observe(words, {childList: true}); }"""
    )
    page.locator("button").click()
    wait_until(page, "document.querySelector('button').innerText === 'Plan'", timeout=60_000)
    assert page.evaluate("window.seen.filter(Boolean)") == ["Planning …", words(page)]
    assert words(page).startswith("Reached after ")
    page.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    assert words(page).startswith("Plan 1, round 1 of 30")


@pytest.mark.parametrize("name", ["drive", "planner"])
def test_pages_follow_the_theme(opened, name):
    page = opened(name)
    light = canvases(page)[1]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    settled(page)
    assert canvases(page)[1] != light


@pytest.mark.parametrize("name", ["drive", "planner"])
def test_what_a_frame_shows_in_black_has_a_black_key(opened, name):
    page = opened(name)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    if name == "planner":
        page.locator("button").click()
        wait_until(page, "document.querySelector('p[aria-live]').innerText.includes('round 2 of 30')")
    key = page.locator("li span[style*=background]").last
    assert key.evaluate("(key) => getComputedStyle(key).backgroundColor") == "rgb(255, 255, 255)"
    drawn = """(key) => {
      const frame = document.querySelector("canvas"), [red, green, blue] = getComputedStyle(key).color.match(/\\d+/g);
      const pixels = frame.getContext("2d").getImageData(0, 0, frame.width, frame.height).data;
      return pixels.some((_, i) => i % 4 === 0 && pixels[i] == red && pixels[i + 1] == green && pixels[i + 2] == blue);
    }"""
    assert key.evaluate(drawn)


@pytest.mark.parametrize("name", ["drive", "planner"])
def test_two_of_a_kind_live_on_one_page(browser, drive, planning, tmp_path, name):
    html = {"drive": drive, "planner": planning}[name].html()
    (tmp_path / "twice.html").write_text(whole_page(html + html))
    page = browser.new_page()
    page.goto((tmp_path / "twice.html").as_uri())
    first, second = page.locator("p[aria-live]").all_inner_texts()
    page.locator("canvas").nth(2).focus()
    page.keyboard.press("ArrowUp")
    settled(page)
    assert first == second == page.locator("p[aria-live]").first.inner_text()
    assert page.locator("p[aria-live]").nth(1).inner_text() != second
    page.close()


@pytest.mark.parametrize("name", ["drive", "planner"])
@pytest.mark.parametrize(
    ("whole", "broken"),
    [('"networks"', "networks"), ('"halves":"', '"halves":"AAAA'), ('"halves":"', '"halves":"%')],
)
def test_broken_data_are_named_in_their_place(browser, drive, planning, tmp_path, name, whole, broken):
    html = {"drive": drive, "planner": planning}[name].html()
    (tmp_path / "broken.html").write_text(whole_page(html.replace(whole, broken, 1)))
    page = browser.new_page()
    page.goto((tmp_path / "broken.html").as_uri())
    assert words(page).startswith("The page could not read its network (")
    assert page.locator("canvas").first.is_hidden()
    page.close()
