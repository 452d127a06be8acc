"""Claims about OGBench-Cube.

1. The arm moves as OGBench moves it; what was played before does not matter.
2. A recorded state is complete: playing on from it brings the cube where it was recorded.
3. The gripper goes where the action says, and the fingers close.
4. Success is the published test, on the cube's place alone.
5. A frame shows the cube and the gripper, and not the agent's target.
6. Recorded episodes repeat with the seed, carry the cube, and leave numpy's generator alone.
7. Mistakes and a missing package are refused.
"""

import sys

import numpy as np
import pytest
import torch

from smwm_core.episodes import Episodes
from smwm_core.errors import SMWMError
from smwm_core.worlds import cube
from smwm_core.worlds.cube import Cube


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def recorded():
    return Cube().collect(3, generator(1))


def test_the_arm_moves_as_ogbench_moves_it(recorded):
    env = cube._environment()
    _, info = env.reset(seed=5)
    start = torch.tensor(np.concatenate([info["qpos"], info["qvel"]]))[None]
    actions = recorded[1][:1, :6]
    expected = []
    for action in actions[0].double().numpy():
        *_, info = env.step(action)
        expected.append(np.concatenate([info["qpos"], info["qvel"]]))
    played = Cube().play(start, actions)[0]
    np.testing.assert_allclose(played[:, :21], np.array(expected)[:, :21], atol=2e-3)
    Cube().play(recorded[0][:2, 30], recorded[1][:2, 30:34])
    torch.testing.assert_close(Cube().play(start, actions)[0], played, rtol=0, atol=0)


def test_a_recorded_state_is_complete(recorded):
    states, actions, _ = recorded
    starts = [(episode, first) for episode in range(3) for first in range(0, 175, 25)]
    start, goal = (torch.stack([states[e, t + by] for e, t in starts]) for by in (0, 25))
    played = Cube().play(start, torch.stack([actions[e, t : t + 25] for e, t in starts]))[:, -1]
    assert Cube().reached(played, goal).float().mean() > 0.9
    assert (played[:, :6] - goal[:, :6]).abs().max() < 0.05


def test_the_gripper_goes_where_the_action_says(recorded):
    start = recorded[0][:1, 0]
    before = Cube().effector(start)[0]
    for axis, sign in ((0, 1.0), (1, -1.0), (2, 1.0)):
        action = torch.zeros(1, 4, 5)
        action[..., axis] = sign * 0.5
        moved = Cube().effector(Cube().play(start, action)[:, -1])[0] - before
        assert sign * moved[axis] > 0.01
        assert moved.abs().argmax() == axis
    closing = torch.zeros(1, 6, 5)
    closing[..., 4] = 1
    shut = Cube().play(start, closing)[0, -1, cube.GRIPPER]
    assert shut > start[0, cube.GRIPPER] + 0.3
    assert shut <= cube.GRIPPER_SHUT + 0.05


def test_success_is_the_cubes_place_alone(recorded):
    goal = recorded[0][0, 0]
    others, near, far = goal.clone(), goal.clone(), goal.clone()
    others[:14] += 1
    near[15] += 0.039
    far[15] += 0.041
    assert Cube().reached(torch.stack([others, near, far]), goal).tolist() == [True, True, False]
    lost = goal.clone()
    lost[16] = -1
    assert Cube().inside(torch.stack([goal, lost])).tolist() == [True, False]


def test_a_frame_shows_cube_and_gripper(recorded):
    state = recorded[0][:1, 0]
    aside, open_wide = state.clone(), state.clone()
    aside[0, 15] += 0.05
    open_wide[0, 6:14] = 0.0
    shut = open_wide.clone()
    shut[0, [6, 9, 10, 13]] = torch.tensor([0.8, -0.8, 0.8, -0.8])
    frames = Cube().render(torch.cat([state, aside, open_wide, shut]))
    assert frames.shape == (4, 3, 64, 64)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= frames.min() < frames.max() <= 1
    assert (frames[1] - frames[0]).abs().max() > 0.2
    assert (frames[3] - frames[2]).abs().max() > 0.2
    cube._environment()._data.mocap_pos[:] = [0.4, 0.0, 0.1]  # a target, if one were drawn
    torch.testing.assert_close(Cube().render(state), frames[:1], rtol=0, atol=0)


def test_recorded_episodes_repeat_and_carry_the_cube(recorded):
    states, actions, steps = recorded
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    again = Cube().collect(1, generator(1))
    assert (np.random.get_state()[1] == before).all()
    assert torch.equal(again[0][0], states[0])
    assert torch.equal(again[1][0], actions[0])
    assert len(Episodes.from_padded(states, actions, steps)) == 3
    assert Cube().inside(states).all()
    assert actions.abs().max() <= 1
    assert (states[:, -1, cube.CUBE] - states[:, 0, cube.CUBE]).norm(dim=1).max() > 0.04
    assert states[..., 16].max() > 0.05


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda it: it.play(torch.zeros(2, 40), torch.zeros(2, 1, 5)), r"has shape \(N, 41\), not \(2, 40\)"),
        (lambda it: it.play(torch.zeros(2, 41), torch.zeros(2, 1, 2)), r"shape \(2, K, 5\), not \(2, 1, 2\)"),
        (lambda it: it.play(torch.full((1, 41), torch.nan), torch.zeros(1, 1, 5)), "not finite"),
        (lambda it: it.render(torch.zeros(41)), r"has shape \(N, 41\), not \(41,\)"),
        (lambda it: Cube(image_size=8), "drawn at 16 to 512 px, not 8"),
    ],
)
def test_mistakes_are_refused(call, sentence):
    with pytest.raises(SMWMError, match=sentence):
        call(Cube())


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ogbench.manipspace.envs.cube_env", None)
    with pytest.raises(SMWMError, match=r"needs ogbench; install it with `pip install -r requirements-sim\.txt`"):
        Cube()
