# %% [markdown]
# # The collapse explorer
#
# **The claim.** Between a latent that collapses and one that opens up there is a single number, λ. This page lets you
# turn it, and watch either fate unfold step by step.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch

from smwm_book import figures
from smwm_book.experiments.measures import R2, Count, Scale, Share
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance, published_results
from smwm_book.widgets.explorer import Exploration, Explorer
from smwm_core import Objective
from smwm_core.analysis.probes import linear_r2
from smwm_core.analysis.spectrum import PrincipalPlane, knee, spectrum, top_share
from smwm_core.seeds import generator
from smwm_core.training import toy

POINTS, COMPONENTS = 150, 8
AGAIN = 32  # steps, before the latent opens; there, processors that round differently part
figure = "λ against training step"
page = Page("collapse_explorer", figure, preset, seed, device, recompute, seeds=1, varies=["inverse"])
lambdas = (0, 0.01, 0.1, 1, 10, 100)


# %%
def at_moments(losses, steps):
    """Forward and inverse loss, each the mean over the steps since the moment before; at λ = 0 there is no inverse."""
    each = np.stack([losses["forward"], losses.get("inverse", np.zeros_like(losses["forward"]))], 1)
    return [part.mean(0) for part in (each[:1], *(each[a:b] for a, b in pairwise(steps)))]


for lam in page.some(lambdas, ()):
    run = page.run(page.budget.config("dots/single", Objective(inverse=lam)), published=False)
    held_out = run.world.sample(page.budget.held_out, generator(seed, "held-out transitions")).state
    z, of = run.encode(held_out), f"lambda_{lam:g}"
    variances = spectrum(z)
    page.add(run, of, total_variance=Scale(variances.sum(), "latent units²"))
    page.add(run, of, top2_share=Share(top_share(variances, 2)), knee=Count(knee(variances)))
    page.add(run, of, position_r2=R2(linear_r2(z, held_out).mean()))
    snapshots = torch.from_numpy(run.history["snapshots"])
    plane = PrincipalPlane(snapshots[-1])
    each = np.array([spectrum(latents) for latents in snapshots])
    page.arrays["lambdas"].append(float(lam))
    centred = snapshots[:, :POINTS] - snapshots[:, :POINTS].mean(1, keepdim=True) + snapshots[-1].mean(0)
    page.arrays["clouds"].append([plane(latents) for latents in centred])
    page.arrays["spectra"].append(each[:, :COMPONENTS])
    page.arrays["variances"].append(each.sum(1))
    page.arrays["steps"] = steps = run.history["snapshot_steps"]
    page.arrays["losses"].append(at_moments(run.history, steps))
    watched = run.world.sample(toy.SNAPSHOT_FRAMES, generator(seed, "snapshot frames")).state[:POINTS]
    page.arrays["colours"] = figures.position_colours(watched.numpy())

results = page.results()

# %%
exploration = Exploration(**results.arrays)
Explorer(exploration)

# %% [markdown]
# Each point is one of 150 fixed frames of the [single dot](fig2_dot_world.ipynb), coloured by the dot's position (blue
# to orange from left to right, dark to light from top to bottom). The losses are means over the steps since the
# moment before; at λ = 0 no inverse loss is computed. The sliders work without Python, also by keyboard; in Jupyter the
# cell is a live widget, with the losses in words.
#
# **What to try.** Leave λ at 100 or 10 and press *Play*: the latent begins nearly as a point and opens within a hundred
# steps. Do it again with λ = 0, where it never opens; [from an open start](#fig-collapse-open) it falls. Now tick
# *magnify*: the point has a shape too, which is why ratios cannot tell a collapse. Then stay at the last step and walk
# through λ: what changes between 0 and the first value above it, and what afterwards?

# %% mystnb={"figure": {"name": "fig-explorer-variance", "caption": "Total variance of the latents of 256 fixed frames while training, one run for each λ. All begin at 3e-4. With any of the weights from 0.01 upwards the latent opens within 200 steps, and λ decides how wide; without the inverse loss the variance goes on falling."}, "image": {"alt": "Line plot, both axes logarithmic. Six curves begin at a variance of three ten-thousandths. Those of lambda 0.1 to 100 rise between steps 10 and 100 and end between a tenth and ten; that of 0.01 rises after a hundred steps to a hundredth; that of lambda zero falls below a millionth.", "classes": "dark-light"}}
figures.variance_by_lambda(exploration.steps, exploration.lambdas.tolist(), exploration.variances)

# %% [markdown]
# ## A latent that was open
#
# In [Build it yourself](build_it_yourself.ipynb) a latent of two blobs is opened with λ = 10; then λ is set to 0. Press *Play*: the square of the
# blue blob's positions shrinks, slowly, because all is predicted and a smaller latent gains little. A third of the
# variance is left after a thousand steps and a thousandth after 12,800, in the first of three seeds; the two others end lower. The inverse loss is still computed but no longer
# trained on; both losses are of held-out transitions.

# %% tags=["hide-input"]
fall = None
for opened in published_results("build_it_yourself")[:1]:
    _, *losses = opened.arrays["smwm_off"][0].T  # of all held-out transitions; the latents are those of 150 frames
    fall = Exploration(
        lambdas=np.zeros(1),
        steps=opened.arrays["off_steps"],
        clouds=opened.arrays["off_clouds"][None],
        spectra=opened.arrays["off_spectra"][None],
        variances=opened.arrays["off_spectra"].sum(1)[None],
        colours=opened.arrays["off_colours"],
        losses=np.stack(losses, 1)[None],
    )
Explorer(fall) if fall else None

# %% [markdown]
# ## The same as pictures
#
# [The clouds](#fig-explorer-table) of five steps, all on one scale, and [those of the fall](#fig-explorer-fall).


# %% mystnb={"figure": {"name": "fig-explorer-table", "caption": "Latents of the same frames for six values of λ (rows) at five training steps (columns), all panels on one scale. Each row keeps the two principal components of its last step. Without the inverse loss every frame stays on one point; with any of these weights the point opens into the square of positions, and the weight decides how wide."}, "image": {"alt": "A table of small scatter plots. Rows from lambda zero at the top to one hundred at the bottom, columns from the start of training to its end. The top row shows a single point throughout; in the rows below the point opens into a coloured square, which is larger the larger lambda is.", "classes": "dark-light wide"}}
def at_five_steps(shown, between):
    last = len(shown.steps) - 1
    chosen = [0, *(int(np.searchsorted(shown.steps, step).clip(max=last)) for step in between), last]
    return figures.explorer_table(
        shown.clouds[:, chosen], shown.colours, shown.lambdas.tolist(), shown.steps[chosen].tolist(), shown.extent
    )


at_five_steps(exploration, (16, 64, 256))

# %% mystnb={"figure": {"name": "fig-explorer-fall", "caption": "Latents of 150 held-out frames of two blobs after a latent that was opened with λ = 10 has been trained on with λ = 0, all panels on one scale, in two principal components of the open latent. The square shrinks on the spot: four fifths of its variance are left after 100 steps, a thousandth after 12,800."}, "image": {"alt": "Five small scatter plots in a row. A coloured square of points shrinks from step 0 to step 12,800, where it is a single point.", "classes": "dark-light wide"}}
at_five_steps(fall, (100, 1_000, 3_000)) if fall else None

# %% tags=["nbval-check-output", "remove-cell"]
for lam, total in zip(exploration.lambdas, exploration.variances[:, -1], strict=True):
    print(f"λ = {lam:6.2f}: total variance {total:.1e}")

# %% tags=["remove-cell"]
steps, lines = exploration.steps[exploration.steps <= AGAIN], []
for lam in page.some((), (0, 10)):
    config = replace(page.budget.config("dots/single", Objective(inverse=lam)), steps=AGAIN)
    again = at_moments(toy.train(config, seed, device=page.device).losses, steps)
    stored = exploration.losses[lambdas.index(lam), : len(steps)]
    assert np.allclose(again, stored, rtol=1e-3), f"The first steps at λ = {lam} are not those of the stored run."
    lines.append(f"λ = {lam}: the losses of the first {AGAIN} steps, trained again, are the stored ones to 0.1 %")
print("\n".join(lines))

# %% [markdown]
# ## What to notice
#
# - **λ decides how large, not whether.** From 0.01 upwards every λ keeps the position (`position_r2`) and a knee at 2.
#   What grows with λ is [the latent itself](#fig-explorer-variance), from a hundredth to several units of variance: the
#   forward loss is lower for a smaller latent, and a smaller λ counteracts that less.
# - **The lowest forward loss belongs to the latent that encodes least.** At λ = 0 it ends at 6e-8, from 3e-3 at the start;
#   at λ = 100 it ends at 4e-3, after a peak of 7e-2 while the latent opens. The inverse loss tells the difference: with every λ above 0 it falls from 0.36, about the variance of
#   an action, below 0.001.
# - **Look at the scale before the shape.** The spectrum of a collapsed latent has a shape too, but its values are powers of ten smaller. A linear probe, which is free to multiply, still reads the position from what is left, with an R² of 0.3.
# - **λ need not be tuned here**, nor in [three other worlds of dots](beyond_lambda.ipynb), nor for [planning in
#   TwoRoom](fig7_lambda.ipynb).
#
# **Try it.** Add values of λ below 0.01, set `recompute = True` and run the notebook in Jupyter. Where does the latent
# stop opening within 1,600 steps? Is that a border, or does it only take longer?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: When does the latent open?
#
# `exploration.variances` holds the total variance for every λ (rows, as in `exploration.lambdas`) at every recorded
# step (columns, `exploration.steps`). Say that a latent has *opened* when its variance is more than ten times that of
# the untrained encoder. Does a weight that is ten thousand times as large open it much earlier? Define `opening`, a
# dictionary from λ to the first recorded step at which it is open, with `None` where it never opens.

# %% tags=["solution"]
opening = {}
for weight, curve in zip(exploration.lambdas.tolist(), exploration.variances, strict=True):
    open_at = np.flatnonzero(curve > 10 * curve[0])
    opening[weight] = int(exploration.steps[open_at[0]]) if len(open_at) else None

# %% tags=["check"]
assert set(opening) == set(lambdas), "opening needs one entry for every λ, and no other."
for position, weight in enumerate(lambdas):
    grown = exploration.variances[position] / exploration.variances[position, 0]
    steps = exploration.steps.tolist()
    if opening[weight] is None:
        assert grown.max() <= 10, f"At λ = {weight:g} the latent does open."
    else:
        at = steps.index(opening[weight])
        assert grown[at] > 10, f"At λ = {weight:g} the latent has not opened at the step that you give."
        assert (grown[:at] <= 10).all(), f"At λ = {weight:g} the latent opens earlier than you say."
print("Right:", ", ".join(f"λ = {weight:g}: {step or 'never'}" for weight, step in opening.items()))

# %% [markdown] tags=["solution"]
# Every λ above zero opens the latent within a few dozen to a few hundred steps, and zero never does. From λ = 0.1 on a larger weight hardly starts it sooner. It looks like a runaway: the more the latent encodes, the more the inverse loss can gain.

# %% [markdown]
# ## What you have learned
#
# - Any of these weights above zero opens the latent; the weight sets how wide it becomes.
# - Opening is sudden: after a quiet start the variance grows by powers of ten within a short part of the training.
# - Without the inverse loss the latent never opens, and one that was open falls.
#
# ## Numbers and provenance
#
# One seed; the sentence in the explorer is of fixed frames, the table of held-out ones. The [dot world](fig2_dot_world.ipynb) has λ = 0 and 10 with three. *Here*: computed
# when this page was built, where weights are published; [list of words and symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
