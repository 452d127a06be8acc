# %% [markdown]
# # Goals farther away (paper's Fig. 9)
#
# **The claim.** The farther the goal, the harder the task; a model with the inverse loss loses less on the way than one kept from
# collapsing by SIGReg.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from smwm_book import figures
from smwm_book.experiments.measures import Rate
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.planning import CEM, TASKS_PER_SEARCH, evaluate, mpc_policy, random_policy

OFFSETS = (25, 40, 55, 70, 85, 100)  # primitive steps from start to goal; the policy acts for twice as many
TASK = "tworoom"
page = Page("fig9_horizon", "Fig. 9", preset, seed, device, recompute, seeds=1, tasks=[TASK])

# %%
runs = {
    method: page.run(page.budget.planner_config(TASK, objective), published=method != "forward_only")
    for method, objective in page.some(page.budget.objectives(TASK), ["smwm"]).items()
}
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

# %% mystnb={"figure": {"name": "fig-horizon", "caption": "TwoRoom: share of 100 tasks whose goal was reached, against the number of steps from start to goal. Solid: ours with 95 % intervals, one seed; dashed: the paper's. The gap between the SMWM and SIGReg opens as the goal moves away."}, "image": {"alt": "Line plot over offsets from 25 to 100 steps. Solid lines with bands for SMWM, SIGReg, forward only and random, and the paper's dashed lines in the same colours.", "classes": "dark-light wide"}}
labels = {"smwm": "SMWM", "sigreg": "SIGReg", "forward_only": "forward only", "random": "random"}
figures.horizon_sweep(
    {
        label: {offset: results.metric(f"{TASK}.{method}.offset_{offset}.success_percent") for offset in OFFSETS}
        for method, label in labels.items()
    }
)

# %% [markdown]
# ## The experiment
#
# The models and the search are those of the [planning page](fig5_planning.ipynb): a plan is 25 steps long whatever the distance of
# the goal. A goal 100 steps away is beyond it, so the first plans can only go as near to the goal as the latent's distance
# tells them, and the distance in the latent has to lead the right way. The budget is twice the offset. One seed, 100 tasks
# per offset.
#
# ## The numbers

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# In plain text, which the test suite computes again and compares:

# %% tags=["nbval-check-output", "hide-input"]
for offset in OFFSETS:
    successes = {m: results.metric(f"{TASK}.{m}.offset_{offset}.success_percent")["value"] for m in labels}
    print(f"{offset:3} steps: " + ", ".join(f"{labels[m]} {value:.1f} %" for m, value in successes.items()))

# %% [markdown]
# ## What to notice
#
# - **The paper's figure, on a laptop.** A minute and a half of training per model, frames of 64×64 and a convolutional encoder
#   give nearly [the paper's curves](#fig-horizon): the SMWM falls from 99 to 75 %, SIGReg from 97 to 37 %.
# - **Nearby goals hide the difference, far ones show it.** 25 steps away both models plan almost perfectly. The farther the goal,
#   the more the *distance* in the latent has to mean beyond one plan, and there a latent that holds
#   [little but the place](planner_at_work.ipynb) leads the right way.
# - **Not all failures are the model's.** The way to a goal in the other room leads through the door, sometimes away from the goal. A
#   planner that looks 25 steps ahead and counts distance in the latent can get stuck behind the wall.
# - **The forward loss alone is no better than chance** at any distance.
#
# **Try it.** Give the planner a longer horizon: `CEM(*world.bounds, horizon=10)`. Does SIGReg catch up, or does the error of
# longer predictions eat the gain?

# %% [markdown]
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %%
import torch

from smwm_core.worlds.simulators.two_room import WALL

# %% [markdown] tags=["exercise"]
# ### Exercise: How often is the goal behind the wall?
#
# In TwoRoom a state is the place `(x, y)` of the dot, and the wall between the rooms stands at `WALL` pixels from the left. Define `other_room`, a
# dictionary from each offset in `OFFSETS` to the share of tasks whose goal lies in the other room. The tasks of an
# offset are `page.tasks(runs["smwm"], offset)`, with `start` and `goal` of shape `(N, 2)`.

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
    assert abs(other_room[offset] - (sides < 0).float().mean()) < 1e-5, (
        f"At an offset of {offset} the share is another."
    )
print("Right:", ", ".join(f"{offset} steps: {100 * share:.0f} %" for offset, share in other_room.items()))

# %% [markdown] tags=["solution"]
# The farther a goal, the more often the way to it leads through the door, where the straight line is wrong. So the figure mixes two
# things, distance and detours; an honest follow-up would plan both kinds of tasks separately.

# %% [markdown]
# ## What you have learned
#
# - Near goals hide differences between models that far goals show.
# - Beyond the length of one plan, it is the distance in the latent that has to lead the right way.
# - A failure may be the planner's: the shortest way in the latent can lead against a wall.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance

# %% tags=["hide-input"]
display_provenance(results)
