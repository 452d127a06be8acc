"""Claims about the agent that brings the T of Push-T to a pose.

1. It ends most episodes at the pose, and nearer to it on average; each episode ends when the pose is met, not later.
2. Starts are all over the table and turned from the pose on it, to which collected episodes lead; discs start beside
   the T, and pushes outside its outline.
3. Of the pushes it tries it takes the one that leaves the T nearest to the pose.
4. A disc walks around the T without moving it, on the side that stays on the table.
5. Episodes move the T in nearly all windows of 25 steps, replay, and repeat with the seed; actions are in their range.
6. What cannot be shown is refused.
"""

import math
from functools import cache

import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.simulators import push_t_demonstrator as agent
from smwm_core.worlds.simulators.push_t import PushT
from smwm_core.worlds.simulators.push_t_geometry import centre_of_mass, distance_to_t

ON_TABLE = torch.tensor([[256.0, 256.0, math.pi / 4]], dtype=torch.float64)  # where frames show the goal


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@cache
def shown():
    """Eight episodes, with their goals."""
    drawn = generator(3)
    start, goal = agent.draw_starts(8, drawn), ON_TABLE.expand(8, 3)
    return start, goal, *agent.demonstrate(PushT(), start, goal, drawn)


def at_pose(state: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    turn = torch.atan2((state[..., 4] - goal[..., 2]).sin(), (state[..., 4] - goal[..., 2]).cos())
    return ((state[..., 2:4] - goal[..., :2]).norm(dim=-1) < 20) & (turn.abs() < math.pi / 9)


def test_it_meets_the_pose_and_stops_there():
    start, goal, states, actions, length = shown()
    assert states.shape == (8, 201, 7)
    assert actions.shape == (8, 200, 2)
    last = states[torch.arange(8), length].double()
    before, after = (agent.pose_error(state[:, 2:5], goal) for state in (start, last))
    assert after.mean() < 0.3 * before.mean()
    met = at_pose(last, goal)
    assert met.float().mean() > 0.4
    assert (length[~met] == 200).all()
    for path, aim, n in zip(states.double(), goal, length, strict=True):
        assert not at_pose(path[:n], aim).any()


def test_starts_are_everywhere_and_turned():
    start = agent.draw_starts(2_000, generator())
    middle = centre_of_mass(start)
    assert (middle.amin(0) - 116).abs().max() < 2
    assert (middle.amax(0) - 396).abs().max() < 2
    turn = (start[:, 4] - math.pi / 4) % (2 * math.pi)
    assert math.pi / 6 <= turn.min() < 0.54
    assert 5.74 < turn.max() <= 11 * math.pi / 6
    assert 0 <= start[:, 4].min() < 0.01 < 6.27 < start[:, 4].max() < 2 * math.pi
    assert not at_pose(start, ON_TABLE).any()
    assert distance_to_t(start[:, :2], start[:, 2:5]).min() > 15  # the disc's radius
    assert (start[:, 5:] == 0).all()


def test_pushes_begin_at_a_distance_from_the_outline():
    place, outward = agent._along_the_edges((torch.arange(480, dtype=torch.float64) + 0.5) / 480)
    still = torch.zeros(480, 3, dtype=torch.float64)
    assert distance_to_t(place - agent.GAP * outward, still).abs().max() < 1e-9
    assert (place - agent.GAP * outward).diff(dim=0).norm(dim=1).max() < 1 + 1e-9  # an outline of 480 px
    clear = distance_to_t(place, still) > agent.GAP - 2
    assert 0.85 < clear.float().mean() < 1  # not in the corners between bar and stem
    assert clear.float()[outward[:, 1] < 0].all()


def test_it_takes_the_best_push():
    world, drawn = PushT(), generator(5)
    start, goal = agent.draw_starts(6, drawn), ON_TABLE.expand(6, 3)
    place, direction, _, steps = agent._decide(world, start, goal, drawn)
    chosen = agent.on_table(place, start[:, 2:5])
    begun = torch.cat([chosen, start[:, 2:5], torch.zeros(6, 2)], 1).double()
    pushes = agent.PUSH * direction[:, None].expand(-1, agent.LONGEST_PUSH, -1)
    ends = world.play(begun, pushes)[torch.arange(6), steps.long() - 1]
    gain = agent.pose_error(start[:, 2:5], goal) - agent.pose_error(ends[:, 2:5], goal)
    assert (gain > 10).all()
    random = agent._decide(world, start, goal + torch.tensor([0.0, 0.0, math.pi]), generator(6))
    assert not torch.equal(random[1], direction)


@pytest.mark.parametrize("goal_x", [116.0, 256.0])
def test_it_walks_around_the_t_without_moving_it(goal_x):
    state = torch.tensor([[goal_x, 130.0, goal_x, 220.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    below = torch.tensor([[goal_x, 220.0 + 120 + 19]], dtype=torch.float64)
    pose = state[:, 2:5].clone()
    assert not agent._clear(state, below)
    side, far = agent._ways_around(state, below + torch.tensor([[0.0, 60.0]]))
    assert far > math.pi * 100
    for _ in range(agent.LONGEST_WALK):
        if (below - state[:, :2]).norm() < agent.ARRIVED:
            break
        state = PushT().play(state, agent._walk(state, below, side)[:, None])[:, 0]
        assert ((state[:, :2] > 15) & (state[:, :2] < 497)).all()
    assert (below - state[:, :2]).norm() < agent.ARRIVED
    assert (state[:, 2:5] - pose).abs().max() < 1e-6
    if goal_x < 200:
        assert side == 1  # over the right, as there is no room on the left


def test_episodes_are_good_data():
    _, _, states, actions, length = shown()
    world = PushT(demonstrations="pose")
    episodes = Episodes.from_padded(states, actions, length)
    rows = episodes.starts(25)
    then, later = episodes.state[rows].double(), episodes.state[rows + 25].double()
    turn = torch.atan2((later[:, 4] - then[:, 4]).sin(), (later[:, 4] - then[:, 4]).cos()).abs()
    moved = ((later[:, 2:4] - then[:, 2:4]).norm(dim=1) > 20) | (turn > math.pi / 9)
    assert moved.float().mean() > 0.75
    assert (turn > math.pi / 9).float().mean() > 0.5
    some = rows[::10]
    played = world.play(then[::10], episodes.action[some[:, None] + torch.arange(25)])[:, -1]
    assert world.reached(played, later[::10]).float().mean() >= 0.95
    real = episodes.action[~episodes.action.isnan().any(1)]
    assert real.abs().max() < 1
    assert 0.15 < real.std() < 0.3
    assert world.inside(episodes.state).all()


def test_a_world_brings_the_t_to_the_pose_on_the_table_and_repeats_it_with_the_seed():
    world = PushT(demonstrations="pose")
    one, again, other = (world.collect(4, generator(seed)) for seed in (1, 1, 2))
    states, _, length = one
    ended = at_pose(states[torch.arange(4), length].double(), ON_TABLE)
    assert ended.any()
    assert torch.equal(length < 200, ended)
    assert all(torch.equal(a.nan_to_num(-9), b.nan_to_num(-9)) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one[0][:, 0], other[0][:, 0])
    assert len(Episodes.from_padded(*one)) == 4


def test_what_cannot_be_shown_is_refused():
    start = agent.draw_starts(1, generator())
    with pytest.raises(SMWMError, match="at its goal already"):
        agent.demonstrate(PushT(), start, start[:, 2:5], generator())
    start[:, 2:4] = torch.tensor([-300.0, 700.0])
    with pytest.raises(SMWMError, match=r"No push is possible on a T whose middle is at \(-\d+, \d+\)"):
        agent.demonstrate(PushT(), start, ON_TABLE, generator())
    with pytest.raises(SMWMError, match="no kind of demonstrations named 'best'; choose one of: pose, scripted"):
        PushT(demonstrations="best")
