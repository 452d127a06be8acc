# %% [markdown]
# # Drive the dot
#
# **The claim.** Move the dot, and its latent moves with it; tell the model the action, and it knows where the latent
# will go; show it two frames, and it knows the action. Here you can try that with the trained network itself.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from copy import deepcopy

import torch

from smwm_book.experiments.measures import Number, Scale
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_book.widgets import Drive, DriveTheDot
from smwm_core import Objective
from smwm_core.seeds import generator
from smwm_core.worlds.dots import MAX_DISPLACEMENT

page = Page("drive_the_dot", "Drive the dot", preset, seed, device, recompute, seeds=1)

# %%
runs = [page.run(page.budget.config("dots/single", Objective(inverse=lam)), published=False) for lam in (10, 0)]
drive = Drive(*(deepcopy(run.model).cpu() for run in runs))
world = drive.world

held_out = world.sample(page.budget.held_out, generator(seed, "held-out transitions"))
usual = drive.moves(held_out.state.long(), held_out.next_state.long())
inside = (drive.positions >= world.lowest_start) & (drive.positions <= world.highest_start)
border = drive.positions[~inside.all(1)]
shift = torch.randint(-MAX_DISPLACEMENT, MAX_DISPLACEMENT + 1, border.shape, generator=generator(seed, "border moves"))
unusual = drive.moves(border, (border + shift).clamp(drive.positions.min(), drive.positions.max()))

page.add(seed, spread=Number(drive.spread(drive.model), "latent units"))
page.add(seed, "collapsed", spread=Number(drive.spread(drive.collapsed), "latent units"))
for name, moves in {"usual": usual, "border": unusual}.items():
    missed, moved = ((z - moves.z_next).norm(dim=1).mean().item() for z in (moves.predicted, moves.z))
    recovered = (moves.recovered - (moves.end - moves.start)).norm(dim=1).mean().item()
    page.add(seed, name, error_ratio=Scale(missed / moved), inverse_error=Scale(recovered, "px"))

results = page.results()

# %%
DriveTheDot(drive)

# %% [markdown]
# Your browser computes encoder, forward model and inverse model of the [single dot](fig2_dot_world.ipynb) (λ = 10,
# first seed) at every move; nothing is sent anywhere. In Jupyter the cell is a live widget, without the switch to λ = 0.
#
# ## How to read it
#
# **Left** is all that the model sees: 64 × 64 pixels. Each move is one action, at most 16 px along each axis. **Right**
# is the latent, 64 numbers, in its first two principal components, turned or mirrored; the coloured points are latents
# of positions all over the frame (blue to orange from left to right, dark to light from top to bottom). [At every
# move](#fig-drive)
#
# - the encoder looks at the new frame: the filled point;
# - the forward model *says*, from the old latent and the action, where the new one will be: the orange diamond;
# - the inverse model sees both latents and says what the action was: the orange arrow on the black one.
#
# **The switch** shows the latent of the same network trained without the inverse loss (λ = 0), in its own two principal
# components and at the scale of λ = 10, until you magnify it. Here the encoder is not computed but looked up: the page
# holds a table of its two components at all 3,600 positions of the dot, every whole pixel, so that nothing is interpolated.
# Rounding to eight bits moves a point by at most 0.00003, measured against the encoder at every position.

# %% mystnb={"figure": {"name": "fig-drive", "caption": "Four moves; above each its action, to the right and down. *Frame*: after the move; ring: where the dot was; black: the action; orange: the action that the inverse model finds. *Latent*: in two principal components, before a cloud of positions; ring and black point: before and after; orange diamond: where the forward model expected it. The first three moves start where training steps start. The last one starts near a corner, where none did: the forward model misses, and the inverse model misreads the action."}, "image": {"alt": "Four small frames with a red dot at the end of a black arrow, an orange dashed arrow upon it. Below each a cloud of points like a bent grid, with a black line from a ring to a black point; an orange diamond lies on the point in the first three and far from it in the last, where the orange arrow is short and the black one long.", "classes": "dark-light wide"}}
chosen = [((30, 30), (36, 28)), ((20, 44), (36, 44)), ((44, 20), (44, 36)), ((58, 58), (50, 44))]
drive.picture([drive.move(start, end) for start, end in chosen])

# %% tags=["nbval-check-output", "remove-cell"]
for name in ("usual", "border"):
    ratio, missed = page.here[f"{name}.error_ratio"], page.here[f"{name}.inverse_error"]
    print(f"{name:6} error ratio {ratio:.2f}, inverse error {missed:.1f} px")
print(f"spread {page.here['spread']:.1f}; without the inverse loss {page.here['collapsed.spread']:.3f}")

# %% [markdown]
# ## What to notice
#
# - **Same action, nearly the same shift, where the grid is regular.** Go 16 px to the left from several positions in
#   the dashed square, then upwards: the black line keeps its direction and, roughly, its length. To the right and
#   downwards the grid folds towards the border, and so do the shifts ([actions as shifts](theory_translations.ipynb)).
# - **The square is where it learned.** A training step may end at the border, but none starts there, so forward and
#   inverse model have to guess: compare `usual` with `border`, or drive into a corner.
# - **Actions are whole pixels, the inverse model's answer is continuous.** Move by 4 px and look at the tenths.
# - **Without the inverse loss there is nothing to drive:** turn the switch and drag the dot through all of the frame.
#   Magnified, most positions still lie on one another, and their colours have no order. See `collapsed.spread` and the [collapse
#   explorer](collapse_explorer.ipynb).
#
# **Try it.** Find the move with the largest miss: `drive.moves(start, end)` takes many moves at once. Is it long or
# short, does it start or end at the border?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: Does twice as far mean twice as far?
#
# `usual` holds held-out moves: `usual.start` and `usual.end` in pixels, `usual.z` and `usual.z_next` in the latent. Is
# a move of 20 px about twice as long in the latent as one of 10 px, whatever its direction and start? Define `lengths`,
# the length of every move in the latent, and `correlation`, that of these lengths with the lengths in pixels.

# %% tags=["solution"]
lengths = (usual.z_next - usual.z).norm(dim=1)
in_pixels = (usual.end - usual.start).float().norm(dim=1)
correlation = torch.corrcoef(torch.stack([lengths, in_pixels]))[0, 1].item()

# %% tags=["check"]
assert len(lengths) == len(usual.z), "lengths needs one number for every move."
squares = (usual.z_next - usual.z).square().sum(1)
assert torch.allclose(lengths**2, squares, rtol=1e-4), "A length is a root of a sum of squares."
travelled = (usual.end - usual.start).float().square().sum(1).sqrt()
assert abs(correlation - torch.corrcoef(torch.stack([travelled, lengths]))[0, 1]) < 1e-4, "Correlate with the pixels."
print(f"Right: the correlation is {correlation:.2f}")

# %% [markdown] tags=["solution"]
# Length in the latent follows length in the room, but a pixel is worth more in some positions and directions than in
# others. A planner that compares latents by distance inherits this.

# %% [markdown]
# ## What you have learned
#
# - The encoder, the forward model and the inverse model are small enough to answer while you drag.
# - Where training steps start, the same action shifts the latent by nearly the same amount; towards the borders less
#   so.
# - Without the inverse loss the latents of all positions lie on one point, and there is nothing to drive.
#
# ## Numbers and provenance
#
# `usual`: held-out transitions, which start in the dashed square; `border`: moves that start outside. `error_ratio`:
# how far the forward model misses the new latent, divided by how far the latent moved; `inverse_error`: mean distance
# between the action and the inverse model's; `spread`: the largest distance between latents of two positions. One seed;
# *here*: computed when this page was built; [list of words and symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
