"""Claims about hypotheses: an interval decides, and nothing else.

1. A hypothesis holds only if the whole interval lies in its range, and is refuted only if all of it lies beyond an end.
2. Between the range and the point of refutation, with one seed, or across an end, it is undecided.
3. The table says what was expected, what was measured and the verdict.
"""

import pytest

from smwm_book.experiments.results import Results
from smwm_book.tables.hypotheses import Hypothesis, hypotheses_table, verdict
from smwm_core.errors import SMWMError


def results(low, high, value=0.3):
    metric = {"name": "a.r2", "value": value, "low": low, "high": high, "n": 3, "per_seed": [value] * 3}
    return Results("page", "Ours", "laptop", [0, 1, 2], [metric], {}, {}, {})


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.0, 0.2, "holds"),
        (0.1, 0.21, "undecided"),
        (0.3, 0.4, "undecided"),
        (0.45, 0.6, "undecided"),
        (0.51, 0.6, "refuted"),
        (None, None, "undecided"),
    ],
)
def test_the_whole_interval_decides(low, high, told):
    assert verdict(Hypothesis("", "a.r2", most=0.2, refuted_from=0.5), results(low, high)) == told


@pytest.mark.parametrize(
    ("low", "high", "told"), [(0.8, 0.9, "holds"), (0.7, 0.79, "refuted"), (0.7, 0.9, "undecided")]
)
def test_without_a_point_of_its_own_refutation_begins_at_the_end(low, high, told):
    assert verdict(Hypothesis("", "a.r2", least=0.8), results(low, high)) == told
    both = Hypothesis("", "a.r2", least=0.8, most=0.95)
    assert verdict(both, results(low, high)) == told
    assert verdict(both, results(0.96, 0.99)) == "refuted"


def test_a_point_of_refutation_below():
    hypothesis = Hypothesis("", "a.r2", least=0.8, refuted_from=0.5)
    assert [verdict(hypothesis, results(*ends)) for ends in ((0.6, 0.7), (0.3, 0.4))] == ["undecided", "refuted"]
    assert hypothesis.threshold == "≥ 0.800; refuted if ≤ 0.500"


def test_what_was_not_measured_is_not_yet_run():
    assert verdict(Hypothesis("", "b.r2", least=1), results(0, 1)) == "not yet run"


def test_the_table_says_all_three():
    table = hypotheses_table(
        [Hypothesis("it is low", "a.r2", most=0.4), Hypothesis("new", "b.r2", 1)], results(0.2, 0.35)
    )
    assert "| it is low | ≤ 0.400 | 0.300 [0.200, 0.350] | **holds** |" in table
    assert "| new | ≥ 1.000 | – | **not yet run** |" in table


@pytest.mark.parametrize("values", [{}, {"least": 1, "most": 0}, {"most": 0.2, "refuted_from": 0.1}])
def test_a_range_that_is_none_is_one_sentence(values):
    with pytest.raises(SMWMError, match=r"a\.r2 needs a range"):
        Hypothesis("", "a.r2", **values)
