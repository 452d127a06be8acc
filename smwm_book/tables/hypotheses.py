"""Hypotheses that a page states before its results, and the verdicts that follow from the results by a rule."""

from collections.abc import Iterable
from dataclasses import dataclass

from IPython.display import Markdown, display

from smwm_book.experiments.results import Results
from smwm_book.tables.report import format_interval, format_number
from smwm_core.errors import SMWMError

RULE = (
    "A threshold is met, or missed, only if the whole 95 % interval over the seeds lies on one side of it; "
    "its own number meets it. "
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
        thresholds: ``(metric, "<" or ">", number)``, at most or at least that number, all of which it needs; with a
            fourth number where the threshold counts as missed only beyond that one.

    Raises:
        SMWMError: another relation, or a fourth number on the wrong side.
    """

    says: str
    thresholds: tuple[tuple, ...]

    def __post_init__(self) -> None:
        for metric, relation, number, missed in map(_whole, self.thresholds):
            if relation not in ("<", ">") or (missed < number if relation == "<" else missed > number):
                raise SMWMError(
                    f"A threshold of {metric} is at most (<) or at least (>) a number, and missed on the other side of "
                    f"it; not {relation} {number} and missed beyond {missed}."
                )

    def verdict(self, results: Results) -> str:
        """``holds``, ``refuted`` or ``undecided``, by ``RULE``.

        Raises:
            SMWMError: the results lack a metric.
        """
        found = []
        for name, relation, number, missed in map(_whole, self.thresholds):
            metric, side = results.metric(name), "high" if relation == "<" else "low"
            met, lost = (band_verdict(metric, **{side: edge}) for edge in (number, missed))
            found.append(met if met == "holds" else "refuted" if lost == "refuted" else "undecided")
        return joint_verdict(found)


def display_hypotheses(hypotheses: Iterable[Hypothesis]) -> None:
    """Show what is expected, with the thresholds and the rule: folded, for the table of verdicts repeats it."""
    hypotheses = list(hypotheses)
    lines = ["| | expectation | thresholds |", "|--:|:--|:--|"]
    for number, hypothesis in enumerate(hypotheses, start=1):
        wanted = "; ".join(f"`{threshold[0]}` {_signs(threshold)}" for threshold in hypothesis.thresholds)
        lines.append(f"| {number} | {hypothesis.says} | {wanted} |")
    title = f"Stated beforehand: {len(hypotheses)} hypotheses, their thresholds, and the rule of the verdicts"
    table = "\n".join([*lines, "", RULE])
    display(Markdown(f'<details class="numbers">\n<summary>{title}</summary>\n\n{table}\n\n</details>'))


def display_verdicts(hypotheses: Iterable[Hypothesis], results: Results) -> None:
    """Show what came of it: the numbers behind every threshold, and the verdict."""
    lines = ["| | expectation | measured | verdict |", "|--:|:--|:--|:--|"]
    for number, hypothesis in enumerate(hypotheses, start=1):
        measured = "; ".join(
            f"{format_interval(results.metric(threshold[0]))} ({_signs(threshold)})"
            for threshold in hypothesis.thresholds
        )
        lines.append(f"| {number} | {hypothesis.says} | {measured} | **{hypothesis.verdict(results)}** |")
    display(Markdown("\n".join(lines)))


def _whole(threshold: tuple) -> tuple[str, str, float, float]:
    """With the number beyond which it is missed."""
    return threshold if len(threshold) == 4 else (*threshold, threshold[2])


def _signs(threshold: tuple) -> str:
    _, relation, number, missed = _whole(threshold)
    sign, beyond = ("≤", "above") if relation == "<" else ("≥", "below")
    late = f", missed {beyond} {format_number(missed)}" if missed != number else ""
    return f"{sign} {format_number(number)}{late}"
