"""Claims about the reader of the published HDF5 files, on a small file of the same form.

1. States and actions come out as they went in; the last action of an episode is NaN for every task.
2. Episodes that begin alike count as one source, and a split by source leaves no source on both sides.
3. Missing, damaged and inconsistent files are refused with one sentence that names the file and the column.
"""

import sys

import h5py
import hdf5plugin
import numpy as np
import pytest
import torch

from smwm_core.cli import main
from smwm_core.errors import SMWMError
from smwm_core.lewm_files import read_episodes, sides_by_source, sources

LENGTHS = np.array([4, 3], dtype=np.int32)
ROWS = int(LENGTHS.sum())


def columns(task: str) -> dict[str, np.ndarray]:
    """A file's columns as stable-worldmodel 0.0.6 writes them, with random numbers."""
    random = np.random.default_rng(0)
    widths = {"tworoom": (2, "f4"), "pusht": (2, "f4"), "reacher": (2, "f8"), "cube": (5, "f8")}
    width, kind = widths[task]
    action = random.normal(size=(ROWS, width)).astype(kind)
    if task != "pusht":
        action[LENGTHS.cumsum() - 1] = np.nan
    states = {
        "tworoom": {"proprio": 2, "pos_agent": 2, "pos_target": 2},
        "pusht": {"state": 7, "proprio": 4},
        "reacher": {"qpos": 2, "qvel": 2, "observation": 6},
        "cube": {"qpos": 21, "qvel": 20},
    }[task]
    return {
        "pixels": random.integers(0, 256, (ROWS, 224, 224, 3), dtype=np.uint8),
        "action": action,
        "ep_len": LENGTHS,
        "ep_offset": (LENGTHS.cumsum() - LENGTHS).astype(np.int64),
        "step_idx": np.concatenate([np.arange(n) for n in LENGTHS]),
        **{name: random.normal(size=(ROWS, size)).astype("f4") for name, size in states.items()},
    }


def write(path, content: dict[str, np.ndarray]):
    with h5py.File(path, "w") as file:
        for name, values in content.items():
            compression = hdf5plugin.Blosc(cname="lz4") if values.ndim > 1 else {}
            file.create_dataset(name, data=values, **compression)
    return path


@pytest.mark.parametrize(("task", "state"), [("tworoom", 2), ("pusht", 7), ("reacher", 4), ("cube", 41)])
def test_what_went_in_comes_out(tmp_path, task, state):
    content = columns(task)
    path = write(tmp_path / "small.h5", content)
    episodes = read_episodes(path, task)
    assert episodes.length.tolist() == LENGTHS.tolist()
    assert episodes.state.shape == (ROWS, state)
    names = {"tworoom": ["proprio"], "pusht": ["state"]}.get(task, ["qpos", "qvel"])
    assert np.array_equal(episodes.state.numpy(), np.concatenate([content[name] for name in names], 1))
    given = content["action"].astype("f4")
    assert np.array_equal(episodes.action[[0, 1, 2, 4, 5]].numpy(), given[[0, 1, 2, 4, 5]])
    assert episodes.action[[3, 6]].isnan().all()


def test_repetitions_of_a_source_stay_together(tmp_path, capsys):
    content = columns("pusht")
    starts, length = np.arange(10).repeat(5), 3
    content = {name: values[:1].repeat(length * len(starts), 0) for name, values in content.items()}
    content["ep_len"] = np.full(len(starts), length, np.int32)
    content["ep_offset"] = np.arange(len(starts)) * length
    content["state"] = np.random.default_rng(1).normal(size=(length * len(starts), 7)).astype("f4")
    content["state"][::length] = starts[:, None]
    path = write(tmp_path / "small.h5", content)
    main(["data", "check", str(path), "--task", "pusht"])
    assert "repetitions of 10 sources" in capsys.readouterr().out
    episodes = read_episodes(path, "pusht")
    assert len(sources(episodes).unique()) == 10
    sides = [episodes.select(side) for side in sides_by_source(episodes, 0.8, torch.Generator().manual_seed(0))]
    assert [len(side) for side in sides] == [40, 10]
    train, held_out = (set(side.state[side.offset][:, 0].tolist()) for side in sides)
    assert not train & held_out
    assert train | held_out == set(range(10))
    with pytest.raises(SMWMError, match=r"10 sources of episodes cannot be split 0\.99 to 0\.01"):
        sides_by_source(episodes, 0.99, torch.Generator())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"action": None}, r"small\.h5 has no column 'action'; it has ep_len"),
        ({"proprio": None}, r"small\.h5 has no column 'proprio'"),
        ({"ep_len": None}, r"small\.h5 has no column 'ep_len'"),
        ({"pixels": None}, r"'pixels' of .*small\.h5 should be uint8 .* it is missing"),
        ({"pixels": np.zeros((ROWS, 64, 64, 3), np.uint8)}, r"it is uint8 \(7, 64, 64, 3\)"),
        ({"pixels": np.zeros((ROWS, 224, 224, 3), np.float32)}, "it is float32"),
        ({"action": np.zeros((ROWS, 2), np.int64)}, r"'action' of .*small\.h5 is int64"),
        ({"action": np.zeros(ROWS, np.float32)}, r"'action' of .*small\.h5 is float32 \(7,\)"),
        ({"action": np.zeros((ROWS - 1, 2), np.float32)}, r"'action' of .*small\.h5 has 6 rows, but 'pixels' has 7"),
        ({"proprio": np.zeros((ROWS + 1, 2), np.float32)}, "'proprio' .* has 8 rows"),
        ({"ep_len": np.array([4, 4], np.int32)}, r"'ep_len' and 'ep_offset' of .*small\.h5 do not describe 7 rows"),
        ({"ep_offset": np.array([0, 3], np.int64)}, "do not describe 7 rows"),
        ({"proprio": np.full((ROWS, 2), np.inf, np.float32)}, r"small\.h5 is broken: A recorded state is not finite"),
        ({"action": np.full((ROWS, 2), np.nan, np.float32)}, r"small\.h5 is broken: The last row of every episode"),
    ],
)
def test_broken_columns_are_refused(tmp_path, change, words):
    content = {name: values for name, values in {**columns("tworoom"), **change}.items() if values is not None}
    path = write(tmp_path / "small.h5", content)
    with pytest.raises(SMWMError, match=words) as refusal:
        read_episodes(path, "tworoom")
    assert str(refusal.value).count("\n") == 0


def test_broken_files_are_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "small.h5", columns("tworoom"))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SMWMError, match=r"small\.h5 is no complete HDF5 file"):
        read_episodes(path, "tworoom")
    with pytest.raises(SMWMError, match=r"There is no file .*none\.h5"):
        read_episodes(tmp_path / "none.h5", "tworoom")
    with pytest.raises(SMWMError, match="no task named 'chess'; choose one of: cube, pusht, reacher, tworoom"):
        read_episodes(path, "chess")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SMWMError, match="needs the package h5py; run `pip install"):
        read_episodes(path, "tworoom")
