"""Claims about the propeller and the wired dot.

1. Turned by a third, a bare propeller is the same picture, and one with a tip differs only where tips are.
2. A step turns by the action times the largest turn, around the circle; starts and actions are uniform.
3. A frame is its definition: the share of 16×16 samples of a pixel that lie in a blade.
4. A valve hides the sign of the second action; swapped wires move the dot against the action as often as asked.
5. Names that make no world are one sentence.
"""

import math

import pytest
import torch
from scipy import stats

from smwm_core.errors import SMWMError
from smwm_core.worlds import make_world
from smwm_core.worlds.propeller import on_circle


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_third_of_a_turn_changes_nothing_but_the_tips():
    angle = torch.linspace(-3, 3, 7)[:, None]
    bare, tipped = make_world("propeller/30-bare"), make_world("propeller/30")
    torch.testing.assert_close(bare.render(angle), bare.render(angle + 2 * math.pi / 3), atol=1e-4, rtol=0)
    changed = (tipped.render(angle) - tipped.render(angle + 2 * math.pi / 3)).abs().amax(1) > 1e-3
    y, x = torch.meshgrid(torch.arange(64) - 31.5, torch.arange(64) - 31.5, indexing="ij")
    assert changed.flatten(1).any(1).all()
    assert torch.hypot(x, y)[changed.any(0)].min() > 22 - 6 - 1
    assert (tipped.render(angle) != bare.render(angle)).any()


def test_a_step_turns_by_the_action():
    world = make_world("propeller/50")
    data = world.sample(2_000, seeded())
    turned = torch.remainder(data.next_state - data.state - math.radians(50) * data.action + math.pi, 2 * math.pi)
    assert (turned - math.pi).abs().max() < 1e-5
    for part in (data.state, data.next_state):
        assert part.min() >= -math.pi
        assert part.max() < math.pi
    assert stats.kstest(data.action.flatten(), stats.uniform(-1, 2).cdf).pvalue > 0.01
    assert stats.kstest(data.state.flatten(), stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 0.01


def test_trajectories_go_on_where_they_were():
    states, actions = make_world("propeller/120").sample_trajectories(100, 5, seeded())
    whole = states[:, 0] + math.radians(120) * actions.sum(1)
    torch.testing.assert_close(on_circle(states[:, -1]), on_circle(whole), atol=1e-5, rtol=0)


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0, 3.1])
def test_a_frame_is_its_definition(angle):
    at = (torch.arange(64 * 16) + 0.5) / 16 - 32
    dy, dx = torch.meshgrid(at, at, indexing="ij")
    red, blue = torch.zeros_like(dx, dtype=torch.bool), torch.zeros_like(dx, dtype=torch.bool)
    for blade in range(3):
        turned = angle + blade * 2 * math.pi / 3
        along, across = dx * math.cos(turned) + dy * math.sin(turned), dy * math.cos(turned) - dx * math.sin(turned)
        inside = (along >= 0) & (along <= 22) & (across.abs() <= 3.5)
        tip = inside & (along > 16) if blade == 0 else torch.zeros_like(inside)
        red, blue = red | (inside & ~tip), blue | tip
    colours = torch.ones(3, *dx.shape)
    colours[:, red] = torch.tensor([1.0, 0, 0])[:, None]
    colours[:, blue] = torch.tensor([0, 100 / 255, 1])[:, None]
    wanted = torch.nn.functional.avg_pool2d(colours[None], 16)[0]
    frame = make_world("propeller/30").render(torch.tensor([[angle]]))[0]
    assert (frame - wanted).abs().mean() < 0.004
    assert (frame - wanted).abs().max() < 0.5  # corners, which are cut a little


def test_a_valve_hides_the_sign_of_an_action():
    data = make_world("wiring/valve").sample(5_000, seeded())
    motion = (data.next_state - data.state).float() / 16
    assert (motion[:, 0] == data.action[:, 0]).all()
    assert (motion[:, 1] == 2 * data.action[:, 1].abs() - 1).all()
    for down in motion[:, 1].unique():
        there = motion[:, 1] == down
        assert data.action[there, 1].mean().abs() < 5 / math.sqrt(there.sum())


@pytest.mark.parametrize("percent", [0, 25, 50])
def test_a_swapped_wiring_turns_around_as_often_as_asked(percent):
    data = make_world(f"wiring/swapped{percent}").sample(5_000, seeded())
    motion = (data.next_state - data.state).float() / 16
    moved = data.action.abs().sum(1) > 0
    against = (motion == -data.action).all(1) & moved
    assert ((motion == data.action).all(1) | against)[moved].all()
    assert against.sum() / moved.sum() == pytest.approx(percent / 100, abs=0.03)


def test_spare_numbers_do_nothing_and_dropped_actions_leave_the_dot():
    spare, dropped, straight = (
        make_world(f"wiring/{kind}").sample(5_000, seeded()) for kind in ("spare", "dropped", "straight")
    )
    assert spare.action.shape == (5_000, 4)
    assert ((spare.next_state - spare.state) / 16 == spare.action[:, :2]).all()
    assert ((straight.next_state - straight.state) / 16 == straight.action).all()
    still = (dropped.next_state == dropped.state).all(1)
    assert still.float().mean() == pytest.approx(0.5, abs=0.03)
    assert ((dropped.next_state - dropped.state) / 16 == dropped.action)[~still].all()


def test_a_wired_dot_looks_like_the_single_dot():
    data = make_world("wiring/valve").sample(20, seeded())
    assert (make_world("wiring/valve").render(data.state) == make_world("dots/single").render(data.state)).all()


@pytest.mark.parametrize("name", ["propeller/", "propeller/thin", "propeller/30-blue", "propeller/-30"])
def test_a_propeller_is_named_by_degrees(name):
    with pytest.raises(SMWMError, match="named by whole degrees"):
        make_world(name)


def test_bad_worlds_and_states_are_one_sentence():
    with pytest.raises(SMWMError, match="at most 1 to 180 degrees"):
        make_world("propeller/0")
    for name in ("wiring/loose", "wiring/swapped101", "wiring/valve3"):
        with pytest.raises(SMWMError, match="A wiring is one of"):
            make_world(name)
    with pytest.raises(SMWMError, match=r"shape \(N, 1\)"):
        make_world("propeller/30").render(torch.zeros(2, 3))
