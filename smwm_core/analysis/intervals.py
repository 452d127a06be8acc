"""Intervals: over seeds, and for rates."""

import math
import re

import numpy as np
from scipy import stats

from smwm_core.errors import SMWMError

# What a metric is, by a word of its name.
_SCALES = {"variance", "loss", "mse", "ratio", "error", "distance"}
_RANGES = {"share": (0.0, 1.0), "r2": (-math.inf, 1.0), "knee": (1.0, math.inf), "steps": (1.0, math.inf)}


def mean_interval(name: str, values: list[float]) -> tuple[float, float | None, float | None]:
    """Mean and 95 % interval over seeds, by Student's t.

    What has a scale and no sign (variances, losses, errors, ratios) is averaged on a logarithmic
    scale: its mean is the geometric one. Other intervals are cut to what the metric can be.

    Arguments:
        name: of the metric; its words say what it is.
        values: one per seed.

    Returns:
        mean, low, high; from a single value there is no interval (``None``), for one seed says
        nothing about spread.
    """
    words = re.split(r"[._]", name)
    if _SCALES & set(words) and min(values) > 0:
        return tuple(None if bound is None else math.exp(bound) for bound in _student(np.log(values)))
    mean, low, high = _student(values)
    lowest, highest = next((_RANGES[word] for word in words if word in _RANGES), (-math.inf, math.inf))
    return mean, low if low is None else max(lowest, low), high if high is None else min(highest, high)


def _student(values) -> tuple[float, float | None, float | None]:
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
