"""What kinds of numbers there are: the kind decides unit, interval and verdict; a metric's name is only a name."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from smwm_core.analysis.intervals import student_interval, wilson_interval
from smwm_core.planning import EpisodeOutcomes

Interval = tuple[float, float | None, float | None]  # mean, low, high


@dataclass(frozen=True)
class Measure:
    """A number of one seed. From a single seed there is no interval: it says nothing about spread.

    Arguments:
        value: the number.
        unit: "1" for a pure number.
    """

    value: float
    unit: str = "1"
    within: ClassVar[tuple[float, float]] = (-math.inf, math.inf)  # what a number of this kind can be

    @property
    def trials(self) -> int | None:
        """Of one seed, where the number is a rate."""
        return None

    @classmethod
    def over_seeds(cls, values: list[float], trials: int | None = None) -> Interval:
        """Mean and 95 % interval by Student's t, cut to what the number can be."""
        mean, low, high = student_interval(values)
        return (
            mean,
            None if low is None else max(cls.within[0], low),
            None if high is None else min(cls.within[1], high),
        )

    @classmethod
    def possible(cls, values: list[float]) -> bool:
        """Whether numbers of this kind can have these values; float32 may round them a little too far."""
        lowest, highest = cls.within
        return all(math.isfinite(value) and lowest - 1e-6 <= value <= highest + 1e-6 for value in values)

    @classmethod
    def slack(cls, trials: int | None) -> float:
        """The absolute difference that two computations of a number may have, beside a relative one."""
        return 1e-9


class Number(Measure):
    """A number of no other kind."""


class Share(Measure):
    """A share, in [0, 1]."""

    within = (0.0, 1.0)


class R2(Measure):
    """A coefficient of determination, at most 1."""

    within = (-math.inf, 1.0)


class Count(Measure):
    """What starts at 1: a knee, steps, an effective rank."""

    within = (1.0, math.inf)


class Scale(Measure):
    """What has a scale and no sign: a variance, a loss, an error, a ratio. Its mean over seeds is the geometric one."""

    within = (0.0, math.inf)

    @classmethod
    def over_seeds(cls, values: list[float], trials: int | None = None) -> Interval:
        if min(values) <= 0:  # zero has no logarithm
            return super().over_seeds(values)
        return tuple(None if bound is None else math.exp(bound) for bound in student_interval(np.log(values)))


class Rate(Measure):
    """Successes of independent trials, in percent; the interval is Wilson's for the trials of all seeds together.

    Arguments:
        successes, n: whole numbers.
    """

    within = (0.0, 100.0)

    def __init__(self, successes: float, n: int) -> None:
        super().__init__(100 * float(successes) / n, "%")
        object.__setattr__(self, "n", int(n))

    @property
    def trials(self) -> int:
        return self.n

    @classmethod
    def over_seeds(cls, values: list[float], trials: int | None = None) -> Interval:
        mean, n = float(np.mean(values)), trials * len(values)
        low, high = (100 * bound for bound in wilson_interval(round(mean * n / 100), n))
        return mean, low, high

    @classmethod
    def slack(cls, trials: int | None) -> float:
        return 201 / trials  # two trials may end differently


KINDS = {kind.__name__.lower(): kind for kind in (Number, Share, R2, Count, Scale, Rate)}


def planning_measures(outcome: EpisodeOutcomes) -> dict[str, Measure]:
    """The numbers of the planning tables; those that have no task to stand on are left out.

    Returns:
        ``success_percent``; ``nontrivial_success_percent``, without the tasks whose start already counts as
        reached; ``steps_to_success_median``, over the solved tasks.
    """
    hard, success = ~outcome.trivial, outcome.success
    found = {"success_percent": Rate(int(success.sum()), len(success))}
    if hard.any():
        found["nontrivial_success_percent"] = Rate(int(success[hard].sum()), int(hard.sum()))
    if success.any():
        found["steps_to_success_median"] = Count(float(np.median(outcome.steps[success].numpy())), "steps")
    return found
