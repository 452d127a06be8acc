# %% [markdown]
# # Five steps ahead without looking (paper's Fig. 3)
#
# **The paper's claim.** The forward model is trained one step at a time. Fed its own predictions, it still follows the
# encoded frames for five steps, and its error does not blow up.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from smwm_book import figures
from smwm_book.experiments.measures import Scale
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.rollout import rollout_errors
from smwm_core.analysis.spectrum import PrincipalPlane
from smwm_core.seeds import generator

STEPS = 5
page = Page("fig3_latent_rollout", "Fig. 3", preset, seed, device, recompute)
config = page.budget.config("dots/single", Objective(inverse=10))

run = page.run(config)
count = page.budget.held_out // 4
states, actions = run.world.sample_trajectories(count, STEPS, generator(seed, "held-out trajectories"))
z = run.encode(states)
predicted = run.model.rollout(z[:4, 0], actions[:4].to(page.device))
plane = PrincipalPlane(z.flatten(0, 1))

# %% mystnb={"figure": {"name": "fig-rollout-paths", "caption": "Four held-out trajectories in the plane of the first two principal components. Black square: the first frame. Blue circles: the frames that follow, encoded. Orange diamonds: what the forward model predicts from the first frame and the actions alone. Grey: latents of other frames. The diamonds stay on the circles from the first step to the fifth."}, "image": {"alt": "Four panels, each with a zigzag path of blue circles that starts at a black square in the latent plane and five orange diamonds that lie on or very near the circles.", "classes": "dark-light"}}
figures.rollout_paths(plane(z[:, 0]), plane(z[:4]), plane(predicted))

# %% [markdown]
# The first four trajectories that the generator draws; none was picked by hand.
#
# ## The experiment
#
# The models of the [dot world](fig2_dot_world.ipynb) get the first frame of a fresh trajectory and five actions, random
# displacements of at most 16 px per axis that keep the dot where training steps start. Each error is divided by
# that of the prediction *it stays where it is*, because in a latent that has shrunk every error is small.

# %%
for s in page.seeds:
    run = page.run(config, s)
    states, actions = run.world.sample_trajectories(count, STEPS, generator(s, "held-out trajectories"))
    error, stay_put = rollout_errors(run.model, run.encode(states), actions.to(page.device))
    for k, ratio in enumerate(error / stay_put, start=1):
        page.add(s, f"step{k}", error_ratio=Scale(ratio))
    for k in (1, STEPS):
        page.add(s, f"step{k}", error=Scale(error[k - 1], "latent units"))
        page.add(s, f"step{k}", stay_put_distance=Scale(stay_put[k - 1], "latent units"))
    page.arrays["error_ratio"].append(error / stay_put)

results = page.results()

# %% [markdown]
# ## The error per step

# %% mystnb={"figure": {"name": "fig-rollout-error", "caption": "Mean distance between predicted and encoded latent, divided by the mean distance that standing still would leave, on held-out trajectories (thin lines: seeds; thick line: their mean). Five steps ahead the prediction is still far better than standing still."}, "image": {"alt": "Line plot of the error ratio against the number of steps ahead, one to five. The curve stays well below the dashed line at one that marks a prediction without motion.", "classes": "dark-light"}}
figures.rollout_error(results.arrays["error_ratio"], f"SMWM, λ = {config.objective.inverse:g}")

# %% tags=["nbval-check-output", "remove-cell"]
for k in range(1, STEPS + 1):
    print(f"{k} step{'s' if k > 1 else ' '} ahead: error ratio {page.here[f'step{k}.error_ratio']:.2f}")

# %% [markdown]
# ## What to notice
#
# - **The ratio hardly grows.** If errors compounded, the ratio would climb towards [the dashed line](#fig-rollout-error) and
#   beyond.
# - **The picture is flat, the error is not.** [The plane](#fig-rollout-paths) shows two of 64 dimensions; the error
#   counts all.
# - **Nothing is claimed about the edge of the frame:** the model has seen where steps end there, but none that starts
#   there.
#
# **Try it.** `smwm run fig3_latent_rollout --set inverse=0` trains without the inverse loss and replaces nothing. What
# happens to the two distances, and what does the ratio say?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: Do errors add up?
#
# After the loop above, `z` holds latents of held-out trajectories, `(N, 6, 64)`, `actions` their actions, `(N, 5, 2)`,
# and `error` the mean distance between rollout and encoded frame after each step. Compute the error of a model that
# sees every frame before it predicts the next: `one_step`, the mean distance between `z[:, t + 1]` and the prediction from the *encoded* `z[:, t]`, for t from
# 0 to 4. Then compare `error[-1]` with the sum of `one_step`.

# %% tags=["solution"]
looking = [run.model.predict(z[:, t], actions[:, t].to(page.device)) for t in range(STEPS)]
one_step = [(looking[t] - z[:, t + 1]).norm(dim=-1).mean().item() for t in range(STEPS)]

# %% tags=["check"]
assert len(one_step) == STEPS, "one_step has one number for each of the five steps."
for t in range(STEPS):
    jump, _ = rollout_errors(run.model, z[:, t : t + 2], actions[:, t : t + 1].to(page.device))
    assert abs(one_step[t] / jump[0] - 1) < 1e-3, f"The error of the step that starts at t = {t} is another."
print(f"Right: the five errors add up to {sum(one_step):.2f}; five steps without looking end {error[-1]:.2f} away.")

# %% [markdown] tags=["solution"]
# If all errors were carried on in full and pointed the same way, they would add up to the sum. The error of the rollout is far smaller: errors of single steps point in different directions, or the forward model pulls a latent that is off back; this page does not separate the two.

# %% [markdown]
# ## What you have learned
#
# - A forward model that was trained on single steps can be fed with its own predictions for several.
# - An error in a latent means nothing without a baseline; the error of predicting no motion is one that shrinks with the latent.
# - Errors of single steps do not add up.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
