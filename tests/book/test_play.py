"""Claims about the pages to play with, as far as Python goes.

1. A page's weights are the published ones to the last bit; weights with more digits and other networks are refused.
2. The HTML names no host, holds network and data, and its name follows from them.
   The table at λ = 0 is the collapsed encoder's at every place, as near as it says; so it is for the published one.
3. In Jupyter the sliders redraw the picture and the words.
4. The words and the drawn moves are what the model says; moves that no action makes are refused.
5. A journey keeps the rule of the room and ends at the goal or after four plans; places are pushed out of the walls.

That the pages compute the same in a browser is tested in ``test_play_in_the_browser.py``.
"""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from smwm_book import paths
from smwm_book.experiments.presets import get_preset
from smwm_book.experiments.runs import load_run
from smwm_book.widgets import Drive, DriveTheDot, Planning, PlanYourWay, reachable
from smwm_book.widgets.packed_weights import pack
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import WorldModel
from smwm_core.planning import CEM
from smwm_core.seeds import initialising
from smwm_core.worlds import make_world
from smwm_core.worlds.simulators.two_room import REACHED


def rounded_model(action_dim: int, **options) -> WorldModel:
    """An untrained model whose weights half precision can hold."""
    with initialising(0, "test"):
        return WorldModel.toy(action_dim, **options).half().float().requires_grad_(False)


def drive() -> Drive:
    return Drive(rounded_model(2), rounded_model(2))


def planning(**changes) -> Planning:
    world = replace(make_world("tworoom"), known_scale=(torch.zeros(10), torch.ones(10)))
    parts = {
        "world": world,
        "model": rounded_model(10),
        "search": CEM(*world.bounds, samples=8, iterations=3, elites=2),
        "start": torch.tensor([60.0, 60.0]),
        "goal": torch.tensor([160.0, 60.0]),
    }
    return Planning(**{**parts, **changes})


def unpacked(packed: dict) -> dict[str, torch.Tensor]:
    low, high = np.frombuffer(base64.b64decode(packed["halves"]), np.uint8).reshape(2, -1).astype(np.uint16)
    values = torch.from_numpy((low | high << 8).view(np.float16).astype(np.float32))
    sizes = [int(np.prod(shape)) for shape in packed["shapes"].values()]
    parts = values.split(sizes)
    return {name: part.view(shape) for (name, shape), part in zip(packed["shapes"].items(), parts, strict=True)}


def test_weights_travel_to_the_last_bit():
    model = rounded_model(2)
    model.encoder.head.bias[:3] = torch.tensor([-0.0, 2**-24, -65504])  # zero's sign, the smallest and the largest half
    found = unpacked(json.loads(json.dumps(pack(model))))
    assert found.keys() == model.state_dict().keys()
    for name, weights in model.state_dict().items():
        assert torch.equal(found[name], weights)
        assert torch.equal(found[name].signbit(), weights.signbit())
    assert {name.split(".")[0] for name in pack(model, ("encoder", "forward_model"))["shapes"]} == {
        "encoder",
        "forward_model",
    }


def test_what_a_page_cannot_compute_is_refused():
    model = rounded_model(2)
    model.forward_model.net[0].bias[0] = 0.1
    with pytest.raises(SMWMError, match=r"forward_model.net.0.bias has more digits than half precision holds"):
        pack(model)
    with pytest.raises(SMWMError, match="the toy model with its tanh only"):
        pack(rounded_model(2, bounded=False))


@pytest.mark.parametrize("shown", [drive, planning])
def test_the_html_holds_everything_and_names_no_host(shown):
    html = shown().html()
    data = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    rest = html.replace(data, "")
    assert not re.search(r"https?:|//[a-z]|PLAY_|\bsrc=|@import|url\(", rest)
    found = unpacked(json.loads(data)["networks"][0])
    assert all(torch.equal(weights, shown().model.state_dict()[name]) for name, weights in found.items())
    assert "<noscript>" in rest
    name = re.search(r'id="((?:drive|planner)-[0-9a-f]{8})"', rest)[1]
    assert f"#{name}:not([data-ready])" in rest


def listed(html: str) -> tuple[np.ndarray, dict]:
    """The points at λ = 0 that a page holds, ``(60, 60, 2)``, rows from top to bottom, and all of its data."""
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])
    whole = np.frombuffer(base64.b64decode(data["table"]["bytes"]), np.int8)
    return data["table"]["unit"] * whole.reshape(60, 60, 2), data


def test_the_table_is_the_collapsed_encoder_at_every_place():
    config, cpu = get_preset("laptop").config, torch.device("cpu")
    shown = Drive(*(load_run(config("dots/single", Objective(inverse=lam)), 0, cpu).model for lam in (10, 0)))
    table, data = listed(shown.html())
    x, y = np.meshgrid(np.arange(2, 62), np.arange(2, 62))
    z = shown.collapsed.encode_states(shown.world, torch.from_numpy(np.stack([x, y], -1).reshape(-1, 2))).double()
    coloured = shown.collapsed.encode_states(shown.world, shown.positions).double()
    axes = torch.linalg.eigh(coloured.T.cov())[1][:, [-1, -2]]
    points = ((z - coloured.mean(0)) @ axes).view(60, 60, 2).numpy()
    points *= np.sign((points * table).sum((0, 1)))
    off = np.linalg.norm(table - points, axis=-1).max()
    assert off < 0.01 * np.abs(points).max()
    assert len(data["table"]["bytes"]) < 10_000
    opened = shown.model.encode_states(shown.world, shown.positions)
    variances = [of.double().var(0).sum().item() for of in (opened, coloured)]
    assert data["variances"] == (
        f"Total variance of the latents of the coloured positions: {variances[0]:.2g} at λ = 10, {variances[1]:.2g} at "
        f"λ = 0. The points at λ = 0 are read from a table of all 3,600 positions, off by at most {off:.5f}."
    )
    (said,) = re.findall(r"a point by at most ([\d.]+)", (paths.NOTEBOOKS / "drive_the_dot.py").read_text())
    assert off < float(said) < 2 * off


def test_sliders_drive_the_dot():
    widget = DriveTheDot(drive())
    for slider, value in ((widget.x, 20), (widget.dy, -16)):
        before, words = bytes(widget.picture.value), widget.words.value
        assert before.startswith(b"\x89PNG")
        slider.value = value
        assert bytes(widget.picture.value) != before
        assert widget.words.value != words
    bundle = widget._repr_mimebundle_()
    assert bundle["text/html"] == widget.drive.html()
    assert bundle["text/plain"] == "A dot to drive, first from (24, 36) to (36, 28)."
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_words_are_what_the_model_says():
    shown = drive()
    move = shown.move((18, 30), (34, 26))
    frames = shown.world.render(torch.tensor([[18, 30], [34, 26]]))
    z, z_next = shown.model.encode(frames)
    predicted = shown.model.predict(z, torch.tensor([1.0, -0.25]))
    right, down = (16 * shown.model.inverse_model(z, z_next)).tolist()
    assert torch.allclose(move.predicted, predicted, atol=1e-6)
    assert shown.sentence(move) == (
        f"The dot went from (18, 30) to (34, 26). Its latent moved by {(z_next - z).norm():.2f}; the forward model "
        f"missed the new position by {(predicted - z_next).norm():.2f}. The action was (16, -4) px; the inverse model "
        f"says ({right:.1f}, {down:.1f})."
    )
    assert shown.sentence(shown.move((17, 30), (18, 30))).endswith("No training step started out here.")
    assert len(shown.picture([move, move]).axes) == 4


@pytest.mark.parametrize(
    ("place", "began", "guesses"),
    [
        ((18, 45), "The dot stayed at (18, 45). Its latent moved by 0.00; ", False),
        ((17, 45), "The dot stayed at (17, 45). Its latent moved by 0.00; ", True),
        ((61, 45), "The dot stayed at (61, 45), at the border of the frame. Its latent moved by 0.00; ", True),
        ((30, 2), "The dot stayed at (30, 2), at the border of the frame. Its latent moved by 0.00; ", True),
    ],
)
def test_the_words_say_where_the_inverse_model_guesses(place, began, guesses):
    shown = drive()
    said = shown.sentence(shown.move(place, place))
    assert said.startswith(began)
    assert "The action was (0, 0) px; the inverse model says (" in said
    assert said.endswith("). No training step started out here, so the inverse model guesses.") == guesses
    assert ("No training step" in said) == guesses


def test_moves_that_no_action_makes_are_refused():
    with pytest.raises(SMWMError, match="moves the dot by at most 16 px per axis"):
        drive().move((20, 20), (37, 20))
    with pytest.raises(SMWMError, match="A dot centre lies between 2 and 61 px"):
        drive().move((5, 20), (1, 20))


def test_sliders_plan():
    widget = PlanYourWay(planning())
    for slider, value in ((widget.places[0], 40), (widget.places[3], 180), (widget.iteration, 1)):
        before, words = bytes(widget.picture.value), widget.words.value
        assert before.startswith(b"\x89PNG")
        slider.value = value
        assert bytes(widget.picture.value) != before
        assert widget.words.value != words
    assert widget.words.value.startswith("Round 1 of 3: the cheapest of 8 plans costs ")
    bundle = widget._repr_mimebundle_()
    assert bundle["text/html"] == widget.planning.html()
    assert bundle["text/plain"] == "A way to plan in TwoRoom, first from (60, 60) to (160, 60)."


def test_a_journey_keeps_the_rule_and_knows_when_to_end():
    shown = planning()
    plans = shown.episode(0)
    assert len(plans) <= 4
    ends = [plan["way"][-1] for plan in plans]
    for before, plan in zip([shown.start.numpy(), *ends], plans, strict=False):
        assert np.array_equal(plan["way"][0], before)
        assert np.array_equal(plan["ways"][:, 0], np.broadcast_to(before, (60, 2)))
        assert np.abs(np.diff(plan["way"], axis=0)).max() <= 7  # a step, or a step back from the wall
    reached = [np.linalg.norm(plan["way"][1:] - shown.goal.numpy(), axis=1) < REACHED for plan in plans]
    assert not any(near[:-1].any() for near in reached)
    assert reached[-1][-1] or len(plans) == 4
    near = planning(goal=torch.tensor([66.0, 60.0])).episode(0)
    assert len(near) == 1
    assert len(near[0]["way"]) == 2


def test_places_are_pushed_out_of_the_walls():
    assert reachable(60, 60) == (60, 60)
    assert reachable(0, 300) == (21, 203)
    assert reachable(105, 150) == (100, 150)
    assert reachable(119, 150) == (124, 150)
    assert reachable(112, 49) == (112, 49)
    places = torch.tensor([reachable(x, y) for x in range(0, 225, 7) for y in range(0, 225, 7)])
    assert make_world("tworoom").simulator.inside(places).all()


def test_another_world_or_a_place_outside_is_refused():
    with pytest.raises(SMWMError, match="This page plans in TwoRoom"):
        planning(world=make_world("pusht"))
    with pytest.raises(SMWMError, match="The goal is not in the world"):
        planning(goal=torch.tensor([112.0, 150.0]))
