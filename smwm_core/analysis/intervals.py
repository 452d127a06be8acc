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


def welch_interval(left, right) -> tuple[float, float]:
    """95 % interval of the difference of two means, each over two seeds or more of its own, by Welch's t."""
    difference = float(np.mean(left) - np.mean(right))
    parts = [(float(np.var(values, ddof=1)) / len(values), len(values) - 1) for values in (left, right)]
    whole = sum(part for part, _ in parts)
    if whole == 0:
        return difference, difference
    degrees = 1 / sum((part / whole) ** 2 / freedom for part, freedom in parts)
    half = float(stats.t.ppf(0.975, degrees)) * math.sqrt(whole)
    return difference - half, difference + half


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a rate, both ends in [0, 1].

    Raises:
        SMWMError: no trial, or more successes than trials.
    """
    if n < 1 or not 0 <= successes <= n:
        raise SMWMError(f"A rate needs at least one trial and no more successes than trials, not {successes} of {n}.")
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def newcombe_interval(p: float, n: int, q: float, m: int) -> tuple[float, float]:
    """Newcombe's 95 % interval of the difference of two rates, all in percent, of n and of m trials."""
    (a, b), (c, d) = ([100 * end for end in wilson_interval(round(r * k / 100), k)] for r, k in ((p, n), (q, m)))
    return p - q - math.hypot(p - a, d - q), p - q + math.hypot(b - p, q - c)
