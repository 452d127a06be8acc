"""What can be read out of a frozen latent: linear probes of the state, those of the paper's table, and a fresh head
for the action.
"""

import warnings

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.losses.smwm import inverse_loss
from smwm_core.models import InverseModel
from smwm_core.seeds import generator, initialising
from smwm_core.worlds import FrameSkip

SNAPSHOT_COMPONENTS = 8


def linear_r2(z: Tensor, target: Tensor) -> np.ndarray:
    """Coefficient of determination of a linear read-out, per target, on held-out data.

    Ordinary least squares is fitted on one half of the distinct targets and scored on the others,
    so a state that was drawn twice is never on both sides.

    Arguments:
        z: ``(N, Z)`` latents.
        target: ``(N, D)``, what should be read out.

    Returns:
        ``(D,)``; 1 is perfect, 0 no better than the mean, and worse can be negative.
    """
    if len(z) != len(target) or len(z) // 2 <= z.shape[1]:
        raise SMWMError(
            f"A linear probe needs one target per latent and at least {2 * z.shape[1] + 2} of them; "
            f"there are {len(z)} latents and {len(target)} targets."
        )
    x, y = z.double().cpu().numpy(), target.double().cpu().numpy()
    distinct, group = np.unique(y, axis=0, return_inverse=True)
    fitted = (np.random.default_rng(0).permutation(len(distinct)) < len(distinct) / 2)[group.ravel()]
    scored = y[~fitted]
    predicted = LinearRegression().fit(x[fitted], y[fitted]).predict(x[~fitted])
    return 1 - np.square(scored - predicted).sum(0) / np.square(scored - scored.mean(0)).sum(0)


def r2_while_training(snapshots: Tensor, target: Tensor) -> np.ndarray:
    """``linear_r2`` of the latents of a few fixed frames, snapshot by snapshot.

    The frames are few, so only the first eight principal components are read.

    Arguments:
        snapshots: ``(S, N, Z)`` latents of the same N frames.
        target: ``(N, D)`` of those frames.

    Returns:
        ``(S, D)``.
    """
    scores = []
    for z in snapshots:
        centred = z - z.mean(0)
        axes = torch.linalg.svd(centred, full_matrices=False).Vh[:SNAPSHOT_COMPONENTS]
        scores.append(linear_r2(centred @ axes.T, target))
    return np.stack(scores)


def fresh_inverse_head(
    z: Tensor, a: Tensor, z_next: Tensor, *, seed: int, steps: int = 1_000, batch_size: int = 256
) -> InverseModel:
    """A new inverse model, trained on the first half of frozen latents; the second half is left to score it.

    It is the toy model's, trained with Adam at its learning rate, on latents in the scale that they have.

    Arguments:
        z, z_next: consecutive latents ``(N, Z)``.
        a: the actions between them ``(N, A)``.
        seed: of its weights and of the order of the data.
    """
    with initialising(seed, "fresh inverse model"):
        head = InverseModel(z.shape[1], a.shape[1]).to(z.device)
    optimizer = torch.optim.Adam(head.parameters(), lr=5e-4)
    order = generator(seed, "fresh inverse model order")
    for _ in range(steps):
        i = torch.randint(len(z) // 2, (batch_size,), generator=order).to(z.device)
        optimizer.zero_grad()
        inverse_loss(head(z[i], z_next[i]), a[i]).backward()
        optimizer.step()
    return head


@torch.no_grad()
def fresh_inverse_loss(z: Tensor, a: Tensor, z_next: Tensor, *, seed: int, **options: int) -> float:
    """The inverse loss that a new inverse model reaches on frozen latents, on held-out data.

    Says whether an inverse model still finds the action, at the scale that the latents have, if
    their own was never trained (λ = 0). It does not rescale them; a probe that does may find more.

    Arguments:
        z, a, z_next, seed, options: as of ``fresh_inverse_head``; the second half of the data is scored.
    """
    with torch.enable_grad():
        head = fresh_inverse_head(z, a, z_next, seed=seed, **options)
    half = len(z) // 2
    return inverse_loss(head(z[half:], z_next[half:]), a[half:]).item()


PROBES = {
    "linear": lambda seed: Ridge(1e-3),
    "mlp": lambda seed: MLPRegressor(hidden_layer_sizes=(256, 128), early_stopping=True, random_state=seed),
}


def draw_states(world: FrameSkip, fitted: int, scored: int, generator: Generator) -> tuple[Tensor, Tensor]:
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
    return float(r2_score(target_score.numpy(), probe_values(probe, z_fit, target_fit, z_score, seed=seed).numpy()))


def probe_values(probe: str, z_fit: Tensor, target_fit: Tensor, z_score: Tensor, *, seed: int) -> Tensor:
    """What a probe reads from the latents in ``z_score``, ``(M, D)``; arguments are those of ``probe_r2``."""
    model = choose("probe", probe, PROBES)(seed)
    scale = StandardScaler().fit(target_fit.numpy())
    with warnings.catch_warnings(), threadpool_limits(1):  # for matrices this small, threads wait for each other
        warnings.simplefilter("ignore", ConvergenceWarning)  # early stopping or the last epoch, whichever is first
        wanted = scale.transform(target_fit.numpy())
        wanted = wanted.ravel() if wanted.shape[1] == 1 else wanted
        fitted = make_pipeline(StandardScaler(), model).fit(z_fit.cpu().double().numpy(), wanted)
        predicted = np.reshape(fitted.predict(z_score.cpu().double().numpy()), (len(z_score), -1))
    return torch.from_numpy(scale.inverse_transform(predicted))


def explained_share(quantity: Tensor, z: Tensor, *, seed: int) -> float:
    """The share of a latent's total variance that is a function of a quantity, on held-out data.

    An MLP predicts the latent, in the scale that it has, from the quantity. Shares of quantities that depend on each
    other overlap, so they need not add up to less than 1.

    Arguments:
        quantity: ``(N, D)``.
        z: latents ``(N, Z)`` of the same frames; the first half fits, the second is scored.
        seed: of the MLP's weights.
    """
    half = len(z) // 2
    predicted = probe_values("mlp", quantity[:half], z[:half].cpu().double(), quantity[half:], seed=seed)
    scored = z[half:].cpu().double()
    return float(1 - (scored - predicted).square().sum() / (scored - scored.mean(0)).square().sum())
