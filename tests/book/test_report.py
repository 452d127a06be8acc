"""Claims about what tables say.

1. Numbers are shown with three digits that mean something.
2. The provenance of a number names the commit, and says when the code differs from it.
"""

import subprocess

import pytest

from smwm_book import paths
from smwm_book.experiments import provenance
from smwm_book.tables.report import format_interval, format_number


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
        (0, "0"),
        (100, "100"),
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
