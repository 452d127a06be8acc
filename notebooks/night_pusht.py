# %% [markdown]
# # Push-T after a night of training
#
# **The question.** At laptop size Push-T is hardly ever solved. Is it the objective, the planner, or the budget? Here
# the same small models train four times as long, and each failure is traced to what the latent does not hold.

# %% tags=["parameters", "remove-input"]
preset: str = "overnight"  # smoke: seconds · laptop: minutes on two cores · overnight: hours · paper: a GPU
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
from smwm_book.experiments.presets import METHOD_LABELS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.analysis.quantities import ASKED
from smwm_core.errors import SMWMError
from smwm_core.planning import evaluate, random_policy, repeat_policy, stay_policy

TASK, METHODS, SHORTER = "pusht", ("smwm", "sigreg"), 4
page = Page("night_pusht", "Fig. 5, Push-T longer", preset, seed, device, recompute)
if page.budget.vit is not None:
    raise SMWMError(f"This page is about the small control models; fig5_planning has those of the preset {preset}.")

# %%
whole = {method: page.budget.planner_config(TASK, page.budget.objectives(TASK)[method]) for method in METHODS}
quarter = {f"{method}.quarter": replace(run, steps=run.steps // SHORTER) for method, run in whole.items()}
for s in page.seeds:
    for name, config in page.some({**quarter, **whole}, METHODS).items():
        run = page.run(config, s, published=name in METHODS)
        outcome, tasks = plan_and_diagnose(page, run, f"{TASK}.{name}"), page.tasks(run, OFFSET)
        for label, number in choose_films(outcome).items() if page.redo and s == seed and name == "smwm" else ():
            film = planned_episode(run.world, run.model, outcome, number, tasks.goal[number])
            page.arrays.update({f"{label}.{part}": values for part, values in film.items()})
    for name, floor in {"random": random_policy, "stay": stay_policy, "repeat": repeat_policy}.items():
        if page.redo:
            outcome = evaluate(run.world, floor(run.world), tasks, ACT_STEPS, s)
            page.add(s, f"{TASK}.{name}", **planning_measures(outcome))

results = page.results()


# %% mystnb={"figure": {"name": "fig-night-pusht", "caption": "TODO"}, "image": {"alt": "TODO", "classes": "dark-light wide"}}
def by_windows(name: str) -> dict[str, dict[int, dict]]:
    """A metric per method's label and windows seen."""
    seen = {method: run.batch_size * run.steps for method, run in whole.items()}
    return {
        METHOD_LABELS[method]: {
            seen[method] // SHORTER: results.metric(f"{TASK}.{method}.quarter.{name}"),
            seen[method]: results.metric(f"{TASK}.{method}.{name}"),
        }
        for method in METHODS
    }


figures.success_and_readings(
    by_windows("success_percent"),
    {"random actions": results.metric(f"{TASK}.random.success_percent")},
    {quantity: (by_windows(f"{quantity}_error"), asked.tolerance) for quantity, asked in ASKED[TASK].items()},
)

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-night-pusht-film", "caption": "TODO"}, "image": {"alt": "Rows of frames of a blue disc and a grey T on a table, from start to goal, each with a plot of the latent in two components: grey points, a black way, orange dashed plans and a blue star.", "classes": "dark-light wide"}}
films = {}
for name, values in results.arrays.items():
    label, part = name.split(".")
    films.setdefault(label, {})[part] = values
figures.filmstrips(films)

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
