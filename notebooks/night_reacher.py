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
from smwm_book.tables.report import display_metrics, display_provenance, published_results
from smwm_core.analysis.quantities import ASKED
from smwm_core.errors import SMWMError
from smwm_core.planning import evaluate, random_policy

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
    if page.redo:
        tasks = page.tasks(run, OFFSET)
        outcome = evaluate(run.world, random_policy(run.world), tasks, ACT_STEPS, s)
        page.add(s, f"{TASK}.random", **planning_measures(outcome))

results = page.results()


# %% mystnb={"figure": {"name": "fig-night-reacher", "caption": "Reacher, against the windows seen in training; means of three seeds with 95 % intervals. Left: goals reached, with the same search on the true dynamics as a ceiling. Right: the median error with which an MLP reads the two joints' angles from latents of held-out frames; dashed, what the goal test tolerates."}, "image": {"alt": "Three plots against the number of training windows, 0.1 and 0.4 million. Left: goals reached by SMWM with one frame and with two, with lines for true dynamics, true dynamics with everything at rest, and random actions. Middle and right: the error of shoulder and wrist for SMWM with one frame, with a dashed line at the tolerance.", "classes": "dark-light wide"}}
def by_windows(name: str, methods: dict[str, str]) -> dict[str, dict[int, dict]]:
    """A metric per model's label and windows seen."""
    seen = smwm.batch_size * smwm.steps
    found = {label: {seen: results.metric(f"{TASK}.{method}.{name}")} for method, label in methods.items()}
    found["SMWM"] = {seen // SHORTER: results.metric(f"{TASK}.smwm.quarter.{name}"), **found["SMWM"]}
    return found


lines = {"random actions": results.metric(f"{TASK}.random.success_percent")}
for day in published_results("fig5_planning")[:1]:
    lines["true dynamics"] = day.metric(f"{TASK}.oracle.success_percent")
    lines["true dynamics, all at rest"] = day.metric(f"{TASK}.oracle_still.success_percent")
figures.success_and_readings(
    by_windows("success_percent", LABELS),
    lines,
    {name: (by_windows(f"{name}_error", {"smwm": "SMWM"}), asked.tolerance) for name, asked in ASKED[TASK].items()},
)

# %% [markdown]
# ## The experiment
#
# Models, data and tasks are those of the [planning page](fig5_planning.ipynb), and so is the search; the training is
# four times as long, 410,000 windows instead of 102,000, with a warm-up and a cosine of its own. A goal of Reacher
# counts as reached if both joints are within 0.05 rad of it; an MLP is fitted to read exactly these angles from latents
# of training frames, and its median error on held-out frames is compared with the tolerance.
#
# **What one frame hides.** A frame shows where the arm is, not how fast it turns, and a torque changes the speed. A
# planner that sees one frame can at best take the arm to stand still. What that costs is seen without any model: the
# same search with the true dynamics solves nearly all tasks if it knows the speeds, and fewer if it
# takes them as zero; both are measured on the [planning page](fig5_planning.ipynb). The second encoder
# sees each frame together with the one five steps earlier, so that the speed is in what it sees.

# %% tags=["nbval-check-output", "remove-cell"]
for name, label in LABELS.items():
    print(f"{label:16} solves {page.here[f'{TASK}.{name}.first20_success_percent']:.1f} % of the first twenty")

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
