"""Claims about collecting episodes.

1. The outcome does not depend on the number of workers, nor on an interruption or a pause; finished parts are not done
   again, and how much is there is known.
2. It is collected once, and again if a version has been raised.
3. A damaged file and a disk that is too small are refused.
4. The worlds of the planning tasks are made of them, also of other episodes of the same simulator.
"""

import shutil
from types import SimpleNamespace

import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.storage.versions import VERSIONS
from smwm_core.worlds import SIMULATORS, VARIANTS, FrameSkip, TwoRoom, make_world, planning_task
from smwm_core.worlds.recorded import recording
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.recording import PART, collect, recorded, share_recorded


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


def test_a_collection_pauses_between_parts_and_goes_on(data, monkeypatch):
    whole = recorded(TwoRoom(), "test", 3 * PART, workers=1)
    monkeypatch.setenv("SMWM_DATA", str(data / "other"))
    shares = [share_recorded("test", 3 * PART)]
    for parts in (2, 1):  # all are there then, and not yet joined
        asked = []
        collect(
            TwoRoom(), "test", 3 * PART, workers=1, pause=lambda n=parts, seen=asked: seen.append(1) or len(seen) > n
        )
        shares.append(share_recorded("test", 3 * PART))
    assert shares[:2] == [0, 2 / 3]
    assert 0.999 < shares[2] < 1
    assert same(recorded(TwoRoom(), "test", 3 * PART, workers=1), whole)
    assert share_recorded("test", 3 * PART) == 1
    collect(TwoRoom(), "test", 3 * PART, pause=lambda: pytest.fail("There is nothing to collect."))


def test_too_little_disk_is_refused_with_both_numbers(data, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=600_000_000))
    words = (
        r"Recording 200,000 episodes into .*test_200000_.* may take 0\.6 GB, and its disk has 0\.6 GB left; set SMWM"
    )
    with pytest.raises(SMWMError, match=words):  # two numbers in, two out, float32, of up to 101 rows, and twice
        collect(TwoRoom(), "test", 200_000)
    assert not list(data.rglob("*.npz"))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=650_000_000))
    collect(TwoRoom(), "test", 200_000, workers=1, pause=lambda: True)


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


@pytest.mark.parametrize("name", VARIANTS)
def test_other_episodes_have_a_name_of_their_own(name):
    task, variant = name.split("/")
    (field, value), *_ = VARIANTS[name].items()
    build, recording, count = planning_task(f"{name}/60")
    assert (recording, count) == (f"{task}-{variant}", 60)
    assert getattr(build(32), field) == value
    assert planning_task(name)[2] == SIMULATORS[task][1]
    world = make_world(f"{name}/60")
    assert getattr(world.simulator, field) == value
    assert getattr(make_world(f"{task}/60").simulator, field) != value
    assert world.components == make_world(task).components
    assert (world.frames is None) == (make_world(task).frames is None)
    with pytest.raises(SMWMError, match=f"The world {name}/many should end with a number of episodes"):
        make_world(f"{name}/many")


def test_other_episodes_are_recorded_beside_the_usual_ones(data, monkeypatch):
    monkeypatch.setattr(torch.multiprocessing, "cpu_count", lambda: 1)
    worlds = [make_world(f"reacher/{episodes}") for episodes in (PART, f"fresh/{PART}", f"mixed/{PART}")]
    usual, fresh, mixed = (world.record() for world in worlds)
    known = f"v{VERSIONS['recording']}.{VERSIONS['reacher']}"
    assert {path.parent.name for path in data.rglob("episodes.npz")} == {
        f"{name}_{PART}_{known}" for name in ("reacher", "reacher-fresh", "reacher-mixed")
    }
    starts = [{tuple(row) for row in part.state[part.offset].tolist()} for part in (usual, fresh, mixed)]
    assert len(set.union(*starts)) == 3 * PART  # no kind has an episode of another


@pytest.mark.parametrize("name", ["tworoom/pose", "reacher/pose", "cube/mixed/40", "pusht/pose/40/2"])
def test_episodes_that_a_task_does_not_have_are_refused(name):
    with pytest.raises(SMWMError, match=f"The world {name} should end with a number of episodes"):
        make_world(name)
