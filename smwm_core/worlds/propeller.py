"""The propeller world: three blades that look alike but for the tip of one, turned by the action.

Turned by a third of a circle, the propeller looks as before except for the tip. An action says how far it turned, and
that can be read from two frames without a look at the tip, as long as no two possible turns are a third apart.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.world import Transitions, require_states

THIRD = 2 * math.pi / 3
LENGTH, WIDTH, TIP = 22.0, 7.0, 6.0  # of a blade and of the coloured end of the first one, in pixels
CENTRE = 32.0
PATCH = slice(9, 55)  # rows and columns that a blade reaches
RED, BLUE = (255, 0, 0), (0, 100, 255)


@dataclass(frozen=True)
class Propeller:
    """Three red blades around the middle of a white 64×64 RGB frame; the tip of one is blue.

    A state is the angle θ of that blade, in radians in [−π, π), clockwise on the screen. A step turns it by
    ``largest_turn`` times an action that is uniform in [−1, 1].

    Arguments:
        largest_turn: in whole degrees, from 1 to 180.
        tip: without it the tip is red, and nothing tells the blades apart.

    Raises:
        SMWMError: another largest turn.
    """

    components: ClassVar[tuple[str, ...]] = ("propeller",)
    state_dim: ClassVar[int] = 1
    action_dim: ClassVar[int] = 1
    controllable_dim: ClassVar[int] = 1
    image_size: ClassVar[int] = 64
    largest_turn: int
    tip: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.largest_turn <= 180:
            raise SMWMError(f"A propeller turns by at most 1 to 180 degrees a step, not {self.largest_turn}.")

    @classmethod
    def named(cls, name: str) -> "Propeller":
        """``"30"`` turns by up to 30 degrees; ``"30-bare"`` has no blue tip."""
        degrees, dash, rest = name.partition("-")
        if not degrees.isdecimal() or (dash, rest) not in (("", ""), ("-", "bare")):
            raise SMWMError(f"A propeller is named by whole degrees, such as 30 or 30-bare, not {name!r}.")
        return cls(int(degrees), tip=not dash)

    def describe(self) -> str:
        tip = "one with a blue tip" if self.tip else "all alike"
        return f"three blades, {tip}, that turn by up to {self.largest_turn}° a step"

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` independent transitions: float32 states and actions, on the CPU."""
        states, actions = self.sample_trajectories(n, 1, generator)
        return Transitions(states[:, 0], actions[:, 0], states[:, 1])

    def sample_trajectories(self, n: int, steps: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw ``n`` trajectories from uniform angles: states ``(n, steps + 1, 1)`` and actions ``(n, steps, 1)``."""
        start = math.pi * (2 * torch.rand(n, 1, 1, generator=generator) - 1)
        action = 2 * torch.rand(n, steps, 1, generator=generator) - 1
        turned = torch.cat([start, start + math.radians(self.largest_turn) * action.cumsum(1)], 1)
        return torch.remainder(turned + math.pi, 2 * math.pi) - math.pi, action

    def render(self, state: Tensor) -> Tensor:
        """Draw states; over one pixel at its edge a blade fades into the ground.

        Arguments:
            state: ``(N, 1)`` angles, any device.

        Returns:
            ``(N, 3, 64, 64)`` float32 in [0, 1], in channels-last memory, on the state's device.

        Raises:
            SMWMError: wrong state size, or an angle that is not finite.
        """
        require_states("propeller", state, 1)
        distance, direction, red, blue = _canvas(state.device)
        angle = torch.remainder(direction - state.float()[:, :, None] + math.pi, 2 * math.pi) - math.pi
        blade = (angle / THIRD).round()  # the nearest one; 0 is that of the state
        angle -= THIRD * blade
        along, across = distance * angle.cos(), distance * angle.sin().abs()
        depth = torch.minimum(LENGTH - along, WIDTH / 2 - across)
        inside = (depth + 0.5).clamp(0, 1)[..., None]
        ink = red.expand(3)
        if self.tip:
            coloured = ((along - (LENGTH - TIP) + 0.5).clamp(0, 1) * (blade == 0))[..., None]
            ink = red + coloured * (blue - red)
        canvas = torch.ones(len(state), self.image_size, self.image_size, 3, device=state.device)
        canvas[:, PATCH, PATCH] = 1 - inside + inside * ink
        return canvas.permute(0, 3, 1, 2)


def on_circle(state: Tensor, turns: int = 1) -> Tensor:
    """Angles ``(N, 1)`` → ``(N, 2)``, cosine and sine of ``turns`` times θ; with 3, what the shape alone tells."""
    return torch.cat([(turns * state).cos(), (turns * state).sin()], 1)


@cache
def _canvas(device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Distance and direction of pixel centres from the middle, ``(P, P)`` each, and the colours; copied only once."""
    offset = torch.arange(PATCH.start, PATCH.stop, device=device) + 0.5 - CENTRE
    dy, dx = torch.meshgrid(offset, offset, indexing="ij")
    red, blue = torch.tensor([RED, BLUE], device=device) / 255
    return torch.hypot(dx, dy), torch.atan2(dy, dx), red, blue
