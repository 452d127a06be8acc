"""Claims about the worlds of the released data, on small files of the same form.

1. No source of episodes is on both sides, the sides are those of ``sides_by_source``, and the file is read only once.
2. Rows of the training episodes have exactly the frames that are stored with them, at 224 px, and averaged below.
3. The frames can be read in other processes, forked or fresh, whatever was read before; TwoRoom and Push-T are drawn.
4. FrameSkip are drawn from the episodes, scaled and described as those of other worlds; a known scale needs no file.
5. Reacher and Cube have the packages' own look to the bit, and not the cheap one; nothing else about them differs.
6. What moves is seen, the target is not; frames do not depend on those before, and are averages of the stored size.
7. A missing, ambiguous or damaged file and other mistakes are one sentence, with the commands that help.
8. A control model is trained on the stored frames; a figure that needs files which are not there does not begin.
"""

import os
import pickle
import sys
from copy import copy
from dataclasses import replace

import joblib
import numpy as np
import pytest
import torch
from lewm_columns import columns, write
from torch.utils.data import DataLoader, Dataset

from smwm_core.errors import SMWMError
from smwm_core.worlds import Cube, Reacher
from smwm_core.worlds.lewm.files import read_episodes, sides_by_source
from smwm_core.worlds.lewm.look import LewmCube, LewmReacher, _cube_camera, averaged
from smwm_core.worlds.lewm.world import released

MODULE = sys.modules[released.__module__]  # a package may call the function by the module's name


NAMES = {
    "tworoom": "tworoom.h5",
    "pusht": "pusht_expert_train.h5",
    "reacher": "reacher.h5",
    "cube": "cube_single_expert.h5",
}


SOURCES, STEPS = 10, 12
ROWS = 9 * STEPS  # of the training episodes


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    return tmp_path / "cache" / "released"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def content(task: str, repetitions: int = 1) -> dict[str, np.ndarray]:
    """Columns of ten sources of twelve rows each; red is the row's number, and so is the first number of its state."""
    episodes = SOURCES * repetitions
    rows = episodes * STEPS
    random = np.random.default_rng(0)
    given = {name: values[:1].repeat(rows, 0) for name, values in columns(task).items()}
    given["action"] = random.normal(size=given["action"].shape).astype(given["action"].dtype)
    given["ep_len"] = np.full(episodes, STEPS, np.int32)
    given["ep_offset"] = np.arange(episodes) * STEPS
    given["pixels"] = random.integers(0, 256, (rows, 224, 224, 3), dtype=np.uint8)
    given["pixels"][..., 0] = np.arange(rows)[:, None, None]
    first = {"tworoom": "proprio", "pusht": "state"}.get(task, "qpos")
    given[first][:, 0] = np.arange(rows)
    starts = given["ep_offset"]
    given[first][starts] = given[first][starts % (SOURCES * STEPS)]  # repetitions begin alike
    return given


@pytest.fixture
def reacher(folder):
    return stored(folder, "reacher")


def stored(folder, task: str, repetitions: int = 1) -> dict[str, np.ndarray]:
    """Put a small file where the released one would be."""
    given = content(task, repetitions)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / NAMES[task], given)
    return given


@pytest.mark.parametrize("task", NAMES)
def test_no_source_is_on_both_sides(task, folder, monkeypatch):
    stored(folder, task, repetitions=2 if task == "pusht" else 1)
    calls = []
    monkeypatch.setattr(MODULE, "read_episodes", lambda *given: calls.append(given) or read_episodes(*given))
    world = released(task, 64)
    assert not calls
    training, held_out = world.split
    assert world.split[0] is training
    assert world.read is None or len(world.read.rows) == len(training.state)
    assert len(calls) == 1
    sides = [set(side.state[side.offset][:, 0].tolist()) for side in (training, held_out)]
    assert [len(side) for side in sides] == [9, 1]
    assert not sides[0] & sides[1]
    episodes = read_episodes(folder / NAMES[task], task)
    for side, numbers in zip(world.split, sides_by_source(episodes, 0.9, generator()), strict=True):
        expected = episodes.select(numbers)
        assert torch.equal(side.state, expected.state)
        assert torch.equal(side.length, expected.length)
        assert side.action.allclose(expected.action, equal_nan=True)


def test_rows_have_the_frames_that_are_stored_with_them(reacher):
    world = released("reacher")
    rows = torch.tensor([40, 3, ROWS - 1, 3, 0])
    frames = world.read(rows)
    assert frames.shape == (5, 3, 224, 224)
    assert frames.dtype == torch.uint8
    assert frames.is_contiguous(memory_format=torch.channels_last)
    number = world.split[0].state[rows, 0].long()
    assert number.tolist() != rows.tolist()  # the held-out episode is not the last one
    assert torch.equal(frames.permute(0, 2, 3, 1), torch.from_numpy(reacher["pixels"])[number])
    assert world.read(rows[:0]).shape == (0, 3, 224, 224)
    every = world.read(torch.arange(ROWS))
    assert torch.equal(every[:, 0, 0, 0].long(), world.split[0].state[:, 0].long())


def test_small_frames_are_averages(reacher):
    world = released("reacher", 56)
    rows = torch.tensor([5, 1])
    number = world.split[0].state[rows, 0].long().numpy()
    expected = reacher["pixels"][number].reshape(2, 56, 4, 56, 4, 3).mean((2, 4))
    seen = world.read(rows)
    assert seen.shape == (2, 3, 56, 56)
    assert seen.dtype == torch.uint8
    assert seen.is_contiguous(memory_format=torch.channels_last)
    assert seen.permute(0, 2, 3, 1).numpy() == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("chunks", [(4, 224, 224, 3), (100, 224, 224, 3), (1, 56, 56, 3), None])
def test_frames_do_not_depend_on_how_the_file_is_laid_out(chunks, folder, monkeypatch):
    import h5py

    given = content("reacher")
    folder.mkdir(parents=True)
    with h5py.File(folder / NAMES["reacher"], "w") as file:
        for name, values in given.items():
            file.create_dataset(
                name,
                data=values,
                **({"chunks": chunks, "maxshape": (None, 224, 224, 3)} if name == "pixels" and chunks else {}),
            )
    world = released("reacher")
    rows = torch.randperm(ROWS, generator=generator())[:20]
    number = world.split[0].state[rows, 0].long()
    assert torch.equal(world.read(rows).permute(0, 2, 3, 1), torch.from_numpy(given["pixels"])[number])


class Frames(Dataset):
    """A row and its frame."""

    def __init__(self, read) -> None:
        self.read = read

    def __len__(self) -> int:
        return len(self.read.rows)

    def __getitems__(self, rows: list[int]):
        return list(zip(rows, self.read(torch.tensor(rows)), strict=True))


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("read_before", [True, False])
def test_frames_are_read_in_other_processes(start, read_before, reacher):
    world = released("reacher", 112)
    expected = released("reacher", 112).read(torch.arange(ROWS)) if read_before else None
    loader = DataLoader(
        Frames(world.read),
        batch_size=8,
        num_workers=2,
        multiprocessing_context=start,
        shuffle=True,
        generator=generator(),
    )
    seen = {int(row): frame for rows, frames in loader for row, frame in zip(rows, frames, strict=True)}
    if expected is None:
        expected = world.read(torch.arange(ROWS))
    assert sorted(seen) == list(range(ROWS))
    assert all(torch.equal(frame, expected[row]) for row, frame in seen.items())


def test_a_world_and_what_it_reads_can_be_pickled(reacher):
    world = released("reacher", 56)
    fresh = pickle.loads(pickle.dumps(world))
    rows = torch.arange(10)
    expected = world.read(rows)
    assert torch.equal(fresh.read(rows), expected)
    used = pickle.loads(pickle.dumps(world))
    assert torch.equal(used.split[0].state, world.split[0].state)
    assert torch.equal(pickle.loads(pickle.dumps(used.read))(rows), expected)
    worlds = (world, released("reacher", 56))
    shapes = joblib.Parallel(n_jobs=2)(joblib.delayed(_shape_of_blocks)(w, os.environ["SMWM_DATA"]) for w in worlds)
    assert shapes == [(3, 10), (3, 10)]


def _shape_of_blocks(world, data: str):
    os.environ["SMWM_DATA"] = data  # joblib's processes may be left from an earlier test
    return tuple(world.sample(3, generator()).action.shape)


@pytest.mark.parametrize("task", ["tworoom", "pusht"])
def test_two_room_and_push_t_are_drawn(task, folder):
    world = released(task, 96)
    assert world.read is None
    stored(folder, task)
    assert world.read is None
    frames = world.render(world.sample(2, generator()).state)
    assert frames.shape == (2, 3, 96, 96)
    assert frames.dtype == torch.float32
    assert torch.equal(frames, type(world.simulator)(96).render(world.sample(2, generator()).state))


def test_blocks_are_those_of_other_worlds(reacher):
    world = released("reacher", 64)
    assert (world.state_dim, world.action_dim, world.controllable_dim, world.image_size) == (4, 10, 2, 64)
    drawn = world.sample(500, generator())
    assert torch.equal(drawn.next_state[:, 0], drawn.state[:, 0] + 5)
    actions = torch.from_numpy(reacher["action"]).float()
    rows = drawn.state[:, 0].long()[:, None] + torch.arange(5)
    assert torch.allclose(world.primitive_actions(drawn.action), actions[rows], atol=1e-6)
    training = actions[world.split[0].state[:, 0].long()].unflatten(0, (-1, STEPS))[:, :-1].flatten(0, 1)
    mean, std = world.scale
    assert torch.allclose(mean, training.mean(0).repeat(5), atol=1e-6)
    assert torch.allclose(std, training.std(0).repeat(5), atol=1e-6)
    assert torch.allclose(world.bounds[1] * std + mean, torch.ones(10), atol=1e-6)
    assert (
        world.describe() == "an arm of two links on 64×64 px; the action is a torque on each joint; in blocks of "
        "5 steps; released episodes"
    )


def test_a_known_scale_needs_no_file():
    scale = torch.zeros(25), torch.full((25,), 0.5)
    world = replace(released("cube", 32), known_scale=scale)
    assert world.scale is scale
    assert world.bounds[1].tolist() == [2.0] * 25
    state = world.simulator.collect(1, generator())[0][0, :2]
    frames = world.render(state)
    assert frames.shape == (2, 3, 32, 32)
    with pytest.raises(SMWMError, match="has no file cube_single_expert"):
        _ = world.split


@pytest.fixture(scope="module")
def recorded():
    """States of Cube, ``(4, 41)``: one at rest and three in motion."""
    states, _, _ = Cube().collect(1, generator())
    return states[0, [0, 40, 90, 140]].double()


def test_reacher_looks_as_the_package_draws_it():
    from dm_control import suite

    states = torch.tensor([[0.3, -1.1, 0.0, 0.0], [7.0, 2.5, 3.0, -2.0]], dtype=torch.float64)
    frames = LewmReacher().render(states)
    assert frames.shape == (2, 3, 224, 224)
    physics = suite.load("reacher", "hard").physics
    physics.named.model.mat_rgba["target"][3] = 0
    for state, frame in zip(states, frames, strict=True):
        with physics.reset_context():
            physics.data.qpos[:], physics.data.qvel[:] = state.split(2)
        expected = physics.render(224, 224, camera_id=0)
        assert np.array_equal((255 * frame).round().byte().permute(1, 2, 0).numpy(), expected)


def test_cube_looks_as_the_package_draws_it_after_a_step(recorded):
    from ogbench.manipspace.envs.cube_env import CubeEnv

    looks = {"ob_type": "pixels", "pixel_transparent_arm": False, "visualize_info": False, "width": 224, "height": 224}
    env = CubeEnv("single", mode="data_collection", **looks)
    env.reset(seed=0)
    states, expected = [], []
    env.set_state(*np.split(recorded[1].numpy(), [21]))
    for action in ([0.5, -1, 0.3, 0.2, 1], [1, 1, -1, -1, -1]):
        env.step(np.array(action, dtype=float))
        states.append(torch.from_numpy(np.concatenate([env.data.qpos, env.data.qvel])))
        expected.append(env.render(camera="front_pixels"))
    env._renderer.close()  # while it is the one in use: closed later, it would take another one's textures along
    frames = (255 * LewmCube().render(torch.stack(states))).round().byte().permute(0, 2, 3, 1).numpy()
    assert np.array_equal(frames, np.stack(expected))


def test_only_the_look_differs(recorded):
    for published, cheap, states in (
        (LewmReacher, Reacher, torch.tensor([[0.3, -1.1, 0.5, 0.0]])),
        (LewmCube, Cube, recorded[:1]),
    ):
        first = cheap(64).render(states)
        shown = published(64).render(states)
        assert shown.shape == first.shape
        assert (shown - first).abs().mean() > 0.02
        assert torch.equal(cheap(64).render(states), first)  # neither camera changes what the other one sees
        assert torch.equal(published(64).render(states), shown)
        actions = published().random_action(3, generator())[None]
        assert torch.equal(published().play(states, actions), cheap().play(states, actions))
        assert published().image_size == 224
        assert pickle.loads(pickle.dumps(published(64))) == published(64) != cheap(64)
        assert published(64).describe() == cheap(64).describe()


def test_what_moves_in_reacher_is_seen():
    poses = torch.tensor([[0.0, 0.0, 0, 0], [0.1, 0.0, 0, 0], [0.1, 0.1, 0, 0], [0.1, 0.1, 5, 5]])
    frames = LewmReacher(64).render(poses)
    assert frames.dtype == torch.float32
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= frames.min() < frames.max() <= 1
    assert torch.equal((255 * frames).round() / 255, frames)
    assert torch.equal(frames[2], frames[3])
    for before, after in ((0, 1), (1, 2)):
        assert ((frames[before] - frames[after]).abs().amax(0) > 0.15).sum() > 5
    assert torch.equal(LewmReacher(64).render(poses.flip(0)).flip(0), frames)
    whole = (255 * LewmReacher().render(poses)).round().byte()
    assert torch.equal(averaged(whole.permute(0, 2, 3, 1), 64), (255 * frames).round().byte())
    with pytest.raises(SMWMError, match=r"A Reacher state has shape \(N, 4\), not \(1, 6\)"):
        LewmReacher().render(torch.zeros(1, 6))


def test_what_moves_in_cube_is_seen_and_the_target_is_not(recorded):
    poses = recorded[:1].repeat(4, 1)
    poses[1, 14] += 0.03  # the cube
    poses[2, 0] += 0.1  # the arm's first joint
    poses[3, 21:] = 5.0  # where things were 2 ms before
    frames = LewmCube(64).render(poses)
    assert frames.shape == (4, 3, 64, 64)
    assert 0 <= frames.min() < 0.1
    assert 0.8 < frames.max() <= 1
    changed = ((frames - frames[0]).abs().amax(1) > 0.1).sum((1, 2)).tolist()
    assert changed[1] >= 6
    assert changed[2] > 50
    assert 0 < changed[3] < changed[2]
    camera = _cube_camera()
    before = copy(camera.data.mocap_pos)
    camera.data.mocap_pos[:] = 0.4, 0.0, 0.1
    assert torch.equal(LewmCube(64).render(poses[:1]), frames[:1])
    camera.data.mocap_pos[:] = before
    with pytest.raises(SMWMError, match="A Cube state is not finite"):
        LewmCube().render(torch.full((1, 41), torch.nan))


@pytest.mark.parametrize("task", NAMES)
def test_a_missing_file_says_what_to_run(task, folder):
    sentence = rf"cache/released has no file .*\.h5; run `smwm data fetch {task}`, then `(tar|zstd) .*`\."
    for _ in range(2):
        with pytest.raises(SMWMError, match=sentence):
            _ = released(task).split
        folder.mkdir(parents=True, exist_ok=True)
        other = "cube" if task == "reacher" else "reacher"
        (folder / NAMES[other]).touch()


def test_a_file_may_lie_in_a_folder_but_there_is_only_one(folder):
    (folder / "dmc").mkdir(parents=True)
    write(folder / "dmc" / "reacher_random.h5", content("reacher"))
    assert len(released("reacher").split[0]) == 9
    (folder / "reacher.h5").touch()
    with pytest.raises(SMWMError, match=r"has 2 files reacher\*\.h5 \(dmc/reacher_random\.h5, reacher\.h5\); leave"):
        _ = released("reacher").split


def test_mistakes_are_refused(folder, reacher):
    for name, size, words in (
        ("chess", 64, "no released data set named 'chess'; choose one of: cube, pusht, reacher, tworoom"),
        ("reacher", 8, "Reacher is drawn at 16 to 224 px, not 8"),
        ("cube", 300, "Cube is drawn at 16 to 224 px, not 300"),
        ("tworoom", 300, "TwoRoom is drawn at 16 to 224 px, not 300"),
    ):
        with pytest.raises(SMWMError, match=words):
            released(name, size)
    read = released("reacher").read
    for row in (-1, ROWS):
        with pytest.raises(SMWMError, match=f"There are rows 0 to {ROWS - 1} to read; others were asked for"):
            read(torch.tensor([0, row]))
    path = folder / NAMES["reacher"]
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SMWMError, match=r"reacher\.h5 cannot be read"):
        read(torch.tensor([0]))


def test_a_damaged_frame_is_named(folder, monkeypatch):
    stored(folder, "reacher")
    read = released("reacher").read

    class Damaged:
        shape, dtype, chunks = (70, 224, 224, 3), np.uint8, (1, 224, 224, 3)

        def __getitem__(self, rows):
            raise OSError("Can't synchronously read data")

    monkeypatch.setattr(MODULE, "_opened", lambda *_: {"pixels": Damaged()})
    with pytest.raises(SMWMError, match=r"A frame of .*reacher\.h5 cannot be read \(Can't synchronously read data\)"):
        read(torch.tensor([0]))
