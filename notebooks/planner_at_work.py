# %% [markdown]
# # The planner at work
#
# **The question.** The paper suggests that a latent in which only what the agent controls is left is easier to plan in. This page
# looks at the search itself, round by round, and at the landscape that it searches.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import torch

from smwm_book import figures
from smwm_book.experiments.measures import Number
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.analysis.cost_landscape import cost_landscape, rank_correlation
from smwm_core.planning import CEM, final_distance
from smwm_core.seeds import generator

OFFSET, HORIZON, PLANS = 25, 5, 50
COMPARED = ("tworoom", "pusht")
SHOWN = "tworoom"  # the page's pictures are computed in this world whenever it is executed
METHODS = {"smwm": "SMWM", "sigreg": "SIGReg", "forward_only": "forward only"}
page = Page("planner_at_work", "The planner at work", preset, seed, device, recompute, tasks=COMPARED)

# %%
shown = {}
for s in page.seeds:
    for task in page.some(COMPARED, [SHOWN]):
        for method, objective in page.some(page.budget.objectives(task), ["smwm", "sigreg"]).items():
            run = page.run(page.budget.planner_config(task, objective), s, published=method != "forward_only")
            tasks, plans = page.tasks(run, OFFSET), generator(s, f"plans of {task}")
            ranks = rank_correlation(run.world, run.model, tasks, plans=PLANS, horizon=HORIZON, generator=plans)
            page.add(run, f"{task}.{method}", rank_correlation=Number(ranks.nanmean().item()))
            if task == SHOWN and s == seed:
                shown[method] = run

results = page.results()

# %% mystnb={"figure": {"name": "fig-search", "caption": "One search in TwoRoom. Each orange line is where one sampled sequence of 25 actions would really take the dot (red points: its end), the star is the goal. In the first round the plans go nowhere in particular; round by round the search keeps the tenth that the model likes best and draws around it. Right: the lowest predicted cost of each round."}, "image": {"alt": "Five pictures of two rooms with sixty orange paths each. In the first the paths are a tangle around the dot, in the later ones they gather into a bundle that ends near a blue star. A curve of the lowest cost falls steeply in the first rounds and then levels off.", "classes": "dark-light wide"}}
planned = {METHODS[method]: shown[method] for method in ("smwm", "sigreg")}
world, model = shown["smwm"].world, shown["smwm"].model
tasks = page.tasks(shown["smwm"], OFFSET)
far = (tasks.start - tasks.goal).norm(dim=1).argsort()[-len(tasks) // 4].item()
start, goal = tasks.start[far], tasks.goal[far]
z, z_goal = (shown["smwm"].encode(state[None]) for state in (start, goal))
search = CEM(*world.bounds, **page.budget.search)
plan = search(final_distance(model), z, z_goal, generator(seed, "one search", page.device))
stages = {}
for iteration in [i for i in (0, 1, 2, 4, len(plan.means) - 1) if i < len(plan.means)]:
    mean, std = (part[iteration, 0].cpu() for part in (plan.means, plan.stds))
    noise = torch.randn(60, *mean.shape, generator=generator(seed, "shown plans"))
    drawn = (mean + std * noise).clamp(*world.bounds)
    stages[iteration + 1] = world.simulator.play(start.expand(60, -1), world.primitive_sequence(drawn)).numpy()
figures.search_narrowing(
    world.render(start[None])[0].permute(1, 2, 0).numpy(),
    start.numpy(),
    goal.numpy(),
    stages,
    plan.best[:, 0].cpu().numpy(),
)

# %% mystnb={"figure": {"name": "fig-landscape", "caption": "What the planner sees: the cost of repeating one action for 25 steps, from the same start to the same goal, in the latent of two models. White point: do nothing. Star: the best such action. The cost is divided by that of doing nothing; where the landscape is a single bowl, any search finds the bottom."}, "image": {"alt": "Two contour maps over the horizontal and vertical component of an action, for SMWM and for SIGReg, each with a white point in the middle and a star at its lowest place.", "classes": "dark-light wide"}}
ticks = torch.linspace(-1, 1, 41)
figures.landscapes(
    ticks.numpy(),
    {
        label: cost_landscape(run.world, run.model.cpu(), start, goal, ticks, HORIZON).numpy()
        for label, run in planned.items()
    },
)

# %% [markdown]
# ## How the search works
#
# The cross-entropy method keeps a normal distribution for each of the 5 × 10 numbers of a plan. [A round](#fig-search) draws 300 plans, asks the
# model where each of them ends, keeps the 30 whose ends lie closest to the goal, and fits the distributions to them. After
# 30 rounds the mean is the plan. Nothing in it needs a gradient, or knows what the numbers mean:
#
# ```python
# plan = CEM(*world.bounds)(final_distance(model), z, z_goal, generator)
# plan.actions        # (tasks, 5, 10): the mean of the last elites
# plan.means, plan.stds, plan.best   # the search as it narrowed, round by round
# ```
#
# So a model helps the search in one way only: by *ranking* plans as the world would. That can be measured without any search.
# For each of the 100 tasks, draw 50 random plans, ask the model what they cost, let the simulator carry them out, and compare the
# two orders. The rank correlation is 1 if the model ranks like the world, and 0 if it might as well toss coins.
#
# ## The numbers

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# In plain text, which the test suite computes again and compares:

# %% tags=["nbval-check-output", "hide-input"]
for method in ("smwm", "sigreg"):
    print(f"{METHODS[method]:7} rank correlation {page.here[f'{SHOWN}.{method}.rank_correlation']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **At this budget the partly collapsed latent is easier to plan in.** In TwoRoom the cost of the SMWM ranks plans almost as the world does; that
#   of SIGReg does so less well, though both models solve nearly all tasks. [The landscape](#fig-landscape) shows why: with little but the place of the
#   dot left in the latent, distance in the latent is distance in the room, and there is one bowl. With SIGReg the valley is
#   long and flat, and a second hollow lies on the wrong side of the start.
# - **A search forgives a lot.** With 300 samples and 30 rounds SIGReg's landscape is still good enough for TwoRoom. The difference
#   shows where the search is harder: [farther goals](fig9_horizon.ipynb), and Push-T.
# - **In Push-T both rank badly.** The order of the two is the same, but most of what counts there, where the T ends and how it is turned,
#   is [not well known to either latent](table_probes.ipynb).
# - **Without anything against collapse there is no ranking at all**: the latent is a point, and the cost is noise.
#
# **Try it.** Replace `HORIZON = 5` by 2 and by 8. Which of the two models loses its ranking first as plans get longer?

# %% [markdown]
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %%
low, high = world.bounds
z_here, z_there = z.cpu(), z_goal.cpu()
cost = final_distance(model.cpu())

# %% [markdown] tags=["exercise"]
# ### Exercise: One round of the search
#
# Write `one_round(mean, std, noise)`, one round of the cross-entropy method. `mean` and `std` have the shape `(1, 5, 10)`, `noise` holds standard
# normal numbers of shape `(1, samples, 5, 10)`. Draw plans, clip them to `low` and `high`, ask `cost(z_here, z_there, drawn)` what they cost (it
# answers with `(1, samples)`), and return mean and standard deviation of the `search.elites` cheapest.


# %% tags=["solution"]
def one_round(mean, std, noise):
    drawn = (mean[:, None] + std[:, None] * noise).clamp(low, high)
    cheapest = cost(z_here, z_there, drawn)[0].argsort()[: search.elites]
    return drawn[:, cheapest].mean(1), drawn[:, cheapest].std(1)


# %% tags=["check"]
reference = search(cost, z_here, z_there, generator(seed, "rounds to compare"))
stream = generator(seed, "rounds to compare")
mean, std = reference.means[0], reference.stds[0]
for number, (wanted_mean, wanted_std) in enumerate(
    zip(reference.means[1:4], reference.stds[1:4], strict=True), start=1
):
    noise = torch.randn(1, search.samples, *mean.shape[1:], generator=stream)
    noise[:, 0] = 0  # the first plan of a round is the mean itself
    mean, std = one_round(mean, std, noise)
    assert mean.shape == wanted_mean.shape, "one_round returns two tensors of shape (1, 5, 10)."
    assert torch.allclose(mean, wanted_mean, atol=1e-4), f"The mean after round {number} is another."
    assert torch.allclose(std, wanted_std, atol=1e-4), f"The standard deviation after round {number} is another."
print(
    f"Right: your round is the planner's; the mean spread of a plan is {std.mean():.2f} now and was {search.std:.2f}."
)

# %% [markdown] tags=["solution"]
# All there is to the method is drawing, sorting and averaging. The spread shrinks because the elites agree with each other where the cost
# cares, and it stays where the cost does not.

# %%
searched = search(cost, z_here, z_there, generator(seed, "search to compare"))

# %% [markdown] tags=["exercise"]
# ### Exercise: Is it the search or the number of tries?
#
# The search looked at `search.samples * search.iterations` plans. Give plain luck the same number: draw so many plans from the search's first
# distribution (standard normal numbers, clipped to `low` and `high`), as `shots` of shape `(1, number, 5, 10)`, and define `shooting_cost`, the
# lowest cost among them. Compare it with `searched.cost`.

# %% tags=["solution"]
number = search.samples * search.iterations
shots = torch.randn(1, number, 5, len(low), generator=generator(seed, "plain luck")).clamp(low, high)
shooting_cost = cost(z_here, z_there, shots).min().item()

# %% tags=["check"]
tries = search.samples * search.iterations
assert shots.shape == (1, tries, HORIZON, len(low)), (
    f"shots should be {tries} plans, of shape {(1, tries, HORIZON, len(low))}."
)
assert ((shots >= low) & (shots <= high)).all(), "Some of the plans are outside the bounds."
assert shots.std() > 0.5, "The plans should be drawn as widely as the search's first ones."
assert abs(cost(z_here, z_there, shots).min().item() - shooting_cost) < 1e-5, "shooting_cost is not the lowest of them."
print(f"Right: {tries:,} random plans reach {shooting_cost:.3f}, the search {searched.cost.item():.3f} with as many.")

# %% [markdown] tags=["solution"]
# A plan has fifty numbers, and luck has to get all of them right at once. The search gets them right a little at a time, because after each
# round it draws where good plans were.

# %% [markdown]
# ## What you have learned
#
# - The planner needs no gradient: it draws plans, keeps those that the model likes, and draws around them.
# - A model helps the search only by ranking plans as the world would, and that can be measured without any search.
# - Where little but the controlled quantity is left in a latent, its distance leads straight to the goal.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance

# %% tags=["hide-input"]
display_provenance(results)
