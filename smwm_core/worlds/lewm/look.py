"""Reacher and Cube in the look of the released frames.

They move as ``Reacher`` and ``Cube`` do, and are drawn as MuJoCo draws them by default, at 224 px: with shadows,
reflections, sky and smoothed edges, and Cube with every face of its arm. That is much slower than our
cheap look, but a model that was trained on released frames has to be planned with frames of the same look.

The look is that of the ``stable-worldmodel`` package (github.com/galilai-group/stable-worldmodel), version 0.0.6: 21
frames of Reacher and 7 of Cube were equal to that package's, drawn on the same machine, to the bit. The released files
(24 and 46 GB, packed) were not at hand, so nothing was compared with the frames in them, which another version of
MuJoCo or another renderer may have drawn.
"""

from copy import copy
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.simulators.cube import GRIPPER, PURPLE, Cube, _env
from smwm_core.worlds.simulators.mujoco import NO_DRAWING, _close_at_exit, _renderers
from smwm_core.worlds.simulators.reacher import Reacher, _packages
from smwm_core.worlds.world import require_states

FRAME = 224  # pixels of a released frame


@dataclass(frozen=True)
class LewmReacher(Reacher):
    """Reacher, drawn like the released frames; a state and an action are those of ``Reacher``.

    Arguments:
        image_size: of the frames, which are drawn at 224 px and averaged down to it.
    """

    image_size: int = FRAME

    def render(self, state: Tensor) -> Tensor:
        """Draw states ``(N, 4)``; shape, range, memory and errors are those of ``Reacher.render``."""
        require_states("Reacher", state, self.state_dim)
        return _as_values(_reacher_camera().draw(state), self.image_size, state)


@dataclass(frozen=True)
class LewmCube(Cube):
    """Cube, drawn like the released frames; a state and an action are those of ``Cube``.

    Arguments:
        image_size: of the frames, which are drawn at 224 px and averaged down to it.
    """

    image_size: int = FRAME

    def render(self, state: Tensor) -> Tensor:
        """Draw states ``(N, 41)``; shape, range, memory and errors are those of ``Cube.render``."""
        require_states("Cube", state, self.state_dim)
        return _as_values(_cube_camera().draw(state), self.image_size, state)


def averaged(frames: Tensor, size: int) -> Tensor:
    """Frames ``(N, 224, 224, 3)`` uint8, averaged down: ``(N, 3, size, size)`` uint8, in channels-last memory."""
    frames = frames.permute(0, 3, 1, 2)
    if size == FRAME:
        return frames
    smaller = torch.nn.functional.adaptive_avg_pool2d(frames.float(), size)
    return smaller.round().byte().contiguous(memory_format=torch.channels_last)


def _as_values(frames: np.ndarray, size: int, state: Tensor) -> Tensor:
    return averaged(torch.from_numpy(frames), size).to(state.device) / 255


class _Camera:
    """Draws one model as MuJoCo does by default.

    Arguments:
        model: an ``MjModel`` with its own quality settings.
        camera: its name.
        lag: seconds by which a frame shows an earlier moment than its state.

    Raises:
        SMWMError: the system has no library to draw with.
    """

    def __init__(self, model, camera: str, lag: float = 0.0) -> None:
        import mujoco

        self.model, self.camera, self.lag = model, camera, lag
        self.data = mujoco.MjData(model)
        model.vis.global_.offwidth = model.vis.global_.offheight = FRAME
        try:
            self.renderer = mujoco.Renderer(model, FRAME, FRAME)
        except (mujoco.FatalError, ImportError, AttributeError, RuntimeError) as error:
            raise SMWMError(NO_DRAWING) from error
        _renderers.append(self.renderer)
        _close_at_exit()

    def draw(self, state: Tensor) -> np.ndarray:
        """States ``(N, S)``, positions and velocities, → ``(N, 224, 224, 3)`` uint8."""
        import mujoco

        frames = np.empty((len(state), FRAME, FRAME, 3), np.uint8)
        for frame, positions_and_velocities in zip(frames, state.cpu().double().numpy(), strict=True):
            self.data.qpos[:], self.data.qvel[:] = np.split(positions_and_velocities, [self.model.nq])
            mujoco.mj_integratePos(self.model, self.data.qpos, self.data.qvel, -self.lag)
            mujoco.mj_kinematics(self.model, self.data)
            mujoco.mj_camlight(self.model, self.data)
            self.renderer.update_scene(self.data, self.camera)
            self.renderer.render(out=frame)
        return frames


@cache
def _reacher_camera() -> _Camera:
    """Above the table, whose target is not shown; the model is not the one whose quality the cheap camera lowers."""
    path = _packages()
    import mujoco

    model = mujoco.MjModel.from_xml_path(path)
    model.material("target").rgba[3] = 0
    return _Camera(model, "fixed")


@cache
def _cube_camera() -> _Camera:
    """On a copy of the scene in which the gripper is purple and the target is not shown.

    After a step, ogbench shows where things were before the step's last 0.002 s.
    """
    model = copy(_env().model)
    for name in GRIPPER:
        model.material(f"ur5e/robotiq/{name}").rgba = PURPLE
    model.geom("target_object_0").rgba[3] = 0
    return _Camera(model, "front_pixels", lag=model.opt.timestep)
