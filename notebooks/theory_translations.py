# %% [markdown]
# # Actions compose, and here they are shifts (paper's Theorem 1)
#
# **The paper's claim.** Where the forward model is exact, $g_{a_2 \circ a_1} = g_{a_2} \circ g_{a_1}$ for every two actions: predicting one after the other gives what predicting their composition at once gives ([Theorem 1, with its proof](../book/method.md)). The paper also
# observes, and no theorem says, that an action is nearly the same translation everywhere. Composition
# and translation are measured here. But composition also holds for encoders that are of no use, and this page constructs two.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import numpy as np
import torch

from smwm_book import figures
from smwm_book.experiments.measures import R2, Scale
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.composition import composition_error, displacements, translation_r2
from smwm_core.analysis.spectrum import PrincipalPlane
from smwm_core.losses.smwm import forward_loss, inverse_loss
from smwm_core.seeds import generator

counts = [2, 3, 4, 5]
page = Page("theory_translations", "Theorem 1", preset, seed, device, recompute)
config = page.budget.config("dots/single", Objective(inverse=10))

run = page.run(config)
ticks = torch.arange(18, 46, 3)
grid = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).flatten(0, 1)
latents = run.encode(grid)
z = latents.unflatten(0, (10, 10))[::3, ::3].flatten(0, 1)
plane = PrincipalPlane(latents)
actions = {"8 px to the right": torch.tensor([0.5, 0.0]), "8 px down": torch.tensor([0.0, 0.5])}
fields = {name: plane(z + displacements(run.model, z, a.to(z))) - plane(z) for name, a in actions.items()}

# %% mystnb={"figure": {"name": "fig-displacements", "caption": "What the forward model does to the latents of sixteen positions for two actions, in the plane of the first two principal components (first seed). Grey: latents of a finer grid. Each arrow starts at a latent and ends where the action takes it. The arrows of one action are nearly equal, and the two actions are nearly at right angles, as they are in the world."}, "image": {"alt": "Two panels with the same ten by ten grid of latents. In each, sixteen arrows of nearly equal length and direction start at every third grid point; the arrows of the two panels are roughly perpendicular.", "classes": "dark-light wide"}}
figures.displacement_fields(plane(latents), plane(z), fields)

# %% [markdown]
# ## How constant is a shift, and does it compose?
#
# The models are those of the [dot world](fig2_dot_world.ipynb). `translation_r2` is the share of [all
# displacements](#fig-displacements) $g_a(z) - z$ that a linear map of the action alone explains on held-out steps: once
# of all steps, once of those that end inside the square where training steps start. `composition_error`
# [compares](#fig-composition) where several small steps inside that square end with the one step that is their sum.

# %%
for s in page.seeds:
    run = page.run(config, s)
    held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
    z, z_next, action = run.encode(held_out.state), run.encode(held_out.next_state), held_out.action.to(page.device)
    inside = ((held_out.next_state >= 18) & (held_out.next_state <= 45)).all(1)
    page.add(s, "translation", r2=R2(translation_r2(run.model, z, action)))
    page.add(s, "translation", inside_r2=R2(translation_r2(run.model, z[inside], action[inside])))
    loss = forward_loss(run.model.predict(z, action), z_next).item()
    page.add(s, "equivariance", forward_loss=Scale(loss, "latent units²"))
    errors = []
    for count in counts:
        states, steps = run.world.sample_trajectories(page.budget.held_out, count, generator(s, f"{count} small steps"))
        errors.append(composition_error(run.model, run.encode(states[:, 0]), steps.to(page.device)))
        page.add(s, f"composition.{count}_steps", relative_error=Scale(errors[-1]))
    page.add(s, "composition", relative_error=Scale(errors[0]))
    page.arrays["composition"].append(errors)

results = page.results()

# %% mystnb={"figure": {"name": "fig-composition", "caption": "Distance between where small steps end and where the one large step ends, in percent of the length of the large step, on held-out sequences (thin lines: seeds, thick line: their mean). An exactly equivariant encoder would have zero throughout."}, "image": {"alt": "Line plot of the composition error in percent against the number of small steps, two to five; the error stays a small fraction of the large step.", "classes": "dark-light"}}
figures.composition_errors(np.array(counts), results.arrays["composition"])

# %% [markdown]
# ## Two useless encoders that satisfy the theorem
#
# **Keep everything.** Let the latent be the picture itself and let the forward model roll it by the action's pixels. In
# the dot world that is exactly right, but a distractor would be kept as faithfully as the dot.
#
# **Keep nothing.** Let the latent be zero and the forward model return zero. That is equivariant too. Only the inverse
# loss tells it from a good encoder: no answer is better than the mean action, which costs the variance of the action.

# %%
world = run.world
pairs = world.sample(256, generator(seed, "degenerate encoders"))
before, after = world.render(pairs.state), world.render(pairs.next_state)

pixels = (16 * pairs.action).round().int().tolist()
rolled = torch.stack([o.roll((dy, dx), dims=(1, 2)) for o, (dx, dy) in zip(before, pixels, strict=True)])
keep_everything = forward_loss(rolled, after).item()

columns = torch.arange(64.0)
red = 1 - torch.stack([before, after])[:, :, 1]
moments = torch.stack([(red.sum(-2) * columns).sum(-1), (red.sum(-1) * columns).sum(-1)], -1)
centre = moments / red.sum((-1, -2))[..., None]
keep_everything_inverse = inverse_loss((centre[1] - centre[0]) / 16, pairs.action).item()

nothing = torch.zeros(256, 1)
keep_nothing = forward_loss(nothing, nothing).item()
mean_action = pairs.action.mean(0).expand_as(pairs.action)
keep_nothing_inverse = inverse_loss(mean_action, pairs.action).item()

# %% tags=["nbval-check-output", "hide-input"]
print(f"{'encoder':17}{'forward loss':>13}{'inverse loss':>14}")
print(f"{'keep everything':17}{keep_everything:13.3f}{keep_everything_inverse:14.3f}")
print(f"{'keep nothing':17}{keep_nothing:13.3f}{keep_nothing_inverse:14.3f}")
print(f"variance of the action: {pairs.action.var(0, correction=0).mean():.3f}")
print()
print(f"this model: a linear map of the action explains {page.here['translation.r2']:.2f} of its displacements,")
print(f"            and {page.here['translation.inside_r2']:.2f} of those that end inside")
print(f"this model: composition error of two steps {page.here['composition.relative_error']:.2f}")

# %% [markdown]
# Equivariance and composition cannot tell these two apart, nor either from a good model. The inverse loss rules out
# *keep nothing*; the forward loss, which favours what is easy to predict, rules out *keep everything* as soon as something in the picture moves unpredictably.
#
# ## What to notice
#
# - **An action is a shift, except near the border.** Inside the square the action alone explains nearly all of the
#   displacement. Outside, where steps end but none begin, the latents crowd together, and the same action moves them
#   less.
# - **Two steps compose better than one predicts.** A single step misses the encoded frame by some part of its length
#   ([rollouts](fig3_latent_rollout.ipynb)), yet two small steps and one large step miss it by nearly the same vector; with five the two errors are not told apart.
# - **A property of good models is not a recipe for them.** Asking only for equivariance invites collapse.
# - **That actions are translations is found, not proved.** An encoder can be exactly equivariant, lose nothing, and turn
#   every action into a [multiplication](ex-method-2).
#
# **Try it.** Draw positions near the margin, where no training step starts, and plot the arrows there. Are they still
# parallel?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
first, second = (torch.rand(2, 256, 2, generator=generator(0, "pairs of actions")) - 0.5).unbind(0)

# %% [markdown] tags=["exercise"]
# ### Exercise: A constant encoder composes
#
# An encoder maps every frame to `torch.zeros(1)`. Write its forward model, `predict_constant(z, a)` for latents `(N,
# 1)` and actions `(N, A)`, and check Theorem 1 on it, with `first` and `second` above: define `gap`, the largest
# distance between doing both actions one after the other and doing their sum, and `length`, the largest distance that
# the sum moves a latent. Why can `composition_error` say nothing here?


# %% tags=["solution"]
def predict_constant(z, a):
    return torch.zeros(len(z), 1)


still = torch.zeros(256, 1)
at_once = predict_constant(still, first + second)
gap = (predict_constant(predict_constant(still, first), second) - at_once).norm(dim=1).max().item()
length = (at_once - still).norm(dim=1).max().item()

# %% tags=["check"]
assert predict_constant(torch.zeros(7, 1), torch.ones(7, 2)).shape == (7, 1), "predict_constant returns latents (N, 1)."
zeros = torch.zeros(256, 1)
assert forward_loss(predict_constant(zeros, first), zeros) == 0, "Its forward loss must be 0."
assert gap == 0, "Two actions in a row must end exactly where their sum ends."
assert length == 0, "No action moves the latent of a constant encoder."
print("Right: it predicts and composes perfectly, and every action does nothing; a relative error would be 0/0.")

# %% [markdown] tags=["solution"]
# All actions of a constant encoder are the identity, so exact composition costs it nothing. The theorem is about
# consistency, and what is consistent may still be empty.

# %% [markdown] tags=["exercise"]
# ### Exercise: Half an encoder
#
# Write an encoder that keeps the horizontal position alone, `encode_x(state)`, from states `(N, 2)` in pixels to
# latents `(N, 1)`, and its exact forward model `predict_x(z, a)`; an action of 1 moves the dot by 16 px. Then compute
# `half_blind_loss`: the lowest inverse loss that any inverse model can reach on the latents of `pairs`.


# %% tags=["solution"]
def encode_x(state):
    return state[:, :1] / 16


def predict_x(z, a):
    return z + a[:, :1]


read_off = encode_x(pairs.next_state) - encode_x(pairs.state)
guessed = pairs.action[:, 1:].mean(0).expand(256, 1)
half_blind_loss = inverse_loss(torch.cat([read_off, guessed], 1), pairs.action).item()

# %% tags=["check"]
reached = predict_x(encode_x(pairs.state), pairs.action)
assert reached.shape == (256, 1), "encode_x and predict_x return latents of shape (N, 1)."
assert forward_loss(reached, encode_x(pairs.next_state)) < 1e-8, "The forward model must be exact."
mirrored = torch.stack([pairs.state[:, 0], 63 - pairs.state[:, 1]], 1)
assert (encode_x(mirrored) == encode_x(pairs.state)).all(), "encode_x must not see the vertical position."
assert encode_x(pairs.state).std() > 0.1, "encode_x must see the horizontal position."
vertical = pairs.action[:, 1].var(correction=0).item()
assert abs(half_blind_loss / vertical - 0.5) < 0.01, "One half of the action can be read off, the other only guessed."
print(f"Right: {half_blind_loss:.3f}, half of the way from nothing ({keep_nothing_inverse:.3f}) to everything.")

# %% [markdown] tags=["solution"]
# The horizontal action is the difference of two latents; for the vertical one the mean is the best guess, which costs
# half of $\operatorname{Var}(a)$. Only the inverse loss counts what the latent misses.

# %% [markdown]
# ## What you have learned
#
# - Where a forward model is exact its actions compose; that they are nearly shifts in this world is an observation.
# - Equivariance and composition also hold for encoders that keep nothing, half of what matters, or everything.
# - Only the inverse loss rises when a latent lacks what is needed to recover the action.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; the paper states no numbers. *Here*: computed when this page was built; [list of
# words and symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
