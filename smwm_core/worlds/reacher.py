"""Reacher: an arm of two links that turns over a plane.

The model is that of dm_control's reacher, stepped by MuJoCo itself. The action sets the torques of shoulder and wrist;
there is no target in the picture.

Semantics: ReacherDMControl with the task of matching joint angles, of the ``stable-worldmodel`` package
(github.com/galilai-group/stable-worldmodel), version 0.0.6.
"""

import importlib.util
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.drawing import Camera, frames_of, import_mujoco

SUBSTEPS = 2  # of 0.02 s
WRIST_RANGE = math.radians(160)
SOFTNESS = 0.2  # rad that the wrist's limit gives way
REACHED = 0.05  # rad

# Of the agent that collects episodes: how often it draws new torques. The published one does at every step, and then
# most of them cancel within a block, so that two frames tell less than a fifth of the action.
CHANGE_PROBABILITY = 0.2


@dataclass(frozen=True)
class Reacher:
    """An arm with two joints.

    A state is ``(shoulder, wrist, their velocities)``, in rad and rad/s; the shoulder's angle is not wrapped. An
    action is two torques in [-1, 1], in units of the motors' strength, clipped if they are larger.

    Arguments:
        image_size: of the frames that are drawn.

    Raises:
        SMWMError: mujoco or dm_control is missing.
    """

    image_size: int = 64
    state_dim: int = 4
    action_dim: int = 2
    controllable_dim: int = 2
    bounds: tuple[float, float] = (-1.0, 1.0)
    episode_steps: int = 200

    def __post_init__(self) -> None:
        if not 16 <= self.image_size <= 512:
            raise SMWMError(f"Reacher is drawn at 16 to 512 px, not {self.image_size}.")
        _model()

    def describe(self) -> str:
        return (
            f"an arm of two links on {self.image_size}×{self.image_size} px; the action sets the torques of its joints"
        )

    def play(self, state: Tensor, actions: Tensor) -> Tensor:
        """Where sequences of actions lead.

        Arguments:
            state: ``(N, 4)``.
            actions: ``(N, K, 2)``; one lasts 0.04 s.

        Returns:
            the states after each action, ``(N, K, 4)`` float64.

        Raises:
            SMWMError: wrong shapes, or numbers that are not finite.
        """
        if state.ndim != 2 or state.shape[1] != 4:
            raise SMWMError(f"A Reacher state has shape (N, 4), not {tuple(state.shape)}.")
        if actions.ndim != 3 or actions.shape[2] != 2 or len(actions) != len(state):
            raise SMWMError(
                f"Reacher actions for {len(state)} states have shape ({len(state)}, K, 2), not {tuple(actions.shape)}."
            )
        if not (torch.isfinite(state).all() and torch.isfinite(actions).all()):
            raise SMWMError("A Reacher state or action is not finite.")
        from mujoco.rollout import rollout

        model, data = _model()
        timed = np.concatenate([np.zeros((len(state), 1)), state.double().numpy()], 1)
        controls = actions.double().repeat_interleave(SUBSTEPS, 1).numpy()
        played, _ = rollout(model, data, timed, controls)
        return torch.from_numpy(played[:, SUBSTEPS - 1 :: SUBSTEPS, 1:].copy())

    def reached(self, state: Tensor, goal: Tensor) -> Tensor:
        """Whether both joints are within 0.05 rad of their goals, unwrapped: two ``(…, 4)`` → ``(…,)`` bool."""
        return ((state - goal)[..., :2].abs() < REACHED).all(-1)

    def inside(self, state: Tensor) -> Tensor:
        """Whether the wrist's angle is one that its limits allow: states ``(…, 4)`` → ``(…,)`` bool."""
        return torch.isfinite(state).all(-1) & (state[..., 1].abs() < WRIST_RANGE + SOFTNESS)

    def random_action(self, n: int, generator: Generator) -> Tensor:
        """``(n, 2)`` uniform torques."""
        return 2 * torch.rand(n, 2, generator=generator) - 1

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Episodes of uniform random torques that are held for five steps on average, from random angles at rest.

        Arguments:
            episodes: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            states ``(episodes, 201, 4)`` and actions ``(episodes, 200, 2)``, float32, and the number of actions of
            each episode, which is 200 for all: ``(episodes,)``.
        """
        angles = (2 * torch.rand(episodes, 2, generator=generator) - 1) * torch.tensor([math.pi, WRIST_RANGE])
        start = torch.cat([angles, torch.zeros(episodes, 2)], 1)
        actions = self.random_action(episodes * self.episode_steps, generator).view(episodes, self.episode_steps, 2)
        changes = torch.rand(episodes, self.episode_steps, generator=generator) < CHANGE_PROBABILITY
        step = torch.arange(self.episode_steps).expand(episodes, -1)
        drawn_at = torch.where(changes, step, 0).cummax(1).values
        actions = actions.gather(1, drawn_at[..., None].expand(-1, -1, 2))
        states = torch.cat([start[:, None], self.play(start, actions).float()], 1)
        return states, actions, torch.full((episodes,), self.episode_steps)

    def render(self, state: Tensor) -> Tensor:
        """Draw states, seen from above.

        Arguments:
            state: ``(N, 4)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.
        """
        if state.ndim != 2 or state.shape[1] != 4:
            raise SMWMError(f"A Reacher state has shape (N, 4), not {tuple(state.shape)}.")
        mujoco = import_mujoco()
        model, data = _model()
        camera = _camera(self.image_size)
        drawn = []
        for angles in state[:, :2].double().cpu().numpy():
            data.qpos[:] = angles
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            drawn.append(camera.draw(data))
        return frames_of(drawn).to(state.device)


@cache
def _model():
    """The arm without its target, and scratch space to compute in; one per process."""
    mujoco = import_mujoco()
    package = importlib.util.find_spec("dm_control")
    if package is None:
        raise SMWMError("Reacher needs dm_control; install it with `pip install -r requirements-sim.txt`.")
    model = mujoco.MjModel.from_xml_path(str(Path(package.submodule_search_locations[0]) / "suite" / "reacher.xml"))
    target = model.geom("target").id
    model.geom_rgba[target, 3] = model.mat_rgba[model.geom_matid[target], 3] = 0
    return model, mujoco.MjData(model)


@cache
def _camera(size: int) -> Camera:
    return Camera(_model()[0], "fixed", size)
