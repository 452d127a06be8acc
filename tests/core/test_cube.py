"""Claims about Cube.

1. A step is that of ogbench's own environment, to the bit; scenes do not know of each other.
2. The gripper goes where actions send it, up to the edge of its workspace; it can lift the cube.
3. A recorded state is complete: playing on from it repeats what was recorded, up to the engine's memory of contacts.
4. What moves is seen, the target is not, whole arm included; frames do not depend on those before.
5. Success is the published test: the cube within 4 cm.
6. Recorded episodes carry the cube around, repeat with the seed and leave numpy's global generator alone.
7. Mistakes are refused.
"""

import math
import pickle
import sys

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.simulators.cube import CUBE, Cube, _camera, _env


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def recorded():
    return Cube().collect(8, generator())


def gripper(state: torch.Tensor) -> np.ndarray:
    """Where the gripper closes, in metres."""
    import mujoco

    env = _env()
    env.data.qpos[:] = state[:21]
    mujoco.mj_kinematics(env.model, env.data)
    return env.data.site("ur5e/robotiq/pinch").xpos.copy()


def test_a_step_is_that_of_ogbench_but_for_the_rounded_edge(recorded):
    from ogbench.manipspace.envs.cube_env import CubeEnv

    states, actions, _ = recorded
    env = CubeEnv("single", mode="data_collection", visualize_info=False)
    env.reset(seed=5)
    state, sequence = states[:1, 30], torch.cat([actions[:1, 30:40], 2 * actions[:1, 40:45]], 1)
    env.set_state(*np.split(state[0].double().numpy(), [21]))
    for action, played in zip(sequence[0].double().numpy(), Cube().play(state, sequence)[0].numpy(), strict=True):
        env.step(action)
        assert np.abs(env.data.qpos - played[:21]).max() < 1e-4


def test_scenes_do_not_know_of_each_other(recorded):
    states, actions, _ = recorded
    together = Cube().play(states[:, 50], actions[:, 50:60])
    alone = torch.cat([Cube().play(states[i : i + 1, 50], actions[i : i + 1, 50:60]) for i in range(8)])
    assert together.shape == (8, 10, 41)
    assert together.dtype == torch.float64
    assert torch.equal(together, alone)


@pytest.mark.parametrize(("axis", "sign"), [(0, 1), (1, -1), (2, 1)])
def test_the_gripper_goes_where_actions_send_it(axis, sign, recorded):
    start = recorded[0][:1, 0]
    actions = torch.zeros(1, 30, 5)
    actions[..., axis] = sign
    played = Cube().play(start, actions)[0]
    moved = gripper(played[1]) - gripper(start[0])
    assert sign * moved[axis] > 0.02
    assert Cube().effector(played[1:2]).numpy()[0] == pytest.approx(gripper(played[1]))
    low, high = (0.25, -0.35, 0.02), (0.6, 0.35, 0.35)
    assert gripper(played[-1])[axis] == pytest.approx((high if sign > 0 else low)[axis], abs=0.01)


def test_playing_recorded_actions_reaches_what_was_recorded(recorded):
    world = Cube()
    states, actions, _ = recorded
    ends, goals, starts = [], [], []
    for start in (0, 40, 90, 150):
        starts.append(states[:, start])
        goals.append(states[:, start + 25])
        ends.append(world.play(starts[-1], actions[:, start : start + 25])[:, -1])
    ends, goals, starts = map(torch.cat, (ends, goals, starts))
    assert world.reached(ends, goals).float().mean() > 0.9
    assert (ends - goals)[:, :6].abs().amax(1).median() < 0.01
    carried = ~world.reached(starts, goals)
    assert carried.sum() > 10
    assert world.reached(ends, goals)[carried].float().mean() > 0.85


def test_what_moves_is_seen(recorded):
    state = recorded[0][0, 0]
    poses = state.repeat(5, 1)
    poses[1, 14] += 0.03  # the cube
    poses[2, 0] += 0.1  # the arm's first joint
    poses[3, [6, 10]] += 0.3  # both sides of the gripper
    poses[4, 21:] += 1  # velocities only
    frames = Cube().render(poses)
    assert frames.shape == (5, 3, 64, 64)
    assert frames.dtype == torch.float32
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal((255 * frames).round() / 255, frames)
    assert 0 <= frames.min() < 0.1
    assert 0.8 < frames.max() <= 1
    changed = ((frames - frames[0]).abs().amax(1) > 0.1).sum((1, 2)).tolist()
    assert changed[1] >= 6
    assert changed[2] > 50
    assert changed[3] >= 2
    assert changed[4] == 0
    assert torch.equal(Cube().render(poses.flip(0)).flip(0), frames)
    assert torch.equal(Cube().render(poses[:1].double() + 1e-9), frames[:1])


def test_arm_gripper_and_cube_are_seen(recorded):
    states = recorded[0][:, ::40].flatten(0, 1)
    frames = Cube().render(states).permute(0, 2, 3, 1)
    r, g, b = frames.unbind(-1)
    red = ((r > 0.4) & (g < 0.6 * r) & (b < 0.6 * r)).sum((1, 2)).float()
    purple = ((r > 1.3 * g) & (b > 1.1 * r) & (b > 0.25)).sum((1, 2)).float()
    grey = ((r > 0.3) & ((r - g).abs() < 0.02) & ((b - g).abs() < 0.02)).sum((1, 2)).float()
    assert (red > 0).float().mean() > 0.9
    assert red.max() < 60
    assert purple.median() > 40
    assert grey.median() > 150
    assert grey.min() > 20


def test_the_target_is_not_seen_even_where_it_is_opaque(recorded, monkeypatch):
    before = Cube().render(recorded[0][0, :1])
    scene = _camera(64)
    monkeypatch.setattr(scene.model.geom("target_object_0"), "rgba", [0, 1, 0, 1])
    assert scene.model.geom("target_object_0").rgba[3] == 1
    scene.data.mocap_pos[:] = 0.4, 0.0, 0.1
    assert torch.equal(Cube().render(recorded[0][0, :1]), before)


def test_success_is_the_published_test(recorded):
    goal = recorded[0][0, 0]
    states = goal.repeat(4, 1)
    states[0, 14:16] += 0.028
    states[1, 14:17] += 0.024
    states[2, :14] += 1.0
    states[2, 17:] += 1.0
    states[3, 16] += 0.041
    assert Cube().reached(states, goal.expand(4, -1)).tolist() == [True, False, True, False]
    states[0, 16], states[1, 14] = -0.1, 1.5
    assert Cube().inside(states).tolist() == [False, False, True, True]
    assert Cube().inside(recorded[0]).all()


def test_recorded_episodes_carry_the_cube_and_repeat_with_the_seed(recorded):
    world = Cube()
    states, actions, length = recorded
    assert states.shape == (8, 201, 41)
    assert actions.shape == (8, 200, 5)
    assert states.dtype == actions.dtype == torch.float32
    assert (length == 200).all()
    assert actions.abs().max() <= 1
    assert (actions.std((0, 1)) > 0.15).all()
    cube = states[..., CUBE]
    assert (cube[:, 0, 2] - 0.02).abs().max() < 0.001
    assert 0.2 < (cube[..., 2] > 0.03).float().mean() < 0.5
    assert (~world.reached(states[:, :-25], states[:, 25:])).float().mean() > 0.4
    assert cube[..., :2].amin() > -0.4
    assert cube[..., :2].amax() < 0.7
    assert len(cube[:, 0].unique(dim=0)) == 8
    np.random.seed(7)
    expected = np.random.rand()
    np.random.seed(7)
    again = world.collect(2, generator())
    assert np.random.rand() == expected
    assert torch.equal(again[0], states[:2])
    assert torch.equal(again[1], actions[:2])
    assert not torch.equal(world.collect(1, generator(1))[0], states[:1])
    assert len(Episodes.from_padded(*recorded)) == 8


def test_random_actions_fill_their_bounds():
    actions = Cube().random_action(1000, generator())
    assert actions.shape == (1000, 5)
    assert -1 <= actions.min() < -0.99
    assert 0.99 < actions.max() <= 1


def test_mistakes_are_refused(monkeypatch):
    world = Cube()
    assert pickle.loads(pickle.dumps(world)) == world
    assert world.describe().startswith("a robot arm and a cube on 64×64 px; the action moves")
    with pytest.raises(SMWMError, match=r"A Cube state has shape \(N, 41\), not \(1, 28\)"):
        world.play(torch.zeros(1, 28), torch.zeros(1, 5, 5))
    with pytest.raises(SMWMError, match=r"Cube actions for 1 states have shape \(1, K, 5\), not \(1, 5\)"):
        world.play(torch.zeros(1, 41), torch.zeros(1, 5))
    with pytest.raises(SMWMError, match="A Cube action is not finite"):
        world.play(torch.zeros(1, 41), torch.full((1, 5, 5), math.nan))
    with pytest.raises(SMWMError, match="A Cube state is not finite"):
        world.render(torch.full((1, 41), math.nan))
    with pytest.raises(SMWMError, match="drawn at 16 to 224 px, not 300"):
        Cube(300)
    for package in ("mujoco", "ogbench"):
        with monkeypatch.context() as missing:
            missing.setitem(sys.modules, package, None)
            if package == "ogbench":
                missing.setitem(sys.modules, "ogbench.manipspace.envs.cube_env", None)
            with pytest.raises(SMWMError, match="Cube needs mujoco, dm_control and ogbench; install them with"):
                Cube()
