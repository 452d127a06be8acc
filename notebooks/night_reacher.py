# %% [markdown]
# # Reacher after a night of training, and with two frames
#
# **The question.** At laptop size Reacher is hardly ever solved. Is it the budget, or what a single frame hides? Here
# the same small models train four times as long, once as in the paper and once with an encoder that sees two frames.

# %% tags=["parameters", "remove-input"]
preset: str = "overnight"  # smoke: seconds · laptop: minutes on two cores · overnight: hours on two cores
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from dataclasses import replace

from smwm_book import figures
from smwm_book.experiments.diagnosis import ACT_STEPS, OFFSET, plan_and_diagnose
from smwm_book.experiments.films import choose_films, planned_episode
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
runs = {"smwm": smwm, "smwm.quarter": replace(smwm, steps=smwm.steps // SHORTER)}
runs["smwm_two_frames"] = replace(smwm, frames=2)
for s in page.seeds:
    for name, config in page.some(runs, LABELS).items():
        run = page.run(config, s, published=name in LABELS)
        outcome, tasks = plan_and_diagnose(page, run, f"{TASK}.{name}"), page.tasks(run, OFFSET)
        for label, number in choose_films(outcome).items() if page.redo and s == seed and name == "smwm" else ():
            film = planned_episode(run.world, run.model, outcome, number, tasks.goal[number])
            page.arrays.update({f"{label}.{part}": values for part, values in film.items()})
    search, few = CEM(*run.world.bounds, **page.budget.search), tasks[:TASKS_PER_SEARCH]
    others = {
        "random": (random_policy(run.world), tasks),
        "stay": (stay_policy(run.world), tasks),
        "repeat": (repeat_policy(run.world), tasks),
        "oracle": (oracle_policy(run.world, search), few),
        "oracle_still": (oracle_policy(run.world, search, velocities=False), few),
    }
    for name, (policy, chosen) in others.items() if page.redo else ():
        page.add(s, f"{TASK}.{name}", **planning_measures(evaluate(run.world, policy, chosen, ACT_STEPS, s)))

results = page.results()


# %% mystnb={"figure": {"name": "fig-night-reacher", "caption": "TODO"}, "image": {"alt": "TODO", "classes": "dark-light wide"}}
def by_windows(name: str, methods=LABELS) -> dict[str, dict[int, dict]]:
    """A metric per model's label and windows seen."""
    seen, found = smwm.batch_size * smwm.steps, {}
    for method in methods:
        found[LABELS[method]] = {seen: results.metric(f"{TASK}.{method}.{name}")}
    found["SMWM"] = {seen // SHORTER: results.metric(f"{TASK}.smwm.quarter.{name}"), **found["SMWM"]}
    return found


stands_for = {"oracle": "true dynamics", "oracle_still": "true dynamics, all at rest", "random": "random actions"}
figures.success_and_readings(
    by_windows("success_percent"),
    {label: results.metric(f"{TASK}.{method}.success_percent") for method, label in stands_for.items()},
    {quantity: (by_windows(f"{quantity}_error", ["smwm"]), a.tolerance) for quantity, a in ASKED[TASK].items()},
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-night-reacher-film", "caption": "TODO"}, "image": {"alt": "Rows of frames of a two-link arm seen from above, from start to goal, each with a plot of the latent in two components: grey points on a ring, a black way, orange dashed plans and a blue star.", "classes": "dark-light wide"}}
films = {}
for name, values in results.arrays.items():
    label, part = name.split(".")
    films.setdefault(label, {})[part] = values
figures.filmstrips(films)

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
