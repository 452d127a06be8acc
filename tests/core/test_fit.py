"""Claims about training on one's own data.

1. Transitions and batches of them, as tensors or arrays, floats or bytes, give the same bits; windows train as well.
2. An interrupted training ends with the same bits; one that is finished is not done again; another one is refused.
3. The inverse loss falls, the latent has as many directions as the action, and the model is left ready to be read.
4. Another image size works; what has a wrong shape, range or type, or ends too early, is refused in one sentence.
5. Published weights can be trained further.
6. Windows of anything, from a function: what is no picture trains too, and an objective may be anybody's.
"""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from saved import every_save

from smwm_core import Objective, SMWMError, Transitions, WorldModel, fit, load, make_world, spectrum
from smwm_core.models import ForwardModel, InverseModel
from smwm_core.seeds import generator, initialising
from smwm_core.training.batches import in_epochs


def model(size: int = 64, action_dim: int = 2) -> WorldModel:
    with initialising(0, "test"):
        return WorldModel.toy(action_dim, latent_dim=16, image_size=size)


@pytest.fixture(scope="module")
def data() -> Transitions:
    """Frames, actions and next frames of the single dot."""
    world = make_world("dots/single")
    drawn = world.sample(96, generator(0, "own data"))
    return Transitions(world.render(drawn.state), drawn.action, world.render(drawn.next_state))


def weights(trained: WorldModel) -> list[torch.Tensor]:
    return list(trained.state_dict().values())


def same(one: WorldModel, other: WorldModel) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def batches(data: Transitions):
    order = in_epochs(lambda epoch: torch.randperm(96, generator=generator(0, f"order of epoch {epoch}")), 32)
    for numbers in order:
        yield data.state[numbers], data.action[numbers], data.next_state[numbers]


def test_all_forms_of_the_same_data_give_the_same_bits(data):
    forms = {
        "tensors": data,
        "arrays": Transitions(data.state.numpy(), data.action.numpy(), data.next_state.numpy()),
        "bytes": Transitions((255 * data.state).byte(), data.action, (255 * data.next_state).byte()),
        "batches": batches(data),
        "windows": ((torch.stack([o, n], 1), a[:, None]) for o, a, n in batches(data)),
    }
    trained = {name: model() for name in forms}
    losses = {
        name: fit(trained[name], Objective(inverse=10), form, steps=4, batch_size=32).losses["loss"]
        for name, form in forms.items()
    }
    for name in ("arrays", "bytes", "batches"):
        assert same(trained["tensors"], trained[name]), name
    np.testing.assert_allclose(losses["windows"], losses["tensors"], rtol=1e-4)


def test_an_interrupted_training_ends_with_the_same_bits(data, tmp_path):
    whole, path = model(), tmp_path / "progress"
    with every_save() as states:
        fit(whole, Objective(), data, steps=5, batch_size=32, progress=path, save_every_seconds=0)
    path.write_bytes(states[2])
    continued = model()
    fit(continued, Objective(), data, steps=5, batch_size=32, progress=path)
    assert same(whole, continued)
    from_batches = model()
    path.write_bytes(states[2])
    fit(from_batches, Objective(), batches(data), steps=5, progress=path)
    assert same(whole, from_batches)
    again = fit(model(), Objective(), iter(()), steps=5, progress=path)
    assert same(whole, again.model)
    assert len(again.losses["loss"]) == 5
    with pytest.raises(SMWMError, match="saved progress of your data is of 5 steps, not 6; delete it"):
        fit(model(), Objective(), data, steps=6, progress=path)
    with pytest.raises(SMWMError, match="is of another model; delete it"):
        fit(WorldModel.toy(2), Objective(), data, steps=5, progress=path)
    path.write_bytes(states[2][:1000])
    with pytest.raises(SMWMError, match="cannot be read"):
        fit(model(), Objective(), data, steps=5, progress=path)


def test_training_finds_what_the_action_moves():
    world = make_world("dots/single")
    drawn = world.sample(1_500, generator(1, "own data"))
    data = Transitions(world.render(drawn.state), drawn.action, world.render(drawn.next_state))
    trained = model()
    history = fit(trained, Objective(inverse=10), data, steps=150, learning_rate=1e-3)
    assert history.losses["inverse"][-1] < 0.2 * history.losses["inverse"][0]
    assert not trained.training
    shares = spectrum(trained.encode(data.state[:400]).detach())
    assert shares[:2].sum() > 0.8 * shares.sum()
    assert history.seconds > 0
    assert history.snapshots.size == 0


@pytest.mark.parametrize("size", [16, 32, 128])
def test_other_image_sizes(size):
    o = torch.rand(8, 3, size, size)
    history = fit(model(size, 3), Objective(sigreg=0.1), Transitions(o, torch.rand(8, 3), o), steps=2, batch_size=8)
    assert set(history.losses) == {"loss", "forward", "inverse", "sigreg"}
    with pytest.raises(SMWMError, match="This encoder reads frames of shape"):
        fit(model(64, 3), Objective(), Transitions(o, torch.rand(8, 3), o), steps=1, batch_size=8)
    with pytest.raises(SMWMError, match="a multiple of 16 px, not 40 px"):
        WorldModel.toy(2, image_size=40)


FRAMES, ACTIONS = torch.rand(8, 3, 64, 64), torch.rand(8, 2)
WRONG = {
    "Frames have shape": (FRAMES[:, :1], ACTIONS, FRAMES[:, :1]),
    "Frames have shape .* these have": (FRAMES, ACTIONS[:5], FRAMES),
    "outside": (255 * FRAMES, ACTIONS, FRAMES),
    "or that are not numbers": (FRAMES, ACTIONS, torch.full_like(FRAMES, torch.nan)),
    "An action is not finite": (FRAMES, torch.full_like(ACTIONS, torch.inf), FRAMES),
    "floats in .* or bytes": (FRAMES.long(), ACTIONS, FRAMES.long()),
    "are tensors or arrays, not list": (FRAMES.tolist(), ACTIONS, FRAMES),
    "are numbers, not": (np.array([["a"]]), ACTIONS, FRAMES),
}


@pytest.mark.parametrize("words", WRONG)
@pytest.mark.parametrize("form", [lambda parts: Transitions(*parts), lambda parts: [parts]], ids=["whole", "batches"])
def test_wrong_data_are_refused_in_one_sentence(words, form):
    with pytest.raises(SMWMError, match=words) as refusal:
        fit(model(), Objective(), form(WRONG[words]), steps=1, batch_size=4)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "values", "words"),
    [
        (Transitions(FRAMES, ACTIONS, FRAMES), {"batch_size": 9}, "A batch of 9 cannot be drawn from 8 transitions"),
        (
            Transitions(FRAMES, ACTIONS, FRAMES),
            {"steps": 0},
            "a step at least and a positive learning rate, not 0",
        ),
        (Transitions(FRAMES, ACTIONS, FRAMES), {"learning_rate": -1.0}, "a positive learning rate, not 1 and -1.0"),
        ([(FRAMES, ACTIONS, FRAMES)], {"steps": 3}, "batches of your data end after 1 of 3 steps"),
        ([(FRAMES, ACTIONS, FRAMES, FRAMES)], {}, "this one has 4 parts"),
        ([(FRAMES[:, None], ACTIONS[:, None])], {}, r"Windows have frames \(N, T \+ 1, 3, H, W\)"),
        (7, {}, "or an iterable of .* not int"),
        (Transitions(FRAMES, ACTIONS, FRAMES), {"learning_rate": 1e30, "steps": 9}, "on your data diverged"),
    ],
)
def test_what_cannot_be_trained_is_refused(given, values, words):
    with pytest.raises(SMWMError, match=f"(?i){words}"):
        fit(model(), Objective(), given, **{"steps": 1, "batch_size": 8, **values})


def test_a_frozen_model_is_refused_and_says_how_to_go_on():
    frozen, data = model().requires_grad_(False), Transitions(FRAMES, ACTIONS, FRAMES)
    with pytest.raises(SMWMError, match=r"are frozen; call model.requires_grad_\(True\)"):
        fit(frozen, Objective(), data, steps=1, batch_size=8)
    before = frozen.requires_grad_(True).encode(FRAMES).detach()
    fit(frozen, Objective(), data, steps=1, batch_size=8)
    assert not torch.equal(frozen.encode(FRAMES).detach(), before)


def test_published_weights_can_be_trained_further(data, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(Path(__file__).parents[2] / "data"))
    loaded = load("dots-single_smwm")
    assert not loaded.training
    before = loaded.encoder.head.weight.detach().clone()
    history = fit(loaded, Objective(inverse=10), data, steps=3, batch_size=32)
    assert history.losses["inverse"][0] < 0.05
    assert not torch.equal(before, loaded.encoder.head.weight)
    with pytest.raises(SMWMError, match=r"Several weights are named 'dots-distractor_smwm'; .*_1600x64_seed0, "):
        load("dots-distractor_smwm")
    assert load("tworoom_sigreg").encoder.squash.__class__ is torch.nn.Identity
    with pytest.raises(SMWMError, match="No weights are named 'chess'"):
        load("chess")


def test_epochs_are_in_the_given_order_and_can_be_entered_anywhere():
    def order(epoch):
        return torch.arange(7) + 10 * epoch

    everything = list(islice(in_epochs(order, 3), 6))
    assert [batch.tolist() for batch in everything[:4]] == [[0, 1, 2], [3, 4, 5], [10, 11, 12], [13, 14, 15]]
    for done in range(6):
        later = islice(in_epochs(order, 3, done), 6 - done)
        assert all(torch.equal(a, b) for a, b in zip(everything[done:], later, strict=True))


class Doubled:
    """Somebody's own objective."""

    terms = ("loss", "forward", "own")
    reconstruction = ema_decay = 0.0

    def __call__(self, model, z, a, z_next, generator=None, *, frames, decoder):
        assert frames.shape == (32, 1, 5, 3)
        losses = Objective(inverse=0)(model, z, a, z_next)
        own = (model.inverse_model(z, z_next) - a).square().mean()
        return {**losses, "own": own, "loss": losses["loss"] + 20 * own}


def test_what_is_no_picture_trains_too():
    moves = torch.rand(400, 2, generator=generator(0, "moves")) - 0.5
    telemetry = torch.cat([torch.zeros(1, 2), moves.cumsum(0)]) @ torch.randn(2, 3, generator=generator(0, "sensors"))

    def batches(done):
        while True:
            t = torch.randint(5, 400, (32, 1), generator=generator(done, "batch"))
            yield telemetry[(t + torch.tensor([0, 1]))[..., None] - torch.arange(5).flip(0)], moves[t]
            done += 1

    for objective, term in ((Objective(inverse=10), "inverse"), (Doubled(), "own")):
        with initialising(0, "test"):
            layers = torch.nn.Flatten(), torch.nn.Linear(15, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4)
            own = WorldModel(torch.nn.Sequential(*layers), ForwardModel(4, 2, bounded=False), InverseModel(4, 2))
        history = fit(own, objective, batches, steps=400, learning_rate=2e-3)
        assert history.losses[term][-20:].mean() < 0.25 * moves.var()
