"""The sprite world: one arrow that moves and turns, of which the action controls more or less.

The frames of all settings look alike: an asymmetric triangle that is shifted and turned at every
step. What differs is how much of that motion is the agent's: nothing, x, x and y, or x, y and the
heading θ. Only the action vector tells the settings apart.

Paper: Sensorimotor World Models (arXiv 2606.20104), toy experiments.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.worlds.world import Transitions

# Which of (x, y, θ) the action contains.
ACTION_SETS = {"none": (), "x": (0,), "xy": (0, 1), "xyt": (0, 1, 2)}

VERTICES = ((1.6, 0.0), (-0.9, 1.0), (-0.9, -1.0))  # in sprite units; +u is the heading
PIXELS_PER_UNIT = 7.5
MAX_SHIFT = 8.0
MARGIN = 21.0  # bounding radius 12, largest shift 8, and 1 to spare
SUPERSAMPLING = 4
PATCH = 26  # a square of whole pixels that holds the arrow wherever in it the centre lies


@dataclass(frozen=True)
class SpriteWorld:
    """One red arrow on a white 64×64 RGB frame.

    A state is ``(x, y, θ)``: the centre in pixels, measured from the top left corner of the frame with
    y downwards, and the heading in radians in [−π, π), clockwise on the screen. Before a step the
    centre lies in [21.5, 42.5]², between the centres of the pixels 21 and 42. At every step x and y change by up to 8
    px and θ by up to 8/7.5 rad (by up to π where it is controlled), all uniformly.

    Arguments:
        control: what the action contains: none, x, xy or xyt.

    Raises:
        SMWMError: an unknown control, or a frame that is too small.
    """

    components: ClassVar[tuple[str, ...]] = ("sprite",)
    control: str
    image_size: int = 64

    def __post_init__(self) -> None:
        choose("sprite control", self.control, ACTION_SETS)
        if self.image_size < 2 * MARGIN + 1:
            raise SMWMError(
                f"No arrow fits: a frame of {self.image_size} px leaves no room for a margin of "
                f"{MARGIN:g} px on each side."
            )

    @property
    def state_dim(self) -> int:
        return 3

    @property
    def action_dim(self) -> int:
        return len(ACTION_SETS[self.control])

    @property
    def controllable_dim(self) -> int:
        return self.action_dim

    @property
    def max_turn(self) -> float:
        """Largest change of θ in one step, in radians."""
        return math.pi if self.control == "xyt" else MAX_SHIFT / PIXELS_PER_UNIT

    def describe(self) -> str:
        controlled = ", ".join(("x", "y", "θ")[i] for i in ACTION_SETS[self.control]) or "nothing"
        return f"an arrow on {self.image_size}×{self.image_size} px; the action controls {controlled}"

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` independent transitions.

        Returns:
            float32 states and actions, each action in [-1, 1] of its own range, on the CPU.
        """
        lowest, highest = MARGIN + 0.5, self.image_size - MARGIN - 0.5
        low, high = torch.tensor([lowest, lowest, -math.pi]), torch.tensor([highest, highest, math.pi])
        state = low + (high - low) * torch.rand(n, 3, generator=generator)
        motion = 2 * torch.rand(n, 3, generator=generator) - 1
        next_state = state + motion * torch.tensor([MAX_SHIFT, MAX_SHIFT, self.max_turn])
        next_state[:, 2] = torch.remainder(next_state[:, 2] + math.pi, 2 * math.pi) - math.pi
        return Transitions(state, motion[:, list(ACTION_SETS[self.control])], next_state)

    def difficulty(self, transitions: Transitions) -> Tensor:
        """The larger of the two headings, without sign, in radians: ``(N,)`` in [0, π].

        As long as headings stay near 0, the same turn always changes the picture in the same way, and
        the turn can be read off linearly. Over the full circle it changes the picture in every way, and only
        the product of where the arrow points and how the picture changed tells the turn.
        """
        return torch.maximum(transitions.state[:, 2].abs(), transitions.next_state[:, 2].abs())

    def render(self, state: Tensor) -> Tensor:
        """Draw states with 4×4 samples per pixel.

        A convex shape cuts every row of samples in one interval, so only the interval's ends are
        computed, and each pixel counts how many of its samples lie between them.

        Arguments:
            state: ``(N, 3)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.

        Raises:
            SMWMError: wrong state size, or an arrow that may leave the frame.
        """
        if state.ndim != 2 or state.shape[1] != 3:
            raise SMWMError(f"This world draws states of shape (N, 3), not {tuple(state.shape)}.")
        state, n, size, device = state.float(), len(state), self.image_size, state.device
        reach = PATCH / 2
        if device.type == "cpu" and n and not (reach <= state[:, :2].min() and state[:, :2].max() <= size - reach):
            raise SMWMError(
                f"The arrow's centre lies between {reach:g} and {size - reach:g} px, so that it stays whole."
            )
        corner = (state[:, :2] - reach).floor().clamp(0, size - PATCH)
        offset = corner - state[:, :2]
        cos, sin = state[:, 2:].cos(), state[:, 2:].sin()
        rows = (torch.arange(PATCH * SUPERSAMPLING, device=device) + 0.5) / SUPERSAMPLING + offset[:, 1:]
        first = torch.zeros_like(rows)
        last = torch.full_like(rows, PATCH * SUPERSAMPLING)
        for (u, v), (u_next, v_next) in zip(VERTICES, (*VERTICES[1:], VERTICES[0]), strict=True):
            # A point is inside this edge where slope_x · dx + slope_y · dy ≥ constant, all in pixels.
            normal_u, normal_v = v - v_next, u_next - u
            slope_x = normal_u * cos - normal_v * sin
            slope_y = normal_u * sin + normal_v * cos
            constant = (normal_u * u + normal_v * v) * PIXELS_PER_UNIT
            crossing = ((constant - slope_y * rows) / slope_x - offset[:, :1]) * SUPERSAMPLING - 0.5
            first = torch.where(slope_x > 0, torch.maximum(first, crossing.ceil()), first)
            last = torch.where(slope_x < 0, torch.minimum(last, crossing.floor() + 1), last)
        last = torch.maximum(first, last)
        left = torch.arange(0, PATCH * SUPERSAMPLING, SUPERSAMPLING, device=device)
        samples = (last[..., None] - left).clamp(0, SUPERSAMPLING) - (first[..., None] - left).clamp(0, SUPERSAMPLING)
        coverage = samples.view(n, PATCH, SUPERSAMPLING, PATCH).sum(2) / SUPERSAMPLING**2

        canvas = torch.ones(n * size * size, 3, device=device)
        x, y = corner.long().unbind(1)
        span = torch.arange(PATCH, device=device)
        pixel = (y[:, None, None] + span[:, None]) * size + x[:, None, None] + span
        pixel = (pixel + (torch.arange(n, device=device) * size * size)[:, None, None]).flatten()
        canvas[pixel, 1:] = (1 - coverage).flatten()[:, None]
        return canvas.view(n, size, size, 3).permute(0, 3, 1, 2)


def readable_pose(state: Tensor) -> Tensor:
    """``(N, 3)`` states → ``(N, 4)``: x, y, cos θ, sin θ; an angle has a jump that no linear read-out can follow."""
    return torch.cat([state[:, :2], state[:, 2:].cos(), state[:, 2:].sin()], 1)
