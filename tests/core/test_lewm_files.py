"""Claims about the reader of the published HDF5 files, on a small file of the same form.

1. States and actions come out as they went in; the last action of an episode is NaN for every task.
2. Episodes that begin alike count as one source, and a split by source leaves no source on both sides.
3. Missing, damaged and inconsistent files are refused with one sentence that names the file and the column.
"""

import sys

import numpy as np
import pytest
from lewm_columns import LENGTHS, ROWS, columns, write

from smwm_core.errors import SMWMError
from smwm_core.worlds.lewm.files import read_episodes


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"action": None}, r"small\.h5 has no column 'action', only ep_len, ep_offset"),
        ({"proprio": None}, r"small\.h5 has no column 'proprio'"),
        ({"ep_len": None}, r"small\.h5 has no column 'ep_len'"),
        ({"pixels": None}, r"small\.h5 has no column 'pixels'"),
        ({"pixels": np.zeros((ROWS, 64, 64, 3), np.uint8)}, r"is uint8 \(7, 64, 64, 3\), not uint8 \(7, 224, 224, 3\)"),
        ({"pixels": np.zeros((ROWS, 224, 224, 3), np.float32)}, "'pixels' of .* is float32"),
        ({"action": np.zeros((ROWS, 2), np.int64)}, r"'action' of .*small\.h5 is int64"),
        ({"action": np.zeros(ROWS, np.float32)}, r"'action' of .*small\.h5 is float32 \(7,\)"),
        (
            {"action": np.zeros((ROWS - 1, 2), np.float32)},
            r"'action' of .*small\.h5 is float32 \(6, 2\), not .* \(7, 2\)",
        ),
        ({"proprio": np.zeros((ROWS + 1, 2), np.float32)}, r"'proprio' .* is float32 \(8, 2\)"),
        ({"ep_len": np.array([4, 4], np.int32)}, r"'ep_len' and 'ep_offset' of .*small\.h5 do not describe 7 rows"),
        ({"ep_offset": np.array([0, 3], np.int64)}, "do not describe 7 rows"),
        ({"proprio": np.full((ROWS, 2), np.inf, np.float32)}, r"'proprio' of .*small\.h5 is not finite"),
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
    with pytest.raises(SMWMError, match=r"small\.h5 cannot be read \(.*truncated file"):
        read_episodes(path, "tworoom")
    with pytest.raises(SMWMError, match=r"There is no file .*none\.h5"):
        read_episodes(tmp_path / "none.h5", "tworoom")
    with pytest.raises(SMWMError, match="no task named 'chess'; choose one of: cube, pusht, reacher, tworoom"):
        read_episodes(path, "chess")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SMWMError, match="needs the package h5py; run `pip install"):
        read_episodes(path, "tworoom")
