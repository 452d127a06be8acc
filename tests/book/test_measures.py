"""Claims about measures: their kind decides interval and verdict, and a metric's name is only a name.

1. An interval ends where the kind does; what has a scale is averaged on a logarithmic scale; rates have Wilson's.
2. Every committed interval is that of its kind and its values per seed.
3. The numbers of an evaluation are counted from its outcomes.
"""

import json

import numpy as np
import pytest
import torch

from smwm_book import paths
from smwm_book.experiments.measures import KINDS, R2, Count, Number, Rate, Scale, Share, planning_measures
from smwm_core.planning import EpisodeOutcomes


@pytest.mark.parametrize(
    ("kind", "values", "low", "high"),
    [
        (Number, [1.0, 2.0], 1.5 - 6.353, 1.5 + 6.353),
        (Share, [0.1, 0.9], 0, 1),
        (R2, [0.9, 1.0], 0.95 - 0.635, 1),
        (Count, [1.0, 2.0], 1.0, 1.5 + 6.353),
    ],
)
def test_an_interval_ends_where_the_kind_does(kind, values, low, high):
    # Two seeds at distance d: mean ± 12.706 · (d / √2) / √2.
    assert kind.over_seeds(values)[1:] == pytest.approx((low, high), abs=1e-3)


def test_what_has_a_scale_is_averaged_on_a_logarithmic_scale():
    # Two seeds a factor 4 apart: the geometric mean times or over exp(12.706 · log(4) / 2).
    factor = 4 ** (12.706 / 2)
    assert Scale.over_seeds([1.0, 4.0]) == pytest.approx((2, 2 / factor, 2 * factor), rel=1e-3)
    assert Scale.over_seeds([0.0, 4.0])[0] == 2  # zero has no logarithm


def test_a_rate_has_the_interval_of_all_its_trials():
    assert (Rate(45, 50).value, Rate(45, 50).unit, Rate(45, 50).trials) == (90, "%", 50)
    # Wilson's interval for 93 of 100.
    assert Rate.over_seeds([90.0, 96.0], 50) == pytest.approx((93, 86.25, 96.57), abs=0.01)


@pytest.mark.parametrize("kind", [Number, Share, R2, Count, Scale])
def test_one_seed_says_nothing_about_spread(kind):
    assert kind.over_seeds([0.5 if kind is Share else 1.0])[1:] == (None, None)


RESULTS = paths.REPOSITORY / "data" / "results"
FILES = sorted(path for path in RESULTS.glob("*/*.json") if path.parent.name != "benchmarks")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_committed_intervals_follow_from_kind_and_values(path):
    metrics = json.loads(path.read_text())["metrics"]
    assert metrics
    for metric in metrics:
        found = KINDS[metric["kind"]].over_seeds(metric["per_seed"], metric["trials"])
        stored = (metric["value"], metric["low"], metric["high"])
        for mine, theirs in zip(found, stored, strict=True):
            assert mine == (theirs if theirs is None else pytest.approx(theirs, rel=1e-12, abs=1e-15)), metric["name"]
        assert metric["n"] == len(metric["per_seed"])
        assert (metric["kind"] == "rate") == (metric["trials"] is not None) == (metric["unit"] == "%")


def test_there_are_results_to_check():
    assert len(FILES) == 25


def test_the_numbers_of_an_evaluation():
    trivial = torch.tensor([True, False, False, False])
    outcome = EpisodeOutcomes(torch.tensor([1, 7, 0, 9]), trivial, torch.zeros(4, 3, 2), torch.zeros(4, 2, 1))
    found = planning_measures(outcome)
    assert (found["success_percent"].value, found["success_percent"].trials) == (75, 4)
    assert found["nontrivial_success_percent"].value == pytest.approx(200 / 3)
    assert found["nontrivial_success_percent"].trials == 3
    assert (found["steps_to_success_median"].value) == 7
    hopeless = EpisodeOutcomes(torch.zeros(2), torch.ones(2, dtype=torch.bool), *(torch.zeros(2, 3, 2),) * 2)
    assert planning_measures(hopeless).keys() == {"success_percent"}
    assert np.isfinite(found["success_percent"].value)
