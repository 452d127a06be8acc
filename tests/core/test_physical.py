"""Claims about probes of physical quantities.

1. A linear quantity is read by the linear probe, a curved one only by the network, and noise by neither.
2. Quantities of every planning task have the right size and meaning, and angles are read on the circle.
3. States for fitting come from training episodes, those for scoring from held-out ones.
"""

import math

import pytest
import torch

from smwm_core.analysis.probes import draw_states, probe_r2
from smwm_core.analysis.quantities import QUANTITIES
from smwm_core.errors import SMWMError
from smwm_core.worlds import FrameSkip, TwoRoom
from smwm_core.worlds.recorded.episodes import Episodes


def test_a_probe_reads_what_is_there():
    z = torch.randn(1_200, 6, generator=torch.Generator().manual_seed(0))
    targets = {
        "linear": z[:, :2] @ torch.tensor([[2.0, 1.0], [-1.0, 3.0]]) + 5,
        "curved": (z[:, :1].square() + z[:, 1:2].square()),
        "noise": torch.randn(1_200, 1, generator=torch.Generator().manual_seed(1)),
    }
    r2 = {
        (name, probe): probe_r2(probe, z[:900], target[:900], z[900:], target[900:], seed=0)
        for name, target in targets.items()
        for probe in ("linear", "mlp")
    }
    assert r2["linear", "linear"] > 0.999
    assert r2["linear", "mlp"] > 0.9
    assert r2["curved", "linear"] < 0.2
    assert r2["curved", "mlp"] > 0.8
    assert max(r2["noise", "linear"], r2["noise", "mlp"]) < 0.1
    with pytest.raises(SMWMError, match="no probe named 'cubic'"):
        probe_r2("cubic", z, z, z, z, seed=0)


def test_angles_are_read_on_the_circle():
    state = torch.zeros(2, 4)
    state[1, 0] = 2 * math.pi
    read = QUANTITIES["reacher"]["joint_angles"](state)
    assert read.shape == (2, 4)
    assert torch.allclose(read[0], read[1], atol=1e-5)


def test_states_come_from_their_share_of_the_episodes():
    episodes = Episodes.from_padded(*TwoRoom().collect(40, torch.Generator().manual_seed(2)))
    world = FrameSkip(TwoRoom(), lambda: episodes)
    fit, score = draw_states(world, 300, 50, torch.Generator().manual_seed(3))
    training, held_out = ({tuple(row) for row in part.state.tolist()} for part in world.split)
    assert len(fit) == 300
    assert len(score) == 50
    assert {tuple(row) for row in fit.tolist()} <= training
    assert {tuple(row) for row in score.tolist()} <= held_out
