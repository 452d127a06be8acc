"""Claims about the rule of hypotheses: the whole interval on one side of a threshold, or no decision.

1. An interval inside a band holds, one outside as a whole refutes, all others and single seeds are undecided.
2. A hypothesis holds if all its thresholds are met, and is refuted if one is missed.
3. A threshold's own number meets it; one with a number of its own for being missed is undecided in between.
4. What is expected is shown with its thresholds, and later with the numbers and the verdict.
"""

import pytest

from smwm_book.experiments.results import Results
from smwm_book.tables import hypotheses
from smwm_book.tables.hypotheses import RULE, Hypothesis, band_verdict, joint_verdict
from smwm_core.errors import SMWMError


@pytest.mark.parametrize(
    ("interval", "band", "verdict"),
    [
        ((0.1, 0.3), {"high": 0.3}, "holds"),
        ((0.1, 0.3), {"low": 0.1}, "holds"),
        ((0.1, 0.3), {"low": 0.0, "high": 0.4}, "holds"),
        ((0.1, 0.3), {"high": 0.2}, "undecided"),
        ((0.1, 0.3), {"high": 0.05}, "refuted"),
        ((0.1, 0.3), {"low": 0.31}, "refuted"),
        ((None, None), {"low": 0.0}, "undecided"),
    ],
)
def test_an_interval_decides_or_does_not(interval, band, verdict):
    assert band_verdict({"value": 0.2, "low": interval[0], "high": interval[1]}, **band) == verdict


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["holds", "undecided", "refuted"], "refuted"),
        ([], "undecided"),
    ],
)
def test_one_part_refutes_and_all_must_hold(parts, verdict):
    assert joint_verdict(iter(parts)) == verdict


def results(low, high):
    metric = {"name": "r2", "value": 0.3, "low": low, "high": high, "n": 3, "per_seed": [0.3] * 3}
    return Results("page", "Ours", "laptop", [0, 1, 2], [metric], {}, {}, {})


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.0, 0.2, "holds"),
        (0.1, 0.3, "undecided"),
        (0.3, 0.4, "undecided"),
        (0.51, 0.6, "refuted"),
        (0.5, 0.5, "undecided"),
        (None, 0, "undecided"),
    ],
)
def test_between_met_and_missed_is_undecided(low, high, verdict):
    assert Hypothesis("", (("r2", "<", 0.2, 0.5),)).verdict(results(low, high)) == verdict


def test_the_number_itself_meets_a_threshold():
    assert Hypothesis("", (("r2", ">", 1),)).verdict(results(1, 1)) == "holds"
    assert Hypothesis("", (("r2", "<", 1),)).verdict(results(1, 1)) == "holds"


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.8, 0.9, "holds"), (0.7, 0.79, "refuted"), (0.7, 0.9, "undecided")]
)
def test_otherwise_a_threshold_is_missed_on_its_other_side(low, high, verdict):
    assert Hypothesis("", (("r2", ">", 0.8), ("r2", "<", 0.95))).verdict(results(low, high)) == verdict


def test_all_is_shown(monkeypatch):
    shown = []
    monkeypatch.setattr(hypotheses, "display", lambda table: shown.append(table.data))
    expected = (Hypothesis("it is low", (("r2", "<", 0.4), ("r2", ">", 0.1, 0.05))),)
    hypotheses.display_hypotheses(expected)
    hypotheses.display_verdicts(expected, results(0.2, 0.35))
    assert "| 1 | it is low | `r2` ≤ 0.400; `r2` ≥ 0.100, missed below 0.050 |" in shown[0]
    assert "<summary>Stated beforehand: 1 " in shown[0]
    assert shown[0].endswith(f"{RULE}\n\n</details>")
    assert "| 1 | it is low | 0.300 [0.200, 0.350] (≤ 0.400); " in shown[1]
    assert shown[1].endswith("| **holds** |")


@pytest.mark.parametrize("threshold", [("r2", "=", 1), ("r2", "<", 0.2, 0.1), ("r2", ">", 0.2, 0.3)])
def test_a_threshold_that_is_none_is_one_sentence(threshold):
    with pytest.raises(SMWMError, match="A threshold of r2 is at most"):
        Hypothesis("", (threshold,))


def test_a_metric_that_is_missing_is_one_sentence():
    with pytest.raises(SMWMError, match="no metric 'auroc'"):
        Hypothesis("", (("auroc", "<", 1),)).verdict(results(0, 1))
