"""The written rule of the pages beyond the paper: when a hypothesis that was stated before its result holds."""

from collections.abc import Iterable


def band_verdict(metric: dict, low: float = -float("inf"), high: float = float("inf")) -> str:
    """Whether a metric's 95 % interval over seeds lies inside a band that was stated beforehand.

    Arguments:
        metric: of a result file.
        low, high: of the band; it is open where they are not given.

    Returns:
        "holds" if the interval lies inside, "refuted" if it lies outside as a whole, "undecided" if it crosses an edge
        or if a single seed gives no interval.
    """
    if metric["low"] is None:
        return "undecided"
    if low <= metric["low"] and metric["high"] <= high:
        return "holds"
    return "refuted" if metric["high"] < low or metric["low"] > high else "undecided"


def joint_verdict(verdicts: Iterable[str]) -> str:
    """Of a hypothesis about several metrics: one refutes it, and all must hold."""
    verdicts = list(verdicts)
    if "refuted" in verdicts:
        return "refuted"
    return "holds" if verdicts and set(verdicts) == {"holds"} else "undecided"
