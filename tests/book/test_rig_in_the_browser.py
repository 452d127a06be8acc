"""Claims about the rig to command, checked in a real browser against torch.

1. What a model takes with it into a page is in half precision, and the headings are the labels of the arms.
2. The plant in the page is the library's to 1e-6 K, and so is what arrives of it, lost or not.
3. Latents, predictions, read-outs and predicted temperatures are torch's to 1e-4.
4. Scores are those of the samples that are shown: windows, commands and temperatures belong together.
5. It runs, pauses, and is reset to the same hour; sliders take over by keyboard, mouse and touch, and what they lead to
   is drawn at once.
6. It stands still out of sight, and from the beginning for who asked for less motion.
7. It is whole on a phone, follows the theme, has nothing serious for axe-core, and says so without data or JavaScript.
"""

from types import SimpleNamespace

import pytest
import torch
from reading import wait_until
from widget_pages import canvases, serious_faults, whole_page, without_javascript

from smwm_book.experiments.series import ARMS, WINDOW, Telemetry, build, record
from smwm_book.experiments.series_control import Examined, Readout, blurred, encoded
from smwm_book.widgets.rig import AHEAD, OPINIONS, two_opinions
from smwm_core.worlds import ThermalRig

RIG = ThermalRig()


@pytest.fixture(scope="module")
def models():
    """Both models, untrained, with the weights that the page gets."""
    log, found = record(RIG, 24, 60, 0, "test"), {}
    for name in OPINIONS:
        see = Telemetry.of(log, commands=ARMS[name].commands)
        model = build(see, 2, ARMS[name].objective, 0).half().float()
        z = encoded(model, see, log)
        read = Readout.fit(blurred(z, z, 0), log.temperatures[:, WINDOW - 1 :])
        found[name] = Examined(model, see, read, lambda z: z, {})
    return found


@pytest.fixture(scope="module")
def html(models):
    arrays = {f"opinion.{name}.{part}": v for name, model in models.items() for part, v in model.arrays().items()}
    return two_opinions(arrays)


@pytest.fixture
def opened(watched, html, tmp_path):
    def open_page(width=1280, shown=html, **options):
        (tmp_path / "rig.html").write_text(whole_page(shown, '<p style="margin-top: 3000px">far below</p>'))
        return watched((tmp_path / "rig.html").as_uri(), width, 1200, **options)

    return open_page


def still(opened, **options):
    return opened(reduced_motion="reduce", **options)


def asked(page, expression: str, *arguments):
    """The value of an expression over ``smwm`` (what the page computes with) and ``given``."""
    names = "const smwm = document.querySelector('.smwm-play').smwm;"
    return page.evaluate(f"(given) => {{ {names} return {expression}; }}", list(arguments))


def now(page) -> int:
    return asked(page, "smwm.samples().at(-1).t")


def moves(page) -> bool:
    before = now(page)
    page.wait_for_timeout(1_000)
    return now(page) > before


def test_weights_travel_in_half_precision_under_the_names_of_the_arms(models, html):
    for name, model in models.items():
        arrays, weights = model.arrays(), model.model.state_dict()
        assert {key for key, values in arrays.items() if values.dtype == "float16"} == {
            key for key in weights if key.split(".")[0] in ("encoder", "forward_model")
        }
        assert arrays["see.mean"].shape == ((12,) if ARMS[name].commands else (10,))
    unseen, seen = (ARMS[name].label for name in OPINIONS)
    assert f"<span>log not seen</span><br>{unseen}<canvas" in html
    assert f"<span>log seen</span><br>{seen.removesuffix(', log seen')}<canvas" in html
    assert "PLAY_" not in html


def test_the_plant_in_the_page_is_the_librarys(opened):
    page = still(opened)
    drawn = torch.Generator().manual_seed(0)
    state = 20 + 60 * torch.rand(1, 4, generator=drawn, dtype=torch.float64)
    for t in range(40):
        command = 2.4 * torch.rand(1, 2, generator=drawn, dtype=torch.float64) - 1.2  # some are beyond full power
        around = torch.rand(3, 1, 1, generator=drawn, dtype=torch.float64)
        around = {"ambient": 15 + 10 * around[0], "supply": 0.2 * around[1] - 0.1, "door": around[2].round()}
        room = {name: values.item() for name, values in around.items()}
        expected = RIG.step(state, command, SimpleNamespace(**around), 0)
        found = asked(page, "smwm.step(...given)", state[0].tolist(), command[0].tolist(), room)
        assert found == pytest.approx(expected[0].tolist(), abs=1e-6)
        seen, lost = torch.rand(1, 1, 7, generator=drawn, dtype=torch.float64), torch.full((1, 1), float(t % 2))
        before = torch.rand(1, 12, generator=drawn, dtype=torch.float64)
        conditions = SimpleNamespace(noise=torch.full((1, 1, 2), 0.1), room=seen, lost=lost)
        arrived = RIG.read(expected, command, conditions, 0, before)[0].tolist()
        given = found, {"seen": seen[0, 0].tolist()}, command[0].tolist(), [0.1, 0.1]
        kept = before[0].tolist() if t % 2 else None
        assert asked(page, "smwm.read(...given)", *given, kept) == pytest.approx(arrived, abs=1e-6)
        state = expected


@pytest.mark.parametrize("which", [0, 1])
@torch.no_grad()
def test_a_models_opinion_is_torchs(opened, models, which):
    page, model = still(opened), models[OPINIONS[which]]
    readings = record(RIG, 1, 60, 3, "a window").readings[:, 20 : 20 + WINDOW]
    z = model.model.encode(model.see(readings))
    found = torch.tensor(asked(page, f"[...smwm.encode({which}, given[0])]", readings[0].tolist()))
    assert (found - z[0]).abs().max() < 1e-4
    command = torch.tensor([0.4, -0.7])
    given = z[0].tolist(), command.tolist()
    predict = f"[...smwm.networks[{which}].predict(...given.map((values) => Float32Array.from(values)), 1)]"
    assert (torch.tensor(asked(page, predict, *given)) - model.model.predict(z, command[None])).abs().max() < 1e-4
    assert asked(page, f"smwm.temperatures({which}, given[0])", given[0]) == pytest.approx(
        model.read(z)[0].tolist(), abs=1e-4
    )
    ahead = model.read(model.model.rollout(z, command.expand(1, AHEAD, 2)))[0]
    rolled = asked(page, f"smwm.modelAhead({which}, Float32Array.from(given[0]), given[1])", *given)
    assert (torch.tensor(rolled) - ahead).abs().max() < 1e-4


@pytest.mark.parametrize("which", [0, 1])
@torch.no_grad()
def test_scores_are_those_of_the_samples_that_are_shown(opened, models, which):
    page, model = still(opened), models[OPINIONS[which]]
    samples, score = asked(page, "smwm.samples()"), asked(page, f"smwm.score({which})")
    assert len(samples) == 60
    assert [sample["t"] for sample in samples] == list(range(samples[0]["t"], samples[0]["t"] + 60))
    readings, states = (torch.tensor([sample[name] for sample in samples]) for name in ("reading", "state"))
    z = model.model.encode(model.see.windows(readings[None])[0])
    kept = torch.tensor([list(sample["beliefs"][which]["now"]) for sample in samples])
    assert (kept[WINDOW - 1 :] - model.read(z)).abs().max() < 1e-3
    assert score["now"] == pytest.approx((kept - states[:, 2:]).abs().mean().item(), rel=1e-4)
    missed = (model.model.predict(z[:-1], readings[WINDOW:, -2:]) - z[1:]).norm(dim=1)
    moved = (z[:-1] - z[1:]).norm(dim=1)
    beliefs = [sample["beliefs"][which] for sample in samples]
    assert [belief["missed"] for belief in beliefs[WINDOW:]] == pytest.approx(missed.tolist(), abs=1e-4)
    assert [belief["moved"] for belief in beliefs[WINDOW:]] == pytest.approx(moved.tolist(), abs=1e-4)
    claim = sum(belief["missed"] for belief in beliefs) / sum(belief["moved"] for belief in beliefs)
    assert score["claim"] == pytest.approx(claim)
    errors = [
        (torch.tensor(belief["future"][-1]) - torch.tensor(sample["future"][-1])).abs().mean()
        for belief, sample in zip(beliefs, samples, strict=True)
    ]
    assert score["ahead"] == pytest.approx(torch.stack(errors).mean().item(), rel=1e-4)
    text = page.locator("p[aria-live]").inner_text().replace("\u00a0", " ")
    assert f"{'log seen' if which else 'log not seen'} {score['now']:.1f} K and {score['ahead']:.1f} K" in text


def test_the_hour_has_what_chance_decides(opened):
    page = opened()
    hours = asked(
        page, "Array.from({length: 40}, () => { for (let i = 0; i < 60; i++) smwm.advance(); return smwm.samples(); })"
    )
    samples = [sample for hour in hours for sample in hour]
    command, lost = (torch.tensor([s["reading"][i] for s in samples]) for i in (-1, -3))
    assert (command[1:] == command[:-1]).float().mean().item() == pytest.approx(0.65 + 0.35 / 21, abs=0.05)
    assert (lost.float().mean().item(), command.mean().item()) == pytest.approx((0.1, 0), abs=0.06)
    assert command.var().item() == pytest.approx(1 / 3, abs=0.06)
    noise = torch.tensor([s["reading"][0] - s["state"][2] for s in samples])[lost == 0]
    assert noise.min() > -0.3223 - 0.25
    assert noise.max() < 0.25


def test_it_runs_pauses_and_begins_again(opened):
    page = opened()
    first = now(page)
    words, (play, reset) = page.locator("p[aria-live]"), page.locator("button").all()
    assert words.get_attribute("aria-live") == "off"
    assert moves(page)
    play.click()
    assert play.inner_text() == "Run"
    assert words.get_attribute("aria-live") == "polite"
    assert not moves(page)
    hour = page.locator("canvas").first.evaluate("c => c.toDataURL()")
    reset.click()
    assert now(page) == 76 <= first
    assert canvases(page)[0] != hour
    again = asked(page, "smwm.samples()")
    reset.click()
    assert asked(page, "smwm.samples()") == again
    play.press("Enter")
    assert play.inner_text() == "Pause"
    assert moves(page)


@pytest.mark.parametrize("how", ["keyboard", "mouse", "touch"])
def test_a_slider_takes_over(opened, how):
    page = still(opened, has_touch=how == "touch", width=390)
    slider, other = page.locator("input[type=range]").all()
    chance, outputs = page.locator("input[type=checkbox]"), page.locator("output")
    kept, before = other.input_value(), canvases(page)
    assert chance.is_checked()
    box = slider.bounding_box()
    left = box["x"] + 4, box["y"] + box["height"] / 2
    if how == "keyboard":
        slider.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
    elif how == "mouse":
        page.mouse.click(*left)
    else:
        page.touchscreen.tap(*left)
    chosen = {"keyboard": "5"}.get(how, "0")
    assert (slider.input_value(), outputs.first.inner_text()) == (chosen, f"{chosen} %")
    assert not chance.is_checked()
    assert all(a != b for a, b in zip(before, canvases(page), strict=True))  # what it leads to
    command = [int(chosen) / 50 - 1, int(kept) / 50 - 1]
    assert asked(page, "smwm.samples().at(-1).reading.slice(-2)") != command
    t = now(page)
    page.locator("button").first.click()
    wait_until(page, "(t) => document.querySelector('.smwm-play').smwm.samples().at(-1).t > t + 2", t)
    assert asked(page, "smwm.samples().slice(-2).map(({reading}) => reading.slice(-2))") == [command] * 2


def test_it_stands_still_out_of_sight(opened):
    page = opened()
    assert moves(page)
    page.locator("text=far below").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert not moves(page)
    page.locator("button").first.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert moves(page)


def test_who_asked_for_less_motion_starts_it(opened):
    page = still(opened)
    assert page.locator("button").first.inner_text() == "Run"
    assert not moves(page)
    page.locator("button").first.click()
    assert moves(page)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_whole_and_axe_has_nothing_serious_to_say(opened, width, theme):
    page = still(opened, width=width)
    light = canvases(page)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.wait_for_timeout(200)
    assert (canvases(page) != light) == (theme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for canvas in page.locator("canvas").all():
        assert "The sensors have " in canvas.get_attribute("aria-label")
    assert serious_faults(page) == []


def test_broken_data_and_no_javascript_are_named(opened, browser, html, tmp_path):
    page = still(opened, shown=html.replace('"halves":"', '"halves":"AAAA', 1))
    assert page.locator("p[aria-live]").inner_text().startswith("The page could not read its network (")
    assert page.locator("canvas").first.is_hidden()
    with without_javascript(browser, (tmp_path / "rig.html").as_uri()) as page:
        assert "needs JavaScript" in page.locator("noscript").inner_text()
        assert page.locator("canvas").first.is_hidden()
