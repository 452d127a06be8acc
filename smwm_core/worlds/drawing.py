"""What the worlds of MuJoCo share: getting at the package, and drawing with cheap settings.

Rendering is in software, so shadows, reflections, the sky and multisampling are off; frames are drawn twice as large
and averaged down instead.
"""

import atexit
import contextlib
import os
import sys

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError


def import_mujoco():
    """The package, ready to draw without a display.

    Raises:
        SMWMError: it is not installed.
    """
    if sys.platform == "linux":
        os.environ.setdefault("MUJOCO_GL", "egl")
    try:
        import mujoco
    except ImportError as error:
        raise SMWMError("This world needs mujoco; install it with `pip install -r requirements-sim.txt`.") from error
    return mujoco


class Camera:
    """Draws states of a model, seen by one of its cameras.

    Arguments:
        model: an ``mjModel``; its offscreen settings are changed.
        camera: name of the camera.
        size: of the frames.

    Raises:
        SMWMError: the graphics library is missing.
    """

    def __init__(self, model, camera: str, size: int) -> None:
        mujoco = import_mujoco()
        model.vis.quality.offsamples = 0
        model.vis.global_.offwidth = model.vis.global_.offheight = 2 * size
        try:
            self.renderer = mujoco.Renderer(model, 2 * size, 2 * size)
        except (AttributeError, ImportError, RuntimeError, mujoco.FatalError) as error:
            raise SMWMError(
                "MuJoCo cannot draw without EGL; install it with `apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri "
                "libopengl0` (Debian, Ubuntu)."
            ) from error
        atexit.register(_close, self.renderer)
        for flag in ("SHADOW", "REFLECTION", "SKYBOX"):
            self.renderer.scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{flag}")] = 0
        self.camera = camera

    def draw(self, data, options=None) -> np.ndarray:
        """The frame ``(size, size, 3)`` uint8 of an ``mjData``."""
        self.renderer.update_scene(data, self.camera, options)
        large = self.renderer.render()
        size = len(large) // 2
        return large.reshape(size, 2, size, 2, 3).mean((1, 3)).round().astype(np.uint8)


def _close(renderer) -> None:
    with contextlib.suppress(Exception):  # at exit, another package may have shut the display down before
        renderer.close()


def frames_of(drawn: list[np.ndarray]) -> Tensor:
    """Frames ``(size, size, 3)`` uint8 → ``(N, 3, size, size)`` float32 in [0, 1], in channels-last memory."""
    return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 255
