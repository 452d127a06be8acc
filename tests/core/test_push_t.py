"""Claims about Push-T.

1. Away from the T the disc follows its spring, to rounding, as written without any physics engine; the T stays.
2. Pushing moves the T and turns it the right way; walls hold it; a table does not know of the tables beside it.
3. A state is complete: playing on from it repeats what was recorded, up to the engine's memory of contacts.
4. Every pixel is the share of it that the shapes cover.
5. Success is the published test, also across the jump of the angle.
6. Recorded episodes move the T, stay on the table and repeat with the seed.
7. Mistakes are refused.
"""

import math
import sys

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.simulators.push_t import PushT, centre_of_mass


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def table(x=100.0, y=400.0, block=(300.0, 150.0, 0.5), velocity=(0.0, 0.0)) -> torch.Tensor:
    return torch.tensor([[x, y, *block, *velocity]], dtype=torch.float64)


def test_the_disc_follows_its_spring_and_the_t_stays():
    actions = torch.tensor([[[0.3, -0.2], [-1.0, 0.1], [1.4, 0.0]]], dtype=torch.float64)
    start = table(velocity=(30.0, -10.0))
    states = PushT().play(start, actions)
    position, velocity = np.array([100.0, 400.0]), np.array([30.0, -10.0])
    for action, state in zip(actions[0].numpy(), states[0].numpy(), strict=True):
        aim = position + 100 * action
        for _ in range(10):
            velocity = velocity + (100 * (aim - position) - 20 * velocity) * 0.01
            position = position + velocity * 0.01
        assert state[:2] == pytest.approx(position, abs=1e-9)
        assert state[5:] == pytest.approx(velocity, abs=1e-9)
        assert state[2:5] == pytest.approx(start[0, 2:5].numpy(), abs=1e-12)


def test_a_push_moves_the_t_and_turns_it_the_right_way():
    right = torch.tensor([[[0.5, 0.0]] * 6], dtype=torch.float64)
    block = (300.0, 200.0, 0.0)  # bar from 200 to 230, stem from 230 to 320, centre of mass at y = 245
    through_the_middle, below, above = (
        PushT().play(table(x=200.0, y=y, block=block), right)[0, -1] for y in (245.0, 300.0, 212.0)
    )
    for end in (through_the_middle, below, above):
        assert end[2:4].sub(torch.tensor(block[:2])).norm() > 5
        assert centre_of_mass(end)[0] > 301
    signed = [(float(end[4]) + math.pi) % (2 * math.pi) - math.pi for end in (through_the_middle, below, above)]
    assert abs(signed[0]) < 0.05
    assert signed[1] < -0.1  # y points down, so pushing the lower end to the right turns it towards smaller angles
    assert signed[2] > 0.1


def test_walls_hold_the_t():
    left = torch.tensor([[[-0.3, 0.0]] * 20], dtype=torch.float64)
    end = PushT().play(table(x=160.0, y=245.0, block=(80.0, 200.0, 0.0)), left)[0, -1]
    assert centre_of_mass(end)[0] > 5


def test_tables_do_not_know_of_each_other():
    start = torch.cat([table(x=200.0, y=200.0 + 10 * i, block=(300.0, 200.0, 0.3 * i)) for i in range(6)])
    actions = 0.6 * torch.rand(6, 8, 2, generator=generator(), dtype=torch.float64)
    together = PushT().play(start, actions)
    alone = torch.cat([PushT().play(start[i : i + 1], actions[i : i + 1]) for i in range(6)])
    assert torch.equal(together, alone)
    assert torch.equal(together, PushT().play(start, actions))


def test_playing_recorded_actions_reaches_what_was_recorded():
    world = PushT()
    states, actions, _ = world.collect(20, generator())
    for start in (0, 40, 70):
        end = world.play(states[:, start], actions[:, start : start + 25])[:, -1]
        assert world.reached(end, states[:, start + 25].double()).float().mean() >= 0.95


def covered_frame(state: list[float], size: int, samples: int = 8) -> np.ndarray:
    """A frame drawn by asking many points of each pixel what they show."""
    points = (np.arange(size * samples) + 0.5) * 512 / (size * samples)
    x, y = np.meshgrid(points, points)

    def in_parts(pose, by=0.0):
        """Bar and stem, each larger by ``by`` on every side, with round corners."""
        u = (x - pose[0]) * math.cos(pose[2]) + (y - pose[1]) * math.sin(pose[2])
        v = (y - pose[1]) * math.cos(pose[2]) - (x - pose[0]) * math.sin(pose[2])
        for half, low, high in ((60, 0, 30), (15, 30, 120)):
            beyond_u, beyond_v = abs(u) - half, abs(v - (low + high) / 2) - (high - low) / 2
            outside = np.hypot(beyond_u.clip(0), beyond_v.clip(0))
            yield outside + np.maximum(beyond_u, beyond_v).clip(max=0) <= by

    picture = np.ones((*x.shape, 3))
    for part in in_parts((256, 256, math.pi / 4)):
        picture[part] = np.array([144, 238, 144]) / 255
    for wall in (abs(x - 5) <= 2, abs(x - 506) <= 2, abs(y - 5) <= 2, abs(y - 506) <= 2):
        picture[wall] = 211 / 255
    for radius, colour in ((15, (65, 105, 225)), (11, (78, 126, 255))):  # a dark outline, lighter inside
        picture[np.hypot(x - state[0], y - state[1]) <= radius] = np.array(colour) / 255
    for outline, inside in zip(in_parts(state[2:5], 2), in_parts(state[2:5], -2), strict=True):
        picture[outline] = np.array([119, 136, 153]) / 255
        picture[inside] = np.array([142.8, 163.2, 183.6]) / 255
    return picture.reshape(size, samples, size, samples, 3).mean((1, 3)).transpose(2, 0, 1)


@pytest.mark.parametrize("world", [PushT(64), PushT(224)])
def test_pixels_are_shares_of_what_they_show(world):
    state, size = torch.cat([table(), table(x=400.0, block=(200.0, 250.0, 2.5))]), world.image_size
    frames = world.render(state)
    assert frames.shape == (2, 3, size, size)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    for frame, row in zip(frames.numpy(), state.tolist(), strict=True):
        difference = np.abs(frame - covered_frame(row, size))
        assert difference.mean() < 2 / 255
        assert difference.max() < 0.35  # softened edges are not exact shares at corners and thin walls


def test_success_is_the_published_test():
    goal = table()
    near = goal + torch.tensor([[8.0, 8.0, 8.0, 8.0, 0.3, 99.0, 99.0]])
    too_far = goal + torch.tensor([[11.0, 11.0, 11.0, 11.0, 0.0, 0.0, 0.0]])
    turned = goal + torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.4, 0.0, 0.0]])
    around = goal + torch.tensor([[0.0, 0.0, 0.0, 0.0, 2 * math.pi - 0.3, 0.0, 0.0]])
    reached = PushT().reached(torch.cat([near, too_far, turned, around]), goal.expand(4, -1))
    assert reached.tolist() == [True, False, False, True]


def test_recorded_episodes_push_the_t_and_stay_on_the_table():
    world = PushT()
    recorded = world.collect(30, generator())
    states, actions, length = recorded
    assert states.shape == (30, 101, 7)
    assert (length == 100).all()
    moved = (states[:, 25:, 2:4] - states[:, :-25, 2:4]).norm(dim=-1)
    assert (moved > 20).float().mean() > 0.5
    mass = centre_of_mass(states)
    assert mass.min() > 5
    assert mass.max() < 507
    assert actions.abs().max() < 1
    assert 0.15 < actions.std() < 0.3
    again = world.collect(30, generator())
    assert all(torch.equal(one, other) for one, other in zip(recorded, again, strict=True))
    assert len(Episodes.from_padded(*recorded)) == 30


def test_mistakes_are_refused(monkeypatch):
    world = PushT()
    with pytest.raises(SMWMError, match=r"state has shape \(N, 7\), not \(1, 4\)"):
        world.play(torch.zeros(1, 4), torch.zeros(1, 5, 2))
    with pytest.raises(SMWMError, match=r"for 1 states have shape \(1, K, 2\), not \(1, 10\)"):
        world.play(table(), torch.zeros(1, 10))
    with pytest.raises(SMWMError, match="not finite"):
        world.play(table(x=math.nan), torch.zeros(1, 5, 2))
    with pytest.raises(SMWMError, match=r"state has shape \(N, 7\), not \(7,\)"):
        world.render(torch.zeros(7))
    with pytest.raises(SMWMError, match="drawn at 16 to 512 px, not 8"):
        PushT(8)
    monkeypatch.setitem(sys.modules, "pymunk", None)
    with pytest.raises(SMWMError, match="Push-T needs pymunk; install it with"):
        PushT()
