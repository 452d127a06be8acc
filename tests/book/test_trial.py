"""Claims about processes that are killed: what they leave is the former state whole, or the new one, and both go on.

1. A training that was killed, at any moment or right before it touches a file, ends with the bits of one that was not.
2. A result and its arrays, a publication and its manifest, a page and a built book are the former or the new ones, and
   what was killed can be done again.

Few kills run with the other tests, many with ``make trial``: 50 random ones and 80 at exact places.
"""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from killing import KILLED, contents, ended, finished, places, started
from safetensors.torch import load_file
from tasks_to_kill import (
    first_page,
    first_publication,
    first_result,
    read_publication,
    read_result,
    second_page,
    second_publication,
    second_result,
    swap,
    train,
)

from smwm_book.production import build

RANDOM, IN_TRAINING, BETWEEN_FILES = 50, 20, 20  # kills of `make trial`, the last of each kind
FEW = 4  # of each kind otherwise


@pytest.fixture(autouse=True)
def data_stays(monkeypatch):
    monkeypatch.setenv("SMWM_DATA", "set by the tasks")


def outcome(folder: Path) -> dict[str, np.ndarray]:
    """Weights and history of the only run in a folder, where nothing else is left."""
    (weights,) = folder.rglob("weights.safetensors")
    left = {path.name for path in weights.parent.iterdir()} - {"lock"}
    assert left == {"weights.safetensors", "history.npz"}
    with np.load(weights.with_name("history.npz")) as history:
        return {**{name: tensor.numpy() for name, tensor in load_file(weights).items()}, **history}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder, began = tmp_path_factory.mktemp("undisturbed"), time.monotonic()
    assert finished(train, folder) == 0
    return outcome(folder), time.monotonic() - began


def assert_goes_on_to_the_same_bits(folder: Path, expected: dict[str, np.ndarray]) -> None:
    assert finished(train, folder) == 0
    found = outcome(folder)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def kill_at_random(tmp_path: Path, undisturbed, kills: int) -> None:
    expected, seconds = undisturbed
    killed, moments = 0, random.Random(time.time_ns())
    for number in range(3 * kills):  # some finish before
        folder = tmp_path / str(number)
        folder.mkdir()
        process = started(train, folder)
        time.sleep(moments.uniform(0.1, 1) * seconds)
        os.kill(process, signal.SIGKILL)
        killed += ended(process) == KILLED
        assert_goes_on_to_the_same_bits(folder, expected)
        shutil.rmtree(folder)
        if killed == kills:
            return
    pytest.fail(f"Only {killed} of {3 * kills} trainings were killed before their end.")


def kill_in_training(tmp_path: Path, undisturbed, kills: int) -> None:
    expected, _ = undisturbed
    (tmp_path / "counted").mkdir()
    for place in places(train, tmp_path / "counted", kills):
        folder = tmp_path / f"place {place}"
        folder.mkdir()
        assert finished(train, folder, place=place) == KILLED
        assert_goes_on_to_the_same_bits(folder, expected)


# What comes first, what is killed, and what can be read then: a function of the folder.
PAIRS = {
    "result": (first_result, second_result, read_result, 1.0, 2.0),
    "publication": (first_publication, second_publication, read_publication, "a", "b"),
    "page": (
        first_page,
        second_page,
        lambda folder: {path.name: path.read_text()[32] for path in folder.glob("*.md")},
        "a",
        "b",
    ),
}


def kill_between_files(tmp_path: Path, kind: str, kills: int) -> None:
    first, second, read, former, new = PAIRS[kind]
    start, counted = tmp_path / "start", tmp_path / "counted"
    start.mkdir()
    assert finished(first, start) == 0
    shutil.copytree(start, counted)
    chosen = places(second, counted, kills)
    assert len(chosen) > kills / 2  # or every touch, where there are fewer
    seen = set()
    for place in chosen:
        folder = tmp_path / f"place {place}"
        shutil.copytree(start, folder)
        assert finished(second, folder, place=place) == KILLED
        found = read(folder)
        values = tuple(found.values()) if isinstance(found, dict) else (found,)
        assert set(values) <= {former, new}
        seen.add(values)
        assert finished(second, folder) == 0
        assert contents(folder) == contents(counted)
    assert len(seen) > 1  # some were killed before the step that counts, others after it


def books(folder: Path) -> Path:
    """A book that was built, and a new one."""
    for book, text in (("html", "old"), ("new", "new")):
        (folder / book).mkdir(parents=True)
        for page in "abc":
            (folder / book / page).write_text(text)
    return folder


def test_a_book_that_is_exchanged_is_whole(tmp_path):
    chosen = places(swap, books(tmp_path / "counted"), 100)  # all of them
    found = []
    for place in chosen:
        folder = books(tmp_path / f"place {place}")
        assert finished(swap, folder, place=place) == KILLED
        build._let_in(folder / "former", folder / "html")
        found.append({path.read_text() for path in (folder / "html").iterdir()})
        assert len(list((folder / "html").iterdir())) == 3
    assert found[0] == {"old"}
    assert found[-1] == {"new"}
    assert {"old", "new"} not in found


def test_a_training_that_is_killed_goes_on(tmp_path, undisturbed):
    kill_in_training(tmp_path, undisturbed, FEW)


@pytest.mark.parametrize("kind", PAIRS)
def test_what_is_killed_between_files_is_whole(tmp_path, kind):
    kill_between_files(tmp_path, kind, 2 * FEW)


@pytest.mark.trial
def test_many_random_kills_of_a_training(tmp_path, undisturbed):
    kill_at_random(tmp_path, undisturbed, RANDOM)


@pytest.mark.trial
def test_many_exact_kills_of_a_training(tmp_path, undisturbed):
    kill_in_training(tmp_path, undisturbed, IN_TRAINING)


@pytest.mark.trial
@pytest.mark.parametrize("kind", PAIRS)
def test_many_kills_between_files(tmp_path, kind):
    kill_between_files(tmp_path, kind, BETWEEN_FILES)
