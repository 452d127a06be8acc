"""What the MuJoCo worlds share: their packages, a cheap camera that needs no display, and checks of their tensors."""

import atexit
import importlib
import os
import sys
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError

FINER = 2  # frames are drawn this much larger and averaged, or thin arms would be jagged
NO_DRAWING = (
    "MuJoCo finds no library to draw with; install one, on Debian and Ubuntu with "
    "`apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri libopengl0`."
)

_renderers = []


def load(module: str, world: str, packages: str) -> ModuleType:
    """Import a module of a simulator's packages; on Linux MuJoCo draws through EGL unless MUJOCO_GL says otherwise.

    Raises:
        SMWMError: a package is missing, or the system has no library to draw with.
    """
    if sys.platform == "linux":
        os.environ.setdefault("MUJOCO_GL", "egl")
        os.environ.setdefault("LP_NUM_THREADS", "1")  # of Mesa's software renderer; processes share the work already
    try:
        importlib.import_module("mujoco")
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SMWMError(
            f"{world} needs {packages}; install them with `pip install -r requirements-sim.txt` and "
            "`pip install --no-deps -r requirements-nodeps.txt`."
        ) from error
    except (ImportError, OSError, AttributeError) as error:
        raise SMWMError(NO_DRAWING) from error
    _close_at_exit()
    return loaded


class Camera:
    """Draws the states of one model, without shadows, reflections and sky, which cost most of the time in software.

    Arguments:
        model: an ``MjModel``; its geoms of group 0 are seen.
        name: of the camera.
        size: of the frames.

    Raises:
        SMWMError: the system has no library to draw with.
    """

    def __init__(self, model, name: str, size: int) -> None:
        import mujoco

        self.model, self.name, self.size = model, name, size
        self.data = mujoco.MjData(model)
        self.seen = mujoco.MjvOption()
        self.seen.geomgroup[:], self.seen.sitegroup[:] = 0, 0
        self.seen.geomgroup[0] = 1
        model.vis.quality.offsamples = 0
        model.vis.global_.offwidth = model.vis.global_.offheight = FINER * size
        try:
            self.renderer = mujoco.Renderer(model, FINER * size, FINER * size)
        except (mujoco.FatalError, ImportError, AttributeError, RuntimeError) as error:
            raise SMWMError(NO_DRAWING) from error
        _renderers.append(self.renderer)
        _close_at_exit()
        for costly in ("SHADOW", "REFLECTION", "SKYBOX"):
            self.renderer.scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{costly}")] = 0

    def draw(self, state: Tensor) -> Tensor:
        """States ``(N, S)``, positions first, → ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory.

        Values are multiples of 1/255. States are rounded to float32 as they are when recorded.
        """
        import mujoco

        frames = np.empty((len(state), self.size, self.size, 3), np.uint8)
        for frame, position in zip(frames, state.float().cpu().numpy()[:, : self.model.nq], strict=True):
            self.data.qpos[:] = position
            mujoco.mj_kinematics(self.model, self.data)
            mujoco.mj_camlight(self.model, self.data)
            self.renderer.update_scene(self.data, self.name, self.seen)
            fine = self.renderer.render().reshape(self.size, FINER, self.size, FINER, 3)
            frame[:] = (fine.sum((1, 3), dtype=np.uint16) + FINER**2 // 2) // FINER**2
        return (torch.from_numpy(frames).to(state.device) / 255).permute(0, 3, 1, 2)


def _close_at_exit() -> None:
    """Close the renderers at exit, and before whatever closes their display: packages registered that just now."""
    atexit.unregister(_close_renderers)
    atexit.register(_close_renderers)


def _close_renderers() -> None:
    while _renderers:
        _renderers.pop().close()
