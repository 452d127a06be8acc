"""Claims about Reacher.

1. Its joints move as the equations of a two-link arm say, to rounding, as written without any physics engine.
2. A step is two of MuJoCo's; torques are clipped; the wrist stops at 160° and the shoulder counts its turns.
3. Arms do not know of each other, and playing recorded actions repeats what was recorded.
4. A frame is the larger frame's average; what moves is seen, the target is not; frames do not depend on those before.
5. Success is the published test: both joints within 0.05 rad, a turn more is another place.
6. Recorded episodes start anywhere, at rest, and repeat with the seed; random torques rarely reach a goal.
7. Torques are held, new at every step, or half of the episodes each.
8. Mistakes are refused.
"""

import math
import pickle
import sys

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.simulators import mujoco as mujoco_module
from smwm_core.worlds.simulators.reacher import Reacher, _model


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def capsule(radius: float, length: float) -> tuple[float, float]:
    """Mass of a capsule of density 1000, and its moment of inertia about an axis across its middle."""
    rod, balls = 1000 * math.pi * radius**2 * length, 1000 * 4 / 3 * math.pi * radius**3
    inertia = rod * (length**2 / 12 + radius**2 / 4)
    return rod + balls, inertia + balls * (2 / 5 * radius**2 + length**2 / 4 + 3 / 8 * length * radius)


def arm_step(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    """One step by the equations of motion; velocities first, with damping taken at the end of each 0.02 s."""
    upper_mass, upper_inertia = capsule(0.01, 0.12)
    lower_mass, lower_inertia = capsule(0.01, 0.10)
    tip_mass = 1000 * 4 / 3 * math.pi * 0.01**3
    q, v = state[:2].copy(), state[2:].copy()
    about_wrist = lower_inertia + lower_mass * 0.05**2 + 2 / 5 * tip_mass * 0.01**2 + tip_mass * 0.12**2
    about_shoulder = upper_inertia + upper_mass * 0.06**2 + (lower_mass + tip_mass) * 0.12**2 + about_wrist
    lever = 0.12 * (lower_mass * 0.05 + tip_mass * 0.12)
    for _ in range(2):
        cos, sin = math.cos(q[1]), math.sin(q[1])
        mass = np.array([[about_shoulder + 2 * lever * cos, about_wrist + lever * cos], [0, about_wrist]])
        mass[1, 0] = mass[0, 1]
        coriolis = lever * sin * np.array([-2 * v[0] * v[1] - v[1] ** 2, v[0] ** 2])
        force = 0.05 * action - coriolis - 0.01 * v
        v = v + 0.02 * np.linalg.solve(mass + 0.02 * 0.01 * np.eye(2), force)
        q = q + 0.02 * v
    return np.concatenate([q, v])


def test_joints_move_by_the_equations_of_a_two_link_arm():
    start = torch.tensor([[0.3, 1.1, 2.0, -3.0]], dtype=torch.float64)
    actions = 2 * torch.rand(1, 10, 2, generator=generator(), dtype=torch.float64) - 1
    state = start[0].numpy()
    for action, played in zip(actions[0].numpy(), Reacher().play(start, actions)[0].numpy(), strict=True):
        state = arm_step(state, action)
        assert abs(state[1]) < 2.7  # clear of the wrist's stop
        assert played == pytest.approx(state, abs=1e-9)


def test_a_step_is_two_of_mujocos():
    import mujoco

    model = _model()
    data = mujoco.MjData(model)
    states, actions, _ = Reacher().collect(1, generator())
    start = states[:, 0].double()
    played = Reacher().play(start, actions)[0].numpy()
    data.qpos[:], data.qvel[:] = start[0, :2], start[0, 2:]
    for action, state in zip(actions[0].numpy(), played, strict=True):
        data.ctrl[:] = action
        mujoco.mj_step(model, data, 2)
        assert np.array_equal(np.concatenate([data.qpos, data.qvel]), state)


def test_torques_are_clipped_the_wrist_stops_and_the_shoulder_turns_on():
    rest = torch.zeros(1, 4)
    long = torch.tensor([1.0, 0.0]).expand(1, 400, 2)
    assert torch.equal(Reacher().play(rest, long), Reacher().play(rest, 3 * long))
    assert not torch.equal(Reacher().play(rest, long), Reacher().play(rest, 0.9 * long))
    assert Reacher().play(rest, long)[0, -1, 0] > 4 * math.pi
    bent = Reacher().play(rest, torch.tensor([0.0, 1.0]).expand(1, 400, 2))[0, :, 1]
    assert math.radians(150) < bent.max() < math.radians(170)


def test_arms_do_not_know_of_each_other():
    start = torch.rand(6, 4, generator=generator())
    start[3, 1] = 2.79  # at the wrist's stop
    actions = 2 * torch.rand(6, 50, 2, generator=generator(1)) - 1
    together = Reacher().play(start, actions)
    alone = torch.cat([Reacher().play(start[i : i + 1], actions[i : i + 1]) for i in range(6)])
    assert torch.equal(together, alone)
    assert Reacher().play(start, actions[:, :0]).shape == (6, 0, 4)


def test_playing_recorded_actions_reaches_what_was_recorded():
    world = Reacher()
    states, actions, _ = world.collect(200, generator())
    for start in (0, 60, 175):
        end = world.play(states[:, start], actions[:, start : start + 25])[:, -1]
        assert world.reached(end, states[:, start + 25].double()).all()


def test_a_frame_is_the_average_of_a_larger_one():
    import mujoco

    state = torch.tensor([[0.4, -1.2, 0.0, 0.0]])
    small = Reacher(64).render(state)
    assert small.shape == (1, 3, 64, 64)
    assert small.dtype == torch.float32
    assert small.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal((255 * small).round() / 255, small)
    model = _model()
    data = mujoco.MjData(model)
    data.qpos[:] = state[0, :2]
    mujoco.mj_forward(model, data)
    model.vis.global_.offwidth = model.vis.global_.offheight = 128
    with mujoco.Renderer(model, 128, 128) as renderer:
        renderer.update_scene(data, "fixed")
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            renderer.scene.flags[flag] = 0
        large = torch.tensor(renderer.render()).permute(2, 0, 1)[None] / 255
    seen = (torch.nn.functional.avg_pool2d(large, 2) - small).abs().amax((1, 2, 3))
    assert seen <= 0.51 / 255


def test_what_moves_is_seen_and_frames_do_not_depend_on_those_before():
    world = Reacher()
    poses = torch.tensor([[0.0, 0.0, 0, 0], [0.1, 0.0, 0, 0], [0.1, 0.1, 0, 0], [0.1, 0.1, 5, 5]])
    frames = world.render(poses)
    assert torch.equal(frames[2], frames[3])
    for before, after in ((0, 1), (1, 2)):
        assert ((frames[before] - frames[after]).abs().amax(0) > 0.2).sum() > 5
    assert torch.equal(world.render(poses.flip(0)).flip(0), frames)
    assert torch.equal(world.render(poses.double() + 1e-9), frames)
    arm = ((frames[0] - frames[0, :, 8, 8, None, None]).abs().amax(0) > 0.2)[8:-8, 8:-8].nonzero()  # inside the rim
    assert (arm[:, 0] - 23.5).abs().max() <= 2  # a straight arm, shown along the middle row; no target beside it
    assert len(arm) > 20


def test_success_is_the_published_test():
    goal = torch.tensor([3.0, -1.0, 0.0, 0.0])
    states = goal + torch.tensor(
        [[0.049, -0.049, 9.0, 9.0], [0.051, 0.0, 0, 0], [0.0, 0.051, 0, 0], [2 * math.pi, 0.0, 0, 0]]
    )
    assert Reacher().reached(states, goal.expand(4, -1)).tolist() == [True, False, False, False]


def test_recorded_episodes_repeat_with_the_seed():
    world = Reacher()
    recorded = world.collect(300, generator())
    states, actions, length = recorded
    assert states.shape == (300, 201, 4)
    assert actions.shape == (300, 200, 2)
    assert states.dtype == actions.dtype == torch.float32
    assert (length == 200).all()
    assert actions.abs().max() <= 1
    assert abs(actions.std() - 1 / math.sqrt(3)) < 0.01
    held = (actions[:, 1:] == actions[:, :-1]).all(-1)
    assert abs(held.float().mean() - 0.8) < 0.01
    assert world.inside(states).all()
    assert world.inside(torch.tensor([[9.0, 2.0, 0, 0], [0, 3.1, 0, 0]])).tolist() == [True, False]
    assert (states[:, 0, 2:] == 0).all()
    furthest = states[:, 0, :2].abs().amax(0)
    assert 3.0 < furthest[0] <= math.pi
    assert 2.6 < furthest[1] <= math.radians(160) + 1e-6
    again, other = world.collect(300, generator()), world.collect(300, generator(1))
    assert all(torch.equal(one, two) for one, two in zip(recorded, again, strict=True))
    assert not torch.equal(states, other[0])
    assert len(Episodes.from_padded(*recorded)) == 300


def test_torques_are_held_fresh_or_half_of_each():
    def repeated(torques: str, episodes: int) -> torch.Tensor:
        world = Reacher(torques=torques)
        states, actions, length = recorded = world.collect(episodes, generator())
        assert len(Episodes.from_padded(*recorded)) == episodes
        assert (length == 200).all()
        assert world.reached(world.play(states[:, 0], actions[:, :25])[:, -1], states[:, 25].double()).all()
        return (actions[:, 1:] == actions[:, :-1]).all(-1).float().mean(1)

    assert (repeated("held", 20) > 0.6).all()
    assert (repeated("fresh", 20) == 0).all()
    mixed = repeated("mixed", 20)
    assert (mixed[:10] > 0.6).all()
    assert (mixed[10:] == 0).all()
    held, half = (Reacher(torques=torques).collect(20, generator()) for torques in ("held", "mixed"))
    assert torch.equal(held[0][:10], half[0][:10])
    with pytest.raises(SMWMError, match="no kind of torques named 'steady'; choose one of: fresh, held, mixed"):
        Reacher(torques="steady")


def test_random_torques_rarely_reach_a_goal():
    world = Reacher()
    states, _, _ = world.collect(300, generator())
    random = world.random_action(300 * 50, generator(1)).view(300, 50, 2)
    played = world.play(states[:, 100], random)
    reached = world.reached(played, states[:, 125, None].double()).any(1).float().mean()
    assert 0 < reached < 0.05


def test_mistakes_are_refused(monkeypatch):
    world = Reacher()
    assert pickle.loads(pickle.dumps(world)) == world
    assert world.describe() == "an arm of two links on 64×64 px; the action is a torque on each joint"
    with pytest.raises(SMWMError, match=r"A Reacher state has shape \(N, 4\), not \(1, 6\)"):
        world.play(torch.zeros(1, 6), torch.zeros(1, 5, 2))
    with pytest.raises(SMWMError, match=r"Reacher actions for 1 states have shape \(1, K, 2\), not \(2, 5, 2\)"):
        world.play(torch.zeros(1, 4), torch.zeros(2, 5, 2))
    with pytest.raises(SMWMError, match="A Reacher action is not finite"):
        world.play(torch.zeros(1, 4), torch.full((1, 5, 2), math.nan))
    with pytest.raises(SMWMError, match="A Reacher state is not finite"):
        world.render(torch.full((1, 4), math.inf))
    with pytest.raises(SMWMError, match=r"A Reacher state has shape \(N, 4\), not \(4,\)"):
        world.render(torch.zeros(4))
    with pytest.raises(SMWMError, match="drawn at 16 to 224 px, not 8"):
        Reacher(8)
    for package in ("mujoco", "dm_control"):
        with monkeypatch.context() as missing:
            missing.setitem(sys.modules, package, None)
            with pytest.raises(SMWMError, match="Reacher needs mujoco and dm_control; install them with `pip install"):
                Reacher()


@pytest.mark.parametrize("error", [ImportError("no EGL"), OSError("no EGL"), AttributeError("no EGL")])
def test_a_system_that_cannot_draw_is_told_what_to_install(error, monkeypatch):
    def fail(name):
        raise error

    monkeypatch.setattr(mujoco_module.importlib, "import_module", fail)
    with pytest.raises(SMWMError, match=r"no library to draw with; .* `apt-get install libegl1 libegl-mesa0"):
        Reacher()


def test_a_camera_that_cannot_draw_tells_what_to_install(monkeypatch):
    import mujoco

    def fail(*_):
        raise mujoco.FatalError("an OpenGL platform library has not been loaded")

    monkeypatch.setattr(mujoco, "Renderer", fail)
    with pytest.raises(SMWMError, match="no library to draw with"):
        mujoco_module.Camera(_model(), "fixed", 32)
