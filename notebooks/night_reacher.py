# %% [markdown]
# # Reacher after a night of training, and with two frames
#
# **The question.** At laptop size Reacher is rarely solved. Is it the budget, what a single frame hides, or how the
# torques were recorded? Here the same small models train four times as long and eight times as long, on two kinds of
# recordings, with the paper's one frame and with an encoder that sees two.

# %% tags=["parameters", "remove-input"]
preset: str = "overnight"  # smoke: seconds · laptop: minutes on two cores · overnight: hours on two cores
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from dataclasses import replace

from smwm_book import figures
from smwm_book.experiments.diagnosis import ACT_STEPS, OFFSET, SHORTER, by_windows, inverse_losses, plan_and_diagnose
from smwm_book.experiments.measures import planning_measures
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance, published_results
from smwm_core.analysis.quantities import ASKED
from smwm_core.errors import SMWMError
from smwm_core.planning import CEM, TASKS_PER_SEARCH, evaluate, oracle_policy, random_policy

TASK, ONE = "reacher", {"smwm": "SMWM", "sigreg": "SIGReg"}
LABELS = {"smwm": "SMWM", "sigreg": "SIGReg", "smwm_two_frames": "SMWM, two frames"}
# The torques of the training episodes, and how many times as long as a night the training is.
KINDS = {"reacher": ("reacher/mixed", 1), "reacher_held": ("reacher", 1), "reacher_held_twice": ("reacher", 2)}
page = Page("night_reacher", "Fig. 5, Reacher longer", preset, seed, device, recompute)
if page.budget.vit is not None:
    raise SMWMError(f"This page is about the small control models; fig5_planning has those of the preset {preset}.")

# %%
smwm, sigreg = (page.budget.planner_config(TASK, page.budget.objectives(TASK)[name]) for name in ("smwm", "sigreg"))
episodes = smwm.world.rpartition("/")[2]
runs = {"reacher.smwm.quarter": replace(smwm, steps=smwm.steps // SHORTER)}
for kind, (recorded, times) in KINDS.items():
    longer = {"world": f"{recorded}/{episodes}", "steps": times * smwm.steps}
    runs |= {f"{kind}.{name}": replace(arm, **longer) for name, arm in (("smwm", smwm), ("sigreg", sigreg))}
    if kind != TASK:
        runs[f"{kind}.smwm_two_frames"] = replace(smwm, frames=2, **longer)
published = ("reacher_held_twice.smwm", "reacher_held_twice.smwm_two_frames")
for s in page.seeds:
    trained = {
        name: page.run(config, s, published=name in published) for name, config in page.some(runs, published).items()
    }
    for name, run in trained.items():
        plan_and_diagnose(page, run, name)
        if page.redo and run.config.objective.inverse:
            page.add(run, name, **inverse_losses(run))
    for kind in page.some((TASK, "reacher_held"), ()):
        run = trained[f"{kind}.smwm"]
        world, tasks = run.world, page.tasks(run, OFFSET)
        chance = evaluate(world, random_policy(world), tasks, ACT_STEPS, s)
        page.add(s, f"{kind}.random", **planning_measures(chance))
        if kind == "reacher_held":  # the ceilings of the other are on the planning page
            search = CEM(*world.bounds, **page.budget.search)
            for name, known in (("oracle", True), ("oracle_still", False)):
                policy = oracle_policy(world, search, velocities=known)
                outcome = evaluate(world, policy, tasks[:TASKS_PER_SEARCH], ACT_STEPS, s)
                page.add(s, f"{kind}.{name}", **planning_measures(outcome))

results = page.results()


# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-night-reacher", "caption": "Reacher after 410,000 windows, and after 820,000 on the right of each panel, by how the torques of the training episodes were drawn (the tasks are from episodes of the same kind). *Goals reached*: the dotted line is the search on the true dynamics if it takes the arm to be at rest. *Error of the wrist*: the median error with which an MLP reads it from latents of held-out frames; dashed: what the goal test tolerates. Large marks: means with 95 % intervals, points: three seeds. A second frame doubles what SMWM reaches at either budget; where the torques are held SIGReg has no lead."}, "image": {"alt": "Two plots with three columns each. Goals reached in percent. Half of the torques new at every step: SMWM 17, SIGReg 55; dotted line at 83. Torques held for a while: SMWM 28 with seeds from 12 to 43, SIGReg 30, SMWM with two frames 57; dotted line at 78. The same with twice the training: SMWM 41 with seeds from 33 to 47, SIGReg 36, SMWM with two frames 78, at the dotted line. Error of the wrist in radians, tolerance 0.05: SMWM 0.06, 0.02 and 0.01, SIGReg 0.01 in all.", "classes": "dark-light wide"}}
names = {
    "reacher": "half held,\nhalf new\neach step",
    "reacher_held": "all held",
    "reacher_held_twice": "all held,\ntwice the\ntraining",
}
metrics = {
    what: {label: results.each(f"*.{key}.{what}", names) for key, label in LABELS.items()}
    for what in ("success_percent", "wrist_error")
}
still = results.each("*.oracle_still.success_percent", names)
for day in published_results("fig5_planning")[:1]:  # the tasks of the usual episodes
    still[names["reacher"]] = day.metric("reacher.oracle_still.success_percent")
if names["reacher_held"] in still:  # the same tasks
    still[names["reacher_held_twice"]] = still[names["reacher_held"]]
ceilings = {kind: still[kind]["value"] for kind in names.values() if kind in still}
figures.by_recording(*metrics.values(), ceilings, ASKED[TASK]["wrist"])

# %% [markdown]
# Torques that are new at every step act five at a time between two frames that the model sees, and only their joint
# effect shows. Where a torque is held, the two frames tell more of it. For the usual recordings, half of each,
# [the next figure](#fig-night-windows) has the shorter training beside the longer one.

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-night-windows", "caption": "The usual recordings, against the windows seen in training; means of three seeds with 95 % intervals. *Goals reached*: with the same search on the true dynamics as a ceiling. *Error*: the median error with which an MLP reads the two joints from latents of held-out frames; dashed, what the goal test tolerates. Four times the training does not bring SMWM near SIGReg, from whose latent the wrist is read with a fifth of the error."}, "image": {"alt": "Three plots against the number of training windows, 0.1 and 0.4 million. Goals reached rise from fourteen to seventeen percent for SMWM and from forty-seven to fifty-five for SIGReg; random actions reach nine, true dynamics one hundred, and eighty-three with everything at rest; the paper's hollow marks are near two thirds. The errors of the shoulder are near 0.02 radians and below it, below a dashed line at 0.05. That of the wrist falls from 0.09 to 0.06 for SMWM, just above the line; for SIGReg it is at 0.01.", "classes": "dark-light wide"}}
seen = smwm.batch_size * smwm.steps
success = by_windows(results, f"{TASK}.*.success_percent", ONE, seen)
lines = {"random actions": results.metric(f"{TASK}.random.success_percent")}
for day in published_results("fig5_planning")[:1]:
    lines["true dynamics"] = day.metric(f"{TASK}.oracle.success_percent")
    success["SIGReg"] |= {seen // SHORTER: day.metric(f"{TASK}.sigreg.success_percent")}
    lines["true dynamics, all at rest"] = day.metric(f"{TASK}.oracle_still.success_percent")
figures.success_and_readings(
    success,
    lines,
    {
        angle: (by_windows(results, f"{TASK}.*.{angle}_error", ONE, seen), asked.tolerance)
        for angle, asked in ASKED[TASK].items()
    },
)

# %% [markdown]
# ## The experiment
#
# Models and search are those of the [planning page](fig5_planning.ipynb); the training is four times as long, 410,000
# windows instead of 102,000, with a warm-up and a cosine of its own. With held torques it was done once more with twice the steps,
# a length that was chosen on other tasks, with a seed that is not reported. The usual 6,000 episodes have torques that are
# drawn anew at every step in one half and held for a while in the other, five steps on average; 6,000 more have held
# torques only. The paper's recordings are [said](../book/differences.md) to be those of a trained agent, and the released
# ones look as if every torque were new. A goal of Reacher counts as reached if
# [both joints](#fig-night-reacher) are within 0.05 rad of it; an MLP is fitted to read exactly these angles from
# latents of training frames, and its median error on held-out frames is compared with the tolerance.
# `…_share` in the table is the share of the latent's variance that is a function of an angle, `inverse_loss` that of
# the last hundred batches and `held_out_inverse_loss` that of held-out episodes, both in shares of the torques' variance. `left_expected` is how much of the distance to the goal,
# in the latent, the model expects to be left after its first plan, and `left_met` how much there is once the plan has
# been carried out.
#
# **What one frame hides.** A frame shows where the arm is, not how fast it turns, and a torque changes the speed. A
# planner that sees one frame can at best take the arm to stand still. What that costs is seen without any model: the
# same search with the true dynamics solves all of twenty tasks if it knows the speeds, and 78 % (held torques) or
# [83 %](fig5_planning.ipynb) if it takes them as zero. The second encoder sees each frame together with the one a
# single step of the simulator earlier, so that the speed is in what it sees.

# %% tags=["nbval-check-output", "remove-cell"]
for name in published:
    print(f"{name:29} solves {page.here[f'{name}.first20_success_percent']:.1f} % of the first twenty")

# %% [markdown]
# ## What to notice
#
# - **A second frame doubles what is reached**, in each of three seeds; over seeds this is decided after twice the training only: 57 % of the goals [51, 62] instead
#   of 28 % [23, 33], and after twice the training 78 % [73, 82] instead of 41 % [35, 46] (84, 72 and 78 against 42, 33 and
#   47; the intervals count tasks). With one frame the first plan then leaves 22 % of the way where the model expected 5 %; with two, 7 % where it expected 5 %. The paper has 66 % with one frame.
# - **Whether the wrist is found decides.** After 410,000 windows with held torques two of three seeds have found it: it gets 41 and 56 % of the
#   latent's variance, and a third of the torques' variance is missed. The third seed misses 69 %, gives the wrist 2 %
#   and reaches 12 % of the goals. Nothing differs between them but the random numbers. After twice the training all three
#   have found it and miss a third; held-out episodes say the same, so that is not learnt by heart. With the usual recordings no seed finds
#   it: 81 % are missed, the wrist has 0.1 % of the variance, the shoulder 98 %.
# - **With held torques SMWM and SIGReg are not told apart**: 28 and 30 %, 41 [35, 46] and 36 % [31, 42] after twice the
#   training. SMWM with two frames is far above both; SIGReg was not trained with two.
# - **A probe sees more than a planner.** With the usual recordings an MLP reads the wrist to 0.056 rad, nearly within the
#   tolerance, and SMWM reaches 17 % of the goals, where chance reaches 9 %. A distance is made of variance: two arms
#   with the same shoulder are nearly the same place to the planner. Made as large as the rest, though, such a wrist
#   [does not help](beyond_planning.ipynb).
# - **SIGReg depends on the recordings as well**, the other way round: 55 % [50, 61] with the usual ones and 30 % [25, 36]
#   with held torques (36 % after twice the training), although both joints are read from its latent to 0.01 rad in either case. The tasks differ too: they come from
#   episodes of the same kind, and under held torques goals lie farther from their starts. We have not separated the two.
# - **What is left open.** Two frames for SIGReg; torques that are new at every step throughout; more steps with the usual
#   recordings.
#
# **Try it.** Read the wrist from a few labelled frames and search with that. What share of the goals is reached then?
#
# ## Exercises
#
# A check follows, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: What was not expected
#
# For torques that are held, `results.metric(name)["value"]` has `reacher_held.smwm.left_expected` and
# `reacher_held.smwm.left_met`, and the same for `smwm_two_frames`. Define `surprise`, a dictionary from `"smwm"` and
# `"smwm_two_frames"` to the share of the way that is left and was not expected to be.

# %% tags=["solution"]
PAIR = ("smwm", "smwm_two_frames")


def left(name, part):
    return results.metric(f"reacher_held.{name}.left_{part}")["value"]


surprise = {name: left(name, "met") - left(name, "expected") for name in PAIR}

# %% tags=["check"]
assert set(surprise) == {"smwm", "smwm_two_frames"}, "It needs one number for smwm and one for smwm_two_frames."
for name, value in surprise.items():
    expected, met = (results.metric(f"reacher_held.{name}.left_{part}")["value"] for part in ("expected", "met"))
    assert abs(value + expected - met) < 1e-9, f"What is left is what was expected and the surprise: {LABELS[name]}."
print("Right:", ", ".join(f"{LABELS[name]} {value:.2f}" for name, value in surprise.items()))

# %% [markdown] tags=["solution"]
# With one frame a fifth of the way is left that was not expected to be, with two a twentieth: a plan that starts from the
# right speed goes where the model says.

# %% [markdown]
# ## What you have learned
#
# - What a probe can read, a distance need not see: look at shares of the variance beside R².
# - A model can expect too much of its plans; how much is measured by carrying them out.
# - What a model sees of the speed can matter more than four times the training.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
