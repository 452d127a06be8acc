"""The cross-entropy method: draw action sequences, keep the best, draw again from where they are.

All tasks are searched at once. Nothing in the loop waits for the device.

Source: R. Rubinstein, The cross-entropy method for combinatorial and continuous optimization (1999), with the
settings of Sensorimotor World Models (arXiv 2606.20104).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.planning.costs import Cost


@dataclass(frozen=True)
class Plan:
    """What a search found.

    Arguments:
        actions: the mean of the last elites, ``(B, H, A)``, inside the bounds.
        cost: what these actions cost, ``(B,)``.
        means, stds: of the distribution that each iteration drew from, ``(I, B, H, A)``.
        best: the lowest cost that each iteration saw, ``(I, B)``.
    """

    actions: Tensor
    cost: Tensor
    means: Tensor
    stds: Tensor
    best: Tensor


@dataclass(frozen=True)
class CEM:
    """A search over ``horizon`` actions.

    Every iteration draws ``samples`` sequences from independent normal distributions, clips them to the bounds,
    and fits the distributions to the ``elites`` cheapest. The first sequence of each iteration is the mean itself.

    Arguments:
        low, high: bounds of an action, ``(A,)``.
        horizon: number of actions.
        samples, iterations, elites: see above; the defaults are the paper's.
        std: standard deviation of the first iteration, around 0.

    Raises:
        SMWMError: numbers or bounds that make no search.
    """

    low: Tensor
    high: Tensor
    horizon: int = 5
    samples: int = 300
    iterations: int = 30
    elites: int = 30
    std: float = 1.0

    def __post_init__(self) -> None:
        if min(self.horizon, self.iterations) < 1 or not 1 <= self.elites <= self.samples:
            raise SMWMError(
                f"A search needs at least one action and one iteration, and between 1 and {self.samples} elites (all "
                f"samples); asked for {self.horizon}, {self.iterations} and {self.elites}."
            )
        if not 0 < self.std < float("inf"):
            raise SMWMError(f"A search starts with a positive standard deviation, not {self.std}.")
        if self.low.ndim != 1 or self.low.shape != self.high.shape or not (self.low < self.high).all():
            raise SMWMError("The bounds of an action are two vectors of one size, the first below the second.")

    def __call__(self, cost: Cost, z: Tensor, z_goal: Tensor, generator: Generator | Sequence[Generator]) -> Plan:
        """Search for every task.

        Arguments:
            cost: judges sequences.
            z, z_goal: where the tasks start and should end, ``(B, Z)`` each.
            generator: source of the draws, on the device of ``z``; or one for each task, which then gets the same
                draws whatever is searched beside it.

        Raises:
            SMWMError: a latent is not finite, or another number of generators.
        """
        if not (torch.isfinite(z).all() and torch.isfinite(z_goal).all()):
            raise SMWMError("A latent to plan from or to is not finite; the observation or the model is broken.")
        if not isinstance(generator, Generator) and len(generator) != len(z):
            raise SMWMError(f"A search takes one generator, or one for each of {len(z)} tasks, not {len(generator)}.")
        low, high = self.low.to(z), self.high.to(z)
        mean = torch.zeros(len(z), self.horizon, len(low), device=z.device, dtype=z.dtype).clamp(low, high)
        std = torch.full_like(mean, self.std)
        means, stds, best = [], [], []
        for _ in range(self.iterations):
            means.append(mean)
            stds.append(std)
            noise = self._noise(mean, generator)
            noise[:, 0] = 0
            drawn = (mean[:, None] + std[:, None] * noise).clamp(low, high)
            costs, order = cost(z, z_goal, drawn).topk(self.elites, dim=1, largest=False)
            chosen = drawn.gather(1, order[:, :, None, None].expand(-1, -1, self.horizon, len(low)))
            mean = chosen.mean(1).clamp(low, high)  # rounding may carry the mean of equal numbers past them
            std = chosen.std(1, correction=int(self.elites > 1))
            best.append(costs[:, 0])
        return Plan(
            actions=mean,
            cost=cost(z, z_goal, mean[:, None])[:, 0],
            means=torch.stack(means),
            stds=torch.stack(stds),
            best=torch.stack(best),
        )

    def _noise(self, mean: Tensor, generator: Generator | Sequence[Generator]) -> Tensor:
        """Standard normal numbers for ``(B, H, A)``: ``(B, samples, H, A)``."""
        if not isinstance(generator, Generator):
            return torch.cat([self._noise(one, source) for one, source in zip(mean.split(1), generator, strict=True)])
        shape = (len(mean), self.samples, *mean.shape[1:])
        return torch.randn(shape, generator=generator, device=mean.device, dtype=mean.dtype)
