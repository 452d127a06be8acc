"""The written rule of the scorecard: when a number, a direction and a whole figure count as reproduced.

A *number* is the paper's value of one of our metrics. A *direction* is a comparison that the paper makes: one metric is
larger or smaller than another, or than a constant.
"""

from smwm_book.experiments.results import Results
from smwm_core.errors import SMWMError

NOT_RUN = "not yet run"


def number_verdict(metric: dict) -> str:
    """Whether the paper's value lies inside our interval; a count (a knee) must equal it for every seed."""
    if metric["paper"] is None:
        return "no number"
    if metric["kind"] == "count":
        agrees = all(value == metric["paper"] for value in metric["per_seed"])
    elif metric["low"] is None:
        return "one seed only"
    else:
        agrees = metric["low"] <= metric["paper"] <= metric["high"]
    return "reproduced" if agrees else "differs"


def direction_verdict(claim: dict[str, str], results: Results) -> str:
    """Whether our intervals lie apart, and on the side that the paper says.

    Arguments:
        claim: with ``left``, ``relation`` (``>`` or ``<``) and ``right``: names of metrics, or on the right a number.

    Returns:
        "holds", "undecided" where the intervals touch or are not known, "contradicted", or "not yet run".
    """
    sides = [_interval(claim[side], results) for side in ("left", "right")]
    if None in sides:
        return NOT_RUN
    if claim["relation"] not in (">", "<"):
        raise SMWMError(f"A claim compares with > or <, not {claim['relation']!r}.")
    larger, smaller = sides if claim["relation"] == ">" else sides[::-1]
    if larger[0] > smaller[1]:
        return "holds"
    return "contradicted" if larger[1] < smaller[0] else "undecided"


def figure_verdict(numbers: list[str], directions: list[str]) -> str:
    """What the verdicts on a figure's numbers and directions come to.

    Only if it has numbers, all of them are reproduced and nothing is left to run is a figure reproduced as a whole.
    """
    if all(verdict == NOT_RUN for verdict in [*numbers, *directions]):
        return NOT_RUN
    if any(verdict not in ("holds", NOT_RUN) for verdict in directions):
        return "not reproduced"
    whole = {*numbers} == {"reproduced"} and NOT_RUN not in directions
    if whole:
        return "reproduced"
    return "reproduced in direction" if "holds" in directions else "not reproduced"


def _interval(name: str, results: Results) -> tuple[float, float] | None:
    """The interval of a metric, all numbers if it has none; a number is its own. None if there is no such metric."""
    for metric in results.metrics:
        if metric["name"] == name:
            known = metric["low"] is not None
            return (metric["low"], metric["high"]) if known else (-float("inf"), float("inf"))
    try:
        return float(name), float(name)
    except ValueError:
        return None
