"""Claims about intervals over seeds."""

import pytest

from smwm_core.analysis.intervals import mean_interval


def test_the_interval_of_three_seeds_by_hand():
    # Mean 2, standard deviation 1, Student's t of 2 degrees of freedom 4.303.
    mean, low, high = mean_interval("number", [1.0, 2.0, 3.0])
    assert mean == 2
    assert (low, high) == pytest.approx((2 - 4.303 / 3**0.5, 2 + 4.303 / 3**0.5), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "values", "low", "high"),
    [
        ("single.top2_share", [0.1, 0.9], 0, 1),
        ("single.position_r2", [0.9, 1.0], 0.95 - 0.635, 1),
        ("single.knee", [1.0, 2.0], 1.0, 1.5 + 6.353),
        ("pusht.random.steps_to_success_median", [1.0, 2.0], 1.0, 1.5 + 6.353),
    ],
)
def test_an_interval_ends_where_the_metric_does(name, values, low, high):
    # Two seeds at distance d: mean ± 12.706 · (d / √2) / √2.
    assert mean_interval(name, values)[1:] == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize("name", ["lambda0.total_variance", "step1.error_ratio", "lambda0.inverse_loss"])
def test_what_has_a_scale_is_averaged_on_a_logarithmic_scale(name):
    # Two seeds a factor 4 apart: the geometric mean times or over exp(12.706 · log(4) / 2).
    factor = 4 ** (12.706 / 2)
    assert mean_interval(name, [1.0, 4.0]) == pytest.approx((2, 2 / factor, 2 * factor), rel=1e-3)
    assert mean_interval(name, [0.0, 4.0])[0] == 2  # zero has no logarithm


def test_equal_values_have_an_interval_without_width_and_one_value_has_none():
    assert mean_interval("knee", [2.0, 2.0]) == (2, 2, 2)
    assert mean_interval("knee", [3.0]) == (3.0, None, None)
