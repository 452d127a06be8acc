"""Claims about frames that are drawn once.

1. They are what the simulator draws, to the nearest of 256 levels, whether prepared or not, in any order.
2. The outcome does not depend on the workers nor on an interruption; what is drawn is not drawn again.
3. A damaged file and a disk that is too small are refused.
4. A world with a store trains on blocks that begin at every fifth step.
"""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds import FrameSkip, TwoRoom
from smwm_core.worlds.recorded import frame_store
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.frame_store import FrameStore, to_bytes


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(frame_store, "PART", 10)
    return tmp_path


def places(n: int = 35, seed: int = 0) -> torch.Tensor:
    return 30 + 150 * torch.rand(n, 2, generator=torch.Generator().manual_seed(seed))


class Counting:
    """A simulator that says how many frames it drew."""

    image_size = 64

    def __init__(self) -> None:
        self.drawn = 0

    def render(self, state):
        self.drawn += len(state)
        return TwoRoom().render(state)


def test_frames_are_what_the_simulator_draws():
    simulator, states = Counting(), places()
    store = FrameStore(simulator, "test", workers=1)
    store.prepare(torch.cat([states, states[:5]]))
    assert simulator.drawn == 35
    mixed = torch.cat([states.flip(0), places(3, seed=1), states[:2]])
    found = store(mixed)
    assert simulator.drawn == 38
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, TwoRoom().render(mixed), rtol=0, atol=0.5 / 255 + 1e-6)
    assert torch.equal(found * 255, (found * 255).round())
    assert torch.equal(FrameStore(simulator, "unprepared")(mixed), found)


def test_what_is_drawn_is_not_drawn_again(data, monkeypatch):
    states = places()
    store = FrameStore(TwoRoom(), "test", workers=1)
    calls, draw = [], frame_store._draw_part

    def failing(path, simulator, part):
        calls.append(path.name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        draw(path, simulator, part)

    monkeypatch.setattr(frame_store, "_draw_part", failing)
    with pytest.raises(KeyboardInterrupt):
        store.prepare(states)
    store.prepare(states)
    assert calls == ["part_0.npy", "part_10.npy", "part_10.npy", "part_20.npy", "part_30.npy"]
    store.prepare(states.flip(0))
    FrameStore(TwoRoom(), "test", workers=1).prepare(states)
    assert len(calls) == 5
    monkeypatch.undo()
    monkeypatch.setenv("SMWM_DATA", str(data / "other"))
    together = FrameStore(TwoRoom(), "test", workers=2)
    together.prepare(states)
    assert torch.equal(together(states), store(states))


def test_the_file_of_all_frames_is_what_numpy_writes(data):
    store = FrameStore(TwoRoom(), "test", workers=1)
    states = places().unique(dim=0)
    store.prepare(states)
    (path,) = data.glob("cache/frames/*/frames.npy")
    assert [other.name for other in path.parent.iterdir() if other.name != "lock"] == ["frames.npy"]
    np.save(data / "whole.npy", to_bytes(TwoRoom().render(states)))
    assert path.read_bytes() == (data / "whole.npy").read_bytes()


def test_a_damaged_file_is_refused(data):
    store = FrameStore(TwoRoom(), "test", workers=1)
    store.prepare(places())
    (path,) = data.glob("cache/frames/*/frames.npy")
    np.save(path, np.load(path)[:7])
    with pytest.raises(SMWMError, match=r"is uint8 \(7, 64, 64, 3\), not uint8 \(35, 64, 64, 3\); delete it"):
        FrameStore(TwoRoom(), "test", workers=1).prepare(places())
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(SMWMError, match=r"frames\.npy cannot be read .*; delete it"):
        FrameStore(TwoRoom(), "test", workers=1).prepare(places())


def test_too_little_disk_is_refused_with_both_numbers(data, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=123e6))
    words = r"Drawing 5,050 frames into .*test_.* may take 0\.1 GB, and its disk has 0\.1 GB left; set SMWM_DATA"
    with pytest.raises(SMWMError, match=words):  # 124.1 MB: of 64 × 64 px in three colours, twice
        FrameStore(Counting(), "test", workers=1).prepare(places(5_050))
    assert not list(data.rglob("*.npy"))


def test_blocks_of_a_world_with_a_store_begin_at_every_fifth_step():
    episodes = Episodes.from_padded(*TwoRoom().collect(20, torch.Generator().manual_seed(2)))
    store = FrameStore(TwoRoom(), "test", workers=1)
    stored, free = FrameSkip(TwoRoom(), lambda: episodes, frames=store), FrameSkip(TwoRoom(), lambda: episodes)
    batch = stored.sample(400, torch.Generator().manual_seed(3))
    training = stored.split[0]
    allowed = {tuple(row) for row in training.state[training.step % 5 == 0].tolist()}
    assert {tuple(row) for row in batch.state.tolist()} <= allowed
    assert not {tuple(row) for row in free.sample(400, torch.Generator().manual_seed(3)).state.tolist()} <= allowed
    torch.testing.assert_close(stored.render(batch.state), free.render(batch.state), rtol=0, atol=0.5 / 255 + 1e-6)


def test_bytes_are_the_nearest_levels():
    assert to_bytes(torch.tensor([0.0, 0.499 / 255, 0.501 / 255, 1.0]).view(1, 1, 2, 2).expand(-1, 3, -1, -1))[
        0, :, :, 0
    ].tolist() == [[0, 0], [1, 255]]
