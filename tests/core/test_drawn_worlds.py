"""Claims about Reacher and Cube in their published look, drawn once and kept compressed.

1. What is read is what MuJoCo draws, to the bit, from anywhere, and averaged below 224 px; other processes can read it.
2. What is there is not drawn again, after an interruption or a pause either; another version or other states are other
   files; how much is there is known without recording episodes.
3. Windows begin at every step, and batches are in wholly random order.
4. A damaged file, frames of another size, a disk that is too small and rows that there are not are one sentence.
5. Their episodes are those of the published agents, by name.
"""

import pickle
import shutil

import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.storage.versions import VERSIONS
from smwm_core.training.windows import Windows, feed, shuffled
from smwm_core.worlds import make_world, planning_task
from smwm_core.worlds.lewm import drawn as module
from smwm_core.worlds.lewm.drawn import DrawnFrameSkip, drawn
from smwm_core.worlds.lewm.look import LewmCube, LewmReacher
from smwm_core.worlds.recorded.episodes import Episodes

ROWS = 12  # of an episode
PARTS = 6  # files of twenty frames


def episodes() -> Episodes:
    states, actions, _ = LewmReacher(torques="fresh").collect(10, torch.Generator().manual_seed(0))
    return Episodes.from_padded(states[:, :ROWS], actions[:, : ROWS - 1], torch.full((10,), ROWS - 1))


def world(size: int = 224) -> DrawnFrameSkip:
    return DrawnFrameSkip(LewmReacher(size, torques="fresh"), episodes)


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    """A folder in which the frames of nine episodes are drawn once for all tests."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(folder))
        patch.setattr(module, "PART", 20)
        patch.setattr(torch.multiprocessing, "cpu_count", lambda: 1)  # draws in this process
        _ = world().read
        yield folder


def files(folder) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("part_*.h5")}


@pytest.mark.parametrize("size", [224, 32])
def test_what_is_read_is_what_is_drawn(data, size):
    here = world(size)
    rows = torch.tensor([5, 107, 19, 20, 5, 0])
    found = pickle.loads(pickle.dumps(here.read))(rows)
    assert found.dtype == torch.uint8
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found.float() / 255, here.render(here.split[0].state[rows]))
    assert here.read(rows[:0]).shape == (0, 3, size, size)
    assert len(files(data)) == PARTS


def test_batches_are_read_by_other_processes():
    here = world()
    windows = Windows(here, 1, torch.device("cpu"))
    ((frames, actions),) = feed(here, windows, [torch.tensor([3, 0, 17])])
    rows = windows.rows(torch.tensor([3, 0, 17]))
    assert torch.equal(frames, here.render(here.split[0].state[rows.flatten()]).unflatten(0, (3, 2)))
    assert torch.equal(actions, windows.actions(torch.tensor([3, 0, 17])))


def test_windows_begin_at_every_step_and_come_in_wholly_random_order():
    windows = Windows(world(), 1, torch.device("cpu"))
    assert len(windows) == 9 * (ROWS - 9)
    numbers = torch.arange(len(windows))
    mixed = shuffled(windows, numbers, torch.Generator().manual_seed(1))
    assert torch.equal(mixed, torch.randperm(len(windows), generator=torch.Generator().manual_seed(1)))


def test_what_is_there_is_not_drawn_again(data, monkeypatch):
    before, drawn_again, draw = files(data), [], module._draw_part
    monkeypatch.setattr(module, "_draw_part", lambda path, *given: drawn_again.append(path.name) or draw(path, *given))
    _ = world(64).read
    assert not drawn_again
    (folder,) = {path.parent for path in data.rglob("part_3.h5")}
    (folder / "part_3.h5").unlink()  # as if its drawing had been interrupted
    _ = world().read
    assert drawn_again == ["part_3.h5"]
    after = files(data)
    assert {name for name in before if after[name] == before[name]} == before.keys() - {"part_3.h5"}


@pytest.mark.parametrize("change", ["version", "states"])
def test_other_states_and_versions_are_other_files(data, monkeypatch, change):
    made = []
    monkeypatch.setattr(module, "make_parts", lambda make, parts, **_: made.extend(parts))
    other = world()
    if change == "version":
        monkeypatch.setitem(VERSIONS, "lewm", 99)
    else:
        other.split[0].state.add_(1e-3)
    other.draw()
    assert len(made) == PARTS
    assert not set(made) & set(data.rglob("part_*.h5"))


def test_drawing_pauses_between_files_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(module, "_draw_part", lambda path, simulator, states: path.write_text(str(len(states))))
    here, asked = world(), []
    assert here.share_drawn() == 0
    here.draw(pause=lambda: asked.append(1) or len(asked) > 2)
    assert here.share_drawn() == 2 / PARTS
    here.draw()
    assert here.share_drawn() == 1
    assert [path.read_text() for path in here._paths] == ["20"] * 5 + ["8"]
    here.draw(pause=lambda: pytest.fail("There is nothing to draw."))


def test_how_much_is_drawn_is_known_without_recording(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    assert make_world("reacher/drawn/20").share_drawn() == 0
    assert not list(tmp_path.rglob("*"))


def test_what_cannot_be_read_or_drawn_is_one_sentence(tmp_path, data, monkeypatch):
    read = world().read
    for rows in (torch.tensor([108]), torch.tensor([-1])):
        with pytest.raises(SMWMError, match="There are rows 0 to 107 to read; others were asked for"):
            read(rows)
    module._path(tmp_path, 0).write_bytes(module._path(read.folder, 0).read_bytes()[:900])
    with pytest.raises(SMWMError, match=r"part_0\.h5 cannot be read"):
        module.DrawnFrames(tmp_path, 20, 224, 20)(torch.tensor([0]))
    other = tmp_path / "other"
    other.mkdir()
    module._save(module._path(other, 0), torch.zeros(20, 64, 64, 3, dtype=torch.uint8).numpy())
    words = r"part_0\.h5 cannot be read \(its frames are uint8 \(64, 64, 3\), not uint8 of 224 px\); delete the file"
    with pytest.raises(SMWMError, match=words):
        module.DrawnFrames(other, 20, 224, 20)(torch.tensor([0]))
    with pytest.raises(SMWMError, match=r"There is no file .*part_1\.h5"):
        module.DrawnFrames(tmp_path, 40, 224, 20)(torch.tensor([20]))
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Disk", (), {"free": 10**6}))
    with pytest.raises(SMWMError, match=r"Drawing 120 frames into .* may take 0\.0 GB, and its disk has 0\.0 GB left"):
        _ = world().read
    assert not list(tmp_path.rglob("part_*.h5.*"))


def test_worlds_are_found_by_name():
    reacher, cube = make_world("reacher/drawn", 224), make_world("cube/drawn/40", 224)
    assert reacher.simulator == LewmReacher(torques="fresh")
    assert reacher.record.args == (reacher.simulator, "reacher-fresh", 10_000)
    assert cube.simulator == LewmCube()
    assert cube.record.args == (cube.simulator, "cube", 40)
    for name, world in (("reacher/drawn", reacher), ("cube/drawn/40", cube)):
        build, recording, count = planning_task(name)
        assert (build(), recording, count) == world.record.args
    assert reacher.components == ("lewm", "recording", "reacher")
    assert reacher.describe().endswith("; in the look of the released frames")
    with pytest.raises(SMWMError, match="no task that is drawn once named 'pusht'; choose one of: cube, reacher"):
        make_world("pusht/drawn")
    with pytest.raises(SMWMError, match="The world cube/drawn/some should end with a number"):
        make_world("cube/drawn/some")
    with pytest.raises(SMWMError, match="drawn at 16 to 224 px, not 300"):
        drawn("reacher", image_size=300)
