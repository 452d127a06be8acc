"""TwoRoom: a dot in two rooms that share one door.

All lengths are pixels of the published 224×224 frame, whatever size is drawn. The state is the dot's
centre; one step moves it by five pixels times the action, then the outer walls and the wall in the middle
hold it back. Batched over the first dimension, on any device.

Semantics: TwoRoom of the ``stable-worldmodel`` package (github.com/galilai-group/stable-worldmodel), its one
door, sizes and speeds at their default values.
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.world import require_states

FRAME = 224  # pixels of the published frame: the unit of all lengths below
SPEED = 5.0
RADIUS = 7.0  # of the dot in collisions, and the deviation of the Gaussian that is drawn
LOWEST, HIGHEST = 14.0 + RADIUS, FRAME - 14.0 - RADIUS
WALL, WALL_HALF = 112.0, 5.0
LEFT_OF_WALL, RIGHT_OF_WALL = WALL - WALL_HALF - RADIUS, WALL + WALL_HALF + RADIUS
PUSHED_BACK = 0.5
DOOR, DOOR_HALF, DOOR_MARGIN = 49.0, 14.0, 1.75
REACHED = 16.0

# Of the scripted agent that collects episodes.
ACTION_NOISE, REPEAT_PROBABILITY = 2.0, 0.05
DOOR_REACHED = 10.5
SHORTEST_WAY = 25  # steps at full speed


@dataclass(frozen=True)
class TwoRoom:
    """Two rooms, one door, one dot.

    A state is ``(x, y)`` float32, origin at the top left; an action is ``(dx, dy)`` in [-1, 1], clipped if it is
    larger.

    Arguments:
        image_size: of the frames that are drawn.
        door: height of the middle of the door, in pixels from the top.
        unseen: whether the recorded agent keeps out of the lower right quarter: it starts nowhere near it, is sent
            elsewhere, and an episode ends where noise carries it in.

    Raises:
        SMWMError: a size that cannot be drawn, or a door that is not in the wall.
    """

    image_size: int = 64
    door: float = DOOR
    unseen: bool = False
    state_dim: int = 2
    action_dim: int = 2
    controllable_dim: int = 2
    bounds: tuple[float, float] = (-1.0, 1.0)
    velocities: ClassVar[slice] = slice(0, 0)
    episode_steps: int = 100

    def __post_init__(self) -> None:
        if not 16 <= self.image_size <= FRAME:
            raise SMWMError(f"TwoRoom is drawn at 16 to {FRAME} px, not {self.image_size}.")
        if not LOWEST + DOOR_HALF <= self.door <= HIGHEST - DOOR_HALF:
            raise SMWMError(f"The middle of the door is between 35 and 189 px from the top, not at {self.door:g}.")

    def describe(self) -> str:
        return (
            f"two rooms with one door on {self.image_size}×{self.image_size} px; the action moves a dot by up to 5 px"
        )

    def step(self, state: Tensor, action: Tensor) -> Tensor:
        """Where an action leads.

        Arguments:
            state: ``(N, 2)`` float32.
            action: ``(N, 2)``.

        Returns:
            the next states ``(N, 2)``.

        Raises:
            SMWMError: a state or action of another shape.
        """
        require_states("TwoRoom", state, 2)
        if action.shape != state.shape:
            raise SMWMError(f"A TwoRoom action has shape (N, 2), not {tuple(action.shape)}.")
        aimed = (state + action.clamp(-1, 1) * SPEED).clamp(LOWEST, HIGHEST)
        x, y = aimed.unbind(1)
        blocked = (y < self.door - DOOR_HALF - DOOR_MARGIN) | (y > self.door + DOOR_HALF + DOOR_MARGIN)
        from_left = state[:, 0] < WALL
        x = torch.where(blocked & from_left & (x > LEFT_OF_WALL), LEFT_OF_WALL - PUSHED_BACK, x)
        x = torch.where(blocked & ~from_left & (x < RIGHT_OF_WALL), RIGHT_OF_WALL + PUSHED_BACK, x)
        return torch.stack([x, y], 1)

    def play(self, state: Tensor, actions: Tensor) -> Tensor:
        """Where sequences of actions lead: ``(N, 2)`` and ``(N, K, 2)`` → the states after each, ``(N, K, 2)``."""
        states = []
        for action in actions.unbind(1):
            state = self.step(state, action)
            states.append(state)
        return torch.stack(states, 1)

    def reached(self, state: Tensor, goal: Tensor) -> Tensor:
        """Whether states are at their goals: two ``(…, 2)`` → ``(…,)`` bool, true below 16 px of distance."""
        return (state - goal).norm(dim=-1) < REACHED

    def distances(self, state: Tensor, goal: Tensor) -> Tensor:
        """Distance to the goal in units of 16 px: two ``(…, 2)`` → ``(…, 1)``."""
        return (state - goal).norm(dim=-1, keepdim=True) / REACHED

    def inside(self, state: Tensor) -> Tensor:
        """Whether the dot's centre is in a room or in the door: states ``(…, 2)`` → ``(…,)`` bool."""
        x, y = state.unbind(-1)
        in_wall = ((x - WALL).abs() < WALL_HALF) & ((y - self.door).abs() > DOOR_HALF + DOOR_MARGIN)
        return ((state >= 14) & (state <= FRAME - 14)).all(-1) & ~in_wall

    def random_action(self, n: int, generator: Generator) -> Tensor:
        """``(n, 2)`` uniform actions."""
        return 2 * torch.rand(n, 2, generator=generator) - 1

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Episodes of a noisy agent that walks through the door to a place in the other room.

        Start and target are uniform in different rooms, at least 25 steps apart. The agent heads for the door, then
        for the target, with so much noise that its actions fill the square; now and then it repeats its last action.
        An episode ends at the target, or after 100 steps.

        Arguments:
            episodes: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            states ``(episodes, 101, 2)`` and actions ``(episodes, 100, 2)``, both float32, and the number of actions
            of each episode ``(episodes,)``; what comes after the end of an episode repeats its last state with NaN
            actions.
        """
        position, target = self._draw_tasks(episodes, generator)
        door = torch.tensor([WALL, self.door])
        states, actions = [position], []
        length = torch.full((episodes,), self.episode_steps)
        running = torch.ones(episodes, dtype=torch.bool)
        action = None
        for step in range(self.episode_steps):
            other_room = (position[:, 0] > WALL) != (target[:, 0] > WALL)
            heading_for_door = other_room & ((door - position).norm(dim=1) > DOOR_REACHED)
            way = torch.where(heading_for_door[:, None], door, target) - position
            fresh = way / way.norm(dim=1, keepdim=True).clamp(min=1e-8)
            fresh = (fresh + ACTION_NOISE * torch.randn(episodes, 2, generator=generator)).clamp(-1, 1)
            repeat = torch.rand(episodes, generator=generator) < REPEAT_PROBABILITY
            action = fresh if action is None else torch.where(repeat[:, None], action, fresh)
            arriving = self.step(position, action)
            if self.unseen:
                entering = running & in_quarter(arriving)
                length[entering] = step
                running = running & ~entering
            position = torch.where(running[:, None], arriving, position)
            actions.append(torch.where(running[:, None], action, torch.nan))
            states.append(position)
            arrived = running & self.reached(position, target)
            length[arrived] = step + 1
            running = running & ~arrived
        return torch.stack(states, 1), torch.stack(actions, 1), length

    def render(self, state: Tensor) -> Tensor:
        """Draw states.

        Arguments:
            state: ``(N, 2)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device. At 224 px it is the
            published frame to within a grey level; at smaller sizes the walls are averaged over the pixels
            of that frame that a pixel covers.
        """
        require_states("TwoRoom", state, 2)
        walls, at = _scene(self.image_size, self.door, state.device)
        x, y = (torch.exp(-(at - centre[:, None]).square() / (2 * RADIUS**2)) for centre in state.float().unbind(1))
        x, y = (bell / bell.amax(1, keepdim=True) for bell in (x, y))
        ink = y[:, :, None] * x[:, None, :]
        background = walls * (1 - ink)
        return torch.stack([background + ink, background, background], -1).permute(0, 3, 1, 2)

    def _draw_tasks(self, n: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Starts and targets ``(n, 2)`` in different rooms, far enough apart by way of the door."""
        door = torch.tensor([WALL, self.door])
        starts, targets, found = [], [], 0
        while found < n:
            start, target = (14 + 195 * torch.rand(4 * n + 64, 2, generator=generator) for _ in range(2))
            free = [(p[:, 0] < LEFT_OF_WALL) | (p[:, 0] > RIGHT_OF_WALL) for p in (start, target)]
            apart = (start[:, 0] < WALL) != (target[:, 0] < WALL)
            way = (start - door).norm(dim=1) + (target - door).norm(dim=1)
            allowed = free[0] & free[1] & apart & (way >= SHORTEST_WAY * SPEED)
            if self.unseen:
                allowed &= ~(in_quarter(start, margin=SPEED) | in_quarter(target, margin=SPEED))
            starts.append(start[allowed])
            targets.append(target[allowed])
            found += int(allowed.sum())
        return torch.cat(starts)[:n], torch.cat(targets)[:n]


def in_quarter(state: Tensor, margin: float = 0.0) -> Tensor:
    """Whether the dot is in the lower right quarter, or up to ``margin`` px from it: ``(…, 2)`` → ``(…,)`` bool."""
    return (state[..., 0] > WALL - margin) & (state[..., 1] > FRAME / 2 - margin)


@cache
def _scene(size: int, door: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """The empty rooms ``(size, size)``, white is 1, and the places of pixel centres ``(size,)``; copied only once."""
    pixel = torch.arange(FRAME)
    wall = ((pixel - WALL).abs() <= WALL_HALF)[None, :] & ((pixel - door).abs() > DOOR_HALF)[:, None]
    line = ((pixel >= 10) & (pixel < 14)) | ((pixel >= 210) & (pixel < 214))
    white = (~(wall | line[:, None] | line[None, :])).float()
    averaged = torch.nn.functional.adaptive_avg_pool2d(white[None, None], size)[0, 0]
    centres = (torch.arange(size) + 0.5) * FRAME / size - 0.5
    return averaged.to(device), centres.to(device)
