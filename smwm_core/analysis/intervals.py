"""Intervals: over seeds, and for rates."""

import math

import numpy as np
from scipy import stats

from smwm_core.errors import SMWMError


def student_interval(values) -> tuple[float, float | None, float | None]:
    """Mean and 95 % interval over seeds by Student's t; from a single value there is no interval (``None``)."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, None, None
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))
    return mean, mean - half, mean + half


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a rate, both ends in [0, 1].

    Raises:
        SMWMError: no trial, or more successes than trials.
    """
    if n < 1 or not 0 <= successes <= n:
        raise SMWMError(f"A rate needs at least one trial and no more successes than trials, not {successes} of {n}.")
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
