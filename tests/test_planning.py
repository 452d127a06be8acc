"""Claims about the planner.

1. On a quadratic cost it finds the minimum, for every task its own, and inside the bounds the closest point to it.
2. It is the method as its paper writes it, task by task; one elite gives no NaN; a generator gives one plan.
3. The cost is the squared distance between the end of a rollout and the goal.
4. Numbers, bounds and shapes that make no search are refused.
"""

import numpy as np
import pytest
import torch

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning import CEM, final_distance

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
