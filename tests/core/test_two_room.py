"""Claims about TwoRoom.

1. A step is, to the bit, the published rule written for one dot at a time.
2. A frame at 224 px is the published one to within a grey level; a smaller frame is its average.
3. Collected episodes start and end in different rooms, keep to the rule, end where they say, and repeat with the seed.
4. Wrong shapes and sizes are refused.
"""

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds.simulators.two_room import TwoRoom


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def published_step(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    """The rule for one dot: speed 5, border 14, radius 7, wall 107 to 117, door 35 to 63 with a margin of 1.75."""
    aimed = state + np.clip(action, np.float32(-1), np.float32(1)) * np.float32(5)
    x, y = (min(max(float(v), 21.0), 203.0) for v in aimed)
    in_door = 33.25 <= y <= 64.75
    if float(state[0]) < 112.0:
        if x > 100.0 and not in_door:
            x = 99.5
    elif x < 124.0 and not in_door:
        x = 124.5
    return np.array([x, y], dtype=np.float32)


def test_a_step_is_the_published_rule_to_the_bit():
    state = 15 + 194 * torch.rand(5_000, 2, generator=generator())
    state[:2_000, 0] = 90 + 44 * torch.rand(2_000, generator=generator(1))  # at the wall, half of them at the door
    state[:1_000, 1] = 25 + 48 * torch.rand(1_000, generator=generator(2))
    action = 3 * torch.rand(5_000, 2, generator=generator(3)) - 1.5
    expected = np.stack([published_step(s, a) for s, a in zip(state.numpy(), action.numpy(), strict=True)])
    found = TwoRoom().step(state, action).numpy()
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)
    assert ((expected[:, 0] == 99.5) | (expected[:, 0] == 124.5)).sum() > 100


def test_playing_is_stepping():
    state, actions = TwoRoom().collect(5, generator())[0][:, 0], 2 * torch.rand(5, 4, 2, generator=generator(1)) - 1
    played = TwoRoom().play(state, actions)
    for k in range(4):
        state = TwoRoom().step(state, actions[:, k])
        assert torch.equal(played[:, k], state)


def published_frame(x: float, y: float) -> np.ndarray:
    """The published picture, pixel by pixel in float64: black walls on white, a red Gaussian blended over them."""
    rows, columns = np.mgrid[0:224, 0:224]
    black = (abs(columns - 112) <= 5) & (abs(rows - 49) > 14)
    for axis in (rows, columns):
        black |= ((axis >= 10) & (axis <= 13)) | ((axis >= 210) & (axis <= 213))
    dot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 7.0**2))
    dot /= dot.max()
    ground = np.where(black, 0.0, 1.0)
    return np.stack([ground * (1 - dot) + dot, ground * (1 - dot), ground * (1 - dot)])


def test_frames_are_the_published_ones():
    state = torch.tensor([[50.3, 60.8], [112.0, 49.0], [203.0, 21.0]])
    frames = TwoRoom(224).render(state)
    assert frames.shape == (3, 3, 224, 224)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    for frame, (x, y) in zip(frames.numpy(), state.tolist(), strict=True):
        assert np.abs(frame - published_frame(x, y)).max() < 1 / 255


@pytest.mark.parametrize("size", [64, 112])
def test_a_smaller_frame_is_nearly_the_average_of_the_large_one(size):
    state = torch.tensor([[50.3, 60.8], [170.0, 150.0]])
    large = torch.nn.functional.adaptive_avg_pool2d(TwoRoom(224).render(state), size)
    small = TwoRoom(size).render(state)
    assert (small - large).abs().max() < 0.08
    assert (small - large).abs().mean() < 0.002


def test_episodes_cross_the_door_and_keep_the_rule():
    world = TwoRoom()
    states, actions, length = world.collect(300, generator())
    assert states.shape == (300, 101, 2)
    assert actions.shape == (300, 100, 2)
    assert (length >= 20).all()
    assert (length <= 100).all()
    crossed = ((states[:, 0, 0] < 112) != (states[:, -1, 0] < 112)).float().mean()
    assert crossed > 0.5
    for t in range(100):
        running = length > t
        assert torch.equal(states[running, t + 1], world.step(states[running, t], actions[running, t]))
        assert torch.equal(states[~running, t + 1], states[~running, t])
        assert actions[~running, t].isnan().all()
    assert actions[~actions.isnan()].abs().max() <= 1


def test_episodes_repeat_with_the_seed():
    one, again, other = (TwoRoom().collect(20, generator(seed)) for seed in (0, 0, 1))
    assert all(torch.equal(a.nan_to_num(9), b.nan_to_num(9)) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one[0], other[0])


def test_a_goal_is_reached_below_sixteen_pixels():
    goal = torch.tensor([[50.0, 50.0]]).expand(3, -1)
    state = torch.tensor([[50.0, 65.9], [50.0, 66.0], [60.0, 60.0]])
    assert TwoRoom().reached(state, goal).tolist() == [True, False, True]


def test_mistakes_are_refused():
    with pytest.raises(SMWMError, match=r"A TwoRoom action has shape \(N, 2\), not \(4, 10\)"):
        TwoRoom().step(torch.zeros(4, 2), torch.zeros(4, 10))
    with pytest.raises(SMWMError, match=r"A TwoRoom state has shape \(N, 2\), not \(2,\)"):
        TwoRoom().render(torch.zeros(2))
    with pytest.raises(SMWMError, match="drawn at 16 to 224 px, not 300"):
        TwoRoom(300)


def test_the_world_says_what_it_is():
    assert TwoRoom().describe() == "two rooms with one door on 64×64 px; the action moves a dot by up to 5 px"
