# %% [markdown]
# # The planner at work
#
# **The question.** Is a latent in which only what the agent controls is left easier to plan in, as the paper suggests?
# This page looks at the search itself, round by round, and at the landscape that it searches.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from copy import deepcopy

import torch
from IPython.display import HTML, display

from smwm_book import figures
from smwm_book.experiments.measures import Number
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_book.widgets import Planning
from smwm_book.widgets.search import watch_the_search
from smwm_core.analysis.cost_landscape import cost_landscape, rank_correlation
from smwm_core.planning import CEM, final_distance
from smwm_core.seeds import generator

OFFSET, HORIZON, PLANS = 25, 5, 50
COMPARED = ("tworoom", "pusht")
SHOWN = "tworoom"  # the page's pictures are computed in this world whenever it is executed
METHODS = {"smwm": "SMWM", "sigreg": "SIGReg"}  # their landscapes are shown
page = Page("planner_at_work", "The planner at work", preset, seed, device, recompute, tasks=COMPARED)

# %%
shown = {}
for s in page.seeds:
    for task in page.some(COMPARED, [SHOWN]):
        for method, run in page.planners(task, s, again=METHODS).items():
            tasks, plans = page.tasks(run, OFFSET), generator(s, f"plans of {task}")
            ranks = rank_correlation(run.world, run.model, tasks, plans=PLANS, horizon=HORIZON, generator=plans)
            page.add(run, f"{task}.{method}", rank_correlation=Number(ranks.nanmean().item()))
            if task == SHOWN and s == seed:
                shown[method] = run

results = page.results()

# %%
world, tasks = shown["smwm"].world, page.tasks(shown["smwm"], OFFSET)
far = (tasks.start - tasks.goal).norm(dim=1).argsort()[-len(tasks) // 4].item()
start, goal = tasks.start[far], tasks.goal[far]
search = CEM(*world.bounds, **page.budget.search)
planning = Planning(world, deepcopy(shown["smwm"].model).cpu(), search, start, goal)
display(HTML(watch_the_search(planning, seed)))

# %% [markdown]
# One search in TwoRoom, with the plans that it really draws: each line is where a sequence of 25 actions would take the
# dot. The curves are what the model thinks of them; where the lines end is the world's answer. [The same
# search](#fig-search), five of its rounds:

# %% mystnb={"figure": {"name": "fig-search", "caption": "One search in TwoRoom. Each orange line is where one sampled sequence of 25 actions would really take the dot (red points: its end), the star is the goal. In the first round the plans go nowhere in particular; round by round the search keeps the tenth with the lowest predicted cost and draws around it. The curve is the lowest predicted cost of each round."}, "image": {"alt": "Five pictures of two rooms with sixty orange paths each. In the first the paths are a tangle around the dot, in the later ones they gather into a bundle that ends near a blue star. A curve of the lowest cost falls from 0.52 in the first round to 0.47 in the last.", "classes": "dark-light wide"}}
plan = planning.plan(start, goal, seed)
rounds = sorted({0, 1, 2, 4, search.iterations - 1} & set(range(search.iterations)))
figures.search_narrowing(
    world.render(start[None])[0].permute(1, 2, 0).numpy(),
    goal.numpy(),
    {number + 1: planning.ways(plan, number, start)[:, 1:].numpy() for number in rounds},
    plan.best[:, 0].numpy(),
)

# %% mystnb={"figure": {"name": "fig-landscape", "caption": "What the planner sees: the cost of repeating one action for 25 steps, from the same start to the same goal, in the latent of two models. White point: do nothing. Star: the best such action. The cost is divided by that of doing nothing; where the landscape is a single bowl, any search finds the bottom."}, "image": {"alt": "Two contour maps over the horizontal and vertical component of an action, for SMWM and for SIGReg, each with a white point in the middle and a star at its lowest place.", "classes": "dark-light wide"}}
ticks = torch.linspace(-1, 1, 41)
landscapes = {
    label: cost_landscape(world, shown[method].model.cpu(), start, goal, ticks, HORIZON).numpy()
    for method, label in METHODS.items()
}
figures.landscapes(ticks.numpy(), landscapes)

# %% [markdown]
# ## How the search works
#
# The cross-entropy method keeps a normal distribution for each of the 5 × 10 numbers of a plan. [A round](#fig-search)
# draws 300 plans, keeps the 30 whose predicted ends lie closest to the goal, and fits the distributions to them. After
# 30 rounds the mean is the plan. No gradient is needed:
#
# ```python
# plan = CEM(*world.bounds)(final_distance(model), z, z_goal, generator)
# plan.actions        # (tasks, 5, 10): the mean of the last elites
# plan.means, plan.stds, plan.best   # the search as it narrowed, round by round
# ```
#
# So a model helps the search only by *ranking* plans as the world would, which can be measured without any search: for
# each of the 100 tasks, draw 50 random plans and compare the order of the predicted costs with the order after the
# simulator has carried them out. The rank correlation is 1 if the model ranks like the world, and 0 at chance.

# %% tags=["nbval-check-output", "remove-cell"]
for method in ("smwm", "sigreg"):
    print(f"{METHODS[method]:7} rank correlation {page.here[f'{SHOWN}.{method}.rank_correlation']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **At this budget the partly collapsed latent ranks plans better.** In TwoRoom SMWM's cost ranks plans almost as
#   the world does, SIGReg's less well. [The landscape](#fig-landscape) of one task suggests why: with little but the dot's position in
#   the latent, distance in the latent is distance in the room, a single bowl. With SIGReg the valley is long and flat,
#   and a second hollow lies on the wrong side of the start.
# - **A search forgives a lot.** SIGReg's landscape is still good enough to solve nearly all tasks in TwoRoom; the
#   difference shows for [farther goals](fig9_horizon.ipynb).
# - **In Push-T both rank worse**, 0.48 and 0.44 where it is 0.93 and 0.71 in TwoRoom: how the T moves and turns is
#   [known in part only](table_probes.ipynb).
# - **The forward loss alone ranks no better than chance**: its latent is nearly a point, and the cost is noise.
#
# **Try it.** Replace `HORIZON = 5` by 2 and by 8. Which of the two models loses its ranking first as plans get longer?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
low, high = world.bounds
z_here, z_there = (planning.model.encode_states(world, place[None]) for place in (start, goal))
cost = final_distance(planning.model)

# %% [markdown] tags=["exercise"]
# ### Exercise: One round of the search
#
# Write `one_round(mean, std, noise)`, one round of the cross-entropy method, for `mean` and `std` of shape `(1, 5, 10)`
# and standard normal `noise` of shape `(1, samples, 5, 10)`. Draw plans, clip them to `low` and `high`, ask
# `cost(z_here, z_there, drawn)` what they cost, `(1, samples)`, and return mean and standard deviation of the
# `search.elites` cheapest.


# %% tags=["solution"]
def one_round(mean, std, noise):
    drawn = (mean[:, None] + std[:, None] * noise).clamp(low, high)
    cheapest = cost(z_here, z_there, drawn)[0].argsort()[: search.elites]
    return drawn[:, cheapest].mean(1), drawn[:, cheapest].std(1)


# %% tags=["check"]
reference = search(cost, z_here, z_there, generator(seed, "rounds to compare"))
stream = generator(seed, "rounds to compare")
mean, std = reference.means[0], reference.stds[0]
for number in range(1, min(4, search.iterations)):
    wanted_mean, wanted_std = reference.means[number], reference.stds[number]
    noise = torch.randn(1, search.samples, *mean.shape[1:], generator=stream)
    noise[:, 0] = 0  # the first plan of a round is the mean itself
    mean, std = one_round(mean, std, noise)
    assert mean.shape == wanted_mean.shape, "one_round returns two tensors of shape (1, 5, 10)."
    assert torch.allclose(mean, wanted_mean, atol=1e-4), f"The mean after round {number} is another."
    assert torch.allclose(std, wanted_std, atol=1e-4), f"The standard deviation after round {number} is another."
print(f"Right: your round is the planner's; the spread of a plan is {std.mean():.2f} now and was {search.std:.2f}.")

# %% [markdown] tags=["solution"]
# All there is to the method is drawing, sorting and averaging. The spread shrinks where the cost depends on the plan,
# because the elites agree there, and stays where it does not.

# %%
searched = search(cost, z_here, z_there, generator(seed, "search to compare"))

# %% [markdown] tags=["exercise"]
# ### Exercise: Is it the search or the number of tries?
#
# Give random shooting as many plans as the search looked at, `search.samples * search.iterations`: draw `shots`, of
# shape `(1, number, 5, 10)`, from the search's first distribution (standard normal numbers, clipped to `low` and
# `high`), and define `shooting_cost`, the lowest cost among them. Compare it with `searched.cost`.

# %% tags=["solution"]
number = search.samples * search.iterations
shots = torch.randn(1, number, 5, len(low), generator=generator(seed, "plain luck")).clamp(low, high)
shooting_cost = cost(z_here, z_there, shots).min().item()

# %% tags=["check"]
tries = search.samples * search.iterations
shape = (1, tries, HORIZON, len(low))
assert shots.shape == shape, f"shots should be {tries} plans, of shape {shape}."
assert ((shots >= low) & (shots <= high)).all(), "Some of the plans are outside the bounds."
assert shots.std() > 0.5, "The plans should be drawn as widely as the search's first ones."
assert abs(cost(z_here, z_there, shots).min().item() - shooting_cost) < 1e-5, "shooting_cost is not the lowest of them."
print(f"Right: {tries:,} random plans reach {shooting_cost:.3f}, the search {searched.cost.item():.3f} with as many.")

# %% [markdown] tags=["solution"]
# A plan has fifty numbers, and luck has to get all of them right at once. The search draws where good plans were.

# %% [markdown]
# ## What you have learned
#
# - The planner needs no gradient: it draws plans, keeps those of the lowest predicted cost, and draws around them.
# - A model helps the search only by ranking plans as the world would, and that can be measured without any search.
# - Where little but the controlled quantity is left in a latent, its distance leads straight to the goal.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
