# %% [markdown]
# # Push-T after a night of training
#
# **The question.** At laptop size Push-T is rarely solved. Is it the objective, the planner, the data or the budget?
# Here the same small models train four times as long, and what still fails is traced: to what the latent does not
# hold, to plans that do not come out as the model expects, and to the search itself. A second frame, which helps in
# [Reacher](night_reacher.ipynb), is tried as well.

# %% tags=["parameters", "remove-input"]
preset: str = "overnight"  # smoke: seconds · laptop: minutes on two cores · overnight: hours on two cores
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from dataclasses import replace

from IPython.display import HTML, display

from smwm_book import figures
from smwm_book.experiments.diagnosis import ACT_STEPS, OFFSET, SHORTER, by_windows, plan_and_diagnose
from smwm_book.experiments.films import PLANNED, choose_films, planned_episode
from smwm_book.experiments.measures import planning_measures
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import METHOD_LABELS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_book.widgets.films import watch_the_films
from smwm_core.analysis.quantities import ASKED
from smwm_core.errors import SMWMError
from smwm_core.planning import CEM, evaluate, oracle_policy, random_policy, repeat_policy, stay_policy

TASK, ONE = "pusht", {method: METHOD_LABELS[method] for method in ("smwm", "sigreg")}
LABELS = {**ONE, "smwm_two_frames": "SMWM, two frames"}
SEARCHED = 10  # tasks that are searched with the true dynamics, where a plan takes a quarter of a minute
page = Page("night_pusht", "Fig. 5, Push-T longer", preset, seed, device, recompute)
if page.budget.vit is not None:
    raise SMWMError(f"This page is about the small control models; fig5_planning has those of the preset {preset}.")

# %%
whole = {method: page.budget.planner_config(TASK, page.budget.objectives(TASK)[method]) for method in ONE}
quarter = {f"{method}.quarter": replace(run, steps=run.steps // SHORTER) for method, run in whole.items()}
arms = {**quarter, **whole, "smwm_two_frames": replace(whole["smwm"], frames=2)}
for s in page.seeds:
    for name, config in page.some(arms, ONE).items():
        run = page.run(config, s, published=name in ONE)
        outcome, tasks = plan_and_diagnose(page, run, f"{TASK}.{name}"), page.tasks(run, OFFSET)
        for label, number in choose_films(outcome).items() if page.redo and s == seed and name == "smwm" else ():
            film = planned_episode(run.world, run.model, outcome, number, tasks.goal[number])
            page.arrays.update({f"{label}.{part}": values for part, values in film.items()})
    for name, floor in {"random": random_policy, "stay": stay_policy, "repeat": repeat_policy}.items():
        if page.redo:
            outcome = evaluate(run.world, floor(run.world), tasks, ACT_STEPS, s)
            page.add(s, f"{TASK}.{name}", **planning_measures(outcome))
    for name, known in {"oracle": True, "oracle_still": False}.items():
        if page.redo:
            policy = oracle_policy(run.world, CEM(*run.world.bounds, **page.budget.search), velocities=known)
            outcome = evaluate(run.world, policy, tasks[:SEARCHED], ACT_STEPS, s)
            page.add(s, f"{TASK}.{name}", **planning_measures(outcome))

results = page.results()


# %% mystnb={"figure": {"name": "fig-night-pusht", "caption": "Push-T, against the windows seen in training; means of three seeds with 95 % intervals. *Goals reached*: ours and the paper's; lines need no training, and those with the true dynamics stand on ten tasks. *Error*: the median error with which an MLP reads what a goal asks for from latents of held-out frames; dashed, what the goal test tolerates. Success rises from 20 to 40 % for SMWM and from 14 to 47 % for SIGReg; from SIGReg's latent both are read within the tolerance after the whole training, from SMWM's neither. With a second frame SMWM reaches 20 %."}, "image": {"alt": "Three plots against the number of training windows, 0.1 and 0.4 million. Goals reached rise from twenty to forty percent for SMWM and from fourteen to forty-seven for SIGReg, below the paper's hollow marks above eighty; SMWM with two frames is at twenty. True dynamics reach seventy-three percent, and eighty with everything at rest. The error of the places stays near 32 pixels for SMWM and near 20, the tolerance, for SIGReg. The error of the angle is near 40 degrees for SMWM and near 13 for SIGReg, with the tolerance at 20.", "classes": "dark-light wide"}}
needs_no_training = {
    "oracle_still": "true dynamics, all at rest",
    "oracle": "true dynamics",
    "random": "random actions",
}
seen = whole["smwm"].batch_size * whole["smwm"].steps
figures.success_and_readings(
    by_windows(results, f"{TASK}.*.success_percent", LABELS, seen),
    {label: results.metric(f"{TASK}.{name}.success_percent") for name, label in needs_no_training.items()},
    {
        name: (by_windows(results, f"{TASK}.*.{name}_error", ONE, seen), goal.tolerance)
        for name, goal in ASKED[TASK].items()
    },
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
# The other thing that can fail is the forward model. `left_expected` is how much of the distance to the goal, in the
# latent, the model expects to be left after its first plan, and `left_met` how much there is once the plan has been
# carried out: medians over the tasks. A search looks for whatever the model judges well, its errors included.
#
# ## Episodes to watch
#
# The task that took the median number of steps, and the first one that failed. The latent was kept at every step, the
# frame at six; [stills](#fig-night-pusht-film) stand below.

# %% tags=["hide-input"]
films = {}
for name, values in results.arrays.items():
    label, part = name.split(".")
    films.setdefault(label, {})[part] = values
display(HTML(watch_the_films({"Push-T": films}, PLANNED * run.world.frameskip)))

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-night-pusht-film", "caption": "Push-T after the whole training: a task that was solved and one that failed. A goal counts only if disc, T and angle are right together."}, "image": {"alt": "Rows of frames of a blue disc and a grey T on a table, from start to goal, each with a plot of the latent in two components: grey points, a black trajectory, orange dashed plans and a blue star.", "classes": "dark-light wide"}}
figures.filmstrips(films)

# %% tags=["nbval-check-output", "remove-cell"]
for name, label in ONE.items():
    print(f"{label:7} solves {page.here[f'{TASK}.{name}.first20_success_percent']:.1f} % of the first twenty")

# %% [markdown]
# ## What to notice
#
# - **Four times the training, more goals.** SMWM rises from 20 to 40 % [35, 46], SIGReg from 14 to 47 % [41, 53]; the intervals count tasks, and over seeds only SIGReg's rise is decided. SIGReg is ahead in two seeds of three, which decides nothing; in the paper it is ahead as well, and
#   both are above 80 %.
# - **SIGReg encodes the T, SMWM only roughly.** SIGReg's latent tells the T's angle to 13°, where the goal test
#   tolerates 20° and a guess is off by 90°, and disc and T to 19 px of 20. SMWM's tells the angle to 38° and the places
#   to 32 px. The disc follows its action at any pose of the T, so the T helps to recover the action only as far as the
#   agent's policy depends on it; in SMWM's latent the angle has 1 % of the variance.
# - **Plans come out worse than expected**, in every seed. SMWM expects its first plan to leave 10 % of the way, and 26 %
#   are left; for SIGReg it is 13 and 37 %.
# - **A second frame does not help here**: 20 % of the goals [16, 25] instead of 40 % [35, 46], in every seed fewer; the intervals count tasks, and over seeds the difference is undecided. The plans come out better: 8 % of the distance is left where the model expects 4 %. So where a goal is still missed, the latent leaves out a part of it. What of the T it encodes has not been measured.
# - **The search is a limit of its own.** With the true dynamics and the goal test's own distances it reaches 73 % of the
#   first ten tasks [56, 86], and 80 % [63, 90] if it takes the disc to be at rest; ten tasks do not tell these two
#   apart. So some goals would be missed with a perfect model, too. In [Reacher](night_reacher.ipynb) the same search reaches the goals of all twenty tasks.
# - **The demonstrations matter, too.** In the results up to commit `a53dbc5` the agent
#   brought the T to a pose of its own in each episode, which no frame shows, and each action had less than half of the
#   noise. Both methods then misread the angle by more than 80° and reached 4 % of the goals, 20 % after the night, in
#   tasks from those episodes. The present agent aims at the pose that is drawn on the table, as the paper's does. Pose,
#   noise and tasks changed together, so how much each of them did is not known.
#
# **Try it.** Plan with half of the samples, `CEM(*run.world.bounds, samples=150)`. How much does that cost?
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
# A median error of one tolerance means that every other goal is misread so badly that reaching it is luck.

# %% [markdown]
# ## What you have learned
#
# - A goal test has tolerances, and whether they can be met is seen in the latent before anything is planned.
# - A plan can fail at the latent, which does not hold the goal, or at the forward model, which expects what does not
#   come; both can be measured.
# - What the action never needs has to be told by the data: demonstrations decide what the inverse loss can teach.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
