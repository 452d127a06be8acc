"""Claims about the package from which the planning tasks come, ``stable-worldmodel`` 0.0.6: ours computes the same.

The package is imported where it is installed (``tests/original.py`` says how); otherwise these tests are skipped.

1. TwoRoom, Push-T, Reacher and Cube go where theirs go, to the bit, in twenty sequences of recorded actions;
   where Push-T is set up in a contact, by less than a pixel.
2. The success tests agree on 5,000 pairs of states each, about half of them successes.
3. A search without bounds finds what their cross-entropy method finds, to the bit, and bounds are noticed.
4. A frame of TwoRoom is theirs to within a grey level, of Reacher to the bit.

Push-T's frames are not compared: pygame and OpenCV draw them, which are replaced here.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from original import original

from smwm_core.planning import CEM
from smwm_core.worlds.lewm.look import LewmReacher
from smwm_core.worlds.simulators.cube import CUBE, Cube
from smwm_core.worlds.simulators.push_t import PushT
from smwm_core.worlds.simulators.reacher import Reacher
from smwm_core.worlds.simulators.two_room import TwoRoom

SEQUENCES, ACTIONS, PAIRS = 20, 25, 5_000

pytestmark = [  # of theirs
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array:UserWarning"),
]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def recorded(world, episodes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Starts ``(20, S)`` and actions ``(20, 25, A)`` from episodes of ours."""
    states, actions, length = world.collect(episodes, seeded())
    assert length.min() >= ACTIONS
    starts = [
        (i, start)
        for i in range(episodes)
        for start in torch.linspace(0, length[i] - ACTIONS, SEQUENCES // episodes).int()
    ]
    state = torch.stack([states[i, start] for i, start in starts])
    action = torch.stack([actions[i, start : start + ACTIONS] for i, start in starts])
    assert not action.isnan().any()
    action[::4] *= 1.5  # some beyond their bounds
    return state, action


@pytest.fixture(scope="module")
def two_room():
    env = original("envs.two_room.env").TwoRoomEnv()
    env.reset(seed=0)
    return env


@pytest.fixture(scope="module")
def push_t():
    env = original("envs.pusht.env").PushT()
    env._goal = None  # the goal's picture
    env._setup()
    return env


@pytest.fixture(scope="module")
def reacher():
    env = original("envs.dmcontrol.reacher").ReacherDMControlWrapper(task="qpos_match", seed=0)
    env.reset(seed=0)
    yield env
    env.close()


@pytest.fixture(scope="module")
def cube():
    env = original("envs.ogbench.cube_env").CubeEnv("single", mode="data_collection", visualize_info=False)
    env.reset(seed=0)
    return env


def test_two_room_goes_where_theirs_goes(two_room):
    starts, actions = recorded(TwoRoom())
    for start, sequence, played in zip(starts, actions, TwoRoom().play(starts, actions), strict=True):
        two_room._set_state(start.tolist())
        for action, state in zip(sequence, played, strict=True):
            two_room.step(action.numpy())
            assert torch.equal(two_room.agent_position, state)


def test_push_t_goes_where_theirs_goes(push_t):
    starts, actions = recorded(PushT())
    starts, actions = starts.double(), actions.double()
    touched = free = 0
    settled = PushT().settled(starts)
    for start, first, sequence, played in zip(starts, settled, actions, PushT().play(settled, actions), strict=True):
        push_t._setup()
        push_t._set_goal_state(start.numpy())
        push_t._set_state(start.tolist())
        assert np.array_equal(push_t._get_obs(), first.numpy())
        theirs = np.stack([push_t.step(action)[0]["state"] for action in sequence.numpy()])
        assert np.abs(theirs[0] - played[0].numpy()).max() < 1  # theirs remembers the forces of a contact at the start
        equal = np.array_equal(theirs, played.numpy())
        free += equal
        touched += equal and bool((played[-1, 2:5] != start[2:5]).any())
    assert free >= 0.7 * SEQUENCES
    assert touched > SEQUENCES / 4


def test_reacher_goes_where_theirs_goes(reacher):
    starts, actions = recorded(Reacher())
    reacher.env.task.target_qpos = None
    for start, sequence, played in zip(starts, actions, Reacher().play(starts, actions), strict=True):
        reacher.reset(options={"state": start.double().numpy()})
        for action, state in zip(sequence.numpy(), played, strict=True):
            info = reacher.step(action)[-1]
            assert np.array_equal(np.concatenate([info["qpos"], info["qvel"]]), state.numpy())


def test_cube_goes_where_theirs_goes(cube):
    import mujoco

    starts, actions = recorded(Cube())
    starts, actions = starts.double(), actions.double()
    carried = 0
    for start, sequence, played in zip(starts, actions, Cube().play(starts, actions), strict=True):
        mujoco.mj_resetData(cube.model, cube.data)  # or the search for contact forces starts at those of before
        cube.set_state(*np.split(start.numpy(), [21]))
        for action, state in zip(sequence.numpy(), played, strict=True):
            cube.step(action)
            assert np.array_equal(np.concatenate([cube.data.qpos, cube.data.qvel]), state.numpy())
        carried += bool((played[-1, CUBE] - start[CUBE]).norm() > 0.01)
    assert carried > SEQUENCES / 5


def around(n: int, reach: torch.Tensor, seed: int) -> torch.Tensor:
    """Differences ``(n, S)``, uniform up to ``reach`` either way."""
    return reach * (2 * torch.rand(n, len(reach), generator=seeded(seed), dtype=torch.float64) - 1)


def require_agreement(theirs: list[bool], ours: torch.Tensor) -> None:
    assert ours.tolist() == theirs
    assert 0.2 < ours.float().mean() < 0.8


def test_two_room_succeeds_as_theirs(two_room):
    goal = torch.tensor([165.0, 165.0]) + around(PAIRS, torch.full((2,), 12.0), 0).float()
    state = goal + around(PAIRS, torch.full((2,), 20.0), 1).float()
    theirs = []
    for position, target in zip(state, goal, strict=True):
        two_room.agent_position, two_room.target_position = position, target
        theirs.append(two_room.step(np.zeros(2, np.float32))[2])
        assert torch.equal(two_room.agent_position, position)
    require_agreement(theirs, TwoRoom().reached(state, goal))


def test_push_t_succeeds_as_theirs(push_t):
    goal = torch.tensor([250.0, 250, 250, 250, 3, 0, 0]) + around(PAIRS, torch.tensor([99.0, 99, 99, 99, 3, 9, 9]), 0)
    state = goal + around(PAIRS, torch.tensor([14.0, 14, 14, 14, 0.5, 9, 9]), 1)
    state[:, 4] %= 2 * math.pi
    theirs = [bool(push_t.eval_state(b, a)[0]) for a, b in zip(state.numpy(), goal.numpy(), strict=True)]
    require_agreement(theirs, PushT().reached(state, goal))


def test_reacher_succeeds_as_theirs(reacher):
    goal = around(PAIRS, torch.tensor([7.0, 2.7, 1, 1]), 0)
    state = goal + around(PAIRS, torch.tensor([0.07, 0.07, 1, 1]), 1)
    state[:9, 0] += 2 * math.pi
    theirs = []
    for a, b in zip(state.numpy(), goal.numpy(), strict=True):
        reacher.env.task.target_qpos = b[:2]
        physics = SimpleNamespace(data=SimpleNamespace(qpos=a[:2]))
        theirs.append(reacher.env.task.get_termination(physics) is not None)
    require_agreement(theirs, Reacher().reached(state, goal))


def test_cube_succeeds_as_theirs(cube):
    goal = torch.zeros(PAIRS, 41, dtype=torch.float64)
    goal[:, CUBE] = torch.tensor([0.4, 0.0, 0.1]) + around(PAIRS, torch.tensor([0.2, 0.3, 0.1]), 0)
    state = goal.clone()
    state[:, CUBE] += around(PAIRS, torch.full((3,), 0.035), 1)
    theirs = []
    for a, b in zip(state[:, CUBE].numpy(), goal[:, CUBE].numpy(), strict=True):
        cube.data.joint("object_joint_0").qpos[:3] = a
        cube.set_target_pos(0, b)
        theirs += cube._compute_successes()
    require_agreement(theirs, Cube().reached(state, goal))


def quadratic(target: torch.Tensor):
    """A cost whose minimum is far outside [-1, 1]: ``(B, S, H, A)`` → ``(B, S)``."""
    return lambda actions: ((actions - target[:, None]).square() * torch.linspace(1, 3, actions.shape[-1])).sum((2, 3))


def searched(bound: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Actions and their deviations by our search and by theirs, one after the other."""
    import gymnasium

    tasks, horizon, size = 3, 5, 10
    cost = quadratic(3 * torch.randn(tasks, horizon, size, generator=seeded(5)))
    solver = original("solver.cem").CEMSolver(
        SimpleNamespace(get_cost=lambda _, candidates: cost(candidates)), batch_size=tasks, n_steps=10, seed=7
    )
    config = SimpleNamespace(horizon=horizon, action_block=5)
    space = gymnasium.spaces.Box(-1, 1, (tasks, size // 5), np.float32)
    solver.configure(action_space=space, n_envs=tasks, config=config)
    theirs = solver.solve({"anything": torch.zeros(tasks, 1)})
    limit = torch.full((size,), bound)
    search = CEM(-limit, limit, horizon=horizon, samples=300, elites=30, iterations=10)
    ours = search(lambda z, goal, actions: cost(actions), torch.zeros(tasks, 2), torch.zeros(tasks, 2), seeded(7))
    assert theirs["actions"].abs().max() > 2
    return ours.actions, theirs["actions"]


def test_a_search_without_bounds_is_theirs(capsys):
    ours, theirs = searched(math.inf)
    assert torch.equal(ours, theirs)


def test_a_search_with_bounds_is_not_theirs(capsys):
    ours, theirs = searched(2.0)
    assert (ours - theirs).abs().max() > 0.5


def test_two_room_looks_as_theirs(two_room):
    states = torch.tensor([[50.3, 60.8], [112.0, 49.0], [203.0, 21.0]])
    for state, frame in zip(states, TwoRoom(224).render(states), strict=True):
        two_room._set_state(state.tolist())
        theirs = torch.from_numpy(two_room.render().copy()).permute(2, 0, 1)
        assert (255 * frame - theirs).abs().max() < 1.001  # theirs is cut off to whole grey levels


def test_reacher_looks_as_theirs(reacher):
    states = around(3, torch.tensor([3.0, 2.5, 2, 2]), 0)
    for state, frame in zip(states, LewmReacher().render(states), strict=True):
        reacher.reset(options={"state": state.numpy()})
        theirs = torch.from_numpy(reacher.render().copy()).permute(2, 0, 1)
        assert torch.equal((255 * frame).round().byte(), theirs)
