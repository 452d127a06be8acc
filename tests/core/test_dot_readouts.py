"""Claims about what can be read from latents that are known.

1. A latent that is the state gives R² 1 for everything; each dot is asked about once, in its group.
2. A latent that holds a pair's mean gives 1 for its shared motion and mean, and nothing for its relative position.
"""

import pytest

from smwm_core.analysis.dot_readouts import dot_readouts
from smwm_core.seeds import generator
from smwm_core.worlds import make_world


def sampled(name: str, n: int = 1_000):
    world = make_world(f"dots/{name}")
    return world, world.sample(n, generator(0, "test"))


def test_the_state_itself_tells_everything():
    world, batch = sampled("combined")
    groups = dot_readouts(world, batch.state.float(), batch.next_state.float(), batch)
    assert set(groups["controlled"]) == {"dots 1 and 2, shared motion", "dot 3 position", "dot 4 position"}
    assert set(groups["distractor"]) == {"dot 5 position"}
    assert set(groups["pair"]) == {
        "dot 1 position",
        "dot 2 position",
        "dots 1 and 2, mean position",
        "dots 1 and 2, relative position",
    }
    for readouts in groups.values():
        assert list(readouts.values()) == pytest.approx([1] * len(readouts), abs=1e-6)


def test_the_mean_of_a_pair_tells_its_motion_but_not_its_relative_position():
    world, batch = sampled("coupled")
    mean, mean_next = (s.float().view(-1, 2, 2).mean(1) for s in (batch.state, batch.next_state))
    groups = dot_readouts(world, mean, mean_next, batch)
    assert groups["controlled"]["dots 1 and 2, shared motion"] == pytest.approx(1, abs=1e-6)
    assert groups["pair"]["dots 1 and 2, mean position"] == pytest.approx(1, abs=1e-6)
    assert groups["pair"]["dots 1 and 2, relative position"] < 0.05
