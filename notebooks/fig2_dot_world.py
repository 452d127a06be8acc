# %% [markdown]
# # Dot world: the latent is the position (paper's Fig. 2)
#
# **The paper's claim.** A red dot moves by a two-dimensional action. A model that must *predict its own latent* and *recover
# the action* from two consecutive latents ends up with a latent whose variance lies in two directions, and these encode
# the position. Without the second demand (λ = 0) every frame lands on one point.
#
# ![A frame of the dot world, 64 by 64 pixels: a small red dot on white.](../book/_static/frame.png)

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import torch

from smwm_book import figures
from smwm_book.experiments.measures import R2, Count, Scale, Share
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.probes import fresh_inverse_loss, linear_r2
from smwm_core.analysis.spectrum import PrincipalPlane, effective_rank, knee, spectrum, top_share
from smwm_core.seeds import generator
from smwm_core.training.toy import build_model

page = Page("fig2_dot_world", "Fig. 2", preset, seed, device, recompute)
with_inverse = page.budget.config("dots/single", Objective(inverse=10))
without = page.budget.config("dots/single", Objective(inverse=0))

ticks = torch.arange(18, 46, 3)
grid = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1)
latent = {}
for config in (with_inverse, without):
    z = page.run(config).encode(grid.flatten(0, 1))
    latent[f"λ = {config.objective.inverse:g}"] = PrincipalPlane(z)(z).reshape(*grid.shape)

# %% mystnb={"figure": {"name": "fig-dot-grids", "caption": "*The world*: a grid of dot positions. *Latent*: the 100 frames in their first two principal components, with the inverse loss (λ = 10) and without (λ = 0), both on the same scale. Equal colours and letters are equal positions. The grid at λ = 10 is that of the world, turned or mirrored and a little bent; at λ = 0 nothing is left to see, because every frame has the same latent."}, "image": {"alt": "Three panels. The world: a regular ten by ten grid of dot positions in pixels. λ = 10: the latents of the model with inverse loss form a ten by ten grid of nearly the same shape. λ = 0: all latents of the model without inverse loss fall on a single point.", "classes": "dark-light wide"}}
figures.latent_grids(grid.numpy(), latent)

# %% [markdown]
# [A hundred positions](#fig-dot-grids), encoded by the two models of the first seed when this page was built.
#
# ## The experiment
#
# The two runs of a seed differ only in λ, the weight of the inverse loss. They are measured on freshly drawn
# transitions (a dot has only 784 positions to start from, so no frame is new): the `spectrum` is the variance of the
# latent along its principal components, the `knee` where it falls most steeply, `effective_rank` how many components
# there seem to be, `linear_r2` how well a linear map, scored on positions it was not fitted on, reads the position.

# %%
for s in page.seeds:
    for config in (with_inverse, without):
        run = page.run(config, s)
        held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
        z, z_next = run.encode(held_out.state), run.encode(held_out.next_state)
        variances = spectrum(z)
        if config is with_inverse:
            page.add(s, "single", knee=Count(knee(variances)), top2_share=Share(top_share(variances, 2)))
        of, method = ("single", "smwm") if config is with_inverse else ("lambda0", "forward_only")
        page.add(s, of, position_r2=R2(linear_r2(z, held_out.state).mean()))
        page.add(s, of, effective_rank=Count(effective_rank(variances)))
        page.add(s, of, total_variance=Scale(variances.sum(), "latent units²"))
        page.arrays[f"{method}_spectrum"].append(variances)
        if page.redo:
            page.arrays[f"{method}_total"].append(run.history["snapshots"].var(1, ddof=1).sum(-1))
            page.arrays["snapshot_steps"] = run.history["snapshot_steps"]

    untrained = build_model(without, s).to(page.device).encode_states(run.world, held_out.state.to(page.device))
    action = held_out.action.to(page.device)
    page.add(s, "lambda0", variance_over_untrained=Scale(variances.sum() / spectrum(untrained).sum()))
    page.add(s, "lambda0", inverse_loss=Scale(fresh_inverse_loss(z, action, z_next, seed=s)))
    page.add(s, action_variance=Scale(held_out.action.var(0, correction=0).mean().item()))

results = page.results()

# %% [markdown]
# ## Two directions, then a cliff
#
# The vertical axis is absolute on purpose: divided by its total, the spectrum of a collapsed model looks rich, for
# noise has no preferred direction.

# %% mystnb={"figure": {"name": "fig-dot-spectrum", "caption": "Variance of the latent along its principal components on held-out frames (thin lines: seeds; thick line: their geometric mean). With the inverse loss two components carry the variance and the third falls off a cliff. Without it there is no cliff because there is nothing to fall from: note the powers of ten."}, "image": {"alt": "Line plot on a logarithmic axis. With inverse loss, the first two principal components have a variance near one half and the third is many times smaller. Without inverse loss all components are several powers of ten lower and decay slowly.", "classes": "dark-light"}}
methods = {"λ = 10": "smwm", "λ = 0": "forward_only"}
curves = {label: results.arrays[f"{method}_spectrum"] for label, method in methods.items()}
figures.spectra(curves, run.world.controllable_dim)

# %% [markdown]
# ## The two part early
#
# For a few steps the two models look alike. Then, with the inverse loss, the action is found in the latents, and they
# spread out. Without it the latents go on shrinking, the easy way to lower a forward loss.

# %% mystnb={"figure": {"name": "fig-dot-collapse", "caption": "Total variance of the latents of 256 fixed frames while training (thin lines: seeds; thick line: their geometric mean). Without the inverse loss the latent shrinks for as long as one trains; with it, the latent opens up within the first hundred steps and stays open."}, "image": {"alt": "Line plot, both axes logarithmic. Total latent variance against training step: the curve with inverse loss rises within a hundred steps by four powers of ten to about one and stays there; the curve without it falls by two powers of ten and goes on falling.", "classes": "dark-light"}}
totals = {label: results.arrays[f"{method}_total"] for label, method in methods.items()}
figures.collapse(results.arrays["snapshot_steps"], totals)

# %% tags=["nbval-check-output", "remove-cell"]
print(f"R² of the position      {page.here['single.position_r2']:.3f}")
print(f"total variance, λ = 10  {page.here['single.total_variance']:.2f}")
print(f"total variance, λ = 0   {page.here['lambda0.total_variance']:.0e}")
print(f"inverse loss at λ = 0   {page.here['lambda0.inverse_loss']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **Two directions, and they are the position.** [The cliff](#fig-dot-spectrum) comes after the second component, as
#   in the paper, for every seed.
# - **Collapse is absolute.** By its effective rank the collapsed latent looks *richer*, and a linear probe, which may
#   rescale, still finds some of the position in it. Only [the total variance](#fig-dot-collapse) tells the two apart.
# - **The floor is the variance of the action.** A *new* inverse model, trained on the collapsed encoder's frozen
#   latents, does no better than to guess the mean action; unlike the linear probe it cannot multiply the latents first.
#
# **Try it.** `smwm run fig2_dot_world --set inverse=0.01` trains one seed at another λ, replaces nothing, and says
# where its page is. How small can λ be before the two curves of the collapse figure look alike?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: The floor of the inverse loss
#
# For a constant encoder the inverse model has one answer, whatever the action was. Find the one with the lowest inverse
# loss on `held_out.action`: define `best_guess`, of shape `(2,)`, and `floor`, its loss as a number. Then find `floor`
# among the numbers of this page. Whose loss is it?

# %% tags=["solution"]
best_guess = held_out.action.mean(0)
floor = (held_out.action - best_guess).square().mean().item()

# %% tags=["check"]
actions = held_out.action.cpu()
others = best_guess.cpu() + 0.2 * torch.randn(200, 2, generator=generator(0, "other guesses"))
assert best_guess.shape == (2,), "best_guess is one action for all transitions, of shape (2,)."
assert abs((actions - best_guess.cpu()).square().mean().item() - floor) < 1e-5, "floor is not the loss of best_guess."
losses = (actions - others[:, None]).square().mean((1, 2))
assert floor <= losses.min(), "Another constant answer does better than yours."
print(f"Right: the floor is {floor:.3f}; on the collapsed latents we measured {page.here['lambda0.inverse_loss']:.3f}.")

# %% [markdown] tags=["solution"]
# The mean has the smallest squared error, and that error is the variance, Var(*a*), averaged over the action's
# dimensions. The collapsed encoder stands on this floor: its latents tell an inverse model nothing.

# %%
live = page.run(with_inverse).encode(held_out.state).cpu()

# %% [markdown] tags=["exercise"]
# ### Exercise: A rank that rises while everything is lost
#
# `live` holds latents of the model with inverse loss. Make `faded`, as if they had shrunk to the size of rounding
# errors: divide by 1,000 and add normal noise with a standard deviation of 0.001. Predict whether its effective rank is
# higher than that of `live`; then define `faded_rank` and `faded_variance` with `effective_rank`, `spectrum` and the
# sum.

# %% tags=["solution"]
noise = 0.001 * torch.randn(live.shape, generator=generator(0, "noise of a faded latent"))
faded = live / 1_000 + noise
faded_rank = effective_rank(spectrum(faded))
faded_variance = spectrum(faded).sum()

# %% tags=["check"]
left = spectrum(faded)
assert faded.shape == live.shape, "faded has one latent for every latent of live."
assert left.sum() < 2e-4, "faded is not small: divide by 1,000, and let the noise be as small."
assert abs((faded - live / 1_000).std() / 0.001 - 1) < 0.1, "The noise does not have a standard deviation of 0.001."
assert abs(faded_variance / left.sum() - 1) < 1e-6, "faded_variance is the sum of the spectrum of faded."
assert abs(faded_rank - effective_rank(left)) < 1e-6, "faded_rank is the effective rank of the spectrum of faded."
assert faded_rank > effective_rank(spectrum(live)), "The rank should have risen; did you compare the right latents?"
print(f"Right: the rank rises from {effective_rank(spectrum(live)):.1f} to {faded_rank:.1f}.")

# %% [markdown] tags=["solution"]
# The effective rank looks at shares alone, and noise has equal shares in all directions: it rewards a latent for having
# lost its signal.

# %% [markdown]
# ## What you have learned
#
# - A model that must predict its own latent and recover the action keeps the position; one that must only predict collapses.
# - A constant latent has no forward loss, and its inverse loss cannot be lower than the variance of the action.
# - Ratios such as the effective rank cannot see a collapse, so look at the total variance first.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
