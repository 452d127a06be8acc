"""The physical quantities of each planning task, and what colours a picture of its latent."""

from collections.abc import Callable

import torch
from torch import Tensor

from smwm_core.worlds.simulators import cube


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
# Per task: the two numbers of a state that colour a picture of the latent.
COLOURED_BY: dict[str, Callable[[Tensor], Tensor]] = {
    "tworoom": lambda state: state[:, :2],
    "reacher": lambda state: state[:, :2].remainder(2 * torch.pi),
    "pusht": lambda state: state[:, :2],
    "cube": lambda state: cube.Cube().effector(state)[:, :2],
}
