"""Claims about what tables say.

1. The verdicts follow the written rule: on a number (a knee must agree for every seed), on a direction, on a figure.
2. Numbers are shown with three digits that mean something.
3. Every figure of a number or a claim exists, and so does every metric, unless its task was not run.
4. The provenance of a number names the commit, and says when the code differs from it.
"""

import subprocess

import pytest

from smwm_book import paths
from smwm_book.experiments import provenance
from smwm_book.experiments.results import Results, load_results, paper_table
from smwm_book.tables.report import format_interval, format_number
from smwm_book.tables.verdicts import NOT_RUN, direction_verdict, figure_verdict, number_verdict
from smwm_core.errors import SMWMError


def metric(**changes) -> dict:
    whole = {
        "name": "x.r2",
        "value": 0.9,
        "low": 0.8,
        "high": 1.0,
        "n": 3,
        "paper": 0.95,
        "unit": "1",
        "per_seed": [0.9],
        "kind": "r2",
    }
    return {**whole, **changes}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (metric(), "reproduced"),
        (metric(paper=0.7), "differs"),
        (metric(paper=None), "no number"),
        (metric(low=None, high=None), "one seed only"),
        (metric(kind="count", paper=2, per_seed=[2, 2, 2], low=2, high=2), "reproduced"),
        (metric(kind="count", paper=2, per_seed=[2, 2, 3], low=0.9, high=3.7), "differs"),
    ],
)
def test_a_number_is_judged_by_the_rule(entry, expected):
    assert number_verdict(entry) == expected


@pytest.mark.parametrize(
    ("relation", "right", "expected"),
    [
        (">", "0.75", "holds"),
        (">", "0.85", "undecided"),
        (">", "1.5", "contradicted"),
        ("<", "1.5", "holds"),
        ("<", "0.75", "contradicted"),
        (">", "low.r2", "holds"),
        ("<", "low.r2", "contradicted"),
        (">", "touching.r2", "undecided"),
        (">", "one_seed.r2", "undecided"),
        (">", "absent.r2", NOT_RUN),
    ],
)
def test_a_direction_is_judged_by_the_rule(relation, right, expected):
    metrics = [
        metric(),
        metric(name="low.r2", low=0.1, high=0.2),
        metric(name="touching.r2", low=0.1, high=0.8),
        metric(name="one_seed.r2", low=None, high=None),
    ]
    results = Results("fig", "Fig. 0", "laptop", [0], metrics, {}, {}, {})
    assert direction_verdict({"left": "x.r2", "relation": relation, "right": right}, results) == expected


def test_an_unknown_relation_is_refused():
    results = Results("fig", "Fig. 0", "laptop", [0], [metric()], {}, {}, {})
    with pytest.raises(SMWMError, match="compares with > or <, not '='"):
        direction_verdict({"left": "x.r2", "relation": "=", "right": "1"}, results)


@pytest.mark.parametrize(
    ("numbers", "directions", "expected"),
    [
        (["reproduced"], ["holds"], "reproduced"),
        (["reproduced"], [], "reproduced"),
        (["reproduced", "differs"], ["holds"], "reproduced in direction"),
        (["reproduced", NOT_RUN], ["holds"], "reproduced in direction"),
        (["reproduced"], ["holds", NOT_RUN], "reproduced in direction"),
        ([], ["holds"], "reproduced in direction"),
        (["reproduced"], ["holds", "undecided"], "not reproduced"),
        (["reproduced"], ["contradicted"], "not reproduced"),
        (["reproduced", "differs"], [], "not reproduced"),
        ([NOT_RUN], [NOT_RUN], NOT_RUN),
        ([], [], NOT_RUN),
    ],
)
def test_a_figure_is_judged_by_the_rule(numbers, directions, expected):
    assert figure_verdict(numbers, directions) == expected


def test_numbers_and_claims_belong_to_figures_and_metrics_that_exist():
    notebook_of = {row["figure"]: row["notebook"] for row in paper_table("figures")}
    names = [(row["figure"], row["metric"]) for row in paper_table("metrics")]
    names += [(row["figure"], row[side]) for row in paper_table("claims") for side in ("left", "right")]
    assert len(names) > 200
    assert len(set(names[: len(paper_table("metrics"))])) == len(paper_table("metrics"))
    not_run = {
        "Fig. 7": ("reacher.", "cube."),
        "Table of λ": ("reacher.", "cube."),
        "Fig. 9": ("reacher.", "pusht.", "cube."),
    }
    for figure, name in names:
        ours = {metric["name"] for metric in load_results(notebook_of[figure], "laptop").metrics}
        if name.startswith(not_run.get(figure, ())) and figure in not_run:
            assert name not in ours, f"{name} was run; amend this test"
        elif not name.replace(".", "", 1).isdigit():
            assert name in ours, f"{figure} compares {name}, which is not among our metrics"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (2.0, "2"),
        (0.98765, "0.988"),
        (0.99991, "1.000"),
        (12.345, "12.3"),
        (1234.5, "1234.5"),
        (3.64e-6, "3.6e-06"),
        (0.0, "0"),
        (-0.25, "-0.250"),
    ],
)
def test_numbers_are_short_and_true(value, text):
    assert format_number(value) == text


def test_an_interval_is_shown_where_there_is_one():
    assert format_interval(metric()) == "0.900 [0.800, 1]"
    assert format_interval(metric(low=None, high=None)) == "0.900"


def test_the_commit_says_when_the_code_differs_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    assert provenance.commit() == "unknown"
    (tmp_path / "smwm_core").mkdir()
    (tmp_path / "smwm_core" / "x.py").write_text("a = 1\n")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    head = provenance.commit()
    assert len(head) == 12
    (tmp_path / "smwm_core" / "new.py").write_text("b = 2\n")
    assert provenance.commit() == f"{head}+changes"
