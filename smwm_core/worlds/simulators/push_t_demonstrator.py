"""An agent that brings Push-T's T to a pose: where it is to lie, and how it is to be turned.

In collected episodes that is the pose which is drawn on the table, as in the demonstrations of the paper: an agent that
aims at a pose of its own shows by its actions little of how the T is turned, and a latent that is to tell the actions
learns little of it.

It tries before it pushes. Of 24 places along the T's edges it plays a push each in a copy of the table, takes the one
that brings the T nearest to the pose, walks around the T to it, pushes, and decides anew.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn.functional import normalize

from smwm_core.errors import SMWMError
from smwm_core.worlds.simulators.push_t_geometry import (
    ACTION_SCALE,
    BAR,
    DISC_HIGH,
    DISC_LOW,
    GOAL_POSE,
    STEM,
    TABLE,
    centre_of_mass,
    distance_to_t,
    on_table,
)
from smwm_core.worlds.world import Simulator

STEPS = 200  # of an episode
ROOM = 140.0  # px from the table's middle along each axis, in which the T's middle is at the start
LEAST_TURN = math.pi / 6  # by which starts are turned from the goal, so that no T is at it

PUSHES, LONGEST_PUSH = 24, 8  # tried at each decision, and their steps
GAP, LEAN = 19.0, 0.4  # a push begins so far outside an edge, and leaves its normal by no more than this angle
TURN_WEIGHT = 60.0  # px of distance that count like a turn by 1 rad
WALK_COST = 0.05  # px of distance that count like 1 px of walking
PUSH, WALK = 0.28, 0.35  # sizes of actions
NOISE = 0.15  # of each action: a model that has seen only straight pushes cannot judge others, which a search draws

AWAY, CLEARANCE = 105.0, 14.5  # of the disc's centre from the T's middle on the way around it, and from the T itself
ENTRY = 60.0  # from a push's beginning straight outwards: from there on the way to it is clear
ARRIVED, LONGEST_WALK = 8.0, 30  # px and steps


def demonstrate(
    table: Simulator, start: Tensor, goal: Tensor, generator: Generator, steps: int = STEPS
) -> tuple[Tensor, Tensor, Tensor]:
    """Episodes that end when the T is at its goal.

    Arguments:
        table: Push-T.
        start: states ``(E, 7)``.
        goal: poses ``(E, 3)``, which no T has at the start.
        generator: a CPU generator, the only source of randomness.
        steps: after which an episode ends without success.

    Returns:
        states ``(E, steps + 1, 7)`` and actions ``(E, steps, 2)``, float32, and the number of actions of each episode
        ``(E,)``; what comes after the end of an episode repeats its last state with NaN actions.

    Raises:
        SMWMError: a T is at its goal already, or so near to an edge of the table that no push is possible.
    """
    state, n = start.double(), len(start)
    place, direction = (torch.zeros(n, 2, dtype=torch.float64) for _ in range(2))
    side, patience, left = torch.zeros(n, dtype=torch.float64), torch.zeros(n), torch.zeros(n)
    running, pushing = torch.ones(n, dtype=torch.bool), torch.zeros(n, dtype=torch.bool)
    length = torch.full((n,), steps)
    if _met(table, state, goal).any():
        raise SMWMError("A T is at its goal already, so there is nothing to demonstrate.")
    states, actions = [state], []
    for step in range(steps):
        anew = running & torch.where(pushing, left <= 0, patience <= 0)
        if anew.any():
            plan = _decide(table, state[anew], goal[anew], generator)
            if step == 0 and (plan[-1] == 0).any():
                x, y = centre_of_mass(state[anew][plan[-1] == 0])[0].tolist()
                raise SMWMError(f"No push is possible on a T whose middle is at ({x:.0f}, {y:.0f}), so none is shown.")
            place[anew], direction[anew], side[anew], left[anew] = plan
            pushing[anew], patience[anew] = plan[-1] == 0, LONGEST_WALK  # without any push it waits for a step
        target = on_table(place, state[:, 2:5])
        pushing = pushing | ((target - state[:, :2]).norm(dim=1) < ARRIVED)
        walk = _walk(state, target, side)
        action = torch.where(pushing[:, None], PUSH * direction, walk)
        action = action + NOISE * torch.randn(n, 2, generator=generator, dtype=torch.float64)
        aim = (state[:, :2] + ACTION_SCALE * action).clamp(DISC_LOW, DISC_HIGH)
        action = ((aim - state[:, :2]) / ACTION_SCALE).float()
        left, patience = torch.where(pushing, left - 1, left), torch.where(pushing, patience, patience - 1)
        state = state.clone()
        state[running] = table.play(state[running], action[running][:, None])[:, 0]
        states.append(state)
        actions.append(torch.where(running[:, None], action, torch.nan))
        done = running & _met(table, state, goal)
        length[done] = step + 1
        running = running & ~done
    return torch.stack(states, 1).float(), torch.stack(actions, 1), length


def draw_starts(n: int, generator: Generator) -> Tensor:
    """Random states to bring the T from to the pose on the table, ``(N, 7)`` float64.

    The T is somewhere around the middle of the table and turned by 30° or more from that pose, the disc beside it.
    """

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    turn = GOAL_POSE[2] + LEAST_TURN + (2 * math.pi - 2 * LEAST_TURN) * uniform(n)
    start = torch.zeros(n, 7, dtype=torch.float64)
    start[:, 4] = turn % (2 * math.pi)
    start[:, 2:4] = TABLE / 2 + ROOM * (2 * uniform(n, 2) - 1) - centre_of_mass(start)
    start[:, :2] = (centre_of_mass(start) + AWAY * _unit(2 * math.pi * uniform(n))).clamp(DISC_LOW, DISC_HIGH)
    return start


def _met(table: Simulator, state: Tensor, goal: Tensor) -> Tensor:
    """Whether the T is at a pose ``(N, 3)``, wherever the disc is: ``(N,)`` bool."""
    return table.reached(state, torch.cat([state[:, :2], goal, state[:, 5:]], 1))


def pose_error(pose: Tensor, goal: Tensor) -> Tensor:
    """How far two poses are apart: px between the T's middles, plus 60 px per rad. Two ``(…, 3)`` → ``(…,)``."""
    turn = (pose[..., 2] - goal[..., 2]).abs() % (2 * math.pi)
    distance = (_middle(pose) - _middle(goal)).norm(dim=-1)
    return distance + TURN_WEIGHT * torch.minimum(turn, 2 * math.pi - turn)


def _decide(table: Simulator, state: Tensor, goal: Tensor, generator: Generator) -> tuple[Tensor, ...]:
    """The best of some random pushes, for each of N tables.

    Returns:
        where it begins in the T's own frame and its direction on the table, ``(N, 2)`` each; on which side the way
        leads around the T (1 or -1), and its steps, 0 if none is possible, ``(N,)`` each.
    """
    n = len(state)
    place, outward = _along_the_edges(torch.rand(n, PUSHES, generator=generator, dtype=torch.float64))
    lean = LEAN * (2 * torch.rand(n, PUSHES, generator=generator, dtype=torch.float64) - 1)
    tables = state[:, None].expand(-1, PUSHES, -1)
    pose, start = tables[..., 2:5], on_table(place, tables[..., 2:5])
    out = _turned(outward, tables)
    direction = -torch.stack([lean.cos() * out[..., 0] - lean.sin() * out[..., 1],
                              lean.sin() * out[..., 0] + lean.cos() * out[..., 1]], -1)  # fmt: skip
    possible = ((start > DISC_LOW) & (start < DISC_HIGH)).all(-1) & (distance_to_t(start, pose) > GAP - 2)
    tried = torch.cat([start, pose, torch.zeros_like(start)], -1)[possible]
    pushes = PUSH * direction[possible][:, None].expand(-1, LONGEST_PUSH, -1)
    played = table.play(tried, pushes)
    side, walked = _ways_around(tables, start + ENTRY * out)
    walked = torch.where(_clear(tables, start), (start - tables[..., :2]).norm(dim=-1), walked)
    cost = torch.full((n, PUSHES, LONGEST_PUSH), math.inf, dtype=torch.float64)
    goals = goal[:, None].expand(-1, PUSHES, -1)[possible]
    cost[possible] = pose_error(played[..., 2:5], goals[:, None]) + WALK_COST * walked[possible][:, None]
    least, best = cost.flatten(1).min(1)
    push, rows = best // LONGEST_PUSH, torch.arange(n)
    steps = torch.where(least.isfinite(), best % LONGEST_PUSH + 1, 0)
    moving = torch.where(steps[:, None] > 0, direction[rows, push], 0)
    return place[rows, push], moving, side[rows, push], steps.float()


def _along_the_edges(share: Tensor) -> tuple[Tensor, Tensor]:
    """Where pushes begin: shares of the way along the T's outline → places outside it and normals, ``(…, 2)`` each."""
    (left, top, right, bottom), (stem_left, _, stem_right, end) = BAR, STEM
    corners = [(left, top), (right, top), (right, bottom), (stem_right, bottom), (stem_right, end), (stem_left, end),
               (stem_left, bottom), (left, bottom)]  # fmt: skip
    corner = torch.tensor(corners, dtype=torch.float64)
    edge = corner.roll(-1, 0) - corner
    until = edge.norm(dim=1).cumsum(0)
    way = share * until[-1]
    number = torch.searchsorted(until, way.contiguous(), right=True).clamp(max=len(corner) - 1)
    along = normalize(edge, dim=1)[number]
    normal = torch.stack([along[..., 1], -along[..., 0]], -1)
    rest = way - (until - edge.norm(dim=1))[number]
    return corner[number] + rest[..., None] * along + GAP * normal, normal


def _walk(state: Tensor, target: Tensor, side: Tensor) -> Tensor:
    """Actions towards targets ``(N, 2)``: straight ahead where the T is not in the way, otherwise around it."""
    way = target - state[:, :2]
    straight = normalize(way) * (way.norm(dim=1, keepdim=True) / ACTION_SCALE).clamp(max=WALK)
    from_middle = state[:, :2] - centre_of_mass(state)
    out = normalize(from_middle)
    along = side[:, None] * torch.stack([-out[:, 1], out[:, 0]], 1)
    free = ((distance_to_t(state[:, :2], state[:, 2:5]) - 15) / 15).clamp(0, 1)[:, None]
    around = free * along + (1 - free) * _away(state) + out * (AWAY - from_middle.norm(dim=1, keepdim=True)) / 60
    return torch.where(_clear(state, target)[:, None], straight, WALK * normalize(around))


def _ways_around(state: Tensor, entry: Tensor) -> tuple[Tensor, Tensor]:
    """On which side of the T a disc better walks to an entry, and how far that is in px: two ``(…,)``.

    The shorter way is better, unless it leaves the table.
    """
    middle = centre_of_mass(state)
    here, there = ((p - middle)[..., [1, 0]] for p in (state[..., :2], entry))
    here, there = torch.atan2(*here.unbind(-1)), torch.atan2(*there.unbind(-1))
    ways = []
    for sign in (1, -1):
        turn = (sign * (there - here)) % (2 * math.pi)
        passed = here[..., None] + sign * turn[..., None] * torch.linspace(0, 1, 8, dtype=here.dtype)
        points = middle[..., None, :] + AWAY * _unit(passed)
        outside = ((points < DISC_LOW) | (points > DISC_HIGH)).any(-1).float().mean(-1)
        ways.append(AWAY * (turn + 2 * math.pi * outside))
    return torch.where(ways[0] <= ways[1], 1.0, -1.0).double(), torch.minimum(*ways)


def _clear(state: Tensor, target: Tensor) -> Tensor:
    """Whether the disc can go straight to a target, ``(…, 7)`` and ``(…, 2)`` → ``(…,)``."""
    passed = torch.linspace(0, 1, 12, dtype=state.dtype)[:, None]
    points = state[..., None, :2] + passed * (target - state[..., :2])[..., None, :]
    return (distance_to_t(points, state[..., None, 2:5]) > CLEARANCE).all(-1)


def _away(state: Tensor) -> Tensor:
    """The direction in which the disc gets away from the T fastest, ``(N, 7)`` → ``(N, 2)``."""
    here = distance_to_t(state[:, :2], state[:, 2:5])
    moved = [distance_to_t(state[:, :2] + torch.tensor(step), state[:, 2:5]) for step in ([1.0, 0.0], [0.0, 1.0])]
    return normalize(torch.stack([there - here for there in moved], 1))


def _turned(vectors: Tensor, state: Tensor) -> Tensor:
    """Directions in the T's own frame ``(…, 2)`` → on the table."""
    return on_table(vectors, torch.cat([torch.zeros_like(state[..., :2]), state[..., 4:5]], -1))


def _middle(pose: Tensor) -> Tensor:
    """Where the centre of mass of a T at a pose ``(…, 3)`` lies."""
    return centre_of_mass(torch.nn.functional.pad(pose, (2, 0)))


def _unit(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()], -1)
