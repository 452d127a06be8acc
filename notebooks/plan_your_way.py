# %% [markdown]
# # Plan your way
#
# **The question.** Two places, a wall with a door between them, and a model that has only ever learned where single actions lead. Choose the
# places yourself: does the agent get there?

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from copy import deepcopy

import torch

from smwm_book.experiments.measures import Rate, Scale
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import PLANNING_OBJECTIVES
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_book.widgets import Planning, PlanYourWay
from smwm_core.analysis.rollout import rollout_errors
from smwm_core.planning import CEM, Tasks, evaluate, mpc_policy
from smwm_core.seeds import generator
from smwm_core.worlds.simulators.two_room import WALL

TASKS, STEPS = 40, 100
page = Page("plan_your_way", "Plan your way", preset, seed, device, recompute, seeds=1)

# %%
run = page.run(page.budget.config("tworoom", PLANNING_OBJECTIVES["smwm"]), published=False)
world, model = run.world, deepcopy(run.model).cpu()
search = CEM(*world.bounds, **page.budget.search)
planning = Planning(world, model, search, start=torch.tensor([45.0, 185.0]), goal=torch.tensor([170.0, 60.0]))

# From one room to the other: where journeys of the scripted agent start and end.
journeys = world.simulator.collect(TASKS, generator(seed, "journeys"))[0]
tasks = Tasks(journeys[:, 0], journeys[:, -1])
outcome = evaluate(world, mpc_policy(world, model, search), tasks, STEPS, seed)
right_room = (outcome.path[:, -1, 0] > WALL) == (tasks.goal[:, 0] > WALL)
page.add(seed, "across", success_percent=Rate(int(outcome.success.sum()), TASKS))
page.add(seed, "across", wrong_room_percent=Rate(int((~outcome.success & ~right_room).sum()), TASKS))

# How well the model predicts one block, and a whole plan of random actions.
actions = torch.rand(TASKS, search.horizon * world.frameskip, 2, generator=generator(seed, "random plans")) * 2 - 1
states = torch.cat([tasks.start[:, None], world.simulator.play(tasks.start, actions)], 1)[:, :: world.frameskip]
blocks = world.standardised(actions.unflatten(1, (-1, world.frameskip)).flatten(2))
error, stay_put = rollout_errors(model, run.encode(states).cpu(), blocks)
for block in (1, 5):
    page.add(seed, f"block{block}", error_ratio=Scale(error[block - 1] / stay_put[block - 1]))

results = page.results()

# %%
PlanYourWay(planning)

# %% [markdown]
# Everything happens in your browser: it draws the frames, encodes them with the network of the [planning page](fig5_planning.ipynb)
# (λ = 10, first seed), and searches as the paper does, 300 plans a round for 30 rounds, five blocks of five steps ahead. In Jupyter the
# same cell is a live widget with sliders for one search, and torch computes it.
#
# ## How to read it
#
# An orange line is where one sampled plan *would really* take the dot. The model does not know these lines: it predicts latents, and
# what it likes about a plan is that the last of them lies near the latent of the goal's frame. Each round keeps the 30 cheapest of
# its 300 plans and draws again around them. After the last round the agent carries out the mean of the elites, all 25 steps of it, then looks at the
# frame again and plans anew, four times at most. A place counts as reached within 16 px.

# %% mystnb={"figure": {"name": "fig-plan-your-way", "caption": "A journey from one room to the other, plan by plan. Orange: where sixty plans of the tenth round of the search would lead. Black: the way that the agent then went with the mean of the last round; red point: where it ended. The star is the goal, the circle is how near counts as reached. Right: the lowest cost of each round."}, "image": {"alt": "Two pictures of two rooms with a door in the wall between them. In the first a bundle of orange lines and a black line lead from the lower left up to the door; in the second they lead from there through the door to a blue star in the right room. Two curves of the lowest cost fall over the rounds of the search.", "classes": "dark-light wide"}}
planning.picture(planning.episode(seed), planning.goal)

# %% [markdown]
# ## The numbers
#
# `across`: forty journeys from a place in one room to a place in the other, 100 steps each, that is four plans. `wrong_room`: those
# that ended on the wrong side of the wall. They are harder than the tasks of the [planning page](fig5_planning.ipynb), whose
# goals lie 25 recorded steps away. `error_ratio` is how far the model misses the latent after one block, and after the five blocks of a plan, of
# random actions, divided by how far the latent moved. One seed; the column *here* was computed when this page was built.

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# In plain text, which the test suite computes again and compares:

# %% tags=["nbval-check-output", "hide-input"]
after = [page.here[f"block{blocks}.error_ratio"] for blocks in (1, 5)]
print(f"error ratio after one block {after[0]:.2f}, after five {after[1]:.2f}")

# %% [markdown]
# ## What to notice
#
# - **It goes through the door, though nobody ever told it that there is one.** The first of the two plans in [the figure](#fig-plan-your-way) is too
#   short to reach the goal. It ends at the door, and from there the second one gets through.
# - **The model is coarse, and good enough.** Random actions mostly go to and fro, so the latent does not move far, and the prediction
#   misses the new place by more than half of that (`error_ratio`). To *rank* 300 plans, some of which lead far away, that suffices.
# - **It looks 25 steps ahead, not farther.** Put the start far down in one room and the goal far down in the other. Every plan that ends
#   near the goal is too long; of those that are short enough, one that runs straight at the wall ends with a latent nearest to the goal's. So the
#   agent goes there, looks again, and stays: most journeys that fail end in the wrong room. That is a limit of a search with a short
#   horizon and a cost that measures straight lines, and not of what the latent knows.
# - **The cost is not the distance in the room, but falls with it.** Look back with the slider and compare the cost of a
#   round with how far its mean ends from the goal. The [planner at work](planner_at_work.ipynb) measures how well the two agree.
#
# **Try it.** Let the search look farther: `CEM(*world.bounds, horizon=10)`. How many of the forty journeys succeed now, and what
# does the search cost?

# %% [markdown]
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: What is within reach of one plan?
#
# A plan has 25 steps, and a step moves the dot by at most 5 px to either side and at most 5 px up or down. `tasks.start` and
# `tasks.goal` are the forty journeys, in pixels, and `outcome.success` says which of them succeeded. Guess first: do journeys that one plan could
# make, if there were no wall, succeed more often? Then define `within`, a boolean for every journey: could 25 steps lead from its start
# exactly to its goal, if there were no wall?

# %% tags=["solution"]
within = ((tasks.goal - tasks.start).abs() <= 25 * 5).all(1)

# %% tags=["check"]
assert within.shape == outcome.success.shape, "within needs one entry for every journey."
farthest = (tasks.goal - tasks.start).abs().max(1).values
assert bool((farthest[within] <= 125).all()), "One of these is too far away: look at both directions separately."
assert bool((farthest[~within] > 125).all()), "One of the others is near enough: both directions move at the same time."
print(f"Right: {int(within.sum())} of {len(within)} journeys")

# %% [markdown] tags=["solution"]
# Steps to the side and upwards happen at the same time, so the longer of the two distances decides. Compare `outcome.success[within]`
# with `outcome.success[~within]`. A goal that one plan could reach through the wall is not the same as a goal that it can reach through the door, and that is
# where the search goes wrong: its cost knows straight lines only.

# %% [markdown]
# ## What you have learned
#
# - A model of single blocks, a search and a distance between latents are enough to get through a door that nobody mentioned.
# - The search ranks plans, so a coarse model can do.
# - A plan that is shorter than the way around a wall runs straight at it; looking again does not help then.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance

# %% tags=["hide-input"]
display_provenance(results)
