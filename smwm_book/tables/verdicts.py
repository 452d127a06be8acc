"""The written rules of the scorecard: when a number, a comparison and a whole figure count as reproduced.

Intervals are over training seeds, never over tasks: one seed decides nothing. What a latent looks like is judged only
if what the agent controls can be read from it.
"""

from collections.abc import Callable

import numpy as np

from smwm_book.tables.published import EQUIVALENT, Number, relation
from smwm_core.analysis.intervals import student_interval, welch_interval
from smwm_core.errors import SMWMError

NOT_RUN, ONE_SEED, OPEN = "not yet run", "one seed only", "open in the paper"
READABLE = 0.9  # ours: R² of a linear probe, in every seed, from which on a quantity counts as readable

Find = Callable[[str], dict | None]  # our metric of a name, None if there is none


def seed_interval(metric: dict) -> tuple[float, float] | None:
    """95 % over training seeds, inside of what the quantity can be; None from a single seed.

    A rate is known to one task of a seed at best.
    """
    if len(metric["per_seed"]) < 2:
        return None
    if metric["kind"] != "rate":
        return metric["low"], metric["high"]
    mean, low, high = student_interval(metric["per_seed"])
    task = 100 / metric["trials"]
    return max(0.0, min(low, mean - task)), min(100.0, max(high, mean + task))


def number_verdict(metric: dict | None, paper: Number, rivals: list[float]) -> str:
    """Whether our interval reaches the paper's number as it is rounded, and is narrow enough to say so.

    Arguments:
        rivals: values that the paper tells apart from its number: of other methods, and of chance. An interval that
            reaches one of them as well is too wide, and so is one that reaches farther than the margin of
            equivalence from its own middle. A count must be right for every seed.
    """
    if metric is None:
        return NOT_RUN
    if (bounds := seed_interval(metric)) is None:
        return ONE_SEED
    if paper.kind == "count":
        right = all(abs(value - paper.value) <= paper.within for value in metric["per_seed"])
        return "reproduced" if right else "differs"
    low, high = bounds
    if not low - paper.within <= paper.value <= high + paper.within:
        return "differs"
    width = np.log(high / low) if paper.kind == "scale" and low > 0 else high - low
    wide = width > 2 * EQUIVALENT[paper.kind] or any(low <= rival <= high for rival in rivals)
    return "undecided" if wide else "reproduced"


def rivals(paper: Number, claims: list[dict[str, str]], numbers: dict[str, Number]) -> list[float]:
    """What a number must be told from: those that the paper says are larger or smaller, and an R² of 0."""
    pairs = [(claim["left"], claim["right"]) for claim in claims if claim["relation"] in (">", "<")]
    others = [b if a == paper.name else a for a, b in pairs if paper.name in (a, b)]
    chance = [0.0] if paper.kind == "r2" and paper.value > EQUIVALENT["r2"] / 2 else []
    return [numbers[name].value for name in others if name in numbers] + chance


def direction_verdict(claim: dict[str, str], find: Find) -> str:
    """Whether the difference of our two sides, with its interval over training seeds, is the paper's.

    Arguments:
        claim: see ``published.claims``; on the right there may be a number.

    Returns:
        "holds"; "contradicted", where the interval lies on the other side of 0 or outside of the margin of
        equivalence; "undecided"; "one seed only", "not yet run", "open in the paper"; or "not judged", where methods
        are said to be level that are not above chance.
    """
    if claim["relation"] not in (">", "<", "=", "?"):
        raise SMWMError(f"A claim compares with >, < or =, not {claim['relation']!r}.")
    left, right = find(claim["left"]), find(claim["right"]) or _constant(claim["right"])
    if claim["relation"] == "?":
        return OPEN
    if left is None or right is None:
        return NOT_RUN
    kind = claim["kind"] or left["kind"]
    if (bounds := our_difference(left, right, kind)) is None:
        return ONE_SEED
    if claim["relation"] != "=":
        found = relation(*bounds, 0)
        return "holds" if found == claim["relation"] else "undecided" if found in "=?" else "contradicted"
    if claim["chance"]:
        chance = find(claim["chance"]) or _constant(claim["chance"])
        if chance is None or any((our_difference(side, chance, kind) or (0,))[0] <= 0 for side in (left, right)):
            return "not judged: not above chance"
    low, high = bounds
    if -EQUIVALENT[kind] <= low and high <= EQUIVALENT[kind]:
        return "holds"
    return "contradicted" if low > EQUIVALENT[kind] or high < -EQUIVALENT[kind] else "undecided"


def our_difference(left: dict, right: dict, kind: str) -> tuple[float, float] | None:
    """95 % interval of left minus right over training seeds; of logarithms, where a kind has a scale and no zero."""
    a, b = left["per_seed"], right["per_seed"]
    if len(a) < 2 or (len(b) < 2 and "constant" not in right):
        return None
    if kind == "scale" and min(*a, *b) > 0:
        a, b = np.log(a), np.log(b)
    low, high = student_interval([value - b[0] for value in a])[1:] if "constant" in right else welch_interval(a, b)
    task = max((100 / side["trials"] for side in (left, right) if side["kind"] == "rate"), default=0)
    middle = (low + high) / 2
    return min(low, middle - task), max(high, middle + task)


def probe_failure(probe: dict | None) -> str | None:
    """Why nothing is said about the look of a latent: its own probe fails in a seed, or nobody probed it."""
    if probe is None:
        return "not judged: no probe"
    worst = min(probe["per_seed"])
    return f"not judged: the probe fails (R² {worst:.2f} in a seed)" if worst < READABLE else None


def figure_verdict(numbers: list[str], directions: list[str], with_our_thresholds: list[str]) -> str:
    """What the verdicts on a figure's numbers and comparisons come to, the last with thresholds of our own.

    What contradicts the paper decides; then what was not run makes it "partly run", which ranks below "not reproduced".
    """
    compared = [verdict for verdict in (*directions, *with_our_thresholds) if verdict != OPEN]
    every = [*numbers, *compared]
    if all(verdict == NOT_RUN for verdict in every):
        return NOT_RUN
    if NOT_RUN in every and "contradicted" not in compared:
        return "partly run"
    right = all(verdict == "reproduced" for verdict in numbers)
    if any(verdict != "holds" for verdict in compared) or not (compared or right):
        return "not reproduced"
    if numbers and right:
        return "reproduced"
    return "reproduced in direction" if "holds" in directions else "illustrated"


def _constant(text: str) -> dict | None:
    """A number in the place of a metric."""
    try:
        return {"per_seed": [float(text)], "kind": "", "constant": True}
    except ValueError:
        return None
