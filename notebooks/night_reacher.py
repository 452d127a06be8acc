# %% [markdown]
# # Reacher after a night of training, and with two frames
#
# **The question.** At laptop size Reacher is rarely solved. Is it the budget, or what a single frame hides? Here the
# same small models train four times as long, once with the paper's one frame and once with an encoder that sees two.

# %% tags=["parameters", "remove-input"]
preset: str = "overnight"  # smoke: seconds · laptop: minutes on two cores · overnight: hours on two cores
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from dataclasses import replace

from smwm_book import figures
from smwm_book.experiments.diagnosis import ACT_STEPS, OFFSET, plan_and_diagnose
from smwm_book.experiments.measures import planning_measures
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.analysis.quantities import ASKED
from smwm_core.errors import SMWMError
from smwm_core.planning import CEM, TASKS_PER_SEARCH, evaluate, oracle_policy, random_policy, repeat_policy, stay_policy

TASK, SHORTER = "reacher", 4
LABELS = {"smwm": "SMWM", "smwm_two_frames": "SMWM, two frames"}
page = Page("night_reacher", "Fig. 5, Reacher longer", preset, seed, device, recompute)
if page.budget.vit is not None:
    raise SMWMError(f"This page is about the small control models; fig5_planning has those of the preset {preset}.")

# %%
smwm = page.budget.planner_config(TASK, page.budget.objectives(TASK)["smwm"])
runs = {"smwm.quarter": replace(smwm, steps=smwm.steps // SHORTER), "smwm": smwm}
runs["smwm_two_frames"] = replace(smwm, frames=2)
for s in page.seeds:
    for name, config in page.some(runs, LABELS).items():
        run = page.run(config, s, published=name in LABELS)
        plan_and_diagnose(page, run, f"{TASK}.{name}")
    world, tasks, search = run.world, page.tasks(run, OFFSET), CEM(*run.world.bounds, **page.budget.search)
    others = {
        "random": (random_policy(world), tasks),
        "stay": (stay_policy(world), tasks),
        "repeat": (repeat_policy(world), tasks),
        "oracle": (oracle_policy(world, search), tasks[:TASKS_PER_SEARCH]),
        "oracle_still": (oracle_policy(world, search, velocities=False), tasks[:TASKS_PER_SEARCH]),
    }
    for name, (policy, chosen) in others.items() if page.redo else ():
        page.add(s, f"{TASK}.{name}", **planning_measures(evaluate(world, policy, chosen, ACT_STEPS, s)))

results = page.results()
