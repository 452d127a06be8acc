"""Reacher: an arm of two links on a table, seen from above and driven by torques.

MuJoCo simulates and draws the model that the package ``dm_control`` ships; nothing else of that package is used.

Semantics: Reacher of the ``stable-worldmodel`` package (github.com/galilai-group/stable-worldmodel), version 0.0.6.
"""

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import choose
from smwm_core.worlds.simulators.mujoco import Camera, load
from smwm_core.worlds.world import require_actions, require_size, require_states

SUBSTEPS = 2  # of 0.02 s each
REACHED = 0.05  # rad
WRIST_RANGE = math.radians(160)
SOFTNESS = 0.2  # rad by which the wrist's stops give way
HIDDEN = 5  # the group of geoms that the camera does not see

# Of the agent that collects episodes: how often it draws new torques where it holds them. The published one draws them
# at every step, and then most of them cancel within a block, so that two frames tell less than a fifth of the action.
CHANGE_PROBABILITY = 0.2
FRESH_SHARE = {"held": 0.0, "mixed": 0.5, "fresh": 1.0}  # of the episodes, in which torques are new at every step


@dataclass(frozen=True)
class Reacher:
    """A shoulder that turns without end, and a wrist that stops at 160° on either side.

    A state is ``(shoulder, wrist, and their velocities)`` float64, in rad and rad/s, where the shoulder counts its
    turns. An action is a torque on each joint, in units of 0.05 N m, held for 0.04 s and clipped to [-1, 1].

    Arguments:
        image_size: of the frames that are drawn.
        torques: of the episodes that are collected, held for five steps on average (``"held"``), drawn anew at every
            step (``"fresh"``), or half of the episodes each (``"mixed"``).

    Raises:
        SMWMError: mujoco or dm_control is missing, a frame that is too small or too large, or unknown torques.
    """

    image_size: int = 64
    state_dim: int = 4
    action_dim: int = 2
    controllable_dim: int = 2
    bounds: tuple[float, float] = (-1.0, 1.0)
    velocities: ClassVar[slice] = slice(2, 4)
    episode_steps: int = 200
    torques: str = "held"

    def __post_init__(self) -> None:
        choose("kind of torques", self.torques, FRESH_SHARE)
        require_size("Reacher", self.image_size)
        _packages()

    def describe(self) -> str:
        return f"an arm of two links on {self.image_size}×{self.image_size} px; the action is a torque on each joint"

    def play(self, state: Tensor, actions: Tensor) -> Tensor:
        """Where sequences of actions lead.

        Arguments:
            state: ``(N, 4)``.
            actions: ``(N, K, 2)``.

        Returns:
            the states after each action, ``(N, K, 4)`` float64.

        Raises:
            SMWMError: wrong shapes, or numbers that are not finite.
        """
        require_states("Reacher", state, 4)
        require_actions("Reacher", state, actions, 2)
        return self._rolled(state, actions, SUBSTEPS)[:, SUBSTEPS - 1 :: SUBSTEPS]

    def _rolled(self, state: Tensor, actions: Tensor, substeps: int) -> Tensor:
        """The states after each substep, of which every action takes so many."""
        if not actions.numel():
            return torch.empty(len(actions), substeps * actions.shape[1], 4, dtype=torch.float64)
        from mujoco import MjData, rollout

        model = _model()
        start = np.pad(state.cpu().double().numpy(), ((0, 0), (1, 0)))  # a full state of MuJoCo's begins with the time
        torques = actions.cpu().double().repeat_interleave(substeps, 1).numpy()
        played, _ = rollout.rollout(model, MjData(model), start, torques)
        return torch.from_numpy(played[..., 1:])

    def between(self, state: Tensor, actions: Tensor) -> Tensor:
        """The states after the first half of each action: ``(N, K, 4)`` and ``(N, K, 2)`` → ``(N, K, 4)`` float64."""
        require_states("Reacher", state.flatten(0, 1), 4)
        return self._rolled(state.flatten(0, 1), actions.flatten(0, 1)[:, None], 1).view(*state.shape)

    def reached(self, state: Tensor, goal: Tensor) -> Tensor:
        """Whether both joints are at their goals: two ``(…, 4)`` → ``(…,)`` bool, true if each is within 0.05 rad.

        A whole turn more is another place.
        """
        return ((state[..., :2] - goal[..., :2]).abs() < REACHED).all(-1)

    def distances(self, state: Tensor, goal: Tensor) -> Tensor:
        """How far each joint is from its goal, in units of 0.05 rad: two ``(…, 4)`` → ``(…, 2)``."""
        return (state[..., :2] - goal[..., :2]).abs() / REACHED

    def inside(self, state: Tensor) -> Tensor:
        """Whether the wrist is between its stops: states ``(…, 4)`` → ``(…,)`` bool."""
        return state[..., 1].abs() < WRIST_RANGE + SOFTNESS

    def random_action(self, n: int, generator: Generator) -> Tensor:
        """``(n, 2)`` uniform actions."""
        return 2 * torch.rand(n, 2, generator=generator) - 1

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Episodes of random torques from random poses at rest; where both kinds are mixed, held torques come first.

        Arguments:
            episodes: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            states ``(episodes, 201, 4)`` and actions ``(episodes, 200, 2)``, float32, and the number of actions
            of each episode, which is 200 for all: ``(episodes,)``.
        """
        poses = 2 * torch.rand(episodes, 2, generator=generator, dtype=torch.float64) - 1
        start = torch.cat([poses * torch.tensor([math.pi, WRIST_RANGE]), torch.zeros(episodes, 2)], 1)
        actions = self.random_action(episodes * self.episode_steps, generator).view(episodes, -1, 2)
        changes = torch.rand(episodes, self.episode_steps, generator=generator) < CHANGE_PROBABILITY
        changes[round((1 - FRESH_SHARE[self.torques]) * episodes) :] = True
        drawn_at = torch.where(changes, torch.arange(self.episode_steps), 0).cummax(1).values
        actions = actions.gather(1, drawn_at[..., None].expand(-1, -1, 2))
        states = torch.cat([start[:, None], self.play(start, actions)], 1)
        return states.float(), actions, torch.full((episodes,), self.episode_steps)

    def render(self, state: Tensor) -> Tensor:
        """Draw states, without any target.

        Arguments:
            state: ``(N, 4)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.

        Raises:
            SMWMError: a wrong shape, numbers that are not finite, or no library to draw with.
        """
        require_states("Reacher", state, 4)
        return _camera(self.image_size).draw(state)


def _packages() -> str:
    """Import what is needed, and return the file of the arm's model."""
    package = load("dm_control", "Reacher", "mujoco and dm_control")
    return str(files(package) / "suite" / "reacher.xml")


@cache
def _model():
    path = _packages()
    import mujoco

    model = mujoco.MjModel.from_xml_path(path)
    model.geom_group[model.geom("target").id] = HIDDEN
    return model


@cache
def _camera(size: int) -> Camera:
    return Camera(_model(), "fixed", size)
