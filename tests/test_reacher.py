"""Claims about Reacher.

1. The arm moves as MuJoCo moves it, step by step; an action lasts 0.04 s; torques are clipped.
2. Many arms at once are the same arms one by one, and a recorded state is complete.
3. Success is the published test: both joints within 0.05 rad, unwrapped.
4. A frame shows both joints, whatever the velocities and however the arm got there; the target is not in it.
5. Recorded episodes repeat with the seed, and torques in them are uniform and held for a while.
6. Mistakes and missing packages are refused.
"""

import math
import sys

import mujoco
import numpy as np
import pytest
import torch

from smwm_core.episodes import Episodes
from smwm_core.errors import SMWMError
from smwm_core.worlds import reacher
from smwm_core.worlds.drawing import Camera
from smwm_core.worlds.reacher import Reacher


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_arm_moves_as_mujoco_moves_it():
    model, _ = reacher._model()
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = [0.3, -0.4], [1.0, 0.5]
    actions = 2 * torch.rand(1, 12, 2, generator=generator()) - 1
    played = Reacher().play(torch.tensor([[0.3, -0.4, 1.0, 0.5]]).double(), actions)[0]
    for action, state in zip(actions[0].double().numpy(), played.numpy(), strict=True):
        data.ctrl[:] = action
        mujoco.mj_step(model, data)
        mujoco.mj_step(model, data)
        np.testing.assert_allclose(state, [*data.qpos, *data.qvel], atol=1e-6)
    assert data.time == pytest.approx(12 * 0.04)


def test_larger_torques_are_clipped():
    rest = torch.zeros(1, 4)
    strong, full = (Reacher().play(rest, torch.full((1, 5, 2), size)) for size in (3.0, 1.0))
    assert torch.equal(strong, full)
    assert full[0, -1, 0] > 0.05


def test_many_arms_are_the_same_arms_one_by_one():
    states, actions, _ = Reacher().collect(4, generator(1))
    together = Reacher().play(states[:, 50], actions[:, 50:75])
    for one, state, sequence in zip(together, states[:, 50], actions[:, 50:75], strict=True):
        torch.testing.assert_close(Reacher().play(state[None], sequence[None])[0], one, rtol=0, atol=0)
    torch.testing.assert_close(together[:, -1].float(), states[:, 75], rtol=0, atol=1e-3)


def test_success_is_the_published_test():
    goal = torch.tensor([1.0, -1.0, 0.0, 0.0])
    near, far, turned, moving = (
        goal + torch.tensor(by)
        for by in ([0.04, -0.04, 0, 0], [0.0, 0.06, 0, 0], [2 * math.pi, 0, 0, 0], [0, 0, 9.0, 9.0])
    )
    assert Reacher().reached(torch.stack([near, far, turned, moving]), goal).tolist() == [True, False, False, True]
    assert Reacher().inside(torch.tensor([[9.0, 2.0, 0, 0], [0, 3.1, 0, 0], [0, torch.nan, 0, 0]])).tolist() == [
        True,
        False,
        False,
    ]


def test_a_frame_shows_both_joints_and_no_target():
    arm = Reacher()
    states = torch.tensor(
        [[0.5, 0.5, 0, 0], [0.7, 0.5, 0, 0], [0.5, 0.7, 0, 0], [0.5, 0.5, 8, -8], [0.5 + 2 * math.pi, 0.5, 0, 0]]
    )
    frames = arm.render(states)
    assert frames.shape == (5, 3, 64, 64)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= frames.min() < frames.max() <= 1
    assert (frames[1] - frames[0]).abs().max() > 0.2
    assert (frames[2] - frames[0]).abs().max() > 0.2
    torch.testing.assert_close(frames[3], frames[0], rtol=0, atol=0)
    torch.testing.assert_close(frames[4], frames[0], rtol=0, atol=0.01)
    arm.play(states, torch.ones(5, 9, 2))
    assert torch.equal(arm.render(states[:1]), frames[:1])
    model, _ = reacher._model()
    target = model.geom("target").id
    assert model.mat_rgba[model.geom_matid[target], 3] == 0


def test_recorded_episodes_repeat_and_hold_their_torques():
    states, actions, steps = Reacher().collect(30, generator(2))
    again = Reacher().collect(30, generator(2))
    assert torch.equal(states, again[0])
    assert torch.equal(actions, again[1])
    assert len(Episodes.from_padded(states, actions, steps)) == 30
    assert Reacher().inside(states).all()
    assert actions.std() == pytest.approx(1 / math.sqrt(3), abs=0.02)
    held = (actions[:, 1:] == actions[:, :-1]).all(-1)
    assert held.double().mean() == pytest.approx(0.8, abs=0.02)
    assert states[:, 0, 2:].abs().max() == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda arm: arm.play(torch.zeros(2, 3), torch.zeros(2, 1, 2)), r"has shape \(N, 4\), not \(2, 3\)"),
        (lambda arm: arm.play(torch.zeros(2, 4), torch.zeros(2, 1, 3)), r"shape \(2, K, 2\), not \(2, 1, 3\)"),
        (lambda arm: arm.play(torch.full((1, 4), torch.nan), torch.zeros(1, 1, 2)), "not finite"),
        (lambda arm: arm.render(torch.zeros(4)), r"has shape \(N, 4\), not \(4,\)"),
        (lambda arm: Reacher(image_size=8), "drawn at 16 to 512 px, not 8"),
    ],
)
def test_mistakes_are_refused(call, sentence):
    with pytest.raises(SMWMError, match=sentence):
        call(Reacher())


def test_a_missing_package_or_library_is_named(monkeypatch):
    model, _ = reacher._model()

    def no_egl(*_):
        raise mujoco.FatalError("an OpenGL platform library has not been loaded into this process")

    monkeypatch.setattr(mujoco, "Renderer", no_egl)
    with pytest.raises(SMWMError, match="cannot draw without EGL; install it with `apt-get install libegl1"):
        Camera(model, "fixed", 32)
    reacher._model.cache_clear()
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(SMWMError, match=r"needs mujoco; install it with `pip install -r requirements-sim\.txt`"):
        Reacher()
    monkeypatch.undo()
    monkeypatch.setattr(reacher.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SMWMError, match="Reacher needs dm_control"):
        Reacher()
    monkeypatch.undo()
    reacher._model.cache_clear()
    Reacher()
