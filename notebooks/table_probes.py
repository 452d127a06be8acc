# %% [markdown]
# # What the latent knows (paper's table of probes)
#
# **The claim.** From a latent trained with the inverse loss one can read where the things are that the agent moves, about as
# well as from one that was kept from collapsing by SIGReg, and better than from one with the forward loss alone.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import torch

from smwm_book import figures
from smwm_book.experiments.measures import R2
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import TASKS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core.analysis.probes import PROBES, draw_states, linear_r2, probe_r2
from smwm_core.analysis.quantities import QUANTITIES
from smwm_core.seeds import generator

AGAIN = ("tworoom", "pusht")  # read again, in part, whenever this page is executed
page = Page("table_probes", "Table of probes", preset, seed, device, recompute, tasks=TASKS)
stored = page.stored()

# %%
for s in page.seeds:
    for task in page.some(TASKS, AGAIN):
        for method, objective in page.some(page.budget.objectives(task), ["smwm"]).items():
            run = page.run(page.budget.planner_config(task, objective), s, published=method == "smwm")
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
labels = {"smwm": "SMWM", "sigreg": "SIGReg", "forward_only": "forward only"}
figures.probe_scores(
    {
        f"{TASKS[task]}: {quantity.replace('_', ' ')}": {
            probe: {label: results.metric(f"{task}.{quantity}.{probe}.{method}.r2") for method, label in labels.items()}
            for probe in PROBES
        }
        for task in TASKS
        for quantity in QUANTITIES[task]
    }
)

# %% [markdown]
# ## The experiment
#
# The models are those of the [planning page](fig5_planning.ipynb), frozen. A probe gets latents of frames from the training episodes
# and is scored on frames from held-out ones: ridge regression, or a network with two hidden layers of 256 and 128 that stops
# early. Angles are read as sine and cosine. [R²](#fig-probes) is the mean over the coordinates of a quantity.
#
# ## The numbers

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# In plain text, which the test suite computes again and compares:

# %% tags=["nbval-check-output", "hide-input"]
for task in AGAIN:
    for quantity in QUANTITIES[task]:
        print(f"{TASKS[task]:8} {quantity:18} R² {page.here[f'{task}.{quantity}.smwm.linear_split_r2']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **What the action moves is there.** The places of the dot, of the disc and of the gripper are read from the SMWM's latents almost
#   perfectly, and better than from SIGReg's in every one of these cases. The paper has the same order.
# - **What the action moves only through something else is there in part.** The T of Push-T is better known to SIGReg, which keeps what
#   can be seen whether or not it is acted on. The paper has this order too, at a higher level.
# - **The T's angle is known to no one,** while the paper reads it from all its latents. It is not the objective, then, that drops it
#   here; frames, encoder and budget are smaller for all three.
# - **Linear or not makes a difference where things turn.** A network reads both joints of Reacher at 0.99, a line less well, and the planner's
#   distance is more like a line.
# - **A collapsed latent still knows something.** The forward loss alone leaves a point, but a point with structure when magnified:
#   probes standardise what they read. A planner does not, and [finds nothing there](planner_at_work.ipynb).
#
# **Try it.** Read the *velocity* of the disc (`state[:, 5:7]`) from a latent. What should a single frame know of it?

# %% [markdown]
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %%
push = page.run(page.budget.planner_config("pusht", page.budget.objectives("pusht")["smwm"]))
now = torch.from_numpy(results.arrays["pusht"])
soon = push.world.simulator.play(now, torch.zeros(len(now), 1, 2))[:, 0]
z_now, z_soon = push.encode(now), push.encode(soon)
velocity = now[:, 5:7]

# %% [markdown] tags=["exercise"]
# ### Exercise: What one frame cannot show
#
# The disc of Push-T moves with a velocity, which no single frame shows. `z_now` holds latents of frames of Push-T, `z_soon` those one primitive step
# later (without a push), and `velocity` the disc's velocity at the first frame. Guess what a linear read-out can make of them; then define
# `one_frame_r2`, the mean R² of the velocity from `z_now`, and `two_frames_r2`, from the difference `z_soon - z_now`. Use `linear_r2`.

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
# A latent is a function of one frame, so it cannot hold what the frame does not show, however well it was trained. Two frames show
# a velocity; a world model that needs it must encode several frames at once, or remember.

# %% [markdown]
# ## What you have learned
#
# - A probe tells what a latent holds, and at which precision, without changing it.
# - What the action moves directly is known best; what it moves only through something else is known in part.
# - A probe that rescales what it reads can find traces that a planner, which does not, cannot use.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance

# %% tags=["hide-input"]
display_provenance(results)
