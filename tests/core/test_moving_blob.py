"""Claims about the moving blob, about models that see several frames or get past actions, and about what is left open.

1. A trajectory is its definition: at once, late, or through a velocity; starts and actions are uniform.
2. The blob stays 4 px inside the frame, for which hardly any trajectory is drawn again.
3. A frame is its definition, so that a move by part of a pixel shows; of a state only the place does.
4. A forward model with past actions gets those before each step, in their order, and the encoder none.
5. Windows of such runs begin with the actions on their way; a model of two frames trains on the right actions.
6. What is left open is 0 for a model that knows, 1 for one that does not, 1 − 1/k for the first of k late actions.
7. With the defaults nothing is named otherwise; bad input is one sentence.
"""

import math

import pytest
import torch
from scipy import stats

from smwm_book.experiments.runs import run_name
from smwm_core.analysis.answers import left_open
from smwm_core.analysis.probes import linear_r2
from smwm_core.errors import SMWMError
from smwm_core.losses.inverse import Question
from smwm_core.losses.objective import Objective
from smwm_core.models import ForwardModel, RememberingForwardModel, WorldModel
from smwm_core.seeds import generator
from smwm_core.training import toy
from smwm_core.training.config import ToyConfig
from smwm_core.training.kinds import components
from smwm_core.training.loop import Step
from smwm_core.worlds import make_world

WORLDS = ("blob/direct", "blob/delay2", "blob/momentum")
CPU = torch.device("cpu")


def drawn(name: str, n: int = 2_000, steps: int = 5):
    return make_world(name).sample_trajectories(n, steps, generator(0, "moving blob"))


def test_a_direct_blob_moves_by_the_action():
    states, actions = drawn("blob/direct")
    torch.testing.assert_close(states[:, 1:] - states[:, :-1], 4 * actions, atol=1e-4, rtol=0)


@pytest.mark.parametrize("late", [1, 2, 3, 7])
def test_a_late_blob_moves_by_an_earlier_action_which_its_state_holds(late):
    world = make_world(f"blob/delay{late}")
    states, actions = drawn(f"blob/delay{late}")
    assert states.shape == (2_000, 6, world.state_dim) == (2_000, 6, 2 + 2 * late)
    every = torch.cat([world.pending_actions(states[:, 0]), actions], 1)
    place = states[..., :2]
    torch.testing.assert_close(place[:, 1:] - place[:, :-1], 4 * every[:, :5], atol=1e-4, rtol=0)
    for t in range(6):
        assert (world.pending_actions(states[:, t]) == every[:, t : t + late]).all()


def test_with_momentum_a_velocity_is_kept_and_pushed():
    states, actions = drawn("blob/momentum")
    place, velocity = states[..., :2], states[..., 2:]
    torch.testing.assert_close(velocity[:, 1:], 0.8 * velocity[:, :-1] + 2 * actions)
    torch.testing.assert_close(place[:, 1:] - place[:, :-1], velocity[:, 1:], atol=1e-4, rtol=0)


@pytest.mark.parametrize(("name", "half"), list(zip(WORLDS, (8, 8, 6), strict=True)))
def test_starts_and_actions_are_uniform_and_independent(name, half):
    states, actions = drawn(name)
    assert stats.kstest(actions.flatten(), stats.uniform(-1, 2).cdf).pvalue > 0.01
    assert stats.kstest(states[:, 0, :2].flatten(), stats.uniform(32 - half, 2 * half).cdf).pvalue > 0.01
    if name == "blob/momentum":
        assert stats.kstest(states[:, 0, 2:].flatten(), stats.uniform(-3, 6).cdf).pvalue > 0.01
    together = torch.corrcoef(torch.cat([states[:, 0], actions.flatten(1)], 1).T) - torch.eye(states.shape[2] + 10)
    assert together.abs().max() < 5 / math.sqrt(len(states))


@pytest.mark.parametrize("name", WORLDS)
def test_the_blob_stays_in_its_frame_and_is_hardly_ever_drawn_again(name):
    world = make_world(name)
    states, _ = drawn(name, 20_000)
    assert 4 <= states[..., :2].min() <= states[..., :2].max() <= 60
    again = len(world._left(world._draw(20_000, 5, generator(1, "any"))[0])) / 20_000
    assert again < 0.001
    assert again == 0 or name == "blob/momentum"


def test_single_steps_are_trajectories_of_one_step():
    data = make_world("blob/momentum").sample(50, generator(0, "moving blob"))
    states, actions = drawn("blob/momentum", 50, 1)
    assert (data.state == states[:, 0]).all()
    assert (data.next_state == states[:, 1]).all()
    assert (data.action == actions[:, 0]).all()


def test_a_frame_is_its_definition():
    x, y = 20.3, 41.9
    frame = make_world("blob/direct").render(torch.tensor([[x, y]]))[0]
    row, column = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(64) + 0.5, indexing="ij")
    ink = torch.exp(-((column - x) ** 2 + (row - y) ** 2) / 8)
    torch.testing.assert_close(frame, torch.stack([torch.ones(64, 64), 1 - ink, 1 - ink]), atol=1e-5, rtol=0)
    assert make_world("blob/direct").render(torch.tensor([[x, y]])).is_contiguous(memory_format=torch.channels_last)
    moved = make_world("blob/direct").render(torch.tensor([[x + 0.1, y]]))[0]
    assert (moved - frame).abs().max() > 0.02


def test_only_the_place_shows():
    place = torch.tensor([[30.0, 35.0]])
    frames = [
        make_world(name).render(torch.cat([place, torch.rand(1, make_world(name).state_dim - 2)], 1)) for name in WORLDS
    ]
    assert (frames[0] == frames[1]).all()
    assert (frames[0] == frames[2]).all()


def test_a_forward_model_gets_the_actions_before_each_step_in_their_order():
    g = RememberingForwardModel(5, 2, past_actions=2)
    z, a = torch.randn(3, 4, 5), torch.randn(3, 6, 2)
    for t in range(4):
        together = torch.cat([z[:, t], a[:, t], a[:, t + 1], a[:, t + 2]], 1)
        torch.testing.assert_close(g(z, a)[:, t], g.net(together))
    with pytest.raises(SMWMError, match="2 actions more than T"):
        g(z, a[:, 2:])


def test_two_frames_and_past_actions_meet_at_the_right_step():
    config = ToyConfig("blob/delay2", frames=2, past_actions=2, transitions=20, batch_size=8, steps=1)
    world, (states, actions) = config.make_world(), toy._windows(config, 0)
    assert states.shape == (20, 3, 6)
    assert actions.shape == (20, 4, 2)
    assert (actions[:, :2] == world.pending_actions(states[:, 0])).all()
    seen = {}

    def noting(model, z, a, z_next, directions, **_):
        seen.update(z=z, a=a)
        return {"loss": z.sum()}

    step = Step(toy.build_model(config), config.objective, torch.optim.Adam)
    object.__setattr__(step, "objective", noting)
    frames = world.render(states.flatten(0, 1)).unflatten(0, states.shape[:2])
    z, z_next = step.encode(frames)
    assert z.shape == z_next.shape == (20, 1, 64)
    step.losses(z, actions, z_next, frames)
    assert (seen["a"] == actions[:, 1:]).all()  # from frame 0 to 1: those of steps -2, -1 and 0
    moved = states[:, 2, :2] - states[:, 1, :2]
    torch.testing.assert_close(moved, 4 * seen["a"][:, 0], atol=1e-4, rtol=0)


def test_the_inverse_model_is_asked_for_the_present_action_alone():
    model = WorldModel.toy(2, 8, past_actions=2)
    z, z_next, a = torch.randn(5, 3, 8), torch.randn(5, 3, 8), torch.randn(5, 5, 2)
    losses = Objective()(model, z, a, z_next)
    torch.testing.assert_close(losses["inverse"], (model.inverse_model(z, z_next) - a[:, 2:]).square().mean())


def test_a_model_of_two_frames_trains_and_goes_on_where_it_was():
    config = ToyConfig("blob/momentum", frames=2, transitions=40, batch_size=8, steps=4)
    history = toy.train(config, 0, device=CPU)
    assert history.model.frames == 2
    assert history.snapshots.shape[1:] == (256, 64)
    assert history.losses["inverse"].shape == (4,)


def test_by_default_there_is_one_frame_and_no_past():
    usual = toy.build_model(ToyConfig("blob/delay2"))
    assert (usual.frames, type(usual.forward_model)) == (1, ForwardModel)
    assert "toy history" not in components(ToyConfig("blob/delay2"))
    assert "toy history" in components(ToyConfig("blob/delay2", past_actions=1))
    assert "toy history" in components(ToyConfig("blob/momentum", frames=2))
    assert run_name(ToyConfig("blob/delay2", frames=2, past_actions=2), 0).endswith("_frames2_past2_seed0")


def test_what_is_left_open_by_one_that_knows_and_by_one_that_does_not():
    states, actions = drawn("blob/direct")
    assert left_open(Question(), lambda z, z_next: (z_next - z) / 4, states, actions)[1] < 1e-6
    assert left_open(Question(), lambda z, z_next: 0 * z, states, actions)[1] == pytest.approx(1, abs=0.01)


def test_what_is_left_open_of_the_first_late_action_is_one_minus_one_over_k():
    states, actions = drawn("blob/delay2", 20_000)
    question = Question((1, 2, 3, 4, 5))

    def best(z, later, share):
        k = round(5 * share)
        return (later - z) / (4 * k) if k > 2 else 0 * z

    left = left_open(question, best, states[..., :2], actions)
    assert list(left) == [1, 2, 3, 4, 5]
    assert list(left.values()) == pytest.approx([1, 1, 2 / 3, 3 / 4, 4 / 5], abs=0.02)
    for k in left:
        told = linear_r2(states[:, k, :2] - states[:, 0, :2], actions[:, 0]).mean()
        assert left[k] == pytest.approx(1 - told, abs=0.02)


def test_what_is_left_open_by_lag():
    states, actions = drawn("blob/delay2")

    def h(z, z_next):
        moved = (z_next - z) / 4
        return torch.cat([0 * moved, 0 * moved, moved, 0 * moved], -1)

    left = left_open(Question(lags=3), h, states[..., :2], actions)
    assert list(left) == [0, 1, 2, 3]
    assert left[2] < 1e-6
    assert min(left[0], left[1], left[3]) > 0.95


@pytest.mark.parametrize("name", ["blob/", "blob/delay", "blob/delay0", "blob/delay17", "blob/late", "blob/direct2"])
def test_other_blobs_are_one_sentence(name):
    with pytest.raises(SMWMError, match="A moving blob is direct, momentum, or a delay"):
        make_world(name)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"world": "blob/momentum", "frames": 0}, "sees 1 to 100 frames, not 0"),
        ({"world": "wiring/valve", "frames": 2}, "needs trajectories and no curriculum, which wiring/valve"),
        ({"world": "blob/delay2", "past_actions": 3}, "hold 2 past actions, not 3"),
        ({"world": "dots/single", "past_actions": 1}, "hold 0 past actions, not 1"),
        ({"world": "blob/delay2", "past_actions": -1}, "hold 2 past actions, not -1"),
    ],
)
def test_runs_that_cannot_be_are_one_sentence(values, message):
    with pytest.raises(SMWMError, match=message):
        ToyConfig(**values)


def test_windows_that_are_too_short_or_questions_about_something_else_are_one_sentence():
    states, actions = drawn("blob/delay2", 20, 3)
    with pytest.raises(SMWMError, match="windows of 4 steps"):
        left_open(Question((1, 4)), None, states, actions)
    with pytest.raises(SMWMError, match="not of the target sum"):
        left_open(Question((1, 2), "sum"), None, states, actions)
    with pytest.raises(SMWMError, match="does not stay in its frame for 400 steps"):
        drawn("blob/momentum", 2, 400)
    with pytest.raises(SMWMError, match=r"shape \(N, 6\)"):
        make_world("blob/delay2").render(torch.zeros(2, 2))
