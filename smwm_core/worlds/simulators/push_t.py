"""Push-T: a disc that pushes a T over a table.

All lengths are those of the published 512×512 table, whatever size is drawn. The disc follows a spring to a place that
the action sets relative to it; the T has mass, slides without momentum, and is stopped by the disc and four walls.
The rigid bodies are pymunk's; frames are drawn here, batched, on any device.

Semantics: Push-T of the ``stable-worldmodel`` package (github.com/galilai-group/stable-worldmodel), version 0.0.6.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.worlds.simulators.push_t_demonstrator import demonstrate, draw_starts
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
    distances_to_parts,
    on_table,
)
from smwm_core.worlds.world import require_actions, require_states

SUBSTEPS, TIME_STEP = 10, 0.01
SPRING, DAMPER = 100.0, 20.0
DISC_RADIUS = 15.0
DISC_EDGE, T_EDGE = 4.0, 2.0  # of dark outlines: inside the disc, and on either side of an edge of bar and stem
T_MIDDLE, T_RADIUS = (0.0, 60.0), 85.0  # of a circle around the T
WALL_LOW, WALL_HIGH, WALL_RADIUS = 5.0, 506.0, 2.0
REACHED_DISTANCE, REACHED_ANGLE = 20.0, math.pi / 9

WHITE, GOAL_COLOUR, T_COLOUR, DISC_COLOUR, WALL_COLOUR = (
    (255, 255, 255),
    (144, 238, 144),
    (119, 136, 153),
    (65, 105, 225),
    (211, 211, 211),
)

FRAMES_AT_ONCE = 16  # on a CPU, what is computed for more of them leaves the cache

DEMONSTRATIONS = ("scripted", "pose")

# Of the scripted agent that collects episodes.
AWAY, PUSH, NOISE = 105.0, 0.28, 0.06


@dataclass(frozen=True)
class PushT:
    """A disc, a T, and the outline of where the T could go.

    A state is ``(x, y, X, Y, θ, vx, vy)`` float64: the disc, the T with its angle in [0, 2π), the disc's velocity. An
    action is a displacement of the disc's target from the disc, in units of 100 px; it is not clipped.

    Arguments:
        image_size: of the frames that are drawn.
        demonstrations: whose episodes are collected, those of an agent that pushes the T around (``"scripted"``) or of
            one that brings it to the pose that is drawn on the table (``"pose"``).

    Raises:
        SMWMError: pymunk is missing, a frame that is too small or too large, or unknown demonstrations.
    """

    image_size: int = 64
    state_dim: int = 7
    action_dim: int = 2
    controllable_dim: int = 2
    bounds: tuple[float, float] = (-1.0, 1.0)
    velocities: ClassVar[slice] = slice(5, 7)
    episode_steps: int = 100
    demonstrations: str = "scripted"

    def __post_init__(self) -> None:
        choose("kind of demonstrations", self.demonstrations, dict.fromkeys(DEMONSTRATIONS))
        if not 16 <= self.image_size <= TABLE:
            raise SMWMError(f"Push-T is drawn at 16 to {TABLE} px, not {self.image_size}.")
        _pymunk()

    def describe(self) -> str:
        return f"a disc that pushes a T, on {self.image_size}×{self.image_size} px; the action moves the disc's target"

    def play(self, state: Tensor, actions: Tensor) -> Tensor:
        """Where sequences of actions lead, each in a table of its own.

        Arguments:
            state: ``(N, 7)``.
            actions: ``(N, K, 2)``.

        Returns:
            the states after each action, ``(N, K, 7)`` float64.

        Raises:
            SMWMError: wrong shapes, or numbers that are not finite.
        """
        require_states("Push-T", state, 7)
        require_actions("Push-T", state, actions, 2)
        played = [_play(s, a) for s, a in zip(state.double().tolist(), actions.double().tolist(), strict=True)]
        return torch.tensor(played, dtype=torch.float64).view(*actions.shape[:2], 7)

    def settled(self, state: Tensor) -> Tensor:
        """What becomes of states ``(N, 7)`` as a table is set up in them: the original lets 0.01 s pass."""
        require_states("Push-T", state, 7)
        settled = [_settle(s) for s in state.double().tolist()]
        return torch.tensor(settled, dtype=torch.float64).view(-1, 7).to(state)

    def reached(self, state: Tensor, goal: Tensor) -> Tensor:
        """Whether disc and T are at their goals: two ``(…, 7)`` → ``(…,)`` bool.

        The four coordinates together are within 20 px, and the angle within 20°.
        """
        distance, turn = self._apart(state, goal)
        return (distance < REACHED_DISTANCE) & (turn < REACHED_ANGLE)

    def distances(self, state: Tensor, goal: Tensor) -> Tensor:
        """Distance of the four coordinates in units of 20 px, and of the angle in units of 20°: → ``(…, 2)``."""
        distance, turn = self._apart(state, goal)
        return torch.stack([distance / REACHED_DISTANCE, turn / REACHED_ANGLE], -1)

    @staticmethod
    def _apart(state: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
        turn = (state[..., 4] - goal[..., 4]).abs() % (2 * math.pi)
        return (state[..., :4] - goal[..., :4]).norm(dim=-1), torch.minimum(turn, 2 * math.pi - turn)

    def inside(self, state: Tensor) -> Tensor:
        """Whether the centres of disc and T lie on the table: states ``(…, 7)`` → ``(…,)`` bool."""
        places = torch.cat([state[..., :2], centre_of_mass(state)], -1)
        return ((places >= 0) & (places <= TABLE)).all(-1)

    def random_action(self, n: int, generator: Generator) -> Tensor:
        """``(n, 2)`` uniform actions in [-1, 1]."""
        return 2 * torch.rand(n, 2, generator=generator) - 1

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Episodes of an agent that pushes the T around, or brings it to the pose that is drawn on the table.

        Arguments:
            episodes: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            states ``(episodes, T + 1, 7)`` and actions ``(episodes, T, 2)``, float32, and the number of actions
            of each episode ``(episodes,)``: 100 for all who only push, and as many as are needed, at most 200, for
            those who bring it to the pose.
        """
        if self.demonstrations == "pose":
            goal = torch.tensor(GOAL_POSE, dtype=torch.float64).expand(episodes, 3)
            return demonstrate(self, draw_starts(episodes, generator), goal, generator)
        return self._push_around(episodes, generator)

    def _push_around(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """The scripted agent.

        It picks a direction, more often towards the middle the farther the T is from it, walks around the T to
        the other side, and pushes; after 25 to 45 steps it picks anew. Its actions are noisy all the time.
        """

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, dtype=torch.float64)

        block = torch.cat([100 + 300 * uniform(episodes, 2), 2 * math.pi * uniform(episodes, 1)], 1)
        away = 2 * math.pi * uniform(episodes)
        state = torch.cat([torch.zeros(episodes, 2), block, torch.zeros(episodes, 2)], 1).double()
        disc = centre_of_mass(state) + (AWAY + 30) * torch.stack([away.cos(), away.sin()], 1)
        state[:, :2] = disc.clamp(25, TABLE - 25)
        left = torch.zeros(episodes)
        direction, side = torch.zeros(episodes, 2).double(), torch.zeros(episodes).double()
        pushing = torch.zeros(episodes, dtype=torch.bool)
        states, actions = [state], []
        for _ in range(self.episode_steps):
            mass = centre_of_mass(state)
            inwards = TABLE / 2 - mass
            pull = (inwards.norm(dim=1, keepdim=True) / 150).clamp(max=2)
            angle = 2 * math.pi * uniform(episodes)
            fresh = torch.stack([angle.cos(), angle.sin()], 1) + pull * torch.nn.functional.normalize(inwards)
            fresh_side, fresh_left = 80 * uniform(episodes) - 40, 25 + 20 * uniform(episodes)
            anew = left <= 0
            direction = torch.where(anew[:, None], torch.nn.functional.normalize(fresh), direction)
            side = torch.where(anew, fresh_side, side)
            left = torch.where(anew, fresh_left, left - 1)
            pushing = pushing & ~anew
            across = torch.stack([-direction[:, 1], direction[:, 0]], 1)
            behind = mass - AWAY * direction + side[:, None] * across
            way = behind - state[:, :2]
            pushing = pushing | (way.norm(dim=1) < 20)
            walk = _around(state[:, :2], behind, mass)
            action = torch.where(pushing[:, None], PUSH * direction, walk)
            action = action + NOISE * torch.randn(episodes, 2, generator=generator, dtype=torch.float64)
            aim = (state[:, :2] + ACTION_SCALE * action).clamp(DISC_LOW, DISC_HIGH)
            action = ((aim - state[:, :2]) / ACTION_SCALE).float()
            state = self.play(state, action[:, None])[:, 0]
            states.append(state)
            actions.append(action)
        length = torch.full((episodes,), self.episode_steps)
        return torch.stack(states, 1).float(), torch.stack(actions, 1), length

    def render(self, state: Tensor) -> Tensor:
        """Draw states: disc and T with dark outlines, a fifth lighter inside, all edges softened over one pixel.

        Arguments:
            state: ``(N, 7)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.
        """
        require_states("Push-T", state, 7)
        at_once = FRAMES_AT_ONCE if state.device.type == "cpu" else len(state)
        return torch.cat([self._draw(part) for part in state.float().split(at_once)])

    def _draw(self, state: Tensor) -> Tensor:
        empty, grid = _empty_table(self.image_size, state.device)
        frames, pose = empty.repeat(len(state), 1, 1, 1), state[:, None, None, 2:5]
        place = self._pixels_around(state[:, :2], DISC_RADIUS)
        disc = (grid[place[1:]] - state[:, None, None, :2]).norm(dim=-1) - DISC_RADIUS
        layers = [(disc, DISC_COLOUR), (disc + DISC_EDGE, _lighter(DISC_COLOUR))]
        frames[place] = _painted(frames[place], layers, TABLE / self.image_size)
        place = self._pixels_around(on_table(state.new_tensor(T_MIDDLE), state[:, 2:5]), T_RADIUS)
        layers = []
        for part in distances_to_parts(grid[place[1:]], pose):
            layers += [(part - T_EDGE, T_COLOUR), (part + T_EDGE, _lighter(T_COLOUR))]
        frames[place] = _painted(frames[place], layers, TABLE / self.image_size)
        return frames.permute(0, 3, 1, 2)

    def _pixels_around(self, centre: Tensor, radius: float) -> tuple[Tensor, Tensor, Tensor]:
        """Indices of frame, row and column of the pixels that can show what lies around points ``(N, 2)``."""
        pixel = TABLE / self.image_size
        reach = math.ceil((radius + T_EDGE) / pixel) + 1
        near = (centre / pixel).long()[:, :, None] + torch.arange(-reach, reach + 1, device=centre.device)
        column, row = near.clamp(0, self.image_size - 1).unbind(1)
        frame = torch.arange(len(centre), device=centre.device)
        return frame[:, None, None], row[:, :, None], column[:, None]


def _play(state: list[float], actions: list[list[float]]) -> list[list[float]]:
    """One table: set it up, push, and write down what happens."""
    pymunk = _pymunk()
    space, disc, block = _table(state)
    states = []
    for x, y in actions:
        aim = disc.position + pymunk.Vec2d(x * ACTION_SCALE, y * ACTION_SCALE)
        for _ in range(SUBSTEPS):
            disc.velocity += (SPRING * (aim - disc.position) - DAMPER * disc.velocity) * TIME_STEP
            space.step(TIME_STEP)
        states.append(_seen(disc, block))
    return states


def _settle(state: list[float]) -> list[float]:
    space, disc, block = _table(state)
    space.step(TIME_STEP)
    return _seen(disc, block)


def _seen(disc, block) -> list[float]:
    return [*disc.position, *block.position, block.angle % (2 * math.pi), *disc.velocity]


def _table(state: list[float]) -> tuple:
    """A table with its walls, the disc and the T."""
    pymunk = _pymunk()
    space = pymunk.Space()
    space.damping = 0
    corners = [(WALL_LOW, WALL_HIGH), (WALL_LOW, WALL_LOW), (WALL_HIGH, WALL_LOW), (WALL_HIGH, WALL_HIGH)]
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        space.add(pymunk.Segment(space.static_body, start, end, WALL_RADIUS))
    disc = pymunk.Body(body_type=pymunk.Body.KINEMATIC)
    space.add(disc, pymunk.Circle(disc, DISC_RADIUS))
    bar, stem = ([(x0, y1), (x1, y1), (x1, y0), (x0, y0)] for x0, y0, x1, y1 in (BAR, STEM))
    inertia = 2 * pymunk.moment_for_poly(1, vertices=bar)  # the published T takes the bar's inertia twice
    block = pymunk.Body(1, inertia)
    shapes = [pymunk.Poly(block, bar), pymunk.Poly(block, stem)]
    block.center_of_gravity = (shapes[0].center_of_gravity + shapes[1].center_of_gravity) / 2
    space.add(block, *shapes)
    disc.position, disc.velocity = (state[0], state[1]), (state[5], state[6])
    block.angle = state[4]  # before the position: turning moves the body about its centre of mass
    block.position = (state[2], state[3])
    return space, disc, block


def _around(disc: Tensor, target: Tensor, mass: Tensor) -> Tensor:
    """An action that walks towards a target and keeps its distance from the T: three ``(N, 2)`` → ``(N, 2)``."""
    way = target - disc
    out = disc - mass
    distance = out.norm(dim=1, keepdim=True)
    out = out / distance.clamp(min=1e-6)
    turn = out[:, :1] * (target - mass)[:, 1:] - out[:, 1:] * (target - mass)[:, :1]
    along = torch.sign(turn) * torch.stack([-out[:, 1], out[:, 0]], 1)
    in_the_way = ((way * out).sum(1, keepdim=True) < 0) & (distance < AWAY + 40)
    heading = torch.where(in_the_way, along + out * (AWAY - distance) / 60, torch.nn.functional.normalize(way))
    speed = (way.norm(dim=1, keepdim=True) / ACTION_SCALE).clamp(max=0.35)
    return torch.nn.functional.normalize(heading) * torch.where(in_the_way, torch.full_like(speed, 0.35), speed)


def _pymunk():
    try:
        import pymunk
    except ImportError as error:
        raise SMWMError("Push-T needs pymunk; install it with `pip install -r requirements-sim.txt`.") from error
    return pymunk


def _lighter(colour: tuple[int, int, int]) -> tuple[float, ...]:
    """The shade inside an outline of a colour."""
    return tuple(min(1.2 * part, 255.0) for part in colour)


def _painted(frames: Tensor, layers: list[tuple[Tensor, tuple[float, ...]]], pixel: float) -> Tensor:
    """Signed distances and 8-bit colours, one over the other."""
    for distance, colour in layers:
        frames = _paint(frames, distance, colour, pixel)
    return frames


def _paint(frames: Tensor, distance: Tensor, colour: tuple[float, ...], pixel: float) -> Tensor:
    """Put a colour where the signed distance is negative, softened over one pixel."""
    share = (0.5 - distance / pixel).clamp(0, 1)[..., None]
    return frames + share * (torch.tensor(colour, device=frames.device) / 255 - frames)


@cache
def _empty_table(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The table with walls and the goal's outline ``(1, size, size, 3)``, and where pixels lie ``(size, size, 2)``."""
    centre = (torch.arange(size) + 0.5) * TABLE / size
    grid = torch.stack(torch.meshgrid(centre, centre, indexing="xy"), -1)
    frame = torch.tensor(WHITE).expand(1, size, size, 3) / 255
    frame = _paint(frame, distance_to_t(grid, torch.tensor(GOAL_POSE).expand(1, 1, 1, 3)), GOAL_COLOUR, TABLE / size)
    for low_side in (True, False):
        for axis in (0, 1):
            wall = (grid[..., axis] - (WALL_LOW if low_side else WALL_HIGH)).abs() - WALL_RADIUS
            frame = _paint(frame, wall[None], WALL_COLOUR, TABLE / size)
    return frame.to(device), grid.to(device)
