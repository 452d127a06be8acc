"""Push-T's table and its T: two rectangles, their centre of mass, and how far points are from them.

All lengths are those of the published 512×512 table. A pose is ``(X, Y, θ)``: where the middle of the bar's outer edge
lies, and the T's angle.
"""

import math

import torch
from torch import Tensor

TABLE = 512
GOAL_POSE = (256.0, 256.0, math.pi / 4)  # drawn on the table
ACTION_SCALE = 100.0  # px
DISC_LOW, DISC_HIGH = 20.0, TABLE - 20.0  # where agents that collect episodes keep the disc's target
UNIT = 30.0  # thickness of the T's bar and of its stem
CENTRE_OF_MASS = (0.0, 45.0)  # of the T, measured from the middle of its bar's outer edge

# In the T's own frame: corners (x0, y0) and (x1, y1) of its bar and its stem.
BAR, STEM = (-2 * UNIT, 0.0, 2 * UNIT, UNIT), (-UNIT / 2, UNIT, UNIT / 2, 4 * UNIT)


def centre_of_mass(state: Tensor) -> Tensor:
    """Where the T's centre of mass lies: states ``(…, 7)`` → ``(…, 2)``."""
    return on_table(torch.tensor(CENTRE_OF_MASS, dtype=state.dtype, device=state.device), state[..., 2:5])


def on_table(points: Tensor, pose: Tensor) -> Tensor:
    """Points in the T's own frame ``(…, 2)`` → where they lie on the table if the T has a pose ``(…, 3)``."""
    cos, sin = pose[..., 2].cos(), pose[..., 2].sin()
    x, y = points[..., 0], points[..., 1]
    return pose[..., :2] + torch.stack([cos * x - sin * y, sin * x + cos * y], -1)


def distance_to_t(points: Tensor, pose: Tensor) -> Tensor:
    """Signed distance of points of the table to a T, negative inside: ``(…, 2)`` and ``(…, 3)`` → ``(…,)``."""
    return torch.minimum(*distances_to_parts(points, pose))


def distances_to_parts(points: Tensor, pose: Tensor) -> list[Tensor]:
    """The same to a T's bar and to its stem."""
    offset = points - pose[..., :2]
    cos, sin = pose[..., 2].cos(), pose[..., 2].sin()
    x = cos * offset[..., 0] + sin * offset[..., 1]
    y = cos * offset[..., 1] - sin * offset[..., 0]
    distances = []
    for x0, y0, x1, y1 in (BAR, STEM):
        beyond_x = (x - (x0 + x1) / 2).abs() - (x1 - x0) / 2
        beyond_y = (y - (y0 + y1) / 2).abs() - (y1 - y0) / 2
        outside = torch.hypot(beyond_x.clamp(min=0), beyond_y.clamp(min=0))
        distances.append(outside + torch.maximum(beyond_x, beyond_y).clamp(max=0))
    return distances
