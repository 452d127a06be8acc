"""Claims about dots recorded by a biased agent, and about the test that finds out.

1. The action is correlated with the wind as ρ says, not at all where actions are random; nothing leaves its range.
2. The dot moves by the action and a slip that has the stated spread; the leaf never by the action.
3. Least squares of the action on both displacements has the closed form where nothing is clipped (a small slip).
4. A chaser's action points at the leaf, and tells nothing of where the leaf goes.
5. ``play`` carries out the actions it is given, with a wind of its own, inside of the frame.
6. The test finds a dot under randomised actions and clears the leaf; on recorded actions it blames the leaf.
7. What makes no sense is refused in a sentence.
"""

import numpy as np
import pytest
import torch

from smwm_core.analysis.action_effects import moved_by_action
from smwm_core.errors import SMWMError
from smwm_core.seeds import generator
from smwm_core.worlds import BiasedDots, Transitions, make_world

N = 40_000


def drawn(name, n=N):
    return make_world(name).sample(n, generator(0, "test"))


def changes(data):
    return (data.next_state - data.state).float().unflatten(1, (2, 2)).unbind(1)


def correlation(a, b):
    return np.corrcoef(a.T, b.T)[:2, 2:].diagonal()


@pytest.mark.parametrize(("name", "expected"), [("biased/0/0", 0), ("biased/0.5/0", 0.5), ("biased/0.9/0.5", 0.9)])
def test_bias_is_the_correlation_of_action_and_wind(name, expected):
    data = drawn(name)
    assert correlation(data.action, changes(data)[1]) == pytest.approx(expected, abs=0.02)
    assert data.action.abs().max() <= 1
    assert (data.state.min(), data.state.max()) == (18, 45)
    assert data.next_state.min() >= 2
    assert data.next_state.max() <= 61
    assert data.state.dtype == data.next_state.dtype == torch.int16
    apart = (data.next_state[:, :2] - data.next_state[:, 2:]).float().norm(dim=1)
    assert apart.min() >= 5


def test_a_random_share_knows_nothing_of_the_wind():
    data = drawn("biased/0.9/0/0.5")
    assert correlation(data.action, changes(data)[1]) == pytest.approx(0.45, abs=0.02)
    assert correlation(drawn("biased/0.9/0/1").action, changes(drawn("biased/0.9/0/1"))[1]) == pytest.approx(
        0, abs=0.02
    )


@pytest.mark.parametrize(("slip", "spread"), [("0", 0.3), ("0.1", 1.04), ("0.5", 4.03)])
def test_the_dot_slips(slip, spread):
    """Rounding has a spread of 0.29 px; a normal slip of 5 px has one of 4.02 px once it is clipped at 6 px."""
    data = drawn(f"biased/0/{slip}")
    assert (changes(data)[0] - 10 * data.action).std().item() == pytest.approx(spread, abs=0.04)


@pytest.mark.parametrize("bias", [0.5, 0.9])
def test_least_squares_has_the_closed_form(bias):
    data = drawn(f"biased/{bias}/0.2", 4 * N)
    moved = torch.cat(changes(data), 1).double()
    weights = torch.linalg.lstsq(moved, data.action.double()).solution
    noise = (changes(data)[0] / 10 - data.action).var() / data.action.var()
    expected = (bias * noise / (1 - bias**2)).item()
    assert (weights[2:].norm() / weights[:2].norm()).item() == pytest.approx(expected, rel=0.1)


def test_a_chaser_looks_where_the_leaf_is_and_not_where_it_goes():
    data = drawn("chaser/0.5")
    dot, leaf = data.state.float().unflatten(1, (2, 2)).unbind(1)
    assert correlation(data.action, leaf - dot).min() > 0.5
    assert np.abs(correlation(data.action, changes(data)[1])).max() < 0.05


def test_played_actions_are_carried_out_inside_the_frame():
    world, state = make_world("biased/0.9/0"), drawn("biased/0.9/0", 500).state
    actions = 2 * torch.rand(500, 6, 2, generator=generator(0, "actions")) - 1
    path = world.play(state, actions, generator(0, "wind"))
    assert path.shape == (500, 6, 4)
    assert torch.equal(path[:, 0, :2], state[:, :2] + (10 * actions[:, 0]).round().short())
    assert np.abs(correlation(actions[:, 0], (path[:, 0] - state)[:, 2:].float())).max() < 0.15
    assert (path.min(), path.max()) == (2, 61)
    assert world.render(path[:, -1]).shape == (500, 3, 64, 64)


def test_randomised_actions_clear_the_leaf_and_recorded_ones_blame_it():
    randomised, recorded = drawn("biased/0/0.5"), drawn("biased/0.9/0.5")
    found = np.array([moved_by_action(randomised[i : i + 200]) for i in range(0, 20_000, 200)])
    assert found[:, :2].all()
    assert found[:, 2:].any(1).mean() < 0.06
    assert moved_by_action(recorded[:200]).all()


def test_what_never_moves_is_not_moved_by_the_action():
    state = torch.zeros(50, 2)
    action = torch.linspace(-1, 1, 50)[:, None]
    moved = Transitions(state, action, torch.cat([action, torch.zeros(50, 1)], 1))
    assert moved_by_action(moved).tolist() == [True, False]
    with pytest.raises(SMWMError, match="two actions on either side of 0"):
        moved_by_action(Transitions(state, action.abs() + 1, state))


@pytest.mark.parametrize("name", ["biased/0.9", "biased/a/b", "biased/0/0/0/0", "chaser/", "chaser/0.1/0.2"])
def test_a_name_of_another_form_is_refused(name):
    with pytest.raises(SMWMError, match=f"named biased/0.9/0.5, biased/0.9/0.5/0.1 or chaser/0.5, not {name}"):
        make_world(name)


@pytest.mark.parametrize("values", [(1.0, 0.5), (-0.1, 0.5), (0.5, -1), (0.5, float("nan")), (0.5, 0.5, 1.5)])
def test_a_value_outside_its_range_is_refused(values):
    with pytest.raises(SMWMError, match=r"A bias lies in \[0, 1\), a slip is a finite number"):
        BiasedDots(*values)
