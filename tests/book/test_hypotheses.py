"""Claims about the rule of hypotheses: the whole interval on one side of a threshold, or no decision."""

import pytest

from smwm_book.tables.hypotheses import band_verdict, joint_verdict


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
