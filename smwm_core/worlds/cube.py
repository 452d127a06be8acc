"""OGBench-Cube: a robot arm with a gripper that moves one cube over a table.

The arm, its controller and the scripted agent are OGBench's; only what is drawn is simpler: the arm's hull instead of
its meshes, without shadows, so that a processor draws it in a hundredth of a second.

Source: cube-single of OGBench (Park et al., 2025; github.com/seohongpark/ogbench), with the success test of the
``stable-worldmodel`` package (github.com/galilai-group/stable-worldmodel), version 0.0.6.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.drawing import Camera, frames_of, import_mujoco

JOINTS, VELOCITIES = 21, 20  # six of the arm, eight of the gripper, then the cube's place and quaternion
CUBE = slice(14, 17)
GRIPPER = 6  # the joint that opens and closes the fingers
GRIPPER_SHUT = 0.8  # rad
SUBSTEPS = 25  # of 0.002 s
REACHED = 0.04  # m
HEAVY_MESH = 6_000  # faces
HIDDEN_GROUP, HULL_GROUP = 5, 3
PURPLE = (0.61, 0.28, 0.82, 1.0)


@dataclass(frozen=True)
class Cube:
    """An arm, a gripper and a cube.

    A state is the simulator's: 21 positions (six joints of the arm in rad, eight of the gripper, the cube's place in
    m and its quaternion), then 20 velocities. An action is in [-1, 1]: the gripper's displacement in units of
    0.05 m (three), its turn in units of 0.3 rad, and how far it closes.

    Arguments:
        image_size: of the frames that are drawn.

    Raises:
        SMWMError: mujoco or ogbench is missing.
    """

    image_size: int = 64
    state_dim: int = JOINTS + VELOCITIES
    action_dim: int = 5
    controllable_dim: int = 5
    bounds: tuple[float, float] = (-1.0, 1.0)
    episode_steps: int = 200

    def __post_init__(self) -> None:
        if not 16 <= self.image_size <= 512:
            raise SMWMError(f"OGBench-Cube is drawn at 16 to 512 px, not {self.image_size}.")
        import_mujoco()
        _ogbench()

    def describe(self) -> str:
        return f"an arm that moves a cube, on {self.image_size}×{self.image_size} px; the action moves its gripper"

    def play(self, state: Tensor, actions: Tensor) -> Tensor:
        """Where sequences of actions lead.

        Arguments:
            state: ``(N, 41)``.
            actions: ``(N, K, 5)``; one lasts 0.05 s.

        Returns:
            the states after each action, ``(N, K, 41)`` float64.

        Raises:
            SMWMError: wrong shapes, or numbers that are not finite.
        """
        _require_states(state)
        if actions.ndim != 3 or actions.shape[2] != 5 or len(actions) != len(state):
            raise SMWMError(
                f"OGBench-Cube actions for {len(state)} states have shape ({len(state)}, K, 5), not "
                f"{tuple(actions.shape)}."
            )
        if not (torch.isfinite(state).all() and torch.isfinite(actions).all()):
            raise SMWMError("An OGBench-Cube state or action is not finite.")
        mujoco = import_mujoco()
        env = _environment()
        played = np.empty((*actions.shape[:2], self.state_dim))
        for states, start, sequence in zip(played, state.double().numpy(), actions.double().numpy(), strict=True):
            _put(env, start)
            for step, action in enumerate(sequence):
                env.set_control(action)
                mujoco.mj_step(env._model, env._data, nstep=SUBSTEPS)
                states[step] = _state(env)
        return torch.from_numpy(played)

    def reached(self, state: Tensor, goal: Tensor) -> Tensor:
        """Whether the cube's centre is within 0.04 m of its goal: two ``(…, 41)`` → ``(…,)`` bool."""
        return (state[..., CUBE] - goal[..., CUBE]).norm(dim=-1) <= REACHED

    def inside(self, state: Tensor) -> Tensor:
        """Whether the cube is on or above the floor and within a metre: states ``(…, 41)`` → ``(…,)`` bool."""
        return torch.isfinite(state).all(-1) & (state[..., 16] > 0) & (state[..., CUBE].abs() < 1).all(-1)

    def random_action(self, n: int, generator: Generator) -> Tensor:
        """``(n, 5)`` uniform actions."""
        return 2 * torch.rand(n, 5, generator=generator) - 1

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Episodes of OGBench's scripted agent, which carries the cube from one random place to the next.

        It follows a noisy plan: over the cube, down, grasp, up, over the target, down, let go.

        Arguments:
            episodes: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            states ``(episodes, 201, 41)`` and actions ``(episodes, 200, 5)``, float32, and the number of actions of
            each episode, which is 200 for all: ``(episodes,)``.
        """
        env, oracle = _environment(), _ogbench()[1]
        states = np.empty((episodes, self.episode_steps + 1, self.state_dim), np.float32)
        actions = np.empty((episodes, self.episode_steps, 5), np.float32)
        for episode in range(episodes):
            seed = int(torch.randint(2**31, (1,), generator=generator))
            with _numpy_seeded(seed):
                observation, info = env.reset(seed=seed)
                agent = oracle(env=env)
                agent.reset(observation, info)
                states[episode, 0] = _state(env)
                for step in range(self.episode_steps):
                    action = np.clip(agent.select_action(observation, info), -1, 1)
                    observation, _, _, _, info = env.step(action)
                    actions[episode, step], states[episode, step + 1] = action, _state(env)
                    if agent.done:
                        observation, info = env.set_new_target()
                        agent.reset(observation, info)
        length = torch.full((episodes,), self.episode_steps)
        return torch.from_numpy(states), torch.from_numpy(actions), length

    def effector(self, state: Tensor) -> Tensor:
        """Where the gripper's fingers meet, in m: states ``(N, 41)`` → ``(N, 3)``."""
        _require_states(state)
        mujoco = import_mujoco()
        env = _environment()
        places = []
        for row in state.double().cpu().numpy():
            env._data.qpos[:] = row[:JOINTS]
            mujoco.mj_kinematics(env._model, env._data)
            places.append(env._data.site_xpos[env._pinch_site_id].copy())
        return torch.tensor(np.array(places), dtype=state.dtype)

    def render(self, state: Tensor) -> Tensor:
        """Draw states, seen from the front.

        Arguments:
            state: ``(N, 41)``, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.
        """
        _require_states(state)
        env = _environment()
        camera, options = _camera(self.image_size)
        drawn = []
        for row in state.double().cpu().numpy():
            _put(env, row)
            drawn.append(camera.draw(env._data, options))
        return frames_of(drawn).to(state.device)


def _require_states(state: Tensor) -> None:
    if state.ndim != 2 or state.shape[1] != JOINTS + VELOCITIES:
        raise SMWMError(f"An OGBench-Cube state has shape (N, 41), not {tuple(state.shape)}.")


def _put(env, state: np.ndarray) -> None:
    mujoco = import_mujoco()
    mujoco.mj_resetData(env._model, env._data)
    env._data.qpos[:], env._data.qvel[:] = state[:JOINTS], state[JOINTS:]
    mujoco.mj_forward(env._model, env._data)


def _state(env) -> np.ndarray:
    return np.concatenate([env._data.qpos, env._data.qvel])


@contextmanager
def _numpy_seeded(seed: int):
    """OGBench's agent draws from numpy's global generator; give it a seed, and put the old state back."""
    former = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(former)


def _ogbench() -> tuple[type, type]:
    try:
        from ogbench.manipspace.envs.cube_env import CubeEnv
        from ogbench.manipspace.oracles.plan.cube_plan import CubePlanOracle
    except ImportError as error:
        raise SMWMError("OGBench-Cube needs ogbench; install it with `pip install -r requirements-sim.txt`.") from error
    return CubeEnv, CubePlanOracle


@cache
def _environment():
    """The simulator, compiled once per process."""
    env = _ogbench()[0](
        env_type="single", ob_type="states", mode="data_collection", visualize_info=False, terminate_at_goal=False
    )
    env.reset(seed=0)
    return env


@cache
def _camera(size: int) -> tuple:
    """A camera that sees the arm's hull, and the options that say so."""
    mujoco = import_mujoco()
    model = _environment()._model
    for number in range(model.ngeom):
        is_mesh = model.geom_type[number] == mujoco.mjtGeom.mjGEOM_MESH
        if is_mesh and model.mesh_facenum[model.geom_dataid[number]] > HEAVY_MESH:
            model.geom_group[number] = HIDDEN_GROUP
        if model.body(model.geom_bodyid[number]).name.startswith("ur5e/robotiq"):
            model.geom_matid[number] = -1
            model.geom_rgba[number] = PURPLE
    options = mujoco.MjvOption()
    options.geomgroup[HULL_GROUP], options.geomgroup[HIDDEN_GROUP] = 1, 0
    return Camera(model, "front_pixels", size), options
