"""Warning lights: can one tell that a frozen latent has dropped something?

Four of them. Two come with the model: how much several forward models disagree, and how wrong the prediction of a step
is. Look-alikes compare latents with pictures. The budgeted probe asks about one variable and needs a few labels.
"""

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d, mse_loss

from smwm_core.errors import SMWMError
from smwm_core.models import ForwardModel, WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.worlds import World

FILTERS, SIZE = 32, 7  # of the random convolution
PENALTIES = np.logspace(-4, 4, 17)  # that the budgeted probe chooses from
_TOGETHER = 256  # frames


class Ensemble:
    """Several forward models on a frozen latent, each with weights and an order of the data of its own.

    Arguments:
        z, a, z_next: latents, actions and next latents ``(N, …)`` to fit them to.
        steps: of Adam for each, in batches of 128.
        seed: of weights and order.
        heads: how many.

    Raises:
        SMWMError: fewer than two heads.
    """

    def __init__(self, z: Tensor, a: Tensor, z_next: Tensor, *, steps: int, seed: int, heads: int = 5) -> None:
        if heads < 2:
            raise SMWMError(f"It takes two forward models at least to disagree, not {heads}.")
        self.centre, self.scale = z.mean(0), z.var(0).mean().sqrt().clamp(min=1e-12)
        z, z_next, self.heads = self._standard(z), self._standard(z_next), []
        for number in range(heads):
            with initialising(seed, f"forward head {number}"):
                head = ForwardModel(z.shape[1], a.shape[1], bounded=False).to(z.device)
            adam = torch.optim.Adam(head.parameters(), lr=1e-3)
            order = generator(seed, f"order of forward head {number}")
            for _ in range(steps):
                i = torch.randint(len(z), (128,), generator=order).to(z.device)
                adam.zero_grad()
                mse_loss(head(z[i], a[i]), z_next[i]).backward()
                adam.step()
            self.heads.append(head.requires_grad_(False))

    def disagreement(self, z: Tensor, a: Tensor) -> Tensor:
        """Variance of the predictions over the heads, as a share of the latent's mean variance: ``(…,)`` ≥ 0."""
        z = self._standard(z)
        return torch.stack([head(z, a) for head in self.heads]).var(0).mean(-1)

    def _standard(self, z: Tensor) -> Tensor:
        return (z - self.centre) / self.scale


@torch.no_grad()
def surprise(model: WorldModel, z: Tensor, a: Tensor, z_next: Tensor, among: Tensor | None = None) -> Tensor:
    """The error of a model's own prediction of a step, as a share of the latent's mean variance.

    Summed over dimensions instead of averaged, error and variance give the same share.

    Arguments:
        model: whose forward model predicts.
        z, a, z_next: latents, actions and next latents ``(…, Z)``.
        among: latents ``(…, Z)`` whose variance it is, as all those of an episode; of ``z`` if not given.

    Returns:
        ``(…,)`` ≥ 0.
    """
    spread = (z if among is None else among).flatten(0, -2).var(0).mean()
    return (model.predict(z, a) - z_next).square().mean(-1) / spread.clamp(min=1e-24)


def soft_pictures(world: World, state: Tensor) -> Tensor:
    """Frames as the amount of ink around a grid of points, ``(N, P)``: distances grow with the way that a dot moved.

    Between sharp frames, any two places of a small dot are equally far apart as soon as they do not overlap.

    Arguments:
        world: which draws the states ``(N, S)``.
    """
    drawn = [1 - world.render(part) for part in state.split(_TOGETHER)]
    return torch.cat([avg_pool2d(avg_pool2d(ink, 8, 4), 3, 1, 1).flatten(1) for ink in drawn])


def look_alikes(z: Tensor, pictures: Tensor, z_known: Tensor, known: Tensor, neighbours: int = 10) -> Tensor:
    """How different the frames look that a latent takes for nearly the same.

    Arguments:
        z, pictures: latents ``(N, Z)`` and pictures ``(N, P)`` of the frames that are asked about.
        z_known, known: those of M frames to compare them with.
        neighbours: how many of the M, the nearest in latent space, are looked at.

    Returns:
        per frame the largest distance to the pictures of its neighbours, over the median distance to all M: ``(N,)``,
        about 1 if neighbours look like any other frames.

    Raises:
        SMWMError: fewer frames than neighbours.
    """
    if not 1 <= neighbours <= len(z_known):
        raise SMWMError(f"A frame has between 1 and {len(z_known)} neighbours here, not {neighbours}.")
    nearest = torch.cdist(z, z_known).topk(neighbours, largest=False).indices
    apart = torch.cdist(pictures, known)
    return apart.gather(1, nearest).amax(1) / apart.median(1).values


def random_features(world: World, state: Tensor, seed: int = 0) -> Tensor:
    """What a layer of random filters sees of a world's frames, see ``convolved``: ``(N, 2048)``.

    Arguments:
        world: which draws the states ``(N, S)``.
        seed: of the filters.
    """
    return torch.cat([convolved(world.render(part), seed) for part in state.split(_TOGETHER)])


def convolved(frames: Tensor, seed: int = 0) -> Tensor:
    """What a layer of random filters sees of frames, averaged over parts of the frame that overlap.

    Nothing is learned, so nothing is dropped: a reference for what a read-out of a frame can do with few labels.

    Arguments:
        frames: ``(N, C, H, W)`` in [0, 1].
        seed: of the filters.

    Returns:
        ``(N, 2048)`` of frames of 64 × 64; larger ones are averaged down to that size first.
    """
    channels, side = frames.shape[1], 64
    frames = adaptive_avg_pool2d(frames, side) if min(frames.shape[2:]) > side else frames
    size = channels, SIZE, SIZE
    filters = torch.randn(FILTERS, *size, generator=generator(seed, "random filters")) / (channels * SIZE**2) ** 0.5
    return avg_pool2d(conv2d(1 - frames, filters.to(frames), stride=2).relu(), 7, 3).flatten(1)


def budgeted_r2(x: Tensor, target: Tensor, folds: int = 5) -> np.ndarray:
    """Cross-validated R² of ridge regressions, for as few labels as there are; the scale of ``x`` does not matter.

    Arguments:
        x: ``(N, D)`` latents or features.
        target: ``(N, K)`` labels.
        folds: parts; each is predicted from the others, whose own split chooses the penalty.

    Returns:
        ``(K,)``: 1 is perfect, 0 no better than the mean, and worse can be negative.

    Raises:
        SMWMError: fewer than two labels per fold, or another number of them than of rows.
    """
    if len(x) != len(target) or len(x) < 2 * folds:
        raise SMWMError(
            f"{folds} folds need a label per row and {2 * folds} rows; there are {len(x)} and {len(target)}."
        )
    rows, wanted = x.detach().double().cpu().numpy(), target.double().cpu().numpy()
    rows = rows / max(np.sqrt(rows.var(0).mean()), 1e-12)  # not column by column: some hardly ever vary
    ridge = RidgeCV(PENALTIES, alpha_per_target=True)
    with threadpool_limits(1):  # for matrices this small, threads wait for each other
        guesses = cross_val_predict(ridge, rows, wanted, cv=KFold(folds, shuffle=True, random_state=0))
    return 1 - np.square(guesses - wanted).sum(0) / np.square(wanted - wanted.mean(0)).sum(0)


def auroc(truth: np.ndarray, score: np.ndarray) -> float:
    """The chance that a case where something is so scores higher than one where it is not; 0.5 says nothing.

    Where all cases are alike there is nothing to tell apart, and it is 0.5.

    Arguments:
        truth: ``(N,)`` bool.
        score: ``(N,)`` finite numbers.

    Raises:
        SMWMError: scores that are not finite, or another number of them.
    """
    truth, score = np.asarray(truth, bool), np.asarray(score, float)
    if truth.shape != score.shape or not np.isfinite(score).all():
        raise SMWMError(f"Each of the {truth.size} cases needs a finite score; there are {np.isfinite(score).sum()}.")
    return float(roc_auc_score(truth, score)) if 0 < truth.sum() < truth.size else 0.5
