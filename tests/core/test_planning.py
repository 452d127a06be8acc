"""Claims about the planner.

1. On a quadratic cost it finds the minimum, for every task its own, and inside the bounds the closest point to it.
2. It is the method as its paper writes it, task by task; one elite gives no NaN; a generator gives one plan; with a
   generator for each task, all tasks at once get the plans that each gets alone.
3. The cost is the squared distance between the end of a rollout and the goal; where memory does not suffice for all
   sequences, it is that of their halves.
4. Numbers, bounds and shapes that make no search are refused.
5. FrameSkip of recorded steps replay in the simulator, are standardised, and come from training episodes alone.
6. Tasks are places of held-out episodes; success is latched; the oracle beats chance; a model plans from frames, on a
   GPU all tasks in one search, with random numbers of that device, and without TF32.
7. Rates have Wilson's interval.
8. A film shows what happened: its frames, its way, and what was predicted at each plan.
9. A plan is as doubtful as its steps on average, judged where the model expects to be; an inverse model acts without
   a search, within what the simulator can do, and is asked again after every block.
10. A cost ranks plans as the world does if its latent is the state; the landscape is that cost.
"""

import functools

import numpy as np
import pytest
import torch
from seeing import Seeing

from smwm_core.analysis.cost_landscape import cost_landscape, rank_correlation
from smwm_core.analysis.intervals import wilson_interval
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning import (
    CEM,
    TASKS_PER_SEARCH,
    Plan,
    Tasks,
    draw_tasks,
    evaluate,
    final_distance,
    inverse_policy,
    mpc_policy,
    oracle_policy,
    random_policy,
    repeat_policy,
    run_episodes,
    stay_policy,
)
from smwm_core.planning.costs import doubt_along
from smwm_core.seeds import generator as seeded
from smwm_core.seeds import stream_seed
from smwm_core.worlds import make_world
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.frameskip import FrameSkip
from smwm_core.worlds.simulators.two_room import TwoRoom

LOW, HIGH = torch.tensor([-1.0, -1.0]), torch.tensor([1.0, 1.0])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def distance_of_sum(z: torch.Tensor, z_goal: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
    """A world in which actions add up."""
    return (z[:, None] + actions.sum(2) - z_goal[:, None]).square().sum(-1)


def test_every_task_gets_its_own_solution():
    z, goal = torch.zeros(7, 2), 2 * torch.rand(7, 2, generator=generator(1)) - 1
    plan = CEM(LOW, HIGH, horizon=3)(distance_of_sum, z, goal, generator())
    assert plan.actions.shape == (7, 3, 2)
    assert (plan.actions.sum(1) - goal).abs().max() < 0.02
    assert plan.cost.max() < 1e-3
    torch.testing.assert_close(plan.cost, distance_of_sum(z, goal, plan.actions[:, None])[:, 0])


def test_plans_stay_inside_the_bounds_and_go_to_the_closest_point():
    low, high = torch.tensor([-0.5, 0.1]), torch.tensor([0.2, 0.3])
    plan = CEM(low, high, horizon=2)(distance_of_sum, torch.zeros(1, 2), torch.tensor([[5.0, -5.0]]), generator())
    assert (plan.actions >= low).all()
    assert (plan.actions <= high).all()
    assert plan.actions[0].flatten().tolist() == pytest.approx([0.2, 0.1, 0.2, 0.1], abs=1e-3)


def by_the_book(cost, z, goal, samples, iterations, elites, draws):
    """The method for one task in numpy, from the same draws."""
    mean, std = np.zeros(draws.shape[2:]), np.ones(draws.shape[2:])
    for i in range(iterations):
        noise = draws[i].copy()
        noise[0] = 0
        population = np.clip(mean + std * noise, -1, 1)
        order = np.argsort([cost(z, goal, p) for p in population])[:elites]
        mean, std = population[order].mean(0), population[order].std(0, ddof=1)
    return mean


def test_the_search_is_the_method_as_written():
    samples, iterations, elites = 40, 6, 5
    z, goal = torch.zeros(3, 2, dtype=torch.float64), torch.rand(3, 2, generator=generator(2), dtype=torch.float64)
    source = generator(3)
    draws = [torch.randn(3, samples, 4, 2, generator=source, dtype=torch.float64) for _ in range(iterations)]
    found = CEM(LOW, HIGH, 4, samples, iterations, elites)(distance_of_sum, z, goal, generator(3)).actions
    for task in range(3):
        expected = by_the_book(
            lambda z, g, p: ((z + p.sum(0) - g) ** 2).sum(),
            z[task].numpy(),
            goal[task].numpy(),
            samples,
            iterations,
            elites,
            np.stack([draw[task].numpy() for draw in draws]),
        )
        assert found[task].numpy() == pytest.approx(expected, abs=1e-9)


def test_the_history_narrows_and_never_gets_worse_at_the_end():
    plan = CEM(LOW, HIGH, 2)(distance_of_sum, torch.zeros(4, 2), torch.full((4, 2), 0.7), generator())
    assert plan.means.shape == plan.stds.shape == (30, 4, 2, 2)
    assert plan.best.shape == (30, 4)
    assert plan.means[0].abs().max() == 0
    assert (plan.stds[0] == 1).all()
    assert (plan.stds[-1] < 0.5 * plan.stds[0]).all()
    assert (plan.best[-1] <= plan.best[0]).all()


def test_one_elite_gives_no_nan():
    plan = CEM(LOW, HIGH, 2, elites=1)(distance_of_sum, torch.zeros(2, 2), torch.ones(2, 2), generator())
    assert torch.isfinite(plan.actions).all()
    assert torch.isfinite(plan.stds).all()


def test_the_same_generator_gives_the_same_plan():
    untouched = torch.get_rng_state()
    one, again, other = (
        CEM(LOW, HIGH, 2, iterations=2)(distance_of_sum, torch.zeros(2, 2), torch.ones(2, 2), generator(s)).actions
        for s in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), untouched)


def test_all_tasks_at_once_get_the_plans_that_each_gets_alone():
    torch.manual_seed(0)
    model = WorldModel.toy(2, latent_dim=8).requires_grad_(False)
    z, goal = torch.rand(2, 6, 8, generator=generator(1))
    search, cost = CEM(LOW, HIGH, 3, samples=20, iterations=3, elites=5), final_distance(model)
    whole = search(cost, z, goal, [generator(seed) for seed in range(6)])
    alone = [search(cost, z[k : k + 1], goal[k : k + 1], generator(k)) for k in range(6)]
    for name, dim in {"actions": 0, "cost": 0, "means": 1, "stds": 1, "best": 1}.items():
        torch.testing.assert_close(getattr(whole, name), torch.cat([getattr(plan, name) for plan in alone], dim))
    assert not torch.equal(whole.actions[0], search(cost, z[:1], goal[:1], generator(1)).actions[0])
    with pytest.raises(SMWMError, match="or one for each of 6 tasks, not 5"):
        search(cost, z, goal, [generator(seed) for seed in range(5)])


def test_the_cost_is_the_distance_from_the_end_of_the_rollout_to_the_goal():
    torch.manual_seed(0)
    model = WorldModel.toy(2, latent_dim=8).requires_grad_(False)
    z, goal = torch.rand(3, 8, generator=generator(1)), torch.rand(3, 8, generator=generator(2))
    actions = 2 * torch.rand(3, 5, 4, 2, generator=generator(3)) - 1
    costs = final_distance(model)(z, goal, actions)
    assert costs.shape == (3, 5)
    for sample in range(5):
        end = model.rollout(z, actions[:, sample])[:, -1]
        torch.testing.assert_close(costs[:, sample], ((end - goal) ** 2).sum(1))


def test_many_sequences_cost_what_each_costs_alone():
    """On a processor they are rolled out in parts, whose borders fall inside a task."""
    torch.manual_seed(0)
    model = WorldModel.toy(2, latent_dim=8).requires_grad_(False)
    tasks, samples = 3, 300 * torch.get_num_threads()
    z, goal = torch.rand(tasks, 8, generator=generator(1)), torch.rand(tasks, 8, generator=generator(2))
    actions = 2 * torch.rand(tasks, samples, 4, 2, generator=generator(3)) - 1
    end = model.rollout(z.repeat_interleave(samples, 0), actions.flatten(0, 1))[:, -1].unflatten(0, (tasks, samples))
    torch.testing.assert_close(final_distance(model)(z, goal, actions), (end - goal[:, None]).square().sum(-1))


@pytest.mark.parametrize("most", [1, 7, 150])
def test_what_does_not_fit_into_memory_is_judged_by_halves(most, monkeypatch):
    torch.manual_seed(0)
    model, tried = WorldModel.toy(2, latent_dim=8).requires_grad_(False), []
    z, goal = torch.rand(2, 3, 8, generator=generator(1))
    actions = 2 * torch.rand(3, 50, 2, 2, generator=generator(3)) - 1
    expected, rollout = final_distance(model)(z, goal, actions), model.rollout

    def small_card(z, a):
        tried.append(len(z))
        if len(z) > most:
            raise torch.OutOfMemoryError
        return rollout(z, a)

    monkeypatch.setattr(model, "rollout", small_card)
    torch.testing.assert_close(final_distance(model)(z, goal, actions), expected)
    assert tried[0] == 150
    assert sum(many for many in tried if many <= most) == 150
    most = 0
    with pytest.raises(torch.OutOfMemoryError):
        final_distance(model)(z, goal, actions)


@pytest.mark.parametrize(
    "change", [{"horizon": 0}, {"iterations": 0}, {"elites": 0}, {"elites": 301}, {"samples": 20, "elites": 21}]
)
def test_numbers_that_make_no_search_are_refused(change):
    with pytest.raises(SMWMError, match="A search needs at least one action and one iteration"):
        CEM(LOW, HIGH, **change)


@pytest.mark.parametrize("std", [0.0, -1.0, float("nan"), float("inf")])
def test_a_search_without_spread_is_refused(std):
    with pytest.raises(SMWMError, match="positive standard deviation"):
        CEM(LOW, HIGH, std=std)


@pytest.mark.parametrize(("low", "high"), [(LOW, HIGH[:1]), (HIGH, LOW), (LOW, LOW), (LOW[None], HIGH[None])])
def test_bounds_that_are_none_are_refused(low, high):
    with pytest.raises(SMWMError, match="two vectors of one size, the first below the second"):
        CEM(low, high)


def test_broken_latents_are_refused():
    model = WorldModel.toy(2, latent_dim=8).requires_grad_(False)
    cost, z = final_distance(model), torch.zeros(3, 8)
    with pytest.raises(SMWMError, match="not finite; the observation or the model is broken"):
        CEM(LOW, HIGH)(cost, z.index_fill(0, torch.tensor([1]), torch.nan), z, generator())
    with pytest.raises(SMWMError, match=r"need actions of shape \(B, S, H, A\)"):
        cost(z, z, torch.zeros(3, 4, 2))


@functools.cache
def world() -> FrameSkip:
    simulator = TwoRoom()
    return FrameSkip(simulator, lambda: Episodes.from_padded(*simulator.collect(200, generator())))


def test_blocks_replay_in_the_simulator():
    batch = world().sample(300, generator(1))
    assert batch.action.shape == (300, 10)
    state = batch.state
    for action in world().primitive_actions(batch.action).unbind(1):
        state = world().simulator.step(state, action)
    assert (state - batch.next_state).abs().max() < 1e-3


def test_blocks_come_from_training_episodes_and_are_standardised():
    training, held_out = world().split
    assert len(training) == 180
    assert len(held_out) == 20
    batch = world().sample(5_000, generator(1))
    known = {tuple(row) for row in training.state.tolist()}
    assert {tuple(row) for row in batch.state.tolist()} <= known
    assert batch.action.mean(0).abs().max() < 0.1
    assert (batch.action.std(0) - 1).abs().max() < 0.1
    low, high = world().bounds
    assert (batch.action >= low - 1e-5).all()
    assert (batch.action <= high + 1e-5).all()
    ends = world().primitive_actions(torch.stack([low, high]))
    torch.testing.assert_close(ends[0], torch.full((5, 2), -1.0))
    torch.testing.assert_close(ends[1], torch.full((5, 2), 1.0))
    plans = batch.action[:60].unflatten(0, (4, 5, 3))
    torch.testing.assert_close(world().block_sequence(world().primitive_sequence(plans)), plans)


def test_tasks_are_places_of_held_out_episodes():
    tasks = draw_tasks(world(), 50, 25, generator(2))
    held_out = world().split[1]
    rows = held_out.starts(25)
    possible = {
        (*s, *g) for s, g in zip(held_out.state[rows].tolist(), held_out.state[rows + 25].tolist(), strict=True)
    }
    drawn = [(*s, *g) for s, g in zip(tasks.start.tolist(), tasks.goal.tolist(), strict=True)]
    assert set(drawn) <= possible
    assert len(set(drawn)) == 50
    again = draw_tasks(world(), 50, 25, generator(2))
    assert torch.equal(again.start, tasks.start)
    with pytest.raises(SMWMError, match="places for a task of 99 steps, not 5000"):
        draw_tasks(world(), 5_000, 99, generator())
    with pytest.raises(SMWMError, match="No episode has 101 steps"):
        draw_tasks(world(), 5, 101, generator())


def test_the_first_tasks_can_be_planned_again_alone():
    tasks = draw_tasks(world(), TASKS_PER_SEARCH + 5, 25, generator(3))
    policy = random_policy(world())
    everything = evaluate(world(), policy, tasks, 20, seed=1)
    first = evaluate(world(), policy, tasks[:TASKS_PER_SEARCH], 20, seed=1)
    assert len(everything.steps) == TASKS_PER_SEARCH + 5
    assert torch.equal(everything.path[:TASKS_PER_SEARCH], first.path)
    assert not torch.equal(evaluate(world(), policy, tasks, 20, seed=2).path, everything.path)
    assert not torch.equal(everything.actions[0], everything.actions[TASKS_PER_SEARCH])


def test_a_start_or_goal_outside_the_world_is_refused():
    room = torch.tensor([[50.0, 150.0]])
    for outside in ([300.0, 50.0], [112.0, 150.0]):
        with pytest.raises(SMWMError, match="The goal of task 0 is not in the world"):
            run_episodes(world(), random_policy(world()), Tasks(room, torch.tensor([outside])), 5, generator())
    with pytest.raises(SMWMError, match="a goal or a demonstrated action of a task is not finite"):
        Tasks(room, torch.tensor([[torch.nan, 1.0]]))
    with pytest.raises(SMWMError, match="as many starts as goals"):
        Tasks(room, torch.zeros(2, 2))


def test_the_oracle_solves_what_random_actions_do_not():
    tasks = draw_tasks(world(), 40, 25, generator(3))
    search = CEM(*world().bounds, samples=100, iterations=8, elites=10)
    oracle = run_episodes(world(), oracle_policy(world(), search), tasks, 50, generator(4))
    chance = run_episodes(world(), random_policy(world()), tasks, 50, generator(4))
    assert oracle.success.float().mean() > 0.85
    assert chance.success.float().mean() < 0.6
    assert torch.equal(oracle.path[:, 0], tasks.start)


def test_floors_stand_still_and_repeat_what_was_demonstrated():
    tasks = draw_tasks(world(), 20, 25, generator(3))
    stay = run_episodes(world(), stay_policy(world()), tasks, 30, generator())
    assert torch.equal(stay.path[:, -1], tasks.start)
    again = run_episodes(world(), repeat_policy(world()), tasks, 30, generator())
    assert torch.equal(again.actions[:, :25], tasks.demonstrated)
    assert not again.actions[:, 25:].any()
    assert again.success.all()  # a state of TwoRoom is all that there is
    with pytest.raises(SMWMError, match="do not say which actions were demonstrated"):
        run_episodes(world(), repeat_policy(world()), Tasks(tasks.start, tasks.goal), 30, generator())


def test_an_oracle_without_velocities_takes_everything_to_stand_still(monkeypatch):
    reacher, asked = make_world("reacher/mixed/40"), []
    play = type(reacher.simulator).play
    monkeypatch.setattr(type(reacher.simulator), "play", lambda s, state, a: asked.append(state) or play(s, state, a))
    tasks = draw_tasks(reacher, 2, 25, generator(3))
    search = CEM(*reacher.bounds, samples=4, iterations=1, elites=2)
    for velocities in (True, False):
        asked.clear()
        oracle_policy(reacher, search, velocities=velocities)(tasks, generator())
        assert torch.equal(asked[0][::4, :2], tasks.start[:, :2])
        assert bool(asked[0][:, 2:].any()) == velocities


def test_distances_agree_with_the_goal_test():
    for task in ("tworoom", "reacher", "pusht", "cube"):
        simulator = make_world(task).simulator
        goal = torch.rand(400, simulator.state_dim, generator=generator(1), dtype=torch.float64)
        spread = {"tworoom": 30, "reacher": 0.15, "pusht": 20, "cube": 0.1}[task]
        state = goal + spread * (torch.rand(goal.shape, generator=generator(2), dtype=torch.float64) - 0.5)
        reached = (simulator.distances(state, goal) < 1).all(-1)
        assert torch.equal(reached, simulator.reached(state, goal)), task
        assert 0.05 < reached.double().mean() < 0.95, task


def test_a_model_plans_from_frames():
    torch.manual_seed(0)
    model = WorldModel.toy(10, latent_dim=8).requires_grad_(False)
    search = CEM(*world().bounds, horizon=2, samples=20, iterations=2, elites=5)
    tasks = draw_tasks(world(), 6, 25, generator(3))
    policy = mpc_policy(world(), model, search)
    actions = policy(tasks, generator(5))
    assert actions.shape == (6, 10, 2)
    assert actions.abs().max() <= 1 + 1e-5
    plan = search(
        final_distance(model),
        model.encode(world().render(tasks.start)),
        model.encode(world().render(tasks.goal)),
        generator(5),
    )
    torch.testing.assert_close(actions[:, :5], world().primitive_actions(plan.actions[:, 0]))
    torch.testing.assert_close(actions[:, 5:], world().primitive_actions(plan.actions[:, 1]))


@pytest.mark.parametrize("asked", ["highest", "high", "medium", "tf32", "ieee"])
def test_a_search_on_a_gpu_multiplies_float32_as_such(asked):
    """Whichever way a caller has chosen TF32, and it is as it was afterwards."""
    switches = torch.backends.cuda.matmul, torch.backends.cudnn.conv
    model, seen = WorldModel.toy(10, latent_dim=8).requires_grad_(False), []

    def note(*_) -> None:
        seen.append([switch.fp32_precision for switch in switches])

    def cost(z, z_goal, actions):
        note()
        return final_distance(model)(z, z_goal, actions)

    model.encoder.register_forward_hook(note)
    usual = [switch.fp32_precision for switch in switches]
    try:
        if asked in ("tf32", "ieee"):
            for switch in switches:
                switch.fp32_precision = asked
        else:
            torch.set_float32_matmul_precision(asked)
        before = [switch.fp32_precision for switch in switches]
        search = CEM(*world().bounds, horizon=1, samples=4, iterations=1, elites=2)
        mpc_policy(world(), model, search, cost)(draw_tasks(world(), 2, 25, generator(3)), generator(5))
        assert seen == [["ieee", "ieee"]] * 4
        assert [switch.fp32_precision for switch in switches] == before
        if asked in ("highest", "high", "medium"):
            assert torch.get_float32_matmul_precision() == asked
    finally:
        torch.set_float32_matmul_precision("highest")
        for switch, value in zip(switches, usual, strict=True):
            switch.fp32_precision = value


class Elsewhere(torch.nn.Module):
    """A model on a device that computes nothing; what it would encode is made here."""

    frames = 1

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(1, device="meta"))

    def encode_states(self, world, state):
        assert state.device.type == "meta"
        return torch.zeros(len(state), 8)


def test_a_gpu_searches_all_tasks_at_once_and_draws_there(monkeypatch):
    searches = []
    monkeypatch.setattr(
        "smwm_core.planning.evaluation.seeded",
        lambda seed, purpose, device="cpu": (
            (str(device), stream_seed(seed, purpose)) if device != "cpu" else seeded(seed, purpose)
        ),
    )

    def search(cost, z, z_goal, draws):
        searches.append(draws)
        return Plan(torch.zeros(len(z), 1, 10), *[torch.empty(0)] * 4)

    many = TASKS_PER_SEARCH + 5
    tasks, policy = draw_tasks(world(), many, 25, generator(3)), mpc_policy(world(), Elsewhere(), search)
    for some, seed in ((tasks, 0), (tasks[:TASKS_PER_SEARCH], 0), (tasks, 1)):
        evaluate(world(), policy, some, 10, seed)  # plans twice
    whole, again, first, first_again, other, _ = searches
    assert [len(draws) for draws in searches] == [many, many, TASKS_PER_SEARCH, TASKS_PER_SEARCH, many, many]
    assert len({*whole, *again, *other}) == 3 * many
    assert whole[:TASKS_PER_SEARCH] == first
    assert again[:TASKS_PER_SEARCH] == first_again
    assert {device for device, _ in whole} == {"meta"}


def test_a_processor_searches_twenty_tasks_at_once():
    searched = []

    def search(cost, z, z_goal, draws):
        searched.append((len(z), draws.initial_seed()))
        return Plan(torch.zeros(len(z), 2, 10), *[torch.empty(0)] * 4)

    tasks = draw_tasks(world(), TASKS_PER_SEARCH + 5, 25, generator(3))
    evaluate(world(), mpc_policy(world(), Seeing(world()), search), tasks, 10, 0)
    expected = [(n, stream_seed(0, f"planning from task {first}")) for n, first in ((20, 0), (5, 20))]
    assert searched == expected


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (96, 100, 0.9016, 0.9843), (100, 100, 0.9630, 1.0)],
)
def test_wilsons_interval_is_the_one_of_the_tables(successes, n, low, high):
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_a_rate_of_nothing_is_refused(successes, n):
    with pytest.raises(SMWMError, match="A rate needs at least one trial"):
        wilson_interval(successes, n)


def test_a_plan_is_as_doubtful_as_its_steps_on_average():
    z, plans = torch.tensor([[40.0, 130.0]]), torch.zeros(1, 2, 3, 10)
    plans[0, 1] = world().standardised(torch.tensor([1.0, 0] * 5))  # 25 px to the right in each of three blocks
    plans[0, 0] = world().standardised(torch.zeros(10))
    by_place = doubt_along(Seeing(world()), lambda z, a: z[..., 0])(z, z, plans)
    assert by_place[0].tolist() == pytest.approx([40, (40 + 65 + 90) / 3], abs=1e-3)
    by_action = doubt_along(Seeing(world()), lambda z, a: a[..., 0])(z, z, plans)
    assert by_action[0].tolist() == pytest.approx(plans[0, :, 0, 0].tolist())


def test_an_inverse_model_acts_without_a_search():
    model, tasks = Seeing(world()), draw_tasks(world(), 30, 25, generator(3))
    per_step = lambda z, goal: ((goal - z) / 25).repeat(1, 5)  # noqa: E731 the way, in five steps of 5 px at most
    model.inverse_model = lambda z, goal: world().standardised(per_step(z, goal))
    some = tasks[:4]
    asked = inverse_policy(world(), model)(some, generator())
    assert asked.shape == (4, 5, 2)
    torch.testing.assert_close(asked[:, 0], ((some.goal - some.start) / 25).clamp(-1, 1), atol=1e-5, rtol=0)
    straight = evaluate(world(), inverse_policy(world(), model), tasks, 50, seed=0).success
    wrong = Seeing(world())
    wrong.inverse_model = lambda z, goal: world().standardised(-per_step(z, goal))
    assert straight.float().mean() > 0.6  # walls apart, each block goes towards the goal
    assert evaluate(world(), inverse_policy(world(), wrong), tasks, 50, seed=0).success.float().mean() < 0.2


def test_a_cost_that_is_the_world_ranks_as_the_world_does():
    tasks = draw_tasks(world(), 12, 25, generator(3))
    right, wrong = (
        rank_correlation(world(), Seeing(world(), sign), tasks, plans=30, horizon=5, generator=generator(1))
        for sign in (1.0, 0.0)
    )
    assert right.shape == (12,)
    assert right.min() > 0.9
    assert wrong.isnan().all()


def test_the_landscape_is_the_cost_of_repeating_an_action():
    start, goal = torch.tensor([40.0, 130.0]), torch.tensor([70.0, 160.0])
    ticks = torch.linspace(-1, 1, 11)
    landscape = cost_landscape(world(), Seeing(world()), start, goal, ticks, 2)
    assert landscape[5, 5] == pytest.approx(1)
    assert landscape[8, 8] == pytest.approx(0, abs=1e-3)  # ten steps of 3 px both ways
    end = start + 10 * 5 * torch.tensor([ticks[8], ticks[4]])
    assert landscape[4, 8] == pytest.approx(
        float((end - goal).square().sum() / (start - goal).square().sum()), rel=1e-3
    )
