# %% [markdown]
# # Dot world: the latent is the position (paper's Fig. 2)
#
# **The claim.** One red dot moves by a two-dimensional action. Nobody tells the model that the frames
# show a dot, or that a dot has a position. A model that must *predict its own latent* and also
# *recover the action* from two consecutive latents nevertheless ends up with a latent that has two
# significant directions, and along them lies the position. Take the second demand away (λ = 0) and every
# frame lands on one point.

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

# %% mystnb={"figure": {"name": "fig-dot-grids", "caption": "A grid of dot positions (left) and the latents of the 100 frames in their first two principal components, with the inverse loss (middle) and without (right), both on the same scale. Equal colours and letters are equal positions. The middle grid is the left one, turned or mirrored and a little bent; on the right nothing is left to see, because every frame has the same latent."}, "image": {"alt": "Three panels. Left: a regular ten by ten grid of dot positions in pixels. Middle: the latents of the model with inverse loss form a ten by ten grid of nearly the same shape. Right: all latents of the model without inverse loss fall on a single point.", "classes": "dark-light wide"}}
figures.latent_grids(grid.numpy(), latent)

# %% [markdown]
# The dot was put on [a hundred places](#fig-dot-grids) of a regular grid, and the hundred frames were encoded by the two models of the
# first seed just now, on the machine that built this page.
#
# ## The experiment
#
# The two runs of a seed differ in one number, the weight λ of the inverse loss: `Objective(inverse=10)` against
# `Objective(inverse=0)`. World, data, architecture, optimiser and number of steps are the same.
#
# Each run is looked at through freshly drawn transitions. (This world is so small that no single frame is new: a dot
# has 784 places to start from. The later worlds have more.) `spectrum` gives the variance of the latent along its
# principal components; `knee` says after which of them it falls off most steeply; `effective_rank` how many there seem
# to be; `linear_r2` how well a linear map reads the position off the latent, at positions that the map was not fitted on.

# %%
for s in page.seeds:
    for config in (with_inverse, without):
        run = page.run(config, s)
        held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
        z, z_next = run.encode(held_out.state), run.encode(held_out.next_state)
        variances = spectrum(z)
        if config is with_inverse:
            page.add(s, "single", knee=Count(knee(variances)), top2_share=Share(top_share(variances, 2)))
        of = "single" if config is with_inverse else "lambda0"
        page.add(
            s, of, position_r2=R2(linear_r2(z, held_out.state).mean()), effective_rank=Count(effective_rank(variances))
        )
        page.add(s, of, total_variance=Scale(variances.sum(), "latent units²"))
        method = "smwm" if config is with_inverse else "forward_only"
        page.arrays[f"{method}_spectrum"].append(variances)
        if page.redo:
            page.arrays[f"{method}_total"].append(run.history["snapshots"].var(1, ddof=1).sum(-1))
            page.arrays["snapshot_steps"] = run.history["snapshot_steps"]

    untrained = build_model(without, s).to(page.device).encode_states(run.world, held_out.state.to(page.device))
    action = held_out.action.to(page.device)
    page.add(
        s,
        "lambda0",
        variance_over_untrained=Scale(variances.sum() / spectrum(untrained).sum()),
        inverse_loss=Scale(fresh_inverse_loss(z, action, z_next, seed=s)),
    )
    page.add(s, action_variance=Scale(held_out.action.var(0, correction=0).mean().item()))

results = page.results()

# %% [markdown]
# ## Two directions, then a cliff
#
# The action has two dimensions, so two directions of the latent should carry the variance. The vertical axis
# is absolute on purpose. Divided by its total, the spectrum of a collapsed model looks rich: its shares are
# spread over many components, because noise has no preferred direction.

# %% mystnb={"figure": {"name": "fig-dot-spectrum", "caption": "Variance of the latent along its principal components on held-out frames (thin lines: seeds; thick line: their geometric mean). With the inverse loss two components carry the variance and the third falls off a cliff. Without it there is no cliff because there is nothing to fall from: note the powers of ten."}, "image": {"alt": "Line plot on a logarithmic axis. With inverse loss, the first two principal components have a variance near one half and the third is many times smaller. Without inverse loss all components are several powers of ten lower and decay slowly.", "classes": "dark-light"}}
curves = {label: results.arrays[f"{of}_spectrum"] for label, of in {"λ = 10": "smwm", "λ = 0": "forward_only"}.items()}
figures.spectra(curves, run.world.controllable_dim)

# %% [markdown]
# ## Collapse happens early
#
# The latents of 256 fixed frames were kept at steps 0, 1, 2, 4, 8 and so on. For a handful of steps the two models
# look alike. Then one finds the action in its latents and spreads them out, while the other goes on shrinking,
# which is the easy way to lower a forward loss.

# %% mystnb={"figure": {"name": "fig-dot-collapse", "caption": "Total variance of the latents of 256 fixed frames while training (thin lines: seeds; thick line: their geometric mean). Without the inverse loss the latent shrinks for as long as one trains; with it, the latent opens up within the first hundred steps and stays open."}, "image": {"alt": "Line plot, both axes logarithmic. Total latent variance against training step: the curve with inverse loss rises within a hundred steps by four powers of ten to about one and stays there; the curve without it falls by two powers of ten and goes on falling.", "classes": "dark-light"}}
curves = {label: results.arrays[f"{of}_total"] for label, of in {"λ = 10": "smwm", "λ = 0": "forward_only"}.items()}
figures.collapse(results.arrays["snapshot_steps"], curves)

# %% [markdown]
# ## The numbers
#
# Mean over seeds with a 95 % interval (the scorecard says how), and the paper's value where it states one. The column
# *here* is what the weights of the first seed gave when this page was computed; a difference of more than 2 % from the
# stored result would have stopped the build.

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# The same numbers in plain text, which the test suite computes again and compares:

# %% tags=["nbval-check-output", "hide-input"]
print(f"knee of the spectrum                {page.here['single.knee']}")
print(f"share of the first two components   {page.here['single.top2_share']:.2f}")
print(f"R² of the position                  {page.here['single.position_r2']:.3f}")
print(f"total variance, λ = 10              {page.here['single.total_variance']:.2f}")
print(f"total variance, λ = 0               {page.here['lambda0.total_variance']:.0e}")
print(f"the same, over the untrained model  {page.here['lambda0.variance_over_untrained']:.0e}")
print(f"new inverse model at λ = 0          {page.here['lambda0.inverse_loss']:.2f}")
print(f"variance of the action              {page.here['action_variance']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **Two directions, and they are the position.** The paper shows [the cliff](#fig-dot-spectrum) after the second component; here
#   it stands at the same place for every seed, and a linear map reads the position almost perfectly.
# - **Collapse is absolute.** By its effective rank the collapsed latent looks *richer* than the other one, and a
#   linear probe, which is free to rescale what it reads, still finds some of the position in its last digits. Only
#   [the total variance](#fig-dot-collapse) tells the two apart. That is why this page shows variances and not only ratios.
# - **The floor is the variance of the action.** A *new* inverse model, trained on the frozen latents of the collapsed
#   encoder, does no better than to guess the mean action: its loss is the variance of the action. The latents differ by
#   too little for it to find what the rescaling probe found.
#
# **Try it.** `smwm run fig2_dot_world --set inverse=0.01` trains one seed at another λ, shows this page with it, replaces
# nothing, and says where the page is. How small can λ be before the two curves of the collapse figure look alike?

# %% [markdown]
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: The floor of the inverse loss
#
# A constant encoder gives the inverse model the same input whatever the action was, so it has to give one and the same
# answer. Find the answer with the lowest inverse loss on `held_out.action`: define `best_guess`, one action of shape `(2,)`,
# and `floor`, the loss of that answer as a number. Then find `floor` in the table of numbers above. Whose loss is it?

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
# The mean is the constant with the smallest squared error, and that error is the variance, Var(*a*), averaged
# over the action's dimensions. The collapsed encoder stands on this floor, so its latents tell an inverse model nothing.

# %%
live = page.run(with_inverse).encode(held_out.state).cpu()

# %% [markdown] tags=["exercise"]
# ### Exercise: A rank that rises while everything is lost
#
# `live` holds latents of the model with inverse loss. Make `faded` from them: divide them by 1,000 and add normal noise with a
# standard deviation of 0.001, which is how a latent looks that has shrunk to the size of rounding errors. Predict first whether
# its effective rank is higher or lower than that of `live`. Then define `faded_rank` and `faded_variance` with
# `effective_rank`, `spectrum` and the sum.

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
print(
    f"Right: the rank rises from {effective_rank(spectrum(live)):.1f} to {faded_rank:.1f}, the variance is {faded_variance:.0e}."
)

# %% [markdown] tags=["solution"]
# The effective rank looks at shares alone, and noise has equal shares in all directions. So it rewards a latent for having
# lost its signal; only the absolute variance shows what happened.

# %% [markdown]
# ## What you have learned
#
# - A model that must predict its own latent and recover the action keeps the position; one that must only predict collapses.
# - A constant latent has no forward loss, and its inverse loss cannot be lower than the variance of the action.
# - Ratios such as the effective rank cannot see a collapse, so look at the total variance first.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance

# %% tags=["hide-input"]
display_provenance(results)
