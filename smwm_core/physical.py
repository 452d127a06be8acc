"""What physical quantities a latent holds: the probes of the paper's table, and the quantities of each task."""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Generator, Tensor

from smwm_core.errors import choose
from smwm_core.worlds import Blocks, cube


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

PROBES = {
    "linear": lambda seed: Ridge(1e-3),
    "mlp": lambda seed: MLPRegressor(hidden_layer_sizes=(256, 128), early_stopping=True, random_state=seed),
}


def draw_states(world: Blocks, fitted: int, scored: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """States for a probe, ``(fitted, S)`` from training episodes and ``(scored, S)`` from held-out ones."""
    return tuple(
        episodes.state[torch.randint(len(episodes.state), (count,), generator=generator)]
        for episodes, count in zip(world.split, (fitted, scored), strict=True)
    )


def probe_r2(
    probe: str, z_fit: Tensor, target_fit: Tensor, z_score: Tensor, target_score: Tensor, *, seed: int
) -> float:
    """How well a frozen latent tells a quantity.

    Source: Sensorimotor World Models (arXiv 2606.20104): ridge regression, or two hidden layers of 256 and
    128 with early stopping, on standardised latents and targets.

    Arguments:
        probe: linear or mlp.
        z_fit, target_fit: to fit it, ``(N, Z)`` and ``(N, D)``.
        z_score, target_score: to score it, ``(M, Z)`` and ``(M, D)``.
        seed: of the weights of the mlp.

    Returns:
        the coefficient of determination, mean over the D columns: 1 is perfect, 0 no better than the mean.
    """
    model = choose("probe", probe, PROBES)(seed)
    scale = StandardScaler().fit(target_fit.numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # early stopping or the last epoch, whichever is first
        wanted = scale.transform(target_fit.numpy())
        wanted = wanted.ravel() if wanted.shape[1] == 1 else wanted
        fitted = make_pipeline(StandardScaler(), model).fit(z_fit.cpu().double().numpy(), wanted)
        predicted = np.reshape(fitted.predict(z_score.cpu().double().numpy()), target_score.shape)
    return float(r2_score(scale.transform(target_score.numpy()), predicted))
