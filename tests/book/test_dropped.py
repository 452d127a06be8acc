"""Claims about what is asked of latents that may have dropped a dot.

1. Variables are what their names say; a state holds them all, and a latent of dot 1 alone only its own.
2. In every task going straight comes too near to dot 2, and starts and goals are clear of it.
3. A planner that knows positions solves nearly all tasks without a collision, and one that ignores dot 2 does not.
4. An episode ends at the first arrival or collision.
5. Of two confused frames one has dot 2 on the way and the other has not, and no fitting pair has nearer latents.
6. Where a latent lacks dot 2, its variables are the missing cases, and a probe with labels ranks them first, whereas a
   light that has one reading per model cannot.
7. Collisions are compared with those of the driver who ignores dot 2, in points and as a ratio.
"""

from types import SimpleNamespace

import pytest
import torch

from smwm_book.experiments import dropped
from smwm_core.analysis import detection
from smwm_core.planning import CEM
from smwm_core.planning.costs import keeping_away
from smwm_core.seeds import generator
from smwm_core.worlds import make_world

MOTIONS = ("static", "orbit")


def world(motion: str):
    return make_world(f"dots/independent+{motion}")


def test_variables_are_what_their_names_say():
    state = torch.tensor([[20, 30, 23, 34], [40, 40, 32, 44]])
    found = dropped.variables(state)
    assert found.shape == (2, len(dropped.VARIABLES))
    assert found[0, :7].tolist() == [20, 30, 23, 34, 3, 4, 5]
    assert found[1, 7].item() == pytest.approx(0)


def test_a_state_holds_all_variables_and_a_part_of_it_its_own():
    state = world("static").sample(2_048, generator(0, "states")).state
    whole, part = (dropped.held_r2(z.float(), state, 0) for z in (state, state[:, :2]))
    assert whole.min() > 0.9
    assert part[:2].min() > 0.9
    assert part[2:4].max() < 0.3


@pytest.mark.parametrize("motion", MOTIONS)
def test_going_straight_collides(motion):
    start, goal = dropped.blocked_tasks(world(motion), 20, generator(0, "tasks"))
    assert start.shape == (20, 4)
    for end in (start[:, :2], goal):
        assert (start[:, 2:] - end).float().norm(dim=1).min() >= dropped.APART
    state, path = start, []
    for _ in range(dropped.STEPS):
        step = dropped.straight_step(state[:, :2], goal)
        assert step.norm(dim=1).max() <= dropped.REACH + 1e-4
        state = world(motion).play(state, step[:, None] / 16, torch.Generator())[:, 0]
        path.append(state)
    arrived, collided = dropped.outcome(torch.stack(path, 1), goal)
    assert collided.all()
    assert not arrived.any()


@pytest.mark.parametrize("motion", MOTIONS)
def test_knowing_positions_is_enough_and_ignoring_one_is_not(motion):
    place, most = world(motion), torch.full((2,), dropped.REACH / 16)
    start, goal = dropped.blocked_tasks(place, 40, generator(1, "tasks"))
    search = CEM(-most, most, horizon=5, samples=100, iterations=10, elites=10, std=dropped.REACH / 16)
    ends = []
    for penalty in (10, 0):
        cost = keeping_away(
            lambda z, a: place.play(z, a, torch.Generator()).float(), lambda x: x, margin=10, penalty=penalty
        )
        path, first = dropped.act(place, start, goal, cost, torch.Tensor.float, search, generator(1, "planning"))
        assert path.shape == (40, dropped.STEPS, 4)
        assert first.shape == (40, 5, 2)
        ends.append([end.float().mean().item() for end in dropped.outcome(path, goal)])
    assert ends[0][0] > 0.85
    assert ends[0][1] < 0.15
    assert ends[1][1] > 0.6


def test_an_episode_ends_at_its_first_event():
    goal = torch.zeros(1, 2)
    far, near, there = [40.0, 0, 60, 0], [40.0, 0, 46, 0], [3.0, 0, 60, 0]
    ends = {
        "arrives": [far, there, near],
        "collides": [far, near, there],
        "neither": [far, far, far],
    }
    found = {name: [bool(end) for end in dropped.outcome(torch.tensor([path]), goal)] for name, path in ends.items()}
    assert found == {"arrives": [True, False], "collides": [False, True], "neither": [False, False]}


def test_a_confused_pair_has_dot_2_on_the_way_in_one_frame_only():
    state = world("static").sample(1_024, generator(0, "frames")).state
    z = state.float() @ torch.diag(torch.tensor([1, 1, 0.01, 0.01]))  # hardly sees dot 2
    (blocked, free), goal, distance = dropped.confused_pair(z, state)
    assert (blocked[:2] - free[:2]).norm() <= 1.5
    assert ((blocked[:2] + goal) / 2 - blocked[2:]).norm() == 0
    for point in (free[:2], goal, blocked[2:]):
        assert (point - free[2:]).norm() > dropped.COLLISION
    assert distance < 0.1


def test_a_probe_finds_what_a_latent_lacks_and_a_light_per_model_does_not():
    place, n = world("static"), 512
    held_out, known = (place.sample(count, generator(0, f"{count}")) for count in (n, 2 * n))
    lights = dropped.Lights()
    for kept in (4, 2):  # both dots, and dot 1 alone
        latents = [states[:, :kept].float() for part in (held_out, known) for states in (part.state, part.next_state)]
        run = SimpleNamespace(world=place, config=SimpleNamespace(world="static"), seed=0)
        run.model = SimpleNamespace(predict=lambda z, a: z)
        seen = dropped.Seen(run, held_out, known, *latents)
        said = lights.look(seen, detection.Ensemble(seen.z_known, known.action, seen.z_known_next, steps=1, seed=0))
        assert (said["dropped"].value > 0) == (kept == 2)
    found = {light: measure.value for light, measure in lights.aurocs().items()}
    assert found["missing_share"] == said["dropped"].value / 2
    assert found["budgeted_probe"] > 0.9
    assert found["look_alikes"] < 1


def test_collisions_are_compared_with_those_of_who_ignores_dot_2():
    def episodes(collisions):
        collided = torch.arange(10) < collisions
        return dropped.Episodes(torch.zeros(10, 4), torch.zeros(10, 5, 2), ~collided, collided)

    ends = {"ignoring": episodes(8), "inverse": episodes(6), "inverse_sigreg": episodes(2)}
    found = {name: measure.value for name, measure in dropped.compared(ends).items()}
    assert found == {"saved_points": 20, "collision_ratio": 0.25}
    assert ends["inverse"].measures["collision_percent"].value == 60
    assert ends["inverse"].measures["success_percent"].value == 40
