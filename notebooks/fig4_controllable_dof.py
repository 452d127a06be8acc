# %% [markdown]
# # What an agent controls is what it sees (paper's Fig. 4)
#
# **The paper's claim.** The number of significant directions of the latent is the number of degrees of freedom that the action
# controls, not the number of things in the picture: two dots that always move together count once, and a dot that moves
# by itself does not count at all.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import numpy as np
import torch
from IPython.display import Markdown, display

from smwm_book import figures
from smwm_book.experiments.measures import R2, Count, Scale, Share
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.dot_readouts import dot_readouts
from smwm_core.analysis.probes import r2_while_training
from smwm_core.analysis.spectrum import PrincipalPlane, knee, spectrum, top_share
from smwm_core.seeds import generator
from smwm_core.training.toy import SNAPSHOT_FRAMES

settings = ("independent", "coupled", "distractor", "combined")
page = Page("fig4_controllable_dof", "Fig. 4", preset, seed, device, recompute)
configs = {name: page.budget.config(f"dots/{name}", Objective(inverse=10)) for name in settings}
tables = {}

# %%
for s in page.seeds:
    for name, config in configs.items():
        run = page.run(config, s)
        held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
        z, z_next = run.encode(held_out.state), run.encode(held_out.next_state)
        variances, readouts = spectrum(z), dot_readouts(run.world, z, z_next, held_out)
        share = top_share(variances, run.world.controllable_dim)
        page.add(s, name, knee=Count(knee(variances)), topk_share=Share(share))
        page.add(s, name, total_variance=Scale(variances.sum(), "latent units²"))
        page.add(s, name, controlled_r2_min=R2(min(readouts["controlled"].values())))
        if readouts["distractor"]:
            page.add(s, name, distractor_r2_max=R2(max(readouts["distractor"].values())))
        tables[name, s] = readouts
        page.arrays[f"{name}_spectrum"].append(variances)

        if page.redo and name == "distractor":
            watched = run.world.sample(SNAPSHOT_FRAMES, generator(s, "snapshot frames")).state.float()
            r2 = r2_while_training(torch.tensor(run.history["snapshots"]), watched)
            page.arrays["snapshot_steps"] = run.history["snapshot_steps"]
            page.arrays["snapshot_r2"].append(r2.reshape(len(r2), -1, 2).min(-1))
        if page.redo and name == "combined":
            windows = np.array_split(run.history["inverse"], min(200, run.config.steps))
            page.arrays["combined_steps"] = np.cumsum([len(window) for window in windows])
            page.arrays["combined_inverse"].append([window.mean() for window in windows])
            page.arrays["combined_action_variance"] = held_out.action.var().item()

results = page.results()

# %% mystnb={"figure": {"name": "fig-controllable", "caption": "Left: one transition of each world. Solid arrows are caused by the action, dashed grey ones are not; a dotted line ties two dots that share one action. Right: share of the latent's variance along its principal components (bars: mean over seeds, points: seeds). The spectrum ends where the action's dimensions end (dashed line), however many dots there are."}, "image": {"alt": "Four rows. Each has a picture of coloured dots with motion arrows and a bar chart. Independent: two dots, four tall bars. Coupled: two tied dots, two tall bars. Distractor: two dots of which one moves by chance, two tall bars. Combined: five dots, six tall bars.", "classes": "dark-light"}}
panels = []
for name in settings:
    world = page.run(configs[name]).world
    example = world.sample(1, generator(seed, "example transition"))
    start, end = (s.view(-1, 2).numpy() for s in (example.state, example.next_state))
    panels.append(
        {
            "title": name.capitalize(),
            "frame": world.render(example.state)[0].permute(1, 2, 0).numpy(),
            "start": start,
            "motion": end - start,
            "slots": world.action_slots,
            "spectrum": results.arrays[f"{name}_spectrum"],
            "true_dim": world.controllable_dim,
        }
    )
figures.controllable_worlds(panels)

# %% [markdown]
# ## The experiment
#
# Four worlds, one architecture, one objective (`Objective(inverse=10)`). *Independent*: two dots with an action each.
# *Coupled*: two dots share one. *Distractor*: one dot obeys, the other moves by chance. *Combined*: a coupled pair, two
# independent dots and a distractor.
#
# ## Dot by dot
#
# What a linear probe finds in the latent of the first seed, on held-out frames (R² of the worse
# coordinate).

# %% tags=["hide-input"]
lines = ["| world | what is read | kind | R² |", "|:--|:--|:--|--:|"]
for name in settings:
    for group, readouts in tables[name, seed].items():
        lines += [f"| {name} | {what} | {group} | {r2:.3f} |" for what, r2 in readouts.items()]
display(Markdown("\n".join(lines)))

# %% [markdown]
# Of a coupled pair only the *shared* motion can be read from two latents, and only it is needed. Where between the two
# dots the latent puts "the pair" is up to chance: in the coupled world the middle, in the combined one dot 2.
#
# ## How a distractor is filtered out
#
# An untrained encoder passes on a little of everything. Then the latent opens up along what the action moves, and what
# is left of the distractor becomes [negligible beside it](#fig-distractor).

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-distractor", "caption": "Curves: how well the positions of the two dots can be read from the latent while training (thin lines: seeds, thick: their mean; R² below zero is drawn as zero). Points: latents of the first seed. Grey: the controlled dot visits a grid, the distractor rests. Orange: the controlled dot rests on five positions while the distractor visits everything that it can reach. What the distractor does is all but invisible."}, "image": {"alt": "Two curves over training steps. Both positions are partly readable from the untrained encoder; the controlled dot rises to one, the distractor falls to zero. A grey grid of latents, and five small orange clusters on it.", "classes": "dark-light wide"}}
run = page.run(configs["distractor"])
ticks = torch.arange(18, 46, 3)
grid = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).flatten(0, 1)
base = run.encode(torch.cat([grid, torch.full_like(grid, 5)], 1))
plane = PrincipalPlane(base)
clouds = []
for place in torch.tensor([[21, 21], [42, 21], [32, 32], [21, 42], [42, 42]]):
    reachable = grid[(grid - place).square().sum(1) >= 25]
    clouds.append(plane(run.encode(torch.cat([place.expand_as(reachable), reachable], 1))))

r2 = results.arrays["snapshot_r2"]
figures.distractor_filtering(results.arrays["snapshot_steps"], r2[..., 0], r2[..., 1], plane(base), clouds)

# %% [markdown]
# ## Dots are found one after the other

# %% tags=["hide-input"] mystnb={"figure": {"name": "fig-staircase", "caption": "Inverse loss in the combined world while training, for each seed (averages over sixty steps). It does not fall, it goes down a staircase: each landing is the loss of a latent that holds one more of the three things that the action moves, and each step down is the discovery of one. When the last one is found is a matter of luck."}, "image": {"alt": "Line plot of the inverse loss against the training step for three seeds. Each curve rests on dashed lines marked three, two and one missing and drops quickly between them, at different steps for different seeds, to near zero.", "classes": "dark-light"}}
floor = float(results.arrays["combined_action_variance"])
floors = [floor, floor * 2 / 3, floor / 3]
figures.found_one_by_one(results.arrays["combined_steps"], results.arrays["combined_inverse"], floors)

# %% [markdown]
# The action has three parts: the pair's and one for each independent dot. As long as the latent does not encode a dot,
# its part can only be guessed, which costs a third of Var(a), and the dot gives the encoder almost no gradient, so a
# run can rest on [a landing](#fig-staircase) for thousands of steps. In the paper's 97,600 steps of 256 transitions
# this passes unnoticed; this page takes 12,000 steps of 16, and the 500 of 64 in the [comparison of seven
# methods](anticollapse_gallery.ipynb) still miss whole dots.

# %% tags=["nbval-check-output", "remove-cell"]
for name in settings:
    share, r2 = page.here[f"{name}.topk_share"], page.here[f"{name}.controlled_r2_min"]
    print(f"{name:12} top-k share {share:.2f}, controlled R² ≥ {r2:.2f}")

# %% [markdown]
# ## What to notice
#
# - **Control counts, objects do not.** Two coupled dots need [as many directions](#fig-controllable) as one; the
#   five dots of the combined world need six, because the action has six dimensions.
# - **The distractor is seen and dropped.** Encoding it would make the next latent harder to predict and would not help
#   to recover the action. It is filtered in the same hundred steps in which the latent opens up.
# - **A spectrum does not tell what is missing.** Only the inverse loss, a third or two thirds of Var(a) high on a
#   landing, says that there is more to find.
#
# **Try it.** Give the distractor world a third dot that never moves: `dots/independent+random+static`. Does the latent
# keep it? What does the forward loss say about a thing that is perfectly predictable?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
untrained = "coupled+coupled+random+random", "independent+static+static", "coupled+independent+coupled+independent"
questions = (*settings, *untrained)

# %% [markdown] tags=["exercise"]
# ### Exercise: Predict the knee
#
# After how many components should the spectrum of each of these worlds fall? Define `predicted`, a dictionary with the
# names in `questions` as keys and whole numbers as values. This page has not trained on the last three.

# %% tags=["solution"]
predicted = dict(zip(questions, (4, 2, 2, 6, 2, 2, 6), strict=True))

# %% tags=["check"]
from hashlib import sha256

assert set(predicted) == set(questions), "predicted needs one entry for every world in questions, and no other."
digests = ["2be5e9", "ee5d16", "aaf399", "51d1b1", "1f94be", "8f573c", "d06fba"]
right = dict(zip(questions, digests, strict=True))  # digests, so that the answer does not stand here
wrong = [name for name in questions if sha256(f"{name} {predicted[name]}".encode()).hexdigest()[:6] != right[name]]
assert not wrong, f"Count the dimensions of the action, not the dots, in: {', '.join(wrong)}."
measured = ", ".join(f"{name} {page.here[f'{name}.knee']}" for name in settings)
print(f"Right: as many as the action has dimensions. Measured knees: {measured}.")

# %% [markdown] tags=["solution"]
# Each independent dot has two dimensions, each coupled pair two together, and dots that move by chance or never have
# none.

# %%
moves = page.run(configs["distractor"]).world.sample(2_048, generator(seed, "moves to predict"))

# %% [markdown] tags=["exercise"]
# ### Exercise: What a random walk costs
#
# Why is a distractor dropped? Fit the best linear forward model on the true positions: `LinearRegression` (from
# `sklearn.linear_model`) from state and action to the next state of `moves`. Define `cost`, a dictionary with the keys
# `controlled` and `distractor`: the mean squared error in px², for the first dot (columns 0 and 1) and the second one
# (2 and 3).

# %% tags=["solution"]
from sklearn.linear_model import LinearRegression

known, wanted = torch.cat([moves.state, moves.action], 1).numpy(), moves.next_state.numpy()
squared_errors = np.square(LinearRegression().fit(known, wanted).predict(known) - wanted).mean(0)
cost = {"controlled": squared_errors[:2].mean(), "distractor": squared_errors[2:].mean()}

# %% tags=["check"]
assert set(cost) == {"controlled", "distractor"}, "cost has the keys controlled and distractor."
assert cost["controlled"] < 0.01, "The controlled dot can be predicted exactly: did you give the model the action?"
shift = (moves.next_state[:, 2:] - moves.state[:, 2:]).float()
jumps = shift.square().mean()
assert abs(cost["distractor"] / jumps - 1) < 0.1, "The distractor's error should be the size of its jumps."
print(f"Right: {cost['controlled']:.0e} px² for the dot that obeys, {cost['distractor']:.0f} px² for the other.")

# %% [markdown] tags=["solution"]
# The next position of a random walk is its present one plus something that neither frame nor action tells. A latent
# that encodes it pays for that at every step in forward loss and gains nothing in inverse loss.

# %% [markdown]
# ## What you have learned
#
# - The spectrum of the latent counts what the action controls, and not the things in the picture.
# - What moves by chance costs forward loss and earns nothing, so it disappears.
# - Things are found one after the other, and only the inverse loss tells that some are still missing.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
