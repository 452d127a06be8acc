"""Claims about the authors' published code: ours computes the same.

Golden values (``golden/authors.json``, which names its commit) are what their code gave to ``tests/make_golden.py``, on
weights by a formula that is repeated here. Nothing of theirs is needed to run this.

1. Defaults are those of their configurations.
2. Frames are theirs, to the bit: dots in all five settings, also where they cover each other, and the sprite.
3. A drawn transition of theirs is one of ours: same order of actions, same scales, same ranges, and dots start close to
   each other as often.
4. Networks, losses and three steps of training give their numbers for dots and sprites, with and without actions.
5. So do the probe's decoder and its loss, and SIGReg on two frames.
6. Another weight λ, activation, order of concatenation, initial step or reduction does not pass.
"""

import json
import math
from collections.abc import Callable

import make_golden
import numpy as np
import pytest
import torch
from make_golden import filled, fingerprint, latents

from smwm_core.losses.objective import Objective
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import FOREGROUND_WEIGHT, foreground_loss
from smwm_core.models import ForwardModel, InverseModel, PixelDecoder, WorldModel
from smwm_core.training.config import ToyConfig
from smwm_core.training.loop import fit
from smwm_core.worlds import DotWorld, SpriteWorld
from smwm_core.worlds.dots import MAX_DISPLACEMENT

GOLDEN = json.loads(make_golden.GOLDEN.read_text())

# Both sides compute in float64, so 1e-12 would do for outputs; but the training loop keeps its losses in float32, and
# Adam divides by gradients that may be small.
TOLERANCE = 1e-6  # relative to the largest number of what is compared

WORLDS = {"single": "dots/single", "combined": "dots/combined", "none": "sprite/none", "xyt": "sprite/xyt"}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def apart(expected, found) -> float:
    """The largest difference, relative to the largest expected number."""
    expected, found = np.atleast_1d(expected), np.atleast_1d(found)
    assert expected.shape == found.shape
    return float(np.abs(expected - found).max() / max(np.abs(expected).max(), 1e-300)) if expected.any() else 0.0


def config(name: str) -> ToyConfig:
    return ToyConfig(WORLDS[name], Objective() if WORLDS[name] != "sprite/none" else Objective(inverse=0))


def shift() -> float:
    """Where the sprite's coordinates have their 0, seen from theirs: at a pixel's centre (0) or at its corner (0.5)."""
    lowest = SpriteWorld("xyt").sample(20_000, seeded()).state[:, :2].min().item()
    return math.floor(2 * lowest) / 2 - GOLDEN["sprite"]["range"][0]


def batch(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Their transitions as our windows: frames ``(N, 2, 3, 64, 64)`` and actions ``(N, 1, A)``, float64."""
    world, drawn = config(name).make_world(), GOLDEN["drawn"][name]
    state, next_state = (torch.tensor(drawn[part], dtype=torch.float32) for part in ("state", "next_state"))
    if isinstance(world, SpriteWorld):
        for part in (state, next_state):
            part[:, :2] += shift()
        scale = torch.tensor(GOLDEN["settings"][name]["action_scale"])
    else:
        scale = MAX_DISPLACEMENT
    frames = torch.stack([world.render(state), world.render(next_state)], 1).double()
    return frames, (torch.tensor(drawn["action"]) / scale).double()[:, None]


def trained(name: str, change: Callable[[WorldModel], None] = lambda _: None, **settings) -> dict:
    """What ``make_golden.py`` wrote down of their networks, of ours."""
    run = config(name)
    with pytest.warns(UserWarning, match="zero-element") if name == "none" else torch.no_grad():
        model = WorldModel.toy(run.make_world().action_dim, run.latent_dim)
    parts = model.encoder, model.forward_model, model.inverse_model
    for index, part in enumerate(parts):
        filled(part, 10 * index)
    change(model)
    frames, a = batch(name)
    before = [parameter.detach().clone() for part in parts for parameter in part.parameters()]
    with torch.no_grad():
        z, z_next = (model.encode(frames[:, t]) for t in (0, 1))
        found = {
            "latents": fingerprint(z),
            "predicted": fingerprint(model.predict(z, a[:, 0])),
            "recovered": fingerprint(model.inverse_model(z, z_next)),
        }
    settings = {"objective": run.objective, "learning_rate": run.learning_rate} | settings

    def again(_):
        yield from [(frames, a)] * make_golden.STEPS

    losses = fit(model, batches=again, steps=make_golden.STEPS, **settings).losses
    after = [parameter.detach() for part in parts for parameter in part.parameters()]
    found["moved"] = fingerprint(torch.cat([(b - a).flatten() for a, b in zip(before, after, strict=True)]))
    return found | {term: values.astype(float).tolist() for term, values in losses.items()}


def differences(name: str, found: dict) -> set[str]:
    """Of the golden values of a setting, those that are not found."""
    return {term for term, values in found.items() if apart(GOLDEN["trained"][name][term], values) > TOLERANCE}


@pytest.mark.parametrize("name", ["single", "combined"])
def test_defaults_are_theirs(name):
    theirs, ours = GOLDEN["settings"][name], config(name)
    world = ours.make_world()
    assert ours.objective == Objective(inverse=theirs["lambda"])
    assert (ours.learning_rate, ours.batch_size) == (theirs["lr"], theirs["batch_size"])
    assert (ours.transitions, ours.latent_dim) == (theirs["train_samples"], theirs["latent_dim"])
    assert ours.steps == theirs["epochs"] * (theirs["train_samples"] // theirs["batch_size"])  # whole batches
    assert WorldModel.toy(2).forward_model.net[0].out_features == theirs["hidden_dim"]
    assert WorldModel.toy(2).inverse_model.net[0].out_features == theirs["hidden_dim"]
    assert world.action_dim == theirs["action_dim"]
    assert theirs["action_scale"] == [MAX_DISPLACEMENT]
    assert GOLDEN["settings"]["decoder"]["weight_beta"] == FOREGROUND_WEIGHT


@pytest.mark.parametrize("name", GOLDEN["dots"])
def test_dot_frames_are_theirs(name):
    for golden in GOLDEN["dots"][name]:
        expected = np.full((64 * 64, 3), 255, np.uint8)
        for colour, places in golden["places"].items():
            expected[places] = list(bytes.fromhex(colour))
        frame = DotWorld.setting(name).render(torch.tensor([golden["state"]]))[0]
        expected = torch.from_numpy(expected).float().div(255).view(64, 64, 3).permute(2, 0, 1)
        assert torch.equal(frame, expected)


def test_sprite_frames_are_theirs():
    for golden in GOLDEN["sprite"]["frames"]:
        ink = torch.tensor([[ord(letter) - ord("a") for letter in row] for row in golden["rows"]]) / 16
        expected = torch.ones(3, 64, 64)
        (top, left), (height, width) = golden["corner"], ink.shape
        expected[1:, top : top + height, left : left + width] -= ink
        x, y, heading = golden["pose"]
        assert torch.equal(SpriteWorld("xyt").render(torch.tensor([[x + shift(), y + shift(), heading]]))[0], expected)


@pytest.mark.parametrize("name", ["single", "combined"])
def test_their_dots_move_as_ours(name):
    world, drawn = config(name).make_world(), GOLDEN["drawn"][name]
    state, action, next_state = (np.array(drawn[part]) for part in ("state", "action", "next_state"))
    assert action.shape[1] == world.action_dim
    moved, parts = (next_state - state).reshape(-1, world.state_dim // 2, 2), action.reshape(len(action), -1, 2)
    for dot, slot in enumerate(world.action_slots):
        if slot is not None:
            assert (moved[:, dot] == parts[:, slot]).all()
    assert state.min() >= world.lowest_start
    assert state.max() <= world.highest_start


def test_dots_start_close_to_each_other_as_often_as_theirs():
    ours = DotWorld.setting("combined").sample(make_golden.STARTS, seeded())
    for when, state in (("before", ours.state), ("after", ours.next_state)):
        share = make_golden.close(state.unflatten(1, (-1, 2)))
        expected, error = GOLDEN["starts"][when]
        error = math.hypot(error, share.std().item() / len(share) ** 0.5)
        assert abs(share.mean().item() - expected) < 4.5 * error


@pytest.mark.parametrize("name", ["none", "xyt"])
def test_sprites_start_and_move_as_theirs(name):
    drawn = config(name).make_world().sample(20_000, seeded())
    low, high = (end + shift() for end in GOLDEN["sprite"]["range"])
    place = drawn.state[:, :2]
    assert low <= place.min() < low + 0.01
    assert high - 0.01 < place.max() <= high
    assert drawn.state[:, 2].max() - drawn.state[:, 2].min() == pytest.approx(2 * math.pi, abs=0.01)
    scale = torch.tensor(GOLDEN["settings"][name]["action_scale"])
    assert drawn.action.shape[1] == len(scale)
    moved = drawn.next_state - drawn.state
    assert (moved[:, :2].abs().amax(0) - 8).abs().max() < 0.01
    if len(scale):
        assert drawn.action.abs().max() <= 1
        moved[:, 2] -= 2 * math.pi * ((moved[:, 2] - drawn.action[:, 2] * scale[2]) / (2 * math.pi)).round()
        assert (moved - drawn.action * scale).abs().max() < 1e-5  # float32, θ brought back into a circle


@pytest.mark.parametrize("name", WORLDS)
def test_networks_losses_and_training_are_theirs(name):
    found = trained(name)
    terms = {"latents", "predicted", "recovered", "moved", "loss", "forward"}
    assert found.keys() == (terms if name == "none" else terms | {"inverse"})
    assert differences(name, found) == set()


def test_the_probe_is_theirs():
    world = SpriteWorld("xyt")
    pose = torch.tensor(make_golden.POSES)
    pose[:, :2] += shift()
    decoder = filled(PixelDecoder(make_golden.LATENT_DIM), make_golden.DECODER)
    drawn = decoder(latents(1, len(pose))[0])
    assert apart(GOLDEN["decoder"]["drawn"], fingerprint(drawn)) < TOLERANCE
    assert apart(GOLDEN["decoder"]["loss"], foreground_loss(drawn, world.render(pose).double()).item()) < TOLERANCE


def test_sigreg_is_theirs_on_the_same_directions(monkeypatch):
    """They project both frames on the same directions; so far ours draws new ones for the second."""
    monkeypatch.setattr(torch, "randn", make_golden.directions)
    each = []
    for z in latents(2, 16):
        monkeypatch.setattr(make_golden.directions, "calls", 0)
        each.append(sigreg_loss(z).item())
    assert apart(GOLDEN["sigreg"], sum(each) / 2) < TOLERANCE  # theirs keeps its weights in float32


MUTATIONS = {
    "weight": ({"objective": Objective(inverse=9.99)}, lambda _: None, {"loss", "moved"}),
    "learning rate": ({"learning_rate": 4.99e-4}, lambda _: None, {"moved"}),
    "activation of the encoder": ({}, lambda m: setattr(m.encoder, "squash", torch.nn.Softsign()), {"latents"}),
    "activation of the forward model": ({}, lambda m: m.forward_model.net.pop(5), {"predicted", "forward"}),
    "activation inside": ({}, lambda m: m.inverse_model.net.__setitem__(1, torch.nn.GELU()), {"recovered", "inverse"}),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_another_setting_is_noticed(mutation):
    settings, change, terms = MUTATIONS[mutation]
    assert differences("single", trained("single", change, **settings)) >= terms


@pytest.mark.parametrize(("head", "terms"), [(ForwardModel, {"predicted", "forward"}), (InverseModel, {"recovered"})])
def test_another_order_of_concatenation_is_noticed(head, terms, monkeypatch):
    monkeypatch.setattr(head, "forward", lambda self, one, other: self.net(torch.cat([other, one], -1)))
    assert differences("single", trained("single")) >= terms


def test_other_directions_for_the_second_frame_are_noticed(monkeypatch):
    monkeypatch.setattr(torch, "randn", make_golden.directions)
    monkeypatch.setattr(make_golden.directions, "calls", 0)
    each = [sigreg_loss(z).item() for z in latents(2, 16)]
    assert apart(GOLDEN["sigreg"], sum(each) / 2) > 1000 * TOLERANCE
