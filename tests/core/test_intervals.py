"""Claims about intervals over seeds, and of differences."""

import pytest

from smwm_core.analysis.intervals import newcombe_interval, student_interval, welch_interval


def test_the_interval_of_three_seeds_by_hand():
    # Mean 2, standard deviation 1, Student's t of 2 degrees of freedom 4.303.
    mean, low, high = student_interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert (low, high) == pytest.approx((2 - 4.303 / 3**0.5, 2 + 4.303 / 3**0.5), abs=1e-3)


def test_equal_values_have_an_interval_without_width_and_one_value_has_none():
    assert student_interval([2.0, 2.0]) == (2, 2, 2)
    assert student_interval([3.0]) == (3.0, None, None)


def test_the_interval_of_a_difference_of_means_by_hand():
    # Equal sizes and spreads are Student's case: 4 degrees of freedom, t of 2.776.
    half = 2.776 * (1 / 3 + 1 / 3) ** 0.5
    assert welch_interval([1, 2, 3], [4, 5, 6]) == pytest.approx((-3 - half, -3 + half), abs=1e-3)
    # Without spread on one side: Student's with that of the other, 2 degrees of freedom.
    assert welch_interval([1, 2, 3], [2, 2, 2]) == pytest.approx((-4.303 / 3**0.5, 4.303 / 3**0.5), abs=1e-3)
    assert welch_interval([2, 2], [1, 1]) == (1, 1)


def test_the_interval_of_a_difference_of_rates_is_that_of_the_literature():
    # Newcombe (1998), the example of 56 of 70 and 48 of 80.
    assert newcombe_interval(80, 70, 60, 80) == pytest.approx((5.24, 33.39), abs=0.01)
    assert newcombe_interval(0, 100, 0, 100) == pytest.approx((-3.70, 3.70), abs=0.01)
