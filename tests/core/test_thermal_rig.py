"""Claims about the thermal rig.

1. Without chance it is TCLab's simulator, sample by sample, and it settles where its equations say.
2. The same conditions and commands give the same bits; other commands change no instrument of the room, and nothing
   before they begin.
3. A reading is a sensor's coarse temperature, what the room says, and the command held before it; a lost one is old.
4. Smoke, door and losses are as rare as they are said to be; random commands are held about two times in three.
5. A heater warms its neighbours, and those farther away less.
6. A policy sees the readings so far; a rig or commands that cannot be are refused in one sentence.
"""

from dataclasses import replace

import pytest
import torch

from smwm_core import SMWMError
from smwm_core.seeds import generator
from smwm_core.worlds import ThermalRig
from smwm_core.worlds.conditions import Conditions
from smwm_core.worlds.thermal_rig import QUANTUM

RIG = ThermalRig()


def calm(rig: ThermalRig, n: int, steps: int, ambient: float = 21.0) -> Conditions:
    """Conditions in which nothing happens."""
    some = rig.conditions(n, steps, generator(0, "calm"))
    still = {name: torch.zeros_like(getattr(some, name)) for name in ("supply", "burning", "door", "noise", "lost")}
    constant = {name: torch.full_like(getattr(some, name), ambient) for name in ("start", "ambient")}
    return replace(some, **still, **constant)


@pytest.fixture(scope="module")
def drawn():
    conditions = RIG.conditions(400, 120, generator(0, "test"))
    commands = RIG.random_commands(400, 120, generator(0, "commands"))
    return conditions, commands, *RIG.run(conditions, commands)[:2]


def test_it_is_tclab():
    tclab = pytest.importorskip("tclab", reason="the package tclab, a simulator to compare with, is not installed")
    commands = RIG.random_commands(3, 60, generator(1, "commands"))
    states = RIG.run(calm(RIG, 3, 60), commands)[0]
    for run in range(3):
        lab = tclab.tclab.TCLabModel(synced=False)
        for t in range(60):
            for set_heater, command in zip((lab.Q1, lab.Q2), commands[run, t].tolist(), strict=True):
                set_heater(50 * (1 + command))
            lab.update(10.0 * (t + 1))
            theirs = torch.tensor([lab._H1, lab._H2, lab._T1, lab._T2])
            assert (states[run, t + 1, 2:] - theirs[2:]).abs().max() < 0.35  # their quantum is 0.3223 K


def test_it_settles_where_its_equations_say():
    commands = torch.tensor([[1.0, 0.0]]).repeat(1, 200, 1)
    heaters = RIG.run(calm(RIG, 1, 200), commands)[0][0, -1]
    leaking = torch.tensor([[1 / 20 + 1 / 100, -1 / 100], [-1 / 100, 1 / 20 + 1 / 100]])
    power = torch.tensor([200 * 100 / 5720, 100 * 50 / 5720])
    settled = 21 + torch.linalg.solve(leaking, power)
    torch.testing.assert_close(heaters[:2], settled, rtol=0, atol=0.01)
    torch.testing.assert_close(heaters[2:], settled, rtol=0, atol=0.05)


def test_an_hour_can_be_lived_through_again(drawn):
    conditions, commands, states, readings = drawn
    assert torch.equal(RIG.run(conditions, commands)[0], states)
    other = torch.cat([commands[:, :70], -commands[:, 70:]], 1)
    again, read_again, _ = RIG.run(conditions, other)
    assert torch.equal(again[:, :71], states[:, :71])
    assert not torch.isclose(again[:, 72:, 2:], states[:, 72:, 2:]).all()
    assert torch.equal(read_again[:, :71], readings[:, :71])
    assert torch.equal(read_again[..., 2:10], readings[..., 2:10])
    assert not torch.equal(RIG.conditions(400, 120, generator(1, "test")).ambient, conditions.ambient)


def test_a_reading_is_what_arrives(drawn):
    conditions, commands, states, readings = drawn
    named = dict(zip(RIG.channels, readings.unbind(2), strict=True))
    arrived = conditions.lost == 0
    error = (named["T1"] - states[..., 2])[arrived]
    assert -QUANTUM - 0.3 < error.min() < error.max() < 0.3
    assert torch.allclose(error.mean(), torch.tensor(-QUANTUM / 2), atol=0.01)  # it rounds down
    for column, name in enumerate(("ambient", "supply", "humidity", "vibration", "smoke", "since_door", "door_events")):
        assert torch.equal(named[name][arrived], conditions.room[..., column][arrived])
    run, t = (conditions.lost[:, 1:] == 1).nonzero(as_tuple=True)
    assert torch.equal(readings[run, t + 1, :9], readings[run, t, :9])
    assert torch.equal(readings[:, 1:, 10:], commands)
    assert torch.equal(named["lost"], conditions.lost)


def test_rare_things_are_as_rare_as_said(drawn):
    conditions = RIG.conditions(3_000, 120, generator(2, "rare"))
    assert conditions.burning.mean() == pytest.approx(0.0237, abs=0.002)
    assert conditions.lost[:, 1:].mean() == pytest.approx(0.1, abs=0.003)
    assert conditions.room[..., 6].mean() == pytest.approx(16 / 200, abs=0.005)
    assert conditions.door.mean() == pytest.approx(0.0476, abs=0.004)  # 10 of every 210 samples
    lasted = (conditions.burning[:, 1:] - conditions.burning[:, :-1]) == 1
    assert (conditions.burning.unfold(1, 24, 1)[:, 1:][lasted[:, :97]] == 1).all()
    commands = drawn[1]
    assert (commands[:, 1:] == commands[:, :-1]).float().mean() == pytest.approx(0.65, abs=0.01)
    assert commands.var() == pytest.approx(1 / 3, abs=0.01)


def test_a_heater_warms_its_neighbours():
    line = ThermalRig(boards=4)
    conditions, off = calm(line, 1, 12), torch.full((1, 12, 8), -1.0)
    heated = off.clone()
    heated[..., :2] = 1
    warmer = (line.run(conditions, heated)[0] - line.run(conditions, off)[0])[0, -1, 8:].view(4, 2).mean(1)
    assert (warmer > 0).all()
    assert (warmer[:-1] > 5 * warmer[1:]).all()
    alone = RIG.run(calm(RIG, 1, 12), heated[..., :2])[0][0, -1, 2]
    assert line.run(conditions, heated)[0][0, -1, 8] == pytest.approx(alone, abs=0.5)


def test_a_policy_sees_the_readings_so_far():
    seen = []

    def policy(readings):
        seen.append(readings)
        return 3 * torch.ones(5, 2)

    _, readings, commands = RIG.run(RIG.conditions(5, 4, generator(0, "policy")), policy)
    assert [part.shape for part in seen] == [(5, t + 1, 12) for t in range(4)]
    assert torch.equal(torch.cat([seen[-1], readings[:, -1:]], 1), readings)
    assert torch.equal(commands, torch.ones(5, 4, 2))
    assert "12 channels" in RIG.describe()


def test_mistakes_are_one_sentence():
    conditions = RIG.conditions(5, 4, generator(0, "mistakes"))
    with pytest.raises(SMWMError, match="at least one board, not 0"):
        ThermalRig(boards=0)
    with pytest.raises(SMWMError, match=r"Thermal rig actions for 5 states have shape \(5, K, 2\), not \(5, 4, 3\)"):
        RIG.run(conditions, torch.zeros(5, 4, 3))
    with pytest.raises(SMWMError, match="last 4 samples, not 5"):
        RIG.run(conditions, torch.zeros(5, 5, 2))
    with pytest.raises(SMWMError, match="is not finite"):
        RIG.run(conditions, torch.full((5, 4, 2), torch.nan))
