"""Claims about intervals over seeds."""

import pytest

from smwm_core.analysis.intervals import student_interval


def test_the_interval_of_three_seeds_by_hand():
    # Mean 2, standard deviation 1, Student's t of 2 degrees of freedom 4.303.
    mean, low, high = student_interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert (low, high) == pytest.approx((2 - 4.303 / 3**0.5, 2 + 4.303 / 3**0.5), abs=1e-3)


def test_equal_values_have_an_interval_without_width_and_one_value_has_none():
    assert student_interval([2.0, 2.0]) == (2, 2, 2)
    assert student_interval([3.0]) == (3.0, None, None)
