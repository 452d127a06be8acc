"""Hypotheses that a page states before its results, and the verdicts that follow from the results by a rule."""

from dataclasses import dataclass

from IPython.display import Markdown, display

from smwm_book.experiments.results import Results
from smwm_book.tables.report import format_interval, format_number
from smwm_book.tables.verdicts import direction_verdict

RULE = (
    "A threshold is met, or missed, only if the whole 95 % interval over the seeds lies on one side of it. "
    "A hypothesis holds if all its thresholds are met, is refuted if one is missed, and is undecided otherwise."
)


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
        for metric, relation, number in self.thresholds:
            results.metric(metric)
            claim = {"left": metric, "relation": relation, "right": str(number)}
            found.append(direction_verdict(claim, results))
        if "contradicted" in found:
            return "refuted"
        return "undecided" if "undecided" in found else "holds"


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
