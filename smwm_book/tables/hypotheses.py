"""Hypotheses that a page states before its results, and the verdicts that follow from the results by a rule."""

from collections.abc import Iterable
from dataclasses import dataclass

from IPython.display import Markdown, display

from smwm_book.experiments.results import Results
from smwm_book.tables.report import format_interval, format_number

RULE = (
    "A threshold is met, or missed, only if the whole 95 % interval over the seeds lies on one side of it. "
    "A hypothesis holds if all its thresholds are met, is refuted if one is missed, and is undecided otherwise."
)


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


@dataclass(frozen=True)
class Hypothesis:
    """What a page expects.

    Arguments:
        says: the expectation, in words.
        thresholds: ``(metric, "<" or ">", number)``, all of which it needs.
    """

    says: str
    thresholds: tuple[tuple[str, str, float], ...]

    def verdict(self, results: Results) -> str:
        """``holds``, ``refuted`` or ``undecided``, by ``RULE``.

        Raises:
            SMWMError: the results lack a metric.
        """
        found = []
        for name, relation, number in self.thresholds:
            side = {"low": number} if relation == ">" else {"high": number}
            found.append(band_verdict(results.metric(name), **side))
        return joint_verdict(found)


def display_hypotheses(hypotheses: tuple[Hypothesis, ...]) -> None:
    """Show what is expected, with the thresholds and the rule."""
    lines = ["| | expectation | thresholds |", "|--:|:--|:--|"]
    for number, hypothesis in enumerate(hypotheses, start=1):
        wanted = "; ".join(
            f"`{metric}` {relation} {format_number(value)}" for metric, relation, value in hypothesis.thresholds
        )
        lines.append(f"| {number} | {hypothesis.says} | {wanted} |")
    display(Markdown("\n".join([*lines, "", RULE])))


def display_verdicts(hypotheses: tuple[Hypothesis, ...], results: Results) -> None:
    """Show what came of it: the numbers behind every threshold, and the verdict."""
    lines = ["| | expectation | measured | verdict |", "|--:|:--|:--|:--|"]
    for number, hypothesis in enumerate(hypotheses, start=1):
        measured = "; ".join(
            f"{format_interval(results.metric(metric))} ({relation} {format_number(value)})"
            for metric, relation, value in hypothesis.thresholds
        )
        lines.append(f"| {number} | {hypothesis.says} | {measured} | **{hypothesis.verdict(results)}** |")
    display(Markdown("\n".join(lines)))
