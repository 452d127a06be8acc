"""Hypotheses of a page with thresholds that were set before its results, and the rule that decides about them."""

import math
from dataclasses import dataclass

from IPython.display import Markdown, display

from smwm_book.experiments.results import Results
from smwm_book.tables.report import format_interval, format_number
from smwm_book.tables.verdicts import NOT_RUN
from smwm_core.errors import SMWMError


@dataclass(frozen=True)
class Hypothesis:
    """What a metric should be.

    Arguments:
        says: in words, for the table.
        metric: its name in the results.
        least, most: the range that is expected.
        refuted_from: where the expectation has failed altogether, if that is not the end of the range.
    """

    says: str
    metric: str
    least: float = -math.inf
    most: float = math.inf
    refuted_from: float | None = None

    def __post_init__(self) -> None:
        bounded = self.least <= self.most and (self.least, self.most) != (-math.inf, math.inf)
        if not bounded or (self.refuted_from is not None and self.least <= self.refuted_from <= self.most):
            raise SMWMError(
                f"{self.metric} needs a range, and is refuted outside of it; not from {self.least} to {self.most} and "
                f"{self.refuted_from}."
            )

    @property
    def threshold(self) -> str:
        """The range in signs."""
        sides = [f"≥ {format_number(self.least)}"] * (self.least > -math.inf)
        sides += [f"≤ {format_number(self.most)}"] * (self.most < math.inf)
        end = self.refuted_from
        sign = "" if end is None else "≥" if end > self.most else "≤"
        return " and ".join(sides) + (f"; refuted if {sign} {format_number(end)}" if sign else "")


def verdict(hypothesis: Hypothesis, results: Results) -> str:
    """*holds* if the whole interval lies in the range, *refuted* if all of it lies beyond an end, else *undecided*.

    A single seed has no interval and decides nothing; a metric that is not there was not yet run.
    """
    metric = next((metric for metric in results.metrics if metric["name"] == hypothesis.metric), None)
    if metric is None:
        return NOT_RUN
    if metric["low"] is None:
        return "undecided"
    if hypothesis.least <= metric["low"] and metric["high"] <= hypothesis.most:
        return "holds"
    above, below, end = hypothesis.most, hypothesis.least, hypothesis.refuted_from
    if end is not None:
        above, below = (end, below) if end > hypothesis.most else (above, end)
    return "refuted" if metric["low"] > above or metric["high"] < below else "undecided"


def hypotheses_table(hypotheses: list[Hypothesis], results: Results) -> str:
    """Markdown: what was expected, what was measured, and the verdict."""
    lines = ["| hypothesis | expected | measured | verdict |", "|:--|:--|--:|:--|"]
    for hypothesis in hypotheses:
        told = verdict(hypothesis, results)
        measured = "–" if told == NOT_RUN else format_interval(results.metric(hypothesis.metric))
        lines.append(f"| {hypothesis.says} | {hypothesis.threshold} | {measured} | **{told}** |")
    return "\n".join(lines)


def display_hypotheses(hypotheses: list[Hypothesis], results: Results) -> None:
    """Show ``hypotheses_table`` in a notebook."""
    display(Markdown(hypotheses_table(hypotheses, results)))
