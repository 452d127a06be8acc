# %% [markdown]
# # Push-T after a night of training
#
# **The question.** At laptop size Push-T is hardly ever solved. Is it the objective, the planner, or the budget? Here
# the same small models train four times as long, and each failure is traced to what the latent does not hold.

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


# %% mystnb={"figure": {"name": "fig-night-pusht", "caption": "Push-T, against the windows seen in training; means of three seeds with 95 % intervals. Left: goals reached, ours and the paper's. Middle and right: the median error with which an MLP reads what a goal asks for from latents of held-out frames; dashed, what the goal test tolerates. Success rises, and the readings hardly change: the T's angle is as good as unknown (a guess is off by 90°)."}, "image": {"alt": "Three plots against the number of training windows, 0.1 and 0.4 million. Goals reached rise from four to twenty percent for SMWM and SIGReg alike, far below the paper's hollow marks above eighty. The error of the places stays near 42 pixels, above a dashed line at 20; the error of the angle stays near 85 degrees, above a dashed line at 20.", "classes": "dark-light wide"}}
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

# %% [markdown]
# ## The experiment
#
# Models, data and tasks are those of the [planning page](fig5_planning.ipynb), and so is the search; only the training
# is four times as long, 410,000 windows instead of 102,000, with a warm-up and a cosine of its own. A goal of Push-T
# counts as reached if the four coordinates of disc and T together are within 20 px of the 512 of the table, and the T's
# angle within 20°. So beside [the rates](#fig-night-pusht) stands what a planner could know at best: an MLP is fitted to
# read exactly these quantities from latents of training frames, and its median error on held-out frames is compared
# with the tolerance. Where it is far above, no search can help. `…_share` in the table is the share of the latent's
# variance that is a function of a quantity: what the planner's distance is made of.
#
# ## Episodes to look at
#
# The task that took the median number of steps, and the first one that failed, [as films](#fig-night-pusht-film).

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-night-pusht-film", "caption": "Push-T after the whole training: a task that was solved and one that failed. The disc arrives; whether the T does is decided by how little it had to turn."}, "image": {"alt": "Rows of frames of a blue disc and a grey T on a table, from start to goal, each with a plot of the latent in two components: grey points, a black way, orange dashed plans and a blue star.", "classes": "dark-light wide"}}
films = {}
for name, values in results.arrays.items():
    label, part = name.split(".")
    films.setdefault(label, {})[part] = values
figures.filmstrips(films)

# %% tags=["nbval-check-output", "remove-cell"]
for name in METHODS:
    print(
        f"{METHOD_LABELS[name]:7} solves {page.here[f'{TASK}.{name}.first20_success_percent']:.1f} % of the first twenty"
    )

# %% [markdown]
# ## What to notice
#
# - **Four times the training, five times the goals.** Both methods rise from 4 to 20 % [16, 25], level with each other;
#   in the paper both are above 80 %.
# - **What stands in the way is the T's angle.** It is misread by 84° in the median, where a guess is off by 90° and the
#   goal test tolerates 20°. The places are off by 42 px instead of 20 for the same reason: the state says where the
#   middle of the T's bar lies, 45 px from the centre of mass, and who does not know the angle does not know the one from
#   the other.
# - **It is not the budget alone.** With four times the training both errors hardly move. What made five times the goals
#   is elsewhere, perhaps in the predictions, which this page does not measure.
# - **The demonstrations are the suspect.** The disc moves as its action says however the T lies, so one-step inverse
#   dynamics asks for the T only as far as the agent's habits depend on it. Ours brings the T to a pose of its own in
#   each episode, which no frame shows; so its actions say little about how the T is turned. In a single run with the
#   same training, not committed, 1,840 demonstrations all aimed at the pose that is drawn on the table: the angle was
#   then read to 31° in the median (within the tolerance in 38 % of frames instead of 13 %), and 30 % of goals were
#   reached, of a hundred tasks from those demonstrations; the same seed reaches 16 % here.
#
# **Try it.** Plan with half of the samples, `CEM(*run.world.bounds, samples=150)`. Is it the search that fails?
#
# ## Exercises
#
# A check follows, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: How far off is it?
#
# `ASKED[TASK]` has the quantities that a goal asks for, each with a `tolerance`, and `results.metric(name)["value"]` the
# median error of reading them, for example under `pusht.smwm.places_error`. Define `times_too_large`, a dictionary from
# each quantity to how many times the tolerance the error of the SMWM is after the whole training.

# %% tags=["solution"]
times_too_large = {
    quantity: results.metric(f"{TASK}.smwm.{quantity}_error")["value"] / asked.tolerance
    for quantity, asked in ASKED[TASK].items()
}

# %% tags=["check"]
assert set(times_too_large) == set(ASKED[TASK]), f"It needs one number for each of {', '.join(ASKED[TASK])}."
for quantity, asked in ASKED[TASK].items():
    error = results.metric(f"{TASK}.smwm.{quantity}_error")
    assert abs(times_too_large[quantity] * asked.tolerance - error["value"]) < 1e-6, f"Look again at {quantity}."
print("Right:", ", ".join(f"{quantity} {times:.1f}" for quantity, times in times_too_large.items()), "tolerances.")

# %% [markdown] tags=["solution"]
# A median error of one tolerance would mean that every other goal is misread so badly that reaching it is luck.

# %% [markdown]
# ## What you have learned
#
# - A goal test has tolerances, and whether they can be met is seen in the latent before anything is planned.
# - More training helps a planner only as far as the latent comes to hold what the goal asks for.
# - What the action never needs has to be told by the data: demonstrations decide what the inverse loss can teach.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
