"""What a check-up found, line by line, and as a table."""

from dataclasses import dataclass

LOOK, FINE = "look here", "as it should be"


@dataclass(frozen=True)
class Finding:
    """One line of a check-up.

    Arguments:
        measure: its name.
        values: its numbers: one, or one per column of the action, step or component.
        unit: of the numbers.
        meaning: what they say.
        page: of the book, which explains the measure.
        verdict: "look here" or "as it should be" where a page has tested a threshold, otherwise empty.
    """

    measure: str
    values: tuple[float, ...]
    unit: str
    meaning: str
    page: str
    verdict: str = ""

    @property
    def numbers(self) -> str:
        """The numbers in words; of more than six, the smallest and the largest."""
        if len(self.values) > 6:
            return f"{min(self.values):.2f} to {max(self.values):.2f}"
        return ", ".join(_written(value) for value in self.values)


def _written(value: float) -> str:
    if value >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"


@dataclass(frozen=True)
class Checkup:
    """All findings, in order; printed, a table."""

    findings: tuple[Finding, ...]

    def __getitem__(self, measure: str) -> Finding:
        return {finding.measure: finding for finding in self.findings}[measure]

    @property
    def faults(self) -> list[str]:
        """The measures that ask for a look."""
        return [finding.measure for finding in self.findings if finding.verdict == LOOK]

    def __str__(self) -> str:
        rows = [("measure", "number", "unit", "verdict", "page", "what it means")]
        rows += [(f.measure, f.numbers, f.unit, f.verdict, f.page, f.meaning) for f in self.findings]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
