"""Claims about the sprite world.

1. Every pixel is the share of its 4×4 samples that lie inside the triangle of the definition.
2. Starts keep the margin, every degree of freedom moves within its range, and θ wraps.
3. The difficulty of a transition is its larger heading.
4. The action is the controlled part of the motion and nothing else; frames of all settings look alike.
"""

import math

import numpy as np
import pytest
import torch
from torch import Generator

from smwm_core.errors import SMWMError
from smwm_core.worlds import make_world
from smwm_core.worlds.sprite import ACTION_SETS, MAX_SHIFT, SpriteWorld


def drawn(control: str, n: int = 4_000, seed: int = 0):
    return SpriteWorld(control).sample(n, Generator().manual_seed(seed))


def inside_by_definition(x: float, y: float, heading: float, px: np.ndarray, py: np.ndarray) -> np.ndarray:
    """Whether points lie in the triangle, by barycentric coordinates in sprite units."""
    u = ((px - x) * math.cos(heading) + (py - y) * math.sin(heading)) / 7.5
    v = (-(px - x) * math.sin(heading) + (py - y) * math.cos(heading)) / 7.5
    along = (u + 0.9) / 2.5  # 0 at the base, 1 at the apex
    return (along >= 0) & (along <= 1) & (np.abs(v) <= 1 - along)


def test_pixels_are_shares_of_samples_inside_the_triangle():
    state = drawn("xyt", 40).next_state
    frames = SpriteWorld("xyt").render(state)
    sample = (np.arange(256) + 0.5) / 4
    px, py = np.meshgrid(sample, sample)
    for (x, y, heading), frame in zip(state.tolist(), frames.numpy(), strict=True):
        share = inside_by_definition(x, y, heading, px, py).reshape(64, 4, 64, 4).mean((1, 3))
        assert np.abs(frame[1] - (1 - share)).max() <= 1 / 16 + 1e-6  # a sample on an edge may fall either way
        assert np.abs(frame[1] - (1 - share)).sum() < 0.3
        assert np.array_equal(frame[1], frame[2])
        assert (frame[0] == 1).all()


def test_the_arrow_has_the_area_of_the_triangle_and_points_ahead():
    state = torch.tensor([[32.0, 32.0, heading] for heading in (0.01, math.pi / 2 + 0.01, -2.0)])
    ink = 1 - SpriteWorld("none").render(state)[:, 1]
    assert ink.sum((1, 2)).numpy() == pytest.approx(0.5 * 2 * 2.5 * 7.5**2, rel=0.02)
    rows, columns = torch.meshgrid(torch.arange(64.0) + 0.5, torch.arange(64.0) + 0.5, indexing="ij")
    ahead = (columns - 32) * state[:, 2, None, None].cos() + (rows - 32) * state[:, 2, None, None].sin()
    assert ((ink > 0) * ahead).amax((1, 2)).numpy() == pytest.approx(12, abs=0.8)
    assert ((ink > 0) * ahead).amin((1, 2)).numpy() == pytest.approx(-6.75, abs=0.8)


@pytest.mark.parametrize("control", ACTION_SETS)
def test_states_keep_their_ranges(control):
    batch, world = drawn(control), SpriteWorld(control)
    assert batch.state[:, :2].min() >= 21
    assert batch.state[:, :2].max() <= 43
    shift = batch.next_state[:, :2] - batch.state[:, :2]
    assert shift.abs().max() <= MAX_SHIFT + 1e-4
    assert shift.abs().max() > 0.99 * MAX_SHIFT
    turn = torch.remainder(batch.next_state[:, 2] - batch.state[:, 2] + math.pi, 2 * math.pi) - math.pi
    assert turn.abs().max() <= world.max_turn + 1e-4
    assert turn.abs().max() > 0.99 * world.max_turn
    for heading in (batch.state[:, 2], batch.next_state[:, 2]):
        assert heading.min() >= -math.pi
        assert heading.max() <= math.pi


@pytest.mark.parametrize(("control", "parts"), ACTION_SETS.items())
def test_the_action_is_the_controlled_part_of_the_motion(control, parts):
    batch, world = drawn(control), SpriteWorld(control)
    assert batch.action.shape == (len(batch), world.action_dim) == (len(batch), len(parts))
    ranges = torch.tensor([8.0, 8.0, world.max_turn])
    motion = batch.next_state - batch.state
    motion[:, 2] = torch.remainder(motion[:, 2] + math.pi, 2 * math.pi) - math.pi
    for column, part in enumerate(parts):
        difference = batch.action[:, column] * ranges[part] - motion[:, part]
        if part == 2:
            difference = torch.remainder(difference + math.pi, 2 * math.pi) - math.pi
        assert difference.abs().max() < 1e-4
    assert not parts or batch.action.abs().max() <= 1


def test_frames_of_all_settings_look_alike():
    frames = [SpriteWorld(control).render(drawn(control, 8).state) for control in ACTION_SETS]
    assert all(torch.equal(frames[0], other) for other in frames[1:])


def test_frames_are_channels_last_and_between_0_and_1():
    frames = SpriteWorld("x").render(drawn("x", 5).state)
    assert frames.shape == (5, 3, 64, 64)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= frames.min() < frames.max() <= 1


def test_same_seed_same_bits():
    assert torch.equal(drawn("xyt").next_state, drawn("xyt").next_state)
    assert not torch.equal(drawn("xyt").state, drawn("xyt", seed=1).state)


def test_the_difficulty_is_the_larger_heading():
    batch = drawn("xyt", 100)
    expected = [max(abs(s), abs(t)) for s, t in zip(batch.state[:, 2], batch.next_state[:, 2], strict=True)]
    assert SpriteWorld("xyt").difficulty(batch).tolist() == expected


def test_mistakes_are_refused():
    with pytest.raises(SMWMError, match="no sprite control named 'yx'; choose one of: none, x, xy, xyt"):
        SpriteWorld("yx")
    with pytest.raises(SMWMError, match="No arrow fits: a frame of 40 px"):
        SpriteWorld("x", 40)
    with pytest.raises(SMWMError, match=r"states of shape \(N, 3\)"):
        SpriteWorld("x").render(torch.zeros(2, 2))
    with pytest.raises(SMWMError, match="stays whole"):
        SpriteWorld("x").render(torch.tensor([[5.0, 32.0, 0.0]]))
    with pytest.raises(SMWMError, match="stays whole"):
        SpriteWorld("x").render(torch.tensor([[torch.nan, 32.0, 0.0]]))


def test_the_world_says_what_it_is():
    assert make_world("sprite/xyt").describe() == "an arrow on 64×64 px; the action controls x, y, θ"
    assert make_world("sprite/none").describe().endswith("controls nothing")


def test_states_of_double_precision_are_drawn_as_those_of_single():
    world = SpriteWorld("xyt")
    state = world.sample(8, torch.Generator().manual_seed(0)).state
    assert torch.equal(world.render(state.double()), world.render(state))
