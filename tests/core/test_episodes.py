"""Claims about recorded episodes.

1. Padded arrays become flat columns without losing a step; a file gives back what was saved.
2. Starts leave room for their steps inside one episode; blocks are the actions that follow.
3. A split keeps whole episodes, each on one side.
4. Columns that do not fit together, and files that are damaged, are refused with the name of file and column.
"""

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.simulators.two_room import TwoRoom


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(*steps: int) -> Episodes:
    """Episodes whose states and actions count up: state t of episode e is 100 e + t, and so is its action."""
    states = torch.stack([100 * e + torch.arange(max(steps) + 1.0) for e in range(len(steps))])[..., None]
    return Episodes.from_padded(states, states[:, :-1].clone(), torch.tensor(steps))


def test_padded_arrays_become_flat_columns():
    episodes = numbered(3, 1)
    assert episodes.state[:, 0].tolist() == [0, 1, 2, 3, 100, 101]
    assert episodes.action[:, 0].nan_to_num(-1).tolist() == [0, 1, 2, -1, 100, -1]
    assert episodes.length.tolist() == [4, 2]
    assert episodes.offset.tolist() == [0, 4]


def test_the_episodes_of_a_world_replay():
    world = TwoRoom()
    episodes = Episodes.from_padded(*world.collect(30, generator()))
    moving = ~episodes.action.isnan().any(1)
    rows = torch.nonzero(moving)[:, 0]
    assert torch.equal(world.step(episodes.state[rows], episodes.action[rows]), episodes.state[rows + 1])
    assert len(rows) + len(episodes) == len(episodes.state)


def test_starts_leave_room():
    episodes = numbered(5, 2, 4)
    assert episodes.state[episodes.starts(4), 0].tolist() == [0, 1, 200]
    assert episodes.state[episodes.starts(2), 0].tolist() == [0, 1, 2, 3, 100, 200, 201, 202]
    with pytest.raises(SMWMError, match="No episode has 6 steps; the longest has 5"):
        episodes.starts(6)


def test_blocks_are_the_actions_that_follow():
    episodes = numbered(5, 4)
    assert episodes.action_blocks(episodes.starts(3), 3).tolist() == [
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
        [100, 101, 102],
        [101, 102, 103],
    ]


def test_a_split_keeps_episodes_whole():
    episodes = numbered(*range(1, 11))
    one, other = episodes.split(0.7, generator())
    assert (len(one), len(other)) == (7, 3)
    numbers = [{int(s) // 100 for s in part.state[:, 0]} for part in (one, other)]
    assert numbers[0].isdisjoint(numbers[1])
    assert numbers[0] | numbers[1] == set(range(10))
    with pytest.raises(SMWMError, match=r"10 episodes cannot be split 0\.01 to 0\.99"):
        episodes.split(0.01, generator())


def test_a_file_gives_back_what_was_saved(tmp_path):
    episodes = numbered(3, 4)
    episodes.save(tmp_path / "e.npz")
    again = Episodes.load(tmp_path / "e.npz")
    assert torch.equal(again.state, episodes.state)
    assert torch.equal(again.action.nan_to_num(-1), episodes.action.nan_to_num(-1))
    assert torch.equal(again.length, episodes.length)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": torch.zeros(5, 1)}, "have states"),
        ({"length": torch.tensor([3, 2])}, "add up to the 6 rows"),
        ({"length": torch.tensor([5, 1])}, "at least 2"),
        ({"length": torch.tensor([3, 3])}, "last row of every episode has no action"),
        ({"state": torch.full((6, 1), torch.inf)}, "state is not finite"),
        ({"action": torch.zeros(6, 1)}, "last row of every episode has no action"),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(change, words):
    good = numbered(3, 1)
    with pytest.raises(SMWMError, match=words):
        Episodes(**{"state": good.state, "action": good.action, "length": good.length, **change})


def test_damaged_files_are_refused(tmp_path):
    path, good = tmp_path / "e.npz", numbered(3, 1)
    columns = {name: getattr(good, name).numpy() for name in ("state", "action", "length")}
    good.save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SMWMError, match=r"e\.npz cannot be read"):
        Episodes.load(path)
    np.savez(path, **{name: column for name, column in columns.items() if name != "action"})
    with pytest.raises(SMWMError, match=r"e\.npz has no column 'action'"):
        Episodes.load(path)
    np.savez(path, **{**columns, "length": columns["length"].astype(float)})
    with pytest.raises(SMWMError, match=r"The column 'length' of .*e\.npz is float64"):
        Episodes.load(path)
    np.savez(path, **{**columns, "length": np.array([4, 3])})
    with pytest.raises(SMWMError, match=r"e\.npz is broken: The lengths"):
        Episodes.load(path)
