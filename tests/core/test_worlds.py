"""Claims about the dot world.

1. A setting has the number of dots, state and action dimensions that the paper gives it.
2. Starts lie in [18, 45], ends in [2, 61], and dots keep 5 px apart in both frames.
3. The action is the displacement of the dots that own it, divided by 16, and nothing else: whatever
   an uncontrolled dot does, the action stays the same.
4. Displacements and starts are uniform, and all randomness comes from the generator.
5. A frame is its definition, pixel by pixel.
6. A world that cannot be, or a state that cannot be drawn, is refused with a useful sentence.
7. An orbiting dot visits its twelve places in turn, from any of them, and no static dot is in its way.
8. Chosen actions are carried out as drawn ones are, and dots stop at the edge.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from smwm_core.errors import SMWMError
from smwm_core.worlds import DotWorld, make_world
from smwm_core.worlds.dots import MOTIONS, SETTINGS

# dots, action dimensions
PAPER = {"single": (1, 2), "independent": (2, 4), "coupled": (2, 2), "distractor": (2, 2), "combined": (5, 6)}
# Which pair of action dimensions moves each dot; None: none does.
OWNED = {
    ("independent",): (0,),
    ("independent", "independent"): (0, 1),
    ("coupled", "coupled"): (0, 0),
    ("independent", "random"): (0, None),
    ("coupled", "coupled", "independent", "independent", "random"): (0, 0, 1, 2, None),
    ("static", "independent"): (None, 0),
    ("random", "static", "coupled", "independent", "coupled"): (None, None, 0, 1, 0),
    ("coupled", "coupled", "coupled", "independent", "coupled"): (0, 0, 1, 2, 1),
    ("random",): (None,),
    ("independent", "orbit"): (0, None),
}
COLOURS = [
    (255, 0, 0),
    (0, 220, 0),
    (0, 100, 255),
    (255, 220, 0),
    (255, 0, 255),
    (0, 200, 200),
    (255, 128, 0),
    (110, 60, 0),
]

every_setting = pytest.mark.parametrize("name", SETTINGS)
every_ownership = pytest.mark.parametrize(
    ("motions", "owned"), OWNED.items(), ids=lambda value: "-".join(map(str, value))
)
possible_motions = st.lists(st.sampled_from(MOTIONS), min_size=1, max_size=8).filter(
    lambda motions: (
        motions.count("coupled") % 2 == 0 and not {"orbit", "static"} <= set(motions)
    )  # an orbit leaves room for a few static dots only
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dots_of(state: torch.Tensor) -> np.ndarray:
    """``(…, 2·dots)`` → ``(…, dots, 2)`` as int64, so that differences and squares cannot overflow."""
    return state.unflatten(-1, (-1, 2)).long().numpy()


def smallest_distance(dots: np.ndarray) -> float:
    """Over all frames and pairs of dots; infinite for a single dot."""
    pairs = [(i, j) for i in range(dots.shape[-2]) for j in range(i)]
    return min((np.linalg.norm(dots[..., i, :] - dots[..., j, :], axis=-1).min() for i, j in pairs), default=math.inf)


def drawn_by_definition(centres: list[tuple[int, int]], size: int) -> np.ndarray:
    """The frame as its definition says it, one pixel after the other: ``(3, size, size)``."""
    frame = np.ones((3, size, size), np.float32)
    for y in range(size):
        for x in range(size):
            for (centre_x, centre_y), colour in zip(centres, COLOURS, strict=False):
                if (x - centre_x) ** 2 + (y - centre_y) ** 2 <= 4:
                    frame[:, y, x] = np.array(colour, np.float32) / np.float32(255)
    return frame


def test_the_settings_are_the_papers():
    assert set(SETTINGS) == set(PAPER)


@every_setting
def test_a_setting_has_the_papers_dimensions(name):
    dots, action_dim = PAPER[name]
    world = make_world(f"dots/{name}")
    data = world.sample(7, seeded())
    assert (world.state_dim, world.action_dim, world.controllable_dim) == (2 * dots, action_dim, action_dim)
    assert len(data) == 7
    assert data.state.shape == data.next_state.shape == (7, 2 * dots)
    assert data.action.shape == (7, action_dim)
    assert data.state.dtype == data.next_state.dtype == torch.int16
    assert data.action.dtype == torch.float32
    assert f"{action_dim}-D action" in world.describe()


@every_setting
def test_every_dot_starts_and_ends_where_it_may_and_keeps_its_distance(name):
    data = make_world(f"dots/{name}").sample(20_000, seeded(1))
    assert (data.state.min(), data.state.max()) == (18, 45)
    assert (data.next_state.min(), data.next_state.max()) == (2, 61)
    assert smallest_distance(dots_of(data.state)) >= 5
    assert smallest_distance(dots_of(data.next_state)) >= 5


@every_ownership
def test_the_action_is_the_motion_of_the_dots_that_own_it_and_nothing_else(motions, owned):
    world = DotWorld(motions)
    data = world.sample(2_000, seeded(2))
    displacement = dots_of(data.next_state) - dots_of(data.state)
    assert world.action_dim == 2 * len({slot for slot in owned if slot is not None})
    assert data.action.abs().max() <= 1 if world.action_dim else data.action.numel() == 0
    for dot, (motion, slot) in enumerate(zip(motions, owned, strict=True)):
        if slot is not None:
            pixels = (data.action[:, 2 * slot : 2 * slot + 2] * 16).numpy()
            assert np.array_equal(pixels, displacement[:, dot])
        elif motion == "orbit":
            assert np.abs(np.linalg.norm(displacement[:, dot], axis=1) - 6.2).max() < 0.6
        elif motion == "static":
            assert not displacement[:, dot].any()
        else:
            assert displacement[:, dot].any(1).mean() > 0.99


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(motions=possible_motions, seed=st.integers(0, 2**31))
def test_any_possible_mixture_of_motions_is_a_world(motions, seed):
    world = DotWorld(tuple(motions))
    data = world.sample(16, seeded(seed))
    assert world.state_dim == data.state.shape[1] == 2 * len(motions)
    assert world.action_dim == data.action.shape[1] == 2 * motions.count("independent") + motions.count("coupled")
    displacement = dots_of(data.next_state) - dots_of(data.state)
    assert np.abs(displacement).max() <= 16
    coupled = [dot for dot, motion in enumerate(motions) if motion == "coupled"]
    for first, second in zip(coupled[::2], coupled[1::2], strict=True):
        assert np.array_equal(displacement[:, first], displacement[:, second])
    assert smallest_distance(dots_of(data.state)) >= 5
    assert smallest_distance(dots_of(data.next_state)) >= 5
    assert world.render(data.next_state).shape == (16, 3, 64, 64)


@pytest.mark.parametrize(("name", "uncontrolled"), [("distractor", 1), ("combined", 4)])
def test_a_random_dot_moves_independently_of_the_action(name, uncontrolled):
    data = make_world(f"dots/{name}").sample(40_000, seeded(3))
    displacement = (dots_of(data.next_state) - dots_of(data.state))[:, uncontrolled]
    together = np.corrcoef(displacement.T, data.action.numpy().T)
    assert np.abs(together[:2, 2:]).max() < 0.03
    assert np.unique(displacement).tolist() == list(range(-16, 17))


def test_displacements_and_starts_of_a_single_dot_are_uniform():
    data = make_world("dots/single").sample(100_000, seeded(4))
    displacement = dots_of(data.next_state) - dots_of(data.state)
    for axis in range(2):
        moves = np.bincount(displacement[:, 0, axis] + 16, minlength=33)
        starts = np.bincount(dots_of(data.state)[:, 0, axis] - 18, minlength=28)
        assert len(moves) == 33
        assert len(starts) == 28
        assert stats.chisquare(moves).pvalue > 1e-4
        assert stats.chisquare(starts).pvalue > 1e-4


@every_setting
def test_rejecting_close_dots_leaves_displacements_nearly_uniform(name):
    data = make_world(f"dots/{name}").sample(100_000, seeded(5))
    displacement = (dots_of(data.next_state) - dots_of(data.state)).reshape(len(data), -1)
    for column in displacement.T:
        assert np.bincount(column + 16, minlength=33) / len(data) == pytest.approx(1 / 33, rel=0.1)


@every_setting
def test_the_generator_decides_every_bit_and_nothing_else_does(name):
    world, untouched = make_world(f"dots/{name}"), torch.get_rng_state()
    first, again, other = (world.sample(200, seeded(seed)) for seed in (6, 6, 7))
    for field in ("state", "action", "next_state"):
        assert torch.equal(getattr(first, field), getattr(again, field))
        assert not torch.equal(getattr(first, field), getattr(other, field))
    for one, same in zip(
        world.sample_trajectories(3, 2, seeded(6)), world.sample_trajectories(3, 2, seeded(6)), strict=True
    ):
        assert torch.equal(one, same)
    assert torch.equal(torch.get_rng_state(), untouched)


def test_an_empty_sample_is_empty():
    assert len(make_world("dots/single").sample(0, seeded())) == 0


@every_setting
def test_a_frame_is_its_definition(name):
    world = make_world(f"dots/{name}")
    data = world.sample(3, seeded(8))
    for state in (data.state, data.next_state):
        frames = world.render(state).numpy()
        for frame, centres in zip(frames, dots_of(state), strict=True):
            assert np.array_equal(frame, drawn_by_definition(centres.tolist(), 64))


def test_later_dots_cover_earlier_ones():
    centres = [(30, 30), (31, 30), (31, 32), (30, 31)]
    frame = DotWorld(("independent",) * 4).render(torch.tensor(centres).reshape(1, -1))[0]
    assert np.array_equal(frame.numpy(), drawn_by_definition(centres, 64))
    assert frame[:, 31, 30].tolist() == pytest.approx([1, 220 / 255, 0])


def test_all_eight_colours_and_both_extreme_corners_are_drawn_as_defined():
    centres = [(2, 2), (61, 61), (2, 61), (61, 2), (10, 20), (20, 10), (40, 50), (50, 40)]
    frame = DotWorld(("static",) * 8).render(torch.tensor(centres).reshape(1, -1))[0].numpy()
    assert np.array_equal(frame, drawn_by_definition(centres, 64))
    for colour in COLOURS:
        is_colour = (frame == (np.array(colour, np.float32) / np.float32(255))[:, None, None]).all(0)
        assert is_colour.sum() == 13
    assert (frame == 1).all(0).sum() == 64 * 64 - 8 * 13


def test_a_larger_frame_is_drawn_at_its_size():
    world = DotWorld(("independent",), image_size=80)
    state = world.sample(1, seeded(9)).next_state
    assert np.array_equal(world.render(state)[0].numpy(), drawn_by_definition(dots_of(state)[0].tolist(), 80))


@every_setting
def test_frames_are_floats_in_the_unit_interval_in_channels_last_memory(name):
    world = make_world(f"dots/{name}")
    frames = world.render(world.sample(5, seeded(10)).state)
    assert frames.shape == (5, 3, 64, 64)
    assert frames.dtype == torch.float32
    assert (frames.min(), frames.max()) == (0, 1)
    assert frames.is_contiguous(memory_format=torch.channels_last)
    assert world.render(torch.empty(0, world.state_dim, dtype=torch.int16)).shape == (0, 3, 64, 64)


@every_setting
def test_trajectories_stay_where_single_steps_start_and_follow_their_actions(name):
    world = make_world(f"dots/{name}")
    states, actions = world.sample_trajectories(40, 4, seeded(11))
    assert states.shape == (40, 5, world.state_dim)
    assert actions.shape == (40, 4, world.action_dim)
    assert states.min() >= 18
    assert states.max() <= 45
    assert smallest_distance(dots_of(states)) >= 5
    assert actions.abs().max() <= 1
    displacement = np.diff(dots_of(states), axis=1)
    for dot, slot in enumerate(OWNED[world.motions]):
        if slot is not None:
            assert np.array_equal(displacement[:, :, dot], (actions[..., 2 * slot : 2 * slot + 2] * 16).numpy())
    assert displacement.any(axis=(-1, -2)).mean() > 0.95


def test_a_static_dot_stays_through_a_trajectory():
    states, _ = DotWorld(("static", "independent")).sample_trajectories(10, 4, seeded(12))
    assert (states[..., :2] == states[:, :1, :2]).all()


def test_an_orbiting_dot_visits_twelve_places_in_turn():
    world = make_world("dots/independent+orbit")
    states, _ = world.sample_trajectories(50, 12, seeded(13))
    angle = np.degrees(np.arctan2(*(dots_of(states)[..., 1, ::-1] - 32).transpose(2, 0, 1)))
    assert np.abs((np.diff(angle, axis=1) + 180) % 360 - 180 - 30).max() < 2  # places are whole pixels
    assert (states[:, 12, 2:] == states[:, 0, 2:]).all()
    assert np.abs(np.linalg.norm(dots_of(states)[..., 1, :] - 32, axis=-1) - 12).max() < 0.5


def test_an_orbit_starts_anywhere_and_other_worlds_draw_no_more_than_before():
    starts = make_world("dots/independent+orbit").sample(24_000, seeded(14)).state[:, 2:]
    _, counts = starts.unique(dim=0, return_counts=True)
    assert len(counts) == 12
    assert counts.numpy() == pytest.approx(2_000, rel=0.1)
    draws, world = seeded(15), DotWorld(("independent", "static"))
    world.draw_starts(10, draws)
    drawn = torch.randint(18, 46, (75, 2, 2), generator=(same := seeded(15)), dtype=torch.int16)
    assert torch.equal(draws.get_state(), same.get_state())
    assert torch.equal(world.draw_starts(10, seeded(15)), drawn[world.separated(drawn)][:10])


def test_no_static_dot_is_in_the_way_of_an_orbit():
    world = DotWorld(("static", "orbit", "independent"))
    states, _ = world.sample_trajectories(200, 12, seeded(16))
    assert smallest_distance(dots_of(states)) >= 5


def test_chosen_actions_are_carried_out_as_drawn_ones_are():
    for motions in (("independent", "orbit"), ("coupled", "static", "coupled", "independent")):
        world = DotWorld(motions)
        states, actions = world.sample_trajectories(30, 5, seeded(17))
        assert torch.equal(world.play(states[:, 0], actions, seeded()), states[:, 1:])


def test_dots_stop_at_the_edge():
    world = make_world("dots/distractor")
    state = world.sample(20, seeded(18)).state
    ends = world.play(state, torch.ones(20, 6, 2), seeded(18))
    assert (ends[:, -1, :2] == 45).all()
    assert (ends[..., 2:].amin(), ends[..., 2:].amax()) == (18, 45)
    with pytest.raises(SMWMError, match=r"Dot actions for 20 states have shape \(20, K, 2\)"):
        world.play(state, torch.ones(20, 6, 3), seeded())


@pytest.mark.parametrize(
    ("motions", "options", "words"),
    [
        (("coupled",), {}, "even.*1 were asked for"),
        (("coupled", "independent", "coupled", "coupled"), {}, "even.*3 were asked for"),
        (("jumping",), {}, "no dot motion named 'jumping'; choose one of: coupled, independent, orbit, random, static"),
        ((), {}, "between 1 and 8 dots; 0 were"),
        (("static",) * 9, {}, "between 1 and 8 dots; 9 were"),
        (("independent", "orbit"), {"image_size": 50}, "orbit of 12 px does not fit into a frame of 50 px"),
        (("independent",), {"image_size": 36}, "No dot fits.*36 px.*use at least 37 px"),
    ],
)
def test_an_impossible_world_is_refused(motions, options, words):
    with pytest.raises(SMWMError, match=words):
        DotWorld(motions, **options)


def test_the_smallest_frame_that_the_refusal_advises_works():
    world = DotWorld(("independent",), image_size=37)
    assert (world.sample(5, seeded()).state == 18).all()


@pytest.mark.parametrize(
    ("dots", "image_size"),
    [
        (2, 40),  # starts within [18, 21]: no two are more than 4.3 px apart
        (3, 41),  # starts within [18, 22]: only opposite corners are 5 px apart
        (8, 44),  # starts within [18, 25]: at most four dots are 5 px apart
    ],
)
def test_dots_that_cannot_be_placed_are_refused(dots, image_size):
    world = DotWorld(("random",) * dots, image_size=image_size)
    with pytest.raises(SMWMError, match=f"{dots} dots cannot be placed 5 px apart.*fewer dots or a larger frame"):
        world.sample(10, seeded())


def test_a_trajectory_without_room_is_refused(monkeypatch):
    far = (torch.full((1, 2), 16, dtype=torch.int16), torch.full((1, 1, 2), 16, dtype=torch.int16))
    world = DotWorld(("independent",), image_size=41)
    start = world.sample(1, seeded()).state[:, None]
    monkeypatch.setattr(DotWorld, "draw_starts", lambda *_: start)
    monkeypatch.setattr(DotWorld, "_draw_motion", lambda *_: far)
    with pytest.raises(SMWMError, match="leave no room for a step"):
        world.sample_trajectories(1, 1, seeded())


@pytest.mark.parametrize("shape", [(1, 2), (1, 5), (4,), (1, 2, 2)])
def test_a_state_of_another_size_is_refused(shape):
    with pytest.raises(SMWMError, match=r"shape \(N, 4\), not"):
        make_world("dots/independent").render(torch.full(shape, 30))


@pytest.mark.parametrize("centre", [(1, 30), (30, 1), (62, 30), (30, 62), (-3, 30)])
def test_a_dot_that_leaves_the_frame_is_refused(centre):
    with pytest.raises(SMWMError, match="between 2 and 61 px"):
        make_world("dots/single").render(torch.tensor([centre]))


@pytest.mark.parametrize("name", ["dots/nothing", "single", ""])
def test_an_unknown_world_is_refused_with_the_list_of_worlds(name):
    with pytest.raises(SMWMError, match=r"no world named .*choose one of: cube, dots/combined, dots/coupled"):
        make_world(name)


def test_an_unknown_setting_is_refused():
    with pytest.raises(SMWMError, match="no dot-world setting named 'double'"):
        DotWorld.setting("double")


def test_dots_of_your_own_choice_have_a_name():
    assert make_world("dots/independent+random+static") == DotWorld(("independent", "random", "static"))
    with pytest.raises(SMWMError, match="no dot motion named 'jumping'"):
        make_world("dots/independent+jumping")
    with pytest.raises(SMWMError, match="must be even; 1 were asked for"):
        make_world("dots/coupled+static")
