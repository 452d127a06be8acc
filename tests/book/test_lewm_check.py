"""A claim about the command that checks a published HDF5 file: it says how many sources there are."""

import numpy as np
import pytest
import torch
from lewm_columns import columns, write

from smwm_book.cli import main
from smwm_core.errors import SMWMError
from smwm_core.worlds.lewm.files import read_episodes, sides_by_source, sources


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
