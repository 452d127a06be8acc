# %% [markdown]
# # Plan your way
#
# **The question.** Two positions, a wall with a door between them, and a model that has only ever learned where single actions lead. Choose the
# positions yourself: does the agent get there?

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
run = page.run(page.budget.config("tworoom", PLANNING_OBJECTIVES["smwm"]))
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
blocks = world.block_sequence(actions)
error, stay_put = rollout_errors(model, run.encode(states).cpu(), blocks)
for block in (1, 5):
    page.add(seed, f"block{block}", error_ratio=Scale(error[block - 1] / stay_put[block - 1]))

results = page.results()

# %%
PlanYourWay(planning)

# %% [markdown]
# Your browser draws the frames, encodes them with the toy network of the first pages, trained on TwoRoom (λ = 10, first
# seed; the control models of the [planning page](fig5_planning.ipynb) are too large to send), and searches as the paper does, 300 plans a round for 30 rounds, five blocks of five steps ahead. In
# Jupyter the cell is a live widget for one search.
#
# ## How to read it
#
# An orange line is where one sampled plan *would really* take the dot. The model does not know these lines: it prefers
# plans whose last predicted latent lies near that of the goal's frame. Each round keeps the 30 cheapest plans and
# samples again around them. Then the agent carries out the mean of the elites, all 25 steps, looks at the frame and
# plans anew, four times at most. A position counts as reached within 16 px.

# %% mystnb={"figure": {"name": "fig-plan-your-way", "caption": "A journey from one room to the other, plan by plan. Orange: where sixty plans of the tenth round of the search would lead. Black: the way that the agent then went with the mean of the last round; red point: where it ended. The star is the goal, the circle is how near counts as reached. Curves: the lowest cost of each round."}, "image": {"alt": "Two pictures of two rooms with a door in the wall between them. In the first a bundle of orange lines and a black line lead from the lower left up to the door; in the second they lead from there through the door to a blue star in the right room. Two curves of the lowest cost fall over the rounds of the search.", "classes": "dark-light wide"}}
planning.picture(planning.episode(seed), planning.goal)

# %% tags=["nbval-check-output", "remove-cell"]
after = [page.here[f"block{blocks}.error_ratio"] for blocks in (1, 5)]
print(f"error ratio after one block {after[0]:.2f}, after five {after[1]:.2f}")

# %% [markdown]
# ## What to notice
#
# - **It goes through the door, though nobody told it that there is one.** The first plan in [the
#   figure](#fig-plan-your-way) ends at the door, too short to reach the goal; the second one gets through.
# - **The model is coarse, and good enough.** On random actions it misses the new latent by more than half of how far it
#   moved (`error_ratio`). To *rank* 300 plans, some of which lead far away, that suffices.
# - **It looks 25 steps ahead, not farther.** From far down in one room to far down in the other, the plan that runs
#   straight at the wall ends nearest to the goal in the latent, so the agent goes there and stays: the journeys that
#   fail end in the wrong room. That is a limit of a short horizon and a straight-line cost, not of what the latent
#   encodes.
# - **The cost falls with the distance in the room;** the [planner at work](planner_at_work.ipynb) measures how well.
#
# **Try it.** Let the search look farther: `CEM(*world.bounds, horizon=10)`. How many of the forty journeys succeed now,
# and what does the search cost?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: What is within reach of one plan?
#
# A plan has 25 steps, and a step moves the dot by at most 5 px to either side and at most 5 px up or down.
# `tasks.start` and `tasks.goal` are the forty journeys in pixels, `outcome.success` says which succeeded. Define
# `within`, a boolean for every journey: could 25 steps lead from start to goal, if there were no wall? Do such journeys
# succeed more often?

# %% tags=["solution"]
within = ((tasks.goal - tasks.start).abs() <= 25 * 5).all(1)

# %% tags=["check"]
assert within.shape == outcome.success.shape, "within needs one entry for every journey."
farthest = (tasks.goal - tasks.start).abs().max(1).values
assert bool((farthest[within] <= 125).all()), "One of these is too far away: look at both directions separately."
assert bool((farthest[~within] > 125).all()), "One of the others is near enough: both directions move at the same time."
print(f"Right: {int(within.sum())} of {len(within)} journeys")

# %% [markdown] tags=["solution"]
# The longer of the two distances decides. Compare `outcome.success[within]` with `outcome.success[~within]`: a goal
# within reach through the wall need not be within reach through the door, and the cost measures straight lines only.

# %% [markdown]
# ## What you have learned
#
# - Single blocks, a search and a distance between latents are enough to get through a door that nobody mentioned.
# - The search ranks plans, so a coarse model can do.
# - A plan that is shorter than the way around a wall runs straight at it; looking again does not help then.
#
# ## Numbers and provenance
#
# `across`: forty journeys from one room to the other, 100 steps or four plans each; `wrong_room`: those that ended on
# the wrong side of the wall. `error_ratio`: how far the model misses the latent after one block, and after the five of
# a plan, of random actions, divided by how far it moved. One seed; *here*: computed when this page was built; [list of
# words and symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
