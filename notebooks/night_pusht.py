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
from smwm_book.experiments.diagnosis import diagnose
from smwm_book.experiments.films import choose_films, planned_episode
from smwm_book.experiments.measures import Rate, planning_measures
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import METHOD_LABELS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.analysis.probes import draw_states
from smwm_core.analysis.quantities import ASKED
from smwm_core.errors import SMWMError
from smwm_core.planning import CEM, TASKS_PER_SEARCH, evaluate, mpc_policy, random_policy, repeat_policy, stay_policy
from smwm_core.seeds import generator

TASK, METHODS, SHORTER = "pusht", ("smwm", "sigreg"), 4
OFFSET, ACT_STEPS = 25, 50  # primitive steps from start to goal, and to act
page = Page("night_pusht", "Fig. 5, Push-T longer", preset, seed, device, recompute)
if page.budget.vit is not None:
    raise SMWMError(f"This page is about the small control models; fig5_planning has those of the preset {preset}.")

# %%
for s in page.seeds:
    for method in METHODS:
        full = page.budget.planner_config(TASK, page.budget.objectives(TASK)[method])
        quarter = replace(full, steps=full.steps // SHORTER)
        stages = {"quarter": quarter, "whole": full}
        for stage, config in page.some(stages, ["whole"]).items():
            run = page.run(config, s, published=stage == "whole")
            world, tasks, of = run.world, page.tasks(run, OFFSET), f"{TASK}.{method}"
            of += f".{stage}" * (stage != "whole")
            policy = mpc_policy(world, run.model, CEM(*world.bounds, **page.budget.search))
            outcome = evaluate(world, policy, page.some(tasks, tasks[:TASKS_PER_SEARCH]), ACT_STEPS, s)
            if stage == "whole":
                first = outcome.success[:TASKS_PER_SEARCH]
                page.add(s, of, first20_success_percent=Rate(int(first.sum()), len(first)))
            if page.redo:
                states = draw_states(config.make_world(), *page.budget.probe_states, generator(s, f"states of {TASK}"))
                page.add(s, of, **planning_measures(outcome), **diagnose(run, *states, s))
            if page.redo and s == seed and (method, stage) == ("smwm", "whole"):
                for label, number in choose_films(outcome).items():
                    film = planned_episode(world, run.model, outcome, number, tasks.goal[number])
                    page.arrays.update({f"{label}.{part}": values for part, values in film.items()})
    if page.redo:
        floors = {"random": random_policy, "stay": stay_policy, "repeat": repeat_policy}
        for name, policy in floors.items():
            page.add(s, f"{TASK}.{name}", **planning_measures(evaluate(world, policy(world), tasks, ACT_STEPS, s)))

results = page.results()

# %% mystnb={"figure": {"name": "fig-night-pusht", "caption": "TODO"}, "image": {"alt": "TODO", "classes": "dark-light wide"}}
windows = [run.config.batch_size * steps for steps in (quarter.steps, full.steps)]
labels = {method: METHOD_LABELS[method] for method in METHODS}


def both_stages(name: str) -> dict[str, list[dict]]:
    """A metric per method's label, after a quarter and after the whole training."""
    return {
        label: [results.metric(f"{TASK}.{method}{stage}.{name}") for stage in (".quarter", "")]
        for method, label in labels.items()
    }


figures.success_and_readings(
    windows,
    both_stages("success_percent"),
    {"random": results.metric(f"{TASK}.random.success_percent")},
    {name: (both_stages(f"{name}_error"), asked.tolerance) for name, asked in ASKED[TASK].items()},
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
