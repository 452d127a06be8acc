# %% [markdown]
# # Goals farther away (paper's Fig. 9)
#
# **The paper's claim.** The farther the goal, the harder the task, and the success rate falls less with the inverse loss than
# with SIGReg.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from smwm_book import figures
from smwm_book.experiments.measures import Rate
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import METHOD_LABELS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.planning import CEM, TASKS_PER_SEARCH, evaluate, mpc_policy, random_policy

OFFSETS = (25, 40, 55, 70, 85, 100)  # primitive steps from start to goal; the policy acts for twice as many
TASK = "tworoom"
page = Page("fig9_horizon", "Fig. 9", preset, seed, device, recompute, seeds=1, tasks=[TASK])

# %%
runs = page.planners(TASK)
world = runs["smwm"].world
search = CEM(*world.bounds, **page.budget.search)
policies = {method: mpc_policy(world, run.model, search) for method, run in runs.items()}
if page.redo:
    policies["random"] = random_policy(world)

for offset in page.some(OFFSETS, OFFSETS[1:2]):
    tasks = page.tasks(runs["smwm"], offset)
    for method, policy in policies.items():
        success = evaluate(world, policy, page.some(tasks, tasks[:TASKS_PER_SEARCH]), 2 * offset, seed).success
        of, first = f"{TASK}.{method}.offset_{offset}", success[:TASKS_PER_SEARCH]
        if page.redo:
            page.add(seed, of, success_percent=Rate(int(success.sum()), len(success)))
        if method == "smwm" and offset == OFFSETS[1]:
            page.add(seed, of, first20_success_percent=Rate(int(first.sum()), len(first)))

results = page.results()

# %% mystnb={"figure": {"name": "fig-horizon", "caption": "TwoRoom: share of 100 tasks whose goal was reached, against the number of steps from start to goal. Solid: ours with 95 % intervals, one seed; dashed: the paper's. The gap between SMWM and SIGReg opens as the goal moves away."}, "image": {"alt": "Line plot over offsets from 25 to 100 steps. Solid lines with bands for SMWM, SIGReg, forward only and random, and the paper's dashed lines in the same colours.", "classes": "dark-light wide"}}
offsets = {f"{offset}": offset for offset in OFFSETS}
rates = {
    label: results.each(f"{TASK}.{method}.offset_*.success_percent", offsets) for method, label in METHOD_LABELS.items()
}
figures.horizon_sweep(rates)

# %% [markdown]
# ## The experiment
#
# Models and search are those of the [planning page](fig5_planning.ipynb): a plan is 25 steps long whatever the distance
# of the goal. A goal 100 steps away is beyond the end of the first plans; they can only end where its distance in the latent
# is smallest. The policy acts for twice the offset.

# %% tags=["nbval-check-output", "remove-cell"]
for offset in OFFSETS:
    print(f"{offset:3} steps: " + ", ".join(f"{label} {rates[label][offset]['value']:.1f} %" for label in rates))

# %% [markdown]
# ## What to notice
#
# - **The paper's figure, on a laptop.** Two and a half minutes of training per model, frames of 64×64 and a convolutional encoder
#   give nearly [the paper's curves](#fig-horizon): SMWM falls from 98 to 75 %, SIGReg from 97 to 44 %.
# - **Nearby goals hide the difference.** Where the goal lies beyond the end of a plan, the *distance* in the latent has
#   to lead the right way, and a latent that encodes [little but the position](planner_at_work.ipynb) does so better.
# - **Not all failures are the model's.** The way into the other room sometimes leads away from the goal, and a planner
#   that looks 25 steps ahead can get stuck behind the wall.
# - **The forward loss alone is no better than chance** at any distance.
#
# **Try it.** Give the planner a longer horizon: `CEM(*world.bounds, horizon=10)`. Does SIGReg catch up, or do the
# errors of longer predictions cancel the gain?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
import torch

from smwm_core.worlds.simulators.two_room import WALL

# %% [markdown] tags=["exercise"]
# ### Exercise: How often is the goal behind the wall?
#
# In TwoRoom a state is the position `(x, y)` of the dot; the wall stands at `WALL` pixels from the left. Define
# `other_room`, a dictionary from each offset in `OFFSETS` to the share of tasks whose goal lies in the other room. The
# tasks of an offset are `page.tasks(runs["smwm"], offset)`, with `start` and `goal` of shape `(N, 2)`.

# %% tags=["solution"]
other_room = {}
for away in OFFSETS:
    asked = page.tasks(runs["smwm"], away)
    crosses = (asked.start[:, 0] < WALL) != (asked.goal[:, 0] < WALL)
    other_room[away] = crosses.float().mean().item()

# %% tags=["check"]
assert set(other_room) == set(OFFSETS), "other_room needs one share for each offset."
for offset in OFFSETS:
    drawn = page.tasks(runs["smwm"], offset)
    sides = torch.stack([drawn.start[:, 0], drawn.goal[:, 0]]).sub(WALL).sign().prod(0)
    share = (sides < 0).float().mean()
    assert abs(other_room[offset] - share) < 1e-5, f"At an offset of {offset} the share is another."
print("Right:", ", ".join(f"{offset} steps: {100 * share:.0f} %" for offset, share in other_room.items()))

# %% [markdown] tags=["solution"]
# The farther a goal, the more often the way to it leads through the door, where the straight line is wrong. So the
# figure mixes distance and detours; a follow-up would plan both kinds of tasks separately.

# %% [markdown]
# ## What you have learned
#
# - Near goals hide differences between models that far goals show.
# - Beyond the length of one plan, it is the distance in the latent that has to lead the right way.
# - A failure may be the planner's: the straight line to the goal in the latent can lead into a wall.
#
# ## Numbers and provenance
#
# One seed, intervals of 100 tasks; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
