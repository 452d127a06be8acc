"""Claims about the small control models:

1. The encoder with a projector has the layers that it says, for one frame and for two, and refuses what does not fit.
2. Its convolutions are trained in bfloat16 if asked for; what is not training is computed in float32.
3. A model that sees two frames encodes the newer one together with the older one, in training and from states.
4. Training follows the schedule, goes on where it was saved with the same bits; what cannot be trained is
   refused.
5. Tasks say what came before, and a policy is shown it at every plan.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import ConvEncoder, WorldModel
from smwm_core.planning import CEM, evaluate, mpc_policy
from smwm_core.planning.evaluation import run_episodes
from smwm_core.planning.tasks import Tasks, draw_tasks
from smwm_core.seeds import generator
from smwm_core.training import control
from smwm_core.training.config import ControlConfig
from smwm_core.training.loop import Step, read_progress
from smwm_core.training.schedule import warm_up_and_cosine
from smwm_core.training.windows import Windows
from smwm_core.worlds import make_world

CPU = torch.device("cpu")
CONFIG = ControlConfig("tworoom/40", batch_size=16, steps=30)


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def frames(n: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(n, channels, 64, 64, generator=torch.Generator().manual_seed(0))


# The encoder


@torch.no_grad()
@pytest.mark.parametrize("seen", [1, 2])
def test_the_projector_is_what_it_says(seen):
    encoder, o = ConvEncoder(8, frames=seen, projector=True).eval(), frames(5, 3 * seen)
    parameters = (3 * seen * 9 + 1) * 32 + (32 * 9 + 1) * 64 + (64 * 9 + 1) * 128
    parameters += (2048 + 1) * 512 + 2 * 512 + (512 + 1) * 8
    assert sum(p.numel() for p in encoder.parameters()) == parameters
    norm, _, out = encoder.head
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    h = encoder.features(o) @ encoder.expand.weight.T + encoder.expand.bias
    h = (h - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    h = h / 2 * (1 + torch.erf(h / 2**0.5))
    torch.testing.assert_close(encoder(o), h @ out.weight.T + out.bias, atol=1e-5, rtol=1e-5)


def test_what_does_not_fit_is_refused():
    with pytest.raises(SMWMError, match="sees at least one frame, not 0"):
        ConvEncoder(frames=0)
    with pytest.raises(SMWMError, match=r"frames of shape \(N, 6, 64, 64\), not \(2, 3, 64, 64\)"):
        ConvEncoder(frames=2)(frames(2))


@pytest.mark.parametrize(
    ("asked", "training", "dtype"),
    [(True, True, torch.bfloat16), (True, False, torch.float32), (False, True, torch.float32)],
)
def test_bfloat16_is_for_training_alone(asked, training, dtype):
    encoder, inside = ConvEncoder(projector=True, bfloat16=asked).train(training), []
    for layer in (encoder.features[0], encoder.expand, encoder.head):
        layer.register_forward_hook(lambda _, __, out: inside.append(out.dtype))
    assert encoder(frames(4)).dtype == torch.float32
    assert inside == [dtype, dtype, torch.float32]


# Two frames


@torch.no_grad()
def test_two_states_are_drawn_and_seen_together():
    world, model = make_world("tworoom/40"), WorldModel.control(10, 8, frames=2).eval()
    state = world.sample(6, generator(0, "test")).state.view(3, 2, 2)
    expected = model.encode(torch.cat([world.render(state[:, 0]), world.render(state[:, 1])], 1))
    torch.testing.assert_close(model.encode_states(world, state), expected)
    assert not torch.allclose(model.encode_states(world, state.flip(1)), expected, atol=1e-5)
    with pytest.raises(SMWMError, match=r"sees 2 states at once, \(N, 2, S\), not \(6, 2\)"):
        model.encode_states(world, state.view(6, 2))


@torch.no_grad()
def test_a_step_sees_each_frame_with_the_one_before():
    model, window = WorldModel.control(10, 8, frames=2).eval(), frames(20).view(5, 4, 3, 64, 64)
    step = Step(model, Objective(), lambda weights: torch.optim.SGD(weights, lr=0.1))
    z, z_next = step.encode(window)
    moments = [model.encode(torch.cat([window[:, k], window[:, k + 1]], 1)) for k in range(3)]
    torch.testing.assert_close(z, torch.stack(moments[:2], 1))
    torch.testing.assert_close(z_next, torch.stack(moments[1:], 1))
    a = torch.arange(150.0).view(5, 3, 10)
    torch.testing.assert_close(
        step.losses(z, a, z_next, window)["inverse"], (model.inverse_model(z, z_next) - a[:, 1:]).square().mean()
    )
    with pytest.raises(SMWMError, match="sees 2 frames needs windows of 3, not 2"):
        step.encode(window[:, :2])
    side_by_side = torch.cat([window[:, :3], window[:, 1:]], 2)
    torch.testing.assert_close(step.encode(side_by_side), (z, z_next))


def test_each_frame_of_a_block_comes_with_the_one_a_primitive_step_earlier():
    world = make_world("tworoom/40")
    training, windows = world.split[0], Windows(world, 1, CPU, 2)
    numbers = torch.arange(0, len(windows), 7)
    at = windows.starts[numbers]
    assert (training.step[at] >= 1).all()
    assert len(windows) == len(Windows(world, 1, CPU)) - len(training)
    assert torch.equal(windows.rows(numbers), at[:, None] + torch.tensor([-1, 0, 4, 5]))
    assert torch.equal(windows.actions(numbers), world.standardised(training.action_blocks(at, 5))[:, None])


# Training


@pytest.mark.parametrize("seen", [1, 2])
def test_it_goes_on_with_the_same_bits(tmp_path, monkeypatch, seen):
    config = replace(CONFIG, frames=seen)
    whole = control.train(config, 0, device=CPU, progress=tmp_path / "whole")
    assert len(whole.losses["inverse"]) == 30
    assert len(whole.snapshots) == 0

    class Stop(Exception):
        pass

    update = Step.update

    def stop(self, done):
        update(self, done)
        if done == 12:
            raise Stop

    monkeypatch.setattr(Step, "update", stop)
    with pytest.raises(Stop):
        control.train(config, 0, device=CPU, progress=tmp_path / "parts", save_every_seconds=0)
    monkeypatch.undo()
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    resumed = control.train(config, 0, device=CPU, progress=tmp_path / "parts")
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_the_learning_rate_falls_to_nearly_nothing(tmp_path):
    control.train(CONFIG, 0, device=CPU, progress=tmp_path / "progress")
    (group,) = read_progress(tmp_path / "progress", CPU).optimizer["param_groups"]
    assert group["lr"] == warm_up_and_cosine(1e-3, 0.01, 29, 30) < 1e-5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frames": 0}, "A run needs 1 to 100 frames"),
        ({"steps": 0}, "A run needs 1 to 100 frames"),
        ({"batch_size": 1}, "A run needs 1 to 100 frames"),
        ({"learning_rate": float("nan")}, "a positive learning rate"),
        ({"warm_up": 1.0}, r"a warm-up in \[0, 1\)"),
        ({"precision": "float16"}, "no precision named 'float16'"),
        ({"world": "dots/single"}, "for the planning tasks, which dots/single is not"),
    ],
)
def test_impossible_runs_are_refused(change, words):
    with pytest.raises(SMWMError, match=words):
        ControlConfig(**change)


def test_what_the_device_cannot_do_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    with pytest.raises(SMWMError, match="does not compute bfloat16; train with precision float32"):
        control.train(replace(CONFIG, precision="bfloat16"), 0, device=CPU)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert control.has_bfloat16(CPU)


def test_too_few_windows_are_refused():
    with pytest.raises(SMWMError, match=r"tworoom/40 has \d+ windows, too few for a batch of 9999"):
        control.train(replace(CONFIG, batch_size=9_999), 0, device=CPU)


# Planning with what came before


def test_tasks_say_what_came_before():
    world = make_world("tworoom/40")
    tasks, held_out = draw_tasks(world, 30, 25, generator(0, "test")), world.split[1]
    for start, goal, start_before, goal_before, demonstrated in zip(*tasks.columns.values(), strict=True):
        rows = torch.nonzero((held_out.state[:-25] == start).all(1) & (held_out.state[25:] == goal).all(1))[:, 0]
        before = [int(row) - min(1, int(held_out.step[row])) for row in rows]
        assert any(
            torch.equal(start_before, held_out.state[row])
            and torch.equal(goal_before, held_out.state[end - 1])
            and torch.equal(demonstrated, held_out.action[end - 25 : end])
            for row, end in zip(before, rows + 25, strict=True)
        )
    assert tasks.seen(1) == (tasks.start, tasks.goal)
    assert torch.equal(tasks[:3].seen(2)[1][:, 0], tasks.goal_before[:3])
    with pytest.raises(SMWMError, match="have no 3 consecutive states"):
        tasks.seen(3)
    with pytest.raises(SMWMError, match="have no 2 consecutive states"):
        Tasks(tasks.start, tasks.goal).seen(2)
    with pytest.raises(SMWMError, match=r"as start_before, \(29, 2\)"):
        Tasks(tasks.start, tasks.goal, tasks.start_before[1:])
    with pytest.raises(SMWMError, match=r"Demonstrations of 30 tasks have shape \(30, K, A\), not \(29, 25, 2\)"):
        Tasks(tasks.start, tasks.goal, demonstrated=tasks.demonstrated[1:])


def test_a_policy_is_shown_what_came_before_at_every_plan():
    world, shown = make_world("tworoom/40"), []
    tasks = draw_tasks(world, 3, 25, generator(0, "test"))

    def policy(left, draws):
        shown.append(left)
        return torch.full((3, 10, 2), 0.1)

    outcome = run_episodes(world, policy, tasks, 20, generator(1, "test"))
    first, second = shown
    assert torch.equal(first.start_before, tasks.start_before)
    assert torch.equal(second.start, outcome.path[:, 10])
    assert torch.equal(second.start_before, outcome.path[:, 9])
    assert torch.equal(second.goal_before, tasks.goal_before)


def test_a_model_of_two_frames_plans():
    world = make_world("tworoom/40")
    tasks = draw_tasks(world, 3, 25, generator(0, "test"))
    model = WorldModel.control(10, 8, frames=2).eval().requires_grad_(False)
    search = CEM(*world.bounds, horizon=2, samples=20, iterations=2, elites=5)
    outcome = evaluate(world, mpc_policy(world, model, search), tasks, 20, seed=0)
    assert outcome.actions.shape == (3, 20, 2)
    blind = Tasks(tasks.start, tasks.goal)
    with pytest.raises(SMWMError, match="have no 2 consecutive states"):
        evaluate(world, mpc_policy(world, model, search), blind, 20, seed=0)


def test_the_toy_encoder_has_no_projector():
    assert isinstance(ConvEncoder().expand, nn.Identity)
    assert ConvEncoder().state_dict().keys() == WorldModel.toy(2).encoder.state_dict().keys()
