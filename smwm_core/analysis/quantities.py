"""The physical quantities of each planning task, what its goals ask for, and what colours a picture of its latent."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from smwm_core.worlds.simulators import cube, push_t, reacher, two_room


def _on_circle(angles: Tensor) -> Tensor:
    return torch.cat([angles.sin(), angles.cos()], -1)


# Per task: what is read out of a state (N, S), as (N, D); angles are read as sine and cosine.
QUANTITIES: dict[str, dict[str, Callable[[Tensor], Tensor]]] = {
    "tworoom": {"agent_position": lambda state: state[:, :2]},
    "reacher": {"joint_angles": lambda state: _on_circle(state[:, :2])},
    "pusht": {
        "agent_position": lambda state: state[:, :2],
        "block_position": lambda state: state[:, 2:4],
        "block_orientation": lambda state: _on_circle(state[:, 4:5]),
    },
    "cube": {
        "cube_position": lambda state: state[:, cube.CUBE],
        "gripper_position": lambda state: cube.Cube().effector(state),
        "gripper_opening": lambda state: state[:, [cube.GRIPPER_JOINT]] / cube.GRIPPER_SHUT,
    },
}


@dataclass(frozen=True)
class Asked:
    """A quantity that a goal test looks at.

    Arguments:
        read: states ``(N, S)`` → ``(N, D)``, as a probe reads it.
        unit: of an error.
        tolerance: the largest error that still counts as reached.
    """

    read: Callable[[Tensor], Tensor]
    unit: str
    tolerance: float

    def error(self, value: Tensor, state: Tensor) -> Tensor:
        """How far values ``(N, D)`` that were read are from the truth in states ``(N, S)``: ``(N,)``."""
        return (value - self.read(state)).norm(dim=1)


class AskedAngle(Asked):
    """An angle, read as sine and cosine; its error is an angle too, in degrees or in radians."""

    def error(self, value: Tensor, state: Tensor) -> Tensor:
        """``(N, 2)`` and ``(N, S)`` → ``(N,)``."""
        true = self.read(state)
        turn = (torch.atan2(value[:, 0], value[:, 1]) - torch.atan2(true[:, 0], true[:, 1])).remainder(2 * math.pi)
        turn = torch.minimum(turn, 2 * math.pi - turn)
        return turn.rad2deg() if self.unit == "°" else turn


# Per task: what its goal test asks for, in the test's own units.
ASKED: dict[str, dict[str, Asked]] = {
    "tworoom": {"position": Asked(lambda state: state[:, :2], "px", two_room.REACHED)},
    "reacher": {
        "shoulder": AskedAngle(lambda state: _on_circle(state[:, :1]), "rad", reacher.REACHED),
        "wrist": AskedAngle(lambda state: _on_circle(state[:, 1:2]), "rad", reacher.REACHED),
    },
    "pusht": {
        "places": Asked(lambda state: state[:, :4], "px", push_t.REACHED_DISTANCE),
        "angle": AskedAngle(lambda state: _on_circle(state[:, 4:5]), "°", math.degrees(push_t.REACHED_ANGLE)),
    },
    "cube": {"cube": Asked(lambda state: 100 * state[:, cube.CUBE], "cm", 100 * cube.REACHED)},
}
# Per task: the two numbers of a state that colour a picture of the latent.
COLOURED_BY: dict[str, Callable[[Tensor], Tensor]] = {
    "tworoom": lambda state: state[:, :2],
    "reacher": lambda state: state[:, :2].remainder(2 * torch.pi),
    "pusht": lambda state: state[:, :2],
    "cube": lambda state: cube.Cube().effector(state)[:, :2],
}
