"""Claims about the page that trains a world model, checked in a real browser; opened as a file, as a reader may do.

1. Its losses, its gradients and ten of its steps of Adam are torch's to 1e-5, SIGReg included.
2. Without the inverse loss the latent collapses within 400 steps; with it it stays open and holds the controlled blob.
3. It trains by itself, pauses by keyboard and out of sight, and waits for who asked for less motion.
4. λ acts while it trains, and opens what had collapsed; another start scale starts again.
5. It fits a phone, redraws for the dark theme, asks for no other host, and says so where scripts do not run.
"""

import json
import re

import pytest
import torch
from reading import wait_until
from torch import nn
from widget_pages import canvases, without_javascript

from smwm_book import paths
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import forward_loss, inverse_loss

FOLDER = paths.REPOSITORY / "book" / "_static" / "watch"
LAYERS = {"encoder": (512, 8), "forward": (10, 8), "inverse": (16, 2)}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page's own element between two tall empty ones, with its scripts beside it."""
    source = (paths.REPOSITORY / "book" / "train_it_yourself.md").read_text()
    element = re.search(r"```{raw} html\n(.*?)```", source, re.DOTALL)[1].replace("../_static/watch", FOLDER.as_uri())
    head = '<meta charset="utf-8"><title>test</title><meta name="viewport" content="width=device-width">'
    dark = "<style>html[data-theme=dark] { color: white; background: black; }</style>"
    page = tmp_path_factory.mktemp("watch") / "page.html"
    after = '<div style="height: 3000px"></div>'
    page.write_text(f'<!doctype html><html lang="en">{head}{dark}<body>{element}{after}</body></html>')
    return page.as_uri()


@pytest.fixture
def opened(watched, address):
    return lambda width=1280, motion="reduce": watched(address, width, 1000, files=True, reduced_motion=motion)


TEN_STEPS = """(weight) => {
    const learner = makeLearner(5, 3), list = (values) => [...values], start = list(learner.weights), steps = [];
    for (let i = 0; i < 10; i++) {
        const batch = learner.draw(64), directions = learner.randomDirections();
        const losses = learner.step(10, weight, batch, directions);
        const frames = [batch.before, batch.after].map((places) => list(makeLearner.render(places)));
        steps.push({losses, frames, action: list(batch.action), directions: list(directions),
            gradients: list(learner.gradients)});
    }
    return JSON.stringify({start, steps, end: list(learner.weights)});
}"""


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs)).double()


def turned(value: torch.Tensor) -> torch.Tensor:
    return value.T if value.ndim == 2 else value


def flat(values) -> torch.Tensor:
    """Parameters or gradients in the page's order: every weight (inputs, outputs), then the bias."""
    return torch.cat([turned(value.detach()).flatten() for value in values])


@pytest.mark.parametrize("weight", [0, 0.09])
def test_gradients_and_steps_are_torchs(opened, weight, monkeypatch):
    seen = json.loads(opened().evaluate(TEN_STEPS, weight))
    parts = {name: network(*sizes) for name, sizes in LAYERS.items()}
    parameters = [parameter for part in parts.values() for parameter in part.parameters()]
    start = torch.tensor(seen["start"], dtype=torch.float64)
    assert len(start) == sum(parameter.numel() for parameter in parameters)
    with torch.no_grad():
        for parameter, values in zip(parameters, start.split([p.numel() for p in parameters]), strict=True):
            parameter.copy_(turned(values.view(*reversed(parameter.shape))))
    adam = torch.optim.Adam(parameters, lr=2e-3)
    for step in seen["steps"]:
        frames, next_frames = (torch.tensor(values, dtype=torch.float64).view(64, 512) for values in step["frames"])
        action = torch.tensor(step["action"], dtype=torch.float64).view(64, 2)
        directions = torch.tensor(step["directions"], dtype=torch.float64).view(32, 8).T
        z, z_next = parts["encoder"](frames), parts["encoder"](next_frames)
        losses = {
            "forward": forward_loss(parts["forward"](torch.cat([z, action], 1)), z_next),
            "inverse": inverse_loss(parts["inverse"](torch.cat([z, z_next], 1)), action),
            "sigreg": torch.zeros(()),
        }
        if weight:
            with monkeypatch.context() as patch:
                patch.setattr(torch, "randn", lambda *shape, drawn=directions, **options: drawn)
                losses["sigreg"] = (sigreg_loss(z, directions=32) + sigreg_loss(z_next, directions=32)) / 2
        adam.zero_grad()
        (losses["forward"] + 10 * losses["inverse"] + weight * losses["sigreg"]).backward()
        for name, loss in losses.items():
            assert step["losses"][name] == pytest.approx(loss.item(), rel=1e-5, abs=1e-9)
        found = torch.tensor(step["gradients"], dtype=torch.float64)
        assert (found - flat(parameter.grad for parameter in parameters)).abs().max() < 1e-5
        adam.step()
    ended = torch.tensor(seen["end"], dtype=torch.float64)
    assert (ended - flat(parameters)).abs().max() < 1e-5
    assert (ended - start).abs().max() > 1e-2


def set_lambda(page, place: int) -> None:
    page.locator("input[type=range]").first.evaluate(
        "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place
    )


def trained(page, steps: int) -> dict:
    return page.evaluate(
        "(steps) => { const {smwm} = document.querySelector('.smwm-watch'); smwm.train(steps); return smwm.now(); }",
        steps,
    )


def test_it_collapses_without_the_inverse_loss_and_opens_with_it(opened):
    page = opened()
    before, after = trained(page, 0), trained(page, 400)
    assert before["variance"] > 1
    assert after["variance"] < 1e-3
    assert after["forward"] < 1e-3
    assert after["inverse"] > 0.25
    assert max(after["own"], after["other"]) < 0.05
    set_lambda(page, 7)
    again = trained(page, 200)
    assert page.locator("output").first.inner_text() == "10"
    assert again["variance"] > 0.5
    assert again["own"] > 0.9 > 0.5 > again["other"]


def test_it_stays_open_with_the_inverse_loss(opened):
    page = opened()
    set_lambda(page, 7)
    after = trained(page, 200)
    assert after["variance"] > 1
    assert after["inverse"] < 0.1
    assert after["own"] > 0.9 > 0.5 > after["other"]


def steps(page) -> int:
    return int(re.match(r"step: (\d+)", page.locator(".numbers span").first.inner_text())[1])


def test_who_asked_for_less_motion_starts_it(opened):
    page = opened()
    page.wait_for_timeout(500)
    assert steps(page) == 0
    page.get_by_role("button", name="Train").focus()
    page.keyboard.press("Enter")
    wait_until(page, "() => document.querySelector('.smwm-watch').smwm.now().step >= 10")
    page.keyboard.press("Enter")
    stopped = steps(page)
    assert page.locator("p").inner_text().startswith(f"After {stopped} steps the total variance is ")
    page.wait_for_timeout(300)
    assert steps(page) == stopped
    page.get_by_role("button", name="Start again").click()
    assert steps(page) == 0


def test_it_trains_by_itself_and_rests_out_of_sight(opened):
    page = opened(motion="no-preference")
    wait_until(page, "() => document.querySelector('.smwm-watch').smwm.now().step >= 10")
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_timeout(300)
    rested = steps(page)
    page.wait_for_timeout(300)
    assert steps(page) == rested
    page.evaluate("scrollTo(0, 0)")
    wait_until(page, "(rested) => document.querySelector('.smwm-watch').smwm.now().step > rested + 10", arg=rested)


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_follows_theme_and_start_scale(opened, width):
    page = opened(width)
    trained(page, 20)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    light = canvases(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(100)
    assert all(a != b for a, b in zip(light, canvases(page), strict=True))
    start = page.locator("input[type=range]").nth(1)
    start.focus()
    page.keyboard.press("ArrowRight")
    assert steps(page) == 0
    assert start.get_attribute("aria-valuetext") == "10"


def test_without_scripts_it_points_to_the_picture(browser, address):
    with without_javascript(browser, address) as page:
        assert "the figure below shows" in page.locator(".smwm-watch").inner_text()


def test_its_scripts_are_small_and_evaluate_nothing():
    scripts = "".join(path.read_text() for path in FOLDER.glob("*.js"))
    assert len(scripts.encode()) <= 60_000
    assert not re.search(r"\beval\(|new Function|https?://|import\(", scripts)
    assert (FOLDER / "still.png").stat().st_size > 10_000
