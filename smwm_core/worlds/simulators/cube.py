"""Cube: a robot arm whose gripper picks a cube up and puts it down elsewhere.

MuJoCo simulates and draws the scene ``cube-single`` of the package ``ogbench``, whose controller turns actions into
joint positions and whose scripted oracle plays the recorded episodes. The arm is drawn as the plain shapes that stand
for it in collisions, which takes a fifth of the time of its 193 000 faces.

Semantics: OGBench-Cube of the ``stable-worldmodel`` package (github.com/galilai-group/stable-worldmodel),
version 0.0.6.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.worlds.simulators.mujoco import Camera, load
from smwm_core.worlds.world import require_actions, require_size, require_states

SUBSTEPS = 25  # of 0.002 s each
POSITIONS, VELOCITIES = 21, 20
CUBE = slice(14, 17)  # the cube's centre in a state, in metres
GRIPPER_JOINT, GRIPPER_SHUT = 6, 0.8  # the joint that opens and shuts the fingers, and its angle when they are shut
REACHED = 0.04  # metres
HALF_EDGE = float(np.float32(0.02))  # metres, as the original rounds it
COLLISION, HIDDEN = 3, 5  # groups of geoms: ogbench's for collisions, and one that the camera does not see
GRIPPER, PURPLE = ("black", "pad_gray"), (0.61, 0.28, 0.82, 1.0)
FACES = 6_000  # a mesh with more of them is drawn as an ellipsoid

# Of the scripted oracle that collects episodes.
NOISE, SMOOTHING = 0.1, 0.5


@dataclass(frozen=True)
class Cube:
    """An arm with six joints, a gripper, and a cube of 4 cm.

    A state is float64: 6 joints of the arm, 8 of the gripper, the cube's centre in metres and its orientation as a
    quaternion, then the velocities of all of them. An action moves the gripper's target relative to the gripper:
    three displacements in units of 5 cm, a turn in units of 0.3 rad, a change of the opening from -1 to 1; it is not
    clipped, but its target stays in the workspace.

    Arguments:
        image_size: of the frames that are drawn.

    Raises:
        SMWMError: mujoco, dm_control or ogbench is missing, or a frame that is too small or too large.
    """

    image_size: int = 64
    state_dim: int = POSITIONS + VELOCITIES
    action_dim: int = 5
    controllable_dim: int = 5
    bounds: tuple[float, float] = (-1.0, 1.0)
    velocities: ClassVar[slice] = slice(POSITIONS, POSITIONS + VELOCITIES)
    episode_steps: int = 200

    def __post_init__(self) -> None:
        require_size("Cube", self.image_size)
        _ogbench("envs.cube_env")

    def describe(self) -> str:
        return (
            f"a robot arm and a cube on {self.image_size}×{self.image_size} px; "
            "the action moves, turns and closes the gripper"
        )

    def play(self, state: Tensor, actions: Tensor) -> Tensor:
        """Where sequences of actions lead, one after the other.

        Arguments:
            state: ``(N, 41)``.
            actions: ``(N, K, 5)``.

        Returns:
            the states after each action, ``(N, K, 41)`` float64.

        Raises:
            SMWMError: wrong shapes, or numbers that are not finite.
        """
        require_states("Cube", state, self.state_dim)
        require_actions("Cube", state, actions, 5)
        env = _env()
        played = np.empty((*actions.shape[:2], self.state_dim))
        arrays = (given.cpu().double().numpy() for given in (state, actions))
        for start, sequence, states in zip(*arrays, played, strict=True):
            _set_state(env, start)
            for k, action in enumerate(sequence):
                _step(env, action)
                states[k] = _state(env)
        return torch.from_numpy(played)

    def reached(self, state: Tensor, goal: Tensor) -> Tensor:
        """Whether the cube is at its goal: two ``(…, 41)`` → ``(…,)`` bool, true within 4 cm, however it is turned."""
        return (state[..., CUBE] - goal[..., CUBE]).norm(dim=-1) <= REACHED

    def distances(self, state: Tensor, goal: Tensor) -> Tensor:
        """Distance of the cube to its goal in units of 4 cm: two ``(…, 41)`` → ``(…, 1)``."""
        return (state[..., CUBE] - goal[..., CUBE]).norm(dim=-1, keepdim=True) / REACHED

    def inside(self, state: Tensor) -> Tensor:
        """Whether the cube is above the floor and less than a metre away: states ``(…, 41)`` → ``(…,)`` bool."""
        place = state[..., CUBE]
        return (place[..., 2] > 0) & (place.abs() < 1).all(-1)

    def effector(self, state: Tensor) -> Tensor:
        """Where the gripper's fingers meet, in metres: states ``(N, 41)`` → ``(N, 3)``."""
        require_states("Cube", state, self.state_dim)
        env = _env()
        places = np.empty((len(state), 3))
        for place, position in zip(places, state.cpu().double().numpy()[:, :POSITIONS], strict=True):
            _set_state(env, np.pad(position, (0, VELOCITIES)))
            place[:] = env.data.site_xpos[env._pinch_site_id]
        return torch.from_numpy(places).to(state)

    def random_action(self, n: int, generator: Generator) -> Tensor:
        """``(n, 5)`` uniform actions in [-1, 1]."""
        return 2 * torch.rand(n, 5, generator=generator) - 1

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Episodes of a scripted oracle that picks the cube up and puts it down, again and again.

        Arm, cube and target are random at the start; where the cube was put down, a new target is drawn. The oracle
        follows its plan with noise that is correlated in time.

        Arguments:
            episodes: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            states ``(episodes, 201, 41)`` and actions ``(episodes, 200, 5)``, float32, and the number of actions
            of each episode, which is 200 for all: ``(episodes,)``.
        """
        seeds = torch.randint(2**31, (episodes,), generator=generator).tolist()
        states = np.empty((episodes, self.episode_steps + 1, self.state_dim), np.float32)
        actions = np.empty((episodes, self.episode_steps, 5), np.float32)
        for seed, *recorded in zip(seeds, states, actions, strict=True):
            with _global_randomness(seed):
                _record(_env(), seed, *recorded)
        return torch.from_numpy(states), torch.from_numpy(actions), torch.full((episodes,), self.episode_steps)

    def render(self, state: Tensor) -> Tensor:
        """Draw states, without any target.

        Arguments:
            state: ``(N, 41)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.

        Raises:
            SMWMError: a wrong shape, numbers that are not finite, or no library to draw with.
        """
        require_states("Cube", state, self.state_dim)
        return _camera(self.image_size).draw(state)


def _ogbench(module: str):
    return load(f"ogbench.manipspace.{module}", "Cube", "mujoco, dm_control and ogbench")


@cache
def _env():
    """The scene, compiled; its state is whatever it was used for last."""
    env = _ogbench("envs.cube_env").CubeEnv("single", mode="data_collection", visualize_info=False)
    env._mjcf_model = env.build_mjcf_model()  # which it would do at its first reset
    for body in ("object_0", "object_target_0"):
        for geom in env.mjcf_model.find("body", body).find_all("geom"):
            geom.size = 3 * [HALF_EDGE]
    env.reset(seed=0)
    return env


def _state(env) -> np.ndarray:
    return np.concatenate([env.data.qpos, env.data.qvel])


def _set_state(env, state: np.ndarray) -> None:
    import mujoco

    mujoco.mj_resetData(env.model, env.data)
    env.data.qpos[:], env.data.qvel[:] = np.split(state, [POSITIONS])
    mujoco.mj_forward(env.model, env.data)


def _step(env, action: np.ndarray) -> None:
    """A step of ogbench's environment, less its observations."""
    import mujoco

    env.set_control(action)
    mujoco.mj_step(env.model, env.data, SUBSTEPS)


def _record(env, seed: int, states: np.ndarray, actions: np.ndarray) -> None:
    """Fill in one episode of the oracle, states ``(K + 1, 41)`` and actions ``(K, 5)``."""
    observation, info = env.reset(seed=seed)
    oracle = _ogbench("oracles.plan.cube_plan").CubePlanOracle(env, noise=NOISE, noise_smoothing=SMOOTHING)
    oracle.reset(observation, info)
    states[0] = _state(env)
    for k in range(len(actions)):
        if oracle.done:
            oracle.reset(*env.set_new_target())
        actions[k] = oracle.select_action(observation, info)
        _step(env, actions[k].astype(float))
        info = env.compute_ob_info()
        states[k + 1] = _state(env)


@contextmanager
def _global_randomness(seed: int) -> Iterator[None]:
    """Let numpy's global generator, which the oracle draws from, follow a seed; then leave it as it was."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


@cache
def _camera(size: int) -> Camera:
    """A camera on a copy of the scene in which simple shapes stand for the arm and the gripper is purple."""
    model = copy(_env().model)
    from mujoco import mjtGeom

    for name in GRIPPER:
        model.material(f"ur5e/robotiq/{name}").rgba = PURPLE
    for geom in map(model.geom, range(model.ngeom)):
        shape = mjtGeom(geom.type[0])
        if geom.group[0] == COLLISION:
            seen = shape in (mjtGeom.mjGEOM_CAPSULE, mjtGeom.mjGEOM_CYLINDER)
        elif shape == mjtGeom.mjGEOM_MESH:
            seen = model.body(geom.bodyid[0]).name.startswith("ur5e/robotiq")
        else:
            seen = geom.name != "target_object_0"
        geom.group = 0 if seen else HIDDEN
        if shape == mjtGeom.mjGEOM_MESH and model.mesh_facenum[geom.dataid[0]] > FACES:
            geom.type, geom.size = mjtGeom.mjGEOM_ELLIPSOID, model.geom_aabb[geom.id, 3:]
    return Camera(model, "front_pixels", size)
