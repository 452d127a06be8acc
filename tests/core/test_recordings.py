"""Claims about collecting episodes.

1. The outcome does not depend on the number of workers, nor on an interruption; finished parts are not done again.
2. It is collected once, and again if a version has been raised.
3. A damaged file is refused.
4. The worlds of the planning tasks are made of them.
"""

import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.storage.versions import VERSIONS
from smwm_core.worlds import SIMULATORS, FrameSkip, TwoRoom, make_world
from smwm_core.worlds.recorded import recording
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.recording import PART, recorded


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    return tmp_path


def same(one: Episodes, other: Episodes) -> bool:
    columns = ((getattr(e, name).nan_to_num(-9) for name in ("state", "action", "length")) for e in (one, other))
    return all(torch.equal(a, b) for a, b in zip(*columns, strict=True))


def test_the_outcome_does_not_depend_on_the_workers(data, monkeypatch):
    alone = recorded(TwoRoom(), "test", 3 * PART, workers=1)
    monkeypatch.setenv("SMWM_DATA", str(data / "other"))
    together = recorded(TwoRoom(), "test", 3 * PART, workers=2)
    assert len(alone) == 3 * PART
    assert same(alone, together)
    assert len(alone.state.unique(dim=0)) > 0.9 * len(alone.state)


def test_an_interrupted_collection_goes_on(data, monkeypatch):
    whole = recorded(TwoRoom(), "test", 3 * PART, workers=1)
    monkeypatch.setenv("SMWM_DATA", str(data / "other"))
    calls, collect_part = [], recording._collect_part

    def failing(path, simulator, name, number):
        calls.append(number)
        if len(calls) == 2:
            raise KeyboardInterrupt
        collect_part(path, simulator, name, number)

    monkeypatch.setattr(recording, "_collect_part", failing)
    with pytest.raises(KeyboardInterrupt):
        recorded(TwoRoom(), "test", 3 * PART, workers=1)
    assert same(recorded(TwoRoom(), "test", 3 * PART, workers=1), whole)
    assert calls == [0, 1, 1, 2]
    recorded(TwoRoom(), "test", 3 * PART, workers=1)
    assert calls == [0, 1, 1, 2]


def test_another_version_is_recorded_anew(monkeypatch):
    recorded(TwoRoom(), "tworoom", PART, workers=1)
    calls, collect_part = [], recording._collect_part
    monkeypatch.setattr(recording, "_collect_part", lambda *a: calls.append(a[3]) or collect_part(*a))
    recorded(TwoRoom(), "tworoom", PART, workers=1)
    assert calls == []
    monkeypatch.setitem(VERSIONS, "tworoom", 2)
    recorded(TwoRoom(), "tworoom", PART, workers=1)
    assert calls == [0]


def test_a_damaged_file_is_refused(data):
    recorded(TwoRoom(), "test", PART, workers=1)
    (path,) = data.rglob("episodes.npz")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(SMWMError, match=r"episodes\.npz cannot be read .*collect it again"):
        recorded(TwoRoom(), "test", PART, workers=1)


@pytest.mark.parametrize("name", SIMULATORS)
def test_the_worlds_of_the_planning_tasks_are_blocks(name):
    world = make_world(name)
    assert isinstance(world, FrameSkip)
    assert world is make_world(name)
    assert world.action_dim == 5 * world.simulator.action_dim
    assert world.describe().endswith("in blocks of 5 steps")
