# %% [markdown]
# # What the latent knows (paper's table of probes)
#
# **The paper's claim.** The positions of what the agent moves can be read from a latent trained with the inverse loss, about as
# well as from one trained with SIGReg, and better than from one trained with the forward loss alone.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import torch
from IPython.display import Markdown, display

from smwm_book import figures
from smwm_book.experiments.measures import R2
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import METHOD_LABELS, TASKS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.analysis.probes import PROBES, draw_states, linear_r2, probe_r2
from smwm_core.analysis.quantities import QUANTITIES
from smwm_core.seeds import generator

LEARNT = ("smwm", "sigreg", "forward_only")
AGAIN = ("tworoom", "pusht")  # read again, in part, whenever this page is executed
page = Page("table_probes", "Table of probes", preset, seed, device, recompute, tasks=TASKS)
stored = page.stored()

# %%
for s in page.seeds:
    for task in page.some(TASKS, AGAIN):
        for method, run in page.planners(task, s).items():
            if page.redo:
                drawn = generator(s, f"probe states of {task}")
                fit, score = draw_states(run.config.make_world(), *page.budget.probe_states, drawn)
                z_fit = run.encode(fit)
            else:
                score = torch.from_numpy(stored[task])
            z_score = run.encode(score)
            for quantity, of in QUANTITIES[task].items():
                for probe in page.some(PROBES, ()):
                    r2 = probe_r2(probe, z_fit, of(fit), z_score, of(score), seed=s)
                    page.add(s, f"{task}.{quantity}.{probe}.{method}", r2=R2(r2))
                if method == "smwm":
                    split = linear_r2(z_score, of(score)).mean()
                    page.add(s, f"{task}.{quantity}.smwm", linear_split_r2=R2(split))
            if method == "smwm" and s == seed:
                page.arrays[task] = score.numpy()

results = page.results()

# %% mystnb={"figure": {"name": "fig-probes", "caption": "How well a probe reads physical quantities from frozen latents of held-out frames: R², mean over three seeds with a 95 % interval (values below zero are drawn at zero). Hollow circles are the paper's values."}, "image": {"alt": "Dot plot with a row per quantity of four worlds and two panels, linear and MLP probe; three coloured dots with intervals per row and hollow circles for the paper's values.", "classes": "dark-light"}}
figures.probe_scores(
    {
        f"{TASKS[task]}: {quantity.replace('_', ' ')}": {
            probe: results.each(f"{task}.{quantity}.{probe}.*.r2", METHOD_LABELS) for probe in PROBES
        }
        for task in TASKS
        for quantity in QUANTITIES[task]
    }
)

# %% [markdown]
# ## The experiment
#
# The models are those of the [planning page](fig5_planning.ipynb), frozen. A probe, ridge regression or an MLP with two
# hidden layers of 256 and 128, is fitted on frames of the training episodes and scored on held-out ones. Angles are
# read as sine and cosine; [R²](#fig-probes) is the mean over the coordinates of a quantity.

# %% [markdown]
# ## As a table
#
# R² on held-out frames, ours and in brackets the paper's.

# %% tags=["hide-input"]
lines = ["| world, quantity | probe | " + " | ".join(METHOD_LABELS[m] for m in LEARNT) + " |", "|:--|:--|" + "--:|" * 3]
for task, title in TASKS.items():
    for quantity in QUANTITIES[task]:
        for probe in PROBES:
            metrics = [results.metric(f"{task}.{quantity}.{probe}.{method}.r2") for method in LEARNT]
            paper = ["–" if metric["paper"] is None else f"{metric['paper']:.2f}" for metric in metrics]
            cells = [f"{metric['value']:z.2f} ({number})" for metric, number in zip(metrics, paper, strict=True)]
            lines.append(
                f"| {title}: {quantity.replace('_', ' ')} | {probe.replace('mlp', 'MLP')} | {' | '.join(cells)} |"
            )
display(Markdown("\n".join(lines)))

# %% tags=["nbval-check-output", "remove-cell"]
for task in AGAIN:
    for quantity in QUANTITIES[task]:
        print(f"{TASKS[task]:8} {quantity:18} R² {page.here[f'{task}.{quantity}.smwm.linear_split_r2']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **What the action moves is there.** The positions of the dot, the disc and the gripper are read from SMWM's latents
#   almost perfectly, and by a linear probe better than from SIGReg's, as in the paper.
# - **What the action moves only through something else is there in part**: the T's position, by a linear probe R² 0.71
#   for SMWM and 0.78 for SIGReg; the cube's, 0.93 and 0.91.
# - **The T's angle is encoded with SIGReg**, R² 0.47 by an MLP, and hardly with the inverse loss, 0.11, while in the
#   paper it can be read from all latents. The disc follows its action at any angle of the T, so the angle helps to recover the action only as
#   far as the demonstrator's policy depends on it. After [four times the training](night_pusht.ipynb) SMWM's error is 38° instead of 45°, not told apart.
# - **For angles it matters whether the probe is linear.** An MLP probe recovers both joint angles of Reacher from
#   SMWM's latent (R² 0.98), a linear probe less (0.85): the wrist is encoded, but with hardly any variance, and
#   hardly changes the planner's Euclidean distance. From SIGReg's latent a linear probe reads both angles (0.98), and
#   [planning in it succeeds more often](fig5_planning.ipynb).
# - **A collapsed latent still encodes something:** probes standardise their input. The planner's distance does
#   not, and [is noise there](planner_at_work.ipynb).
#
# **Try it.** Read the *velocity* of the disc (`state[:, 5:7]`) from a latent. How well can a single frame tell it?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
push = page.run(page.budget.planner_config("pusht", page.budget.objectives("pusht")["smwm"]))
now = torch.from_numpy(results.arrays["pusht"])
soon = push.world.simulator.play(now, torch.zeros(len(now), 1, 2))[:, 0]
z_now, z_soon = push.encode(now), push.encode(soon)
velocity = now[:, 5:7]

# %% [markdown] tags=["exercise"]
# ### Exercise: What one frame cannot show
#
# `z_now` holds latents of frames of Push-T, `z_soon` those one primitive step later (without a push), and `velocity`
# the disc's velocity at the first frame. Define `one_frame_r2`, the mean R² of the velocity from `z_now` by
# `linear_r2`, and `two_frames_r2`, from the difference `z_soon - z_now`. Guess both first.

# %% tags=["solution"]
one_frame_r2 = linear_r2(z_now, velocity).mean()
two_frames_r2 = linear_r2(z_soon - z_now, velocity).mean()

# %% tags=["check"]
expected = {"one_frame_r2": (z_now, one_frame_r2), "two_frames_r2": (z_soon - z_now, two_frames_r2)}
for asked, (read_from, answer) in expected.items():
    both = linear_r2(read_from, velocity)
    assert abs(sum(both) / 2 - answer) < 1e-6, f"{asked} is not the mean R² of the two columns of velocity."
print(f"Right: R² of the velocity is {one_frame_r2:.2f} from one frame and {two_frames_r2:.2f} from two.")

# %% [markdown] tags=["solution"]
# A latent is a function of one frame, so it cannot hold what the frame does not show. A world model that needs
# velocities must encode several frames at once, or have a memory.

# %% [markdown]
# ## What you have learned
#
# - A probe measures what a latent encodes, and how precisely, without changing it.
# - What the action moves directly is encoded best; what it moves only through something else, in part.
# - A probe rescales its input and so can find traces that are of no use to a planner, which does not.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
