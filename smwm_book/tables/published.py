"""The paper's numbers, and the comparisons that they make, all of them: derived by a rule, none chosen by hand.

Numbers of one figure are compared if their names differ in the method alone. How far apart two of them lie has an
interval: Welch's where the authors publish their seeds, Newcombe's for rates of counted trials, otherwise a margin of
our own. The paper says that one is larger if the interval leaves 0 out, that both are level if it lies inside the
margin of equivalence, and nothing otherwise.
"""

import math
from collections import defaultdict
from itertools import combinations
from typing import NamedTuple

from smwm_book.experiments.presets import TASKS
from smwm_book.experiments.results import paper_table
from smwm_core.analysis.intervals import newcombe_interval, welch_interval

# Ours: what counts as level, in points, in R², in logarithms of errors and weights. Two numbers without an interval
# of the authors are told apart from half of it on.
EQUIVALENT = {"rate": 10, "r2": 0.04, "scale": math.log(1.2)}
WORDS = {
    **TASKS,
    **{"smwm": "SMWM", "sigreg": "SIGReg", "forward_only": "forward only", "none": "no action", "xyt": "xyθ"},
    **{"success_percent": "success", "best_lambda": "best λ", "decoder_mse": "error of decoded frames"},
    **{"r2": "R²", "r2_x": "R² of x", "r2_y": "R² of y", "r2_theta": "R² of θ", "mlp": "MLP"},
}
SAYS = {">": "above", "=": "level with", "?": "not told apart from"}


class Number(NamedTuple):
    """A number of the paper for our metric of a name: as it is printed, and how far ours may lie from it.

    Rates have the trials behind them, and what the authors publish per seed has that too.
    """

    name: str
    kind: str
    text: str
    within: float
    per_seed: tuple[float, ...] = ()
    trials: int | None = None

    @property
    def value(self) -> float:
        return float(self.text)


def numbers(figure: str) -> dict[str, Number]:
    """The paper's numbers of a figure by the names of our metrics."""
    return {
        row["metric"]: Number(
            row["metric"],
            row["kind"],
            row["value"],
            float(row["within"] or rounding(row["value"])),
            tuple(map(float, row["per_seed"].split())),
            int(row["trials"]) if row["trials"] else None,
        )
        for row in paper_table("metrics")
        if row["figure"] == figure
    }


def rounding(text: str) -> float:
    """Half a unit of the last digit of a printed number, a little more for the binary form of decimals."""
    return 0.5 * 10 ** -len(text.partition(".")[2]) + 1e-12


def difference(left: Number, right: Number) -> tuple[float, float]:
    """Between which bounds the paper's numbers differ; logarithms of numbers with a scale."""
    a, b = (math.log(n.value) if n.kind == "scale" else n.value for n in (left, right))
    if left.per_seed and right.per_seed:
        low, high = welch_interval(left.per_seed, right.per_seed)
        return a - b - (high - low) / 2, a - b + (high - low) / 2
    if left.trials and right.trials:
        return newcombe_interval(left.value, left.trials, right.value, right.trials)
    half = EQUIVALENT[left.kind] / 2
    return a - b - half, a - b + half


def relation(low: float, high: float, margin: float) -> str:
    """``>``, ``<``, ``=`` (level) or ``?`` (not told apart), from the interval of a difference."""
    if low > 0 or high < 0:
        return ">" if low > 0 else "<"
    return "=" if -margin <= low and high <= margin else "?"


def claims(figure: str) -> list[dict[str, str]]:
    """The paper's comparisons in a figure: those that it states in words, and all that its numbers make.

    Returns:
        entries with ``claim`` (a sentence), ``left``, ``relation`` and ``right`` as ``direction_verdict`` takes them;
        ``threshold``, "ours" where the right side is a number of our own; ``kind``, if the paper's numbers say it;
        ``chance``, what both sides must beat before being level says anything; and ``baselines``, "yes" if no
        learnt model takes part.
    """
    stated = [row for row in paper_table("claims") if row["figure"] == figure]
    found = [{**row, "kind": "", "chance": "", "baselines": ""} for row in stated]
    row = next(row for row in paper_table("figures") if row["figure"] == figure)
    found += compared(list(numbers(figure).values()), row["learnt"].split(), row["baselines"].split())
    return found


def compared(of: list[Number], learnt: list[str], baselines: list[str]) -> list[dict[str, str]]:
    """Every pair of numbers whose names differ in the method alone, with what the paper's values say about it."""
    places: dict[str, dict[str, Number]] = defaultdict(dict)
    for number in of:
        place, method = split(number.name, [*learnt, *baselines])
        places[place][method] = number
    found = []
    for place, members in places.items():
        for a, b in combinations([method for method in [*learnt, *baselines] if method in members], 2):
            left, right = members[a], members[b]
            says = relation(*difference(left, right), EQUIVALENT[left.kind])
            if says == "<":
                (a, left), (b, right), says = (b, right), (a, left), ">"
            both = a in learnt and b in learnt
            chance = members["random"].name if "random" in members else "0" if left.kind == "r2" else ""
            found.append(
                {
                    "claim": f"{place}: {_named(a, left)} {SAYS[says]} {_named(b, right)}",
                    **{"left": left.name, "relation": says, "right": right.name, "threshold": "", "kind": left.kind},
                    "chance": chance if both else "",
                    "baselines": "yes" if a in baselines and b in baselines else "",
                }
            )
    return found


def split(name: str, methods: list[str]) -> tuple[str, str]:
    """A metric's name without its method, in words, and the method; "" if it has none of them."""
    dotted = f".{name}."
    method = max((m for m in methods if f".{m}." in dotted), key=len, default="")
    rest = dotted.replace(f".{method}.", ".", 1) if method else dotted
    return ", ".join(WORDS.get(part, part.replace("_", " ")) for part in rest.strip(".").split(".")), method


def _named(method: str, number: Number) -> str:
    return f"{WORDS.get(method, method)} ({number.text})"
