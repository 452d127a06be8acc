# %% [markdown]
# # How worlds are kept from collapsing
#
# **The claim.** Several things keep a latent from collapsing, but they do not make the same latent. On the same data,
# with the same encoder, predictor, optimiser and number of steps, seven objectives differ in what their latent
# encodes, in how many directions it spreads, and in what has to be known for it.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
from dataclasses import replace

import numpy as np
from IPython.display import Markdown, display

from smwm_book import figures
from smwm_book.experiments.measures import R2, Count, Number, Scale, Share
from smwm_book.experiments.methods import METHODS
from smwm_book.experiments.page import Page
from smwm_book.tables.report import display_metrics, display_provenance, format_interval
from smwm_core.analysis.dot_readouts import dot_readouts
from smwm_core.analysis.rollout import rollout_errors
from smwm_core.analysis.spectrum import knee, spectrum, top_share
from smwm_core.losses.objective import WEIGHTS
from smwm_core.seeds import generator
from smwm_core.training.config import ToyConfig
from smwm_core.training.toy import train
from smwm_core.worlds import make_world

STEPS_AHEAD, TIMED = 5, 20  # steps of a rollout, and of training to time them
page = Page("anticollapse_gallery", "Ways against collapse", preset, seed, device, recompute)
worlds = {name: make_world(f"dots/{name}").controllable_dim for name in ("distractor", "single", "combined")}
kept_methods = ("forward_only", "inverse", "sigreg", "vicreg")  # weights are published for these, in the first world
size = {"steps": page.budget.comparison_steps, "batch_size": page.budget.batch_size}

# %%
for s in page.seeds:
    for world, k in page.some(worlds, ["distractor"]).items():
        for name in page.some(METHODS, kept_methods):
            config = ToyConfig(f"dots/{world}", METHODS[name].objective, **size)
            run = page.run(config, s, published=world == "distractor" and name in kept_methods)
            held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
            z, z_next = run.encode(held_out.state), run.encode(held_out.next_state)
            variances, readouts, of = spectrum(z), dot_readouts(run.world, z, z_next, held_out), f"{world}.{name}"
            page.add(s, of, total_variance=Scale(variances.sum(), "latent units²"))
            page.add(s, of, knee=Count(knee(variances)), topk_share=Share(top_share(variances, k)))
            page.add(s, of, controlled_r2_min=R2(min(readouts["controlled"].values())))
            if readouts["distractor"]:
                page.add(s, of, distractor_r2_max=R2(max(readouts["distractor"].values())))

            count, drawn = page.budget.held_out // 8, generator(s, "held-out trajectories")
            states, actions = run.world.sample_trajectories(count, STEPS_AHEAD, drawn)
            error, stay_put = rollout_errors(run.model, run.encode(states), actions.to(page.device))
            page.add(s, of, rollout_error_ratio=Scale(error[-1] / stay_put[-1]))
            page.arrays[f"{of}.spectrum"].append(variances)
            if page.redo:  # a few steps of one method after the other, on the same machine under the same load
                timed = train(
                    replace(config, steps=TIMED, transitions=TIMED * config.batch_size), s, device=page.device
                )
                page.add(s, of, step_ms=Number(1_000 * timed.seconds / TIMED, "ms"))

results = page.results()

# %% mystnb={"figure": {"name": "fig-kept-dropped", "caption": "The world with a distractor: how well a linear read-out finds the dot that the action moves (blue circles) and the dot that moves by itself (red diamonds) in the latent of each method. Large marks: mean over seeds, small marks: seeds; below zero is drawn as zero. Where the latent has collapsed, its total variance stands instead of colours: only a probe that may magnify finds anything there. The four methods whose latent stays open encode the controlled dot and, but for a trace with SIGReg, not the other."}, "image": {"alt": "Seven rows, one per method, each with a blue circle and a red diamond on an axis from zero to one. For inverse, SIGReg, VICReg and inverse plus SIGReg the circle is at one and the diamond at zero or near it. The rows of forward only, moving average and reconstruction are grey and hollow, with variances of a hundred thousandth and below.", "classes": "dark-light"}}
labels = {name: method.label for name, method in METHODS.items()}
r2 = [results.each(f"distractor.*.{read}", labels) for read in ("controlled_r2_min", "distractor_r2_max")]
variance = results.each("distractor.*.total_variance", labels)
figures.kept_and_dropped(
    *({label: np.array(metrics[label]["per_seed"]) for label in labels.values()} for metrics in r2),
    {label: metric["value"] for label, metric in variance.items()},
)

# %% [markdown]
# A linear probe works at any scale: it finds a position even in a latent that has shrunk to a millionth of its
# variance. So [this picture](#fig-kept-dropped) needs the variances, and the table has all of them.
#
# ## The seven methods
#
# All of them minimise the forward loss. They differ in what they add, and in how many hyperparameters that brings:

# %% tags=["hide-input"]
lines = ["| method | adds | hyperparameters | source |", "|:--|:--|:--|:--|"]
for method in METHODS.values():
    added = {name: getattr(method.objective, name) for name in (*WEIGHTS, "ema_decay")}
    objective = ", ".join(f"`{name}={value:g}`" for name, value in added.items() if value)
    chosen = f"{len(method.choices)}" + (f" ({', '.join(method.choices)})" if method.choices else "")
    lines.append(f"| {method.label} | {objective or 'nothing'} | {chosen} | {method.source} |")
display(Markdown("\n".join(lines)))

# %% [markdown]
# SIGReg and VICReg ask every dimension for a variance of one, which does not fit into (−1, 1), so encoder and predictor
# lose their tanh when one of them is used; all else is the same. No weight was tuned: each is the one that its authors
# use, or 1.
#
# ## Three worlds, seven spectra

# %% mystnb={"figure": {"name": "fig-method-spectra", "caption": "Variance of the latent along its first sixteen principal components, on one logarithmic scale (thin lines: seeds; dots: their geometric mean; blue: as many as the action has dimensions, left of the dashed line). Look first at the height, then at the shape: a spectrum near the bottom is a collapsed latent, a flat one encodes everything or noise. One that falls at the dashed line has as many directions as the action; whether they encode what is controlled, the table says."}, "image": {"alt": "A table of spectra, seven methods by three worlds. Forward only lies lowest. The inverse loss falls off at the dashed line. SIGReg and variance-covariance are flat over the first five to seven components and then fall. The others lie between.", "classes": "dark-light wide"}}
spectra = {name: {world: results.arrays[f"{world}.{name}.spectrum"] for world in worlds} for name in labels}
figures.spectra_by_method({label: spectra[name] for name, label in labels.items()}, worlds)

# %% [markdown]
# ## The table
#
# Mean over seeds with a 95 % interval. *Rollout*: error five steps ahead over that of standing still. *Time*: of a
# training step on the machine named below, as a multiple of the forward-only step.

# %% tags=["hide-input"]
columns = {
    "total_variance": "variance",
    "knee": "knee",
    "topk_share": "share of first k",
    "controlled_r2_min": "R² controlled",
    "distractor_r2_max": "R² distractor",
    "rollout_error_ratio": "rollout",
}
for world, k in worlds.items():
    held = [column for column in columns if column != "distractor_r2_max" or world != "single"]
    lines = [f"**{world}** (k = {k})", "", f"| method | {' | '.join(columns[c] for c in held)} | time |"]
    lines.append("|:--|" + "--:|" * (len(held) + 1))
    baseline = results.metric(f"{world}.forward_only.step_ms")["value"]
    for name, label in labels.items():
        cells = [format_interval(results.metric(f"{world}.{name}.{column}")) for column in held]
        cells.append(f"{results.metric(f'{world}.{name}.step_ms')['value'] / baseline:.1f}×")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    display(Markdown("\n".join(lines)))

# %% tags=["nbval-check-output", "remove-cell"]
for name in kept_methods:
    controlled = page.here[f"distractor.{name}.controlled_r2_min"]
    print(f"{labels[name]:29} R² controlled {controlled:5.2f}")

# %% [markdown]
# ## What to notice
#
# - **In this world all that stay open drop the distractor.** It jumps at random and cannot be predicted, so encoding it
#   costs forward loss under every objective. That is no rule: in a [world of two
#   blobs](build_it_yourself.ipynb) SIGReg with the forward loss encodes the random one (R² 0.90), and the inverse loss drops it even
#   without a forward loss.
# - **Room is used differently.** With the inverse loss [the spectrum](#fig-method-spectra) ends where the action ends, except in the combined world. SIGReg and VICReg ask all 64 dimensions to vary and open five to seven directions, so the position comes back several times, bent in different ways,
#   and the knee says nothing about control. VICReg's rollouts are as good as those of the inverse loss, SIGReg's a
#   little worse.
# - **Combined, SIGReg sets the spectrum.** Inverse + SIGReg has nearly the spectrum of SIGReg, and encodes what both encode.
# - **A moving average alone does not help here.** Its latent shrinks faster than that of the forward loss alone. BYOL
#   also has normalisation layers, two views and a predictor of its own; this encoder has none of them.
# - **Reconstruction has not found the dots.** Thirteen pixels of 4,096 are little to gain for a decoder that starts
#   with a white page. In 500 steps it leaves the latent nearly collapsed; it is also the most expensive step.
# - **Time decides too.** In the combined world 500 steps are too few for every method; [Fig.
#   4](fig4_controllable_dof.ipynb) shows what the inverse loss reaches there with more.
#
# ## Where each wins
#
# *Inverse*: the smallest latent, one hyperparameter, no dependence on the batch; it needs actions that can be seen in
# the frames. *SIGReg, VICReg*: no action needed; their latent varies in all directions, and there are more
# hyperparameters to choose. *Reconstruction*: encodes what is large in the picture, whoever moves it, and can be looked at; it is
# slow, and small things come late. *Moving average*: no extra loss, but by itself no cure. *Forward only*: the cheapest
# step, and a collapse.
#
# **Try it.** Replace the jumping distractor by a dot that never moves (`dots/independent+static`) and run SIGReg and
# the inverse loss again. Which of them encodes the static dot, and why?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
import torch

from smwm_core.analysis.probes import linear_r2
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import forward_loss

kept = {name: page.run(ToyConfig("dots/distractor", METHODS[name].objective, **size)) for name in kept_methods}
models = {name: run.model for name, run in kept.items()}
batch = kept["inverse"].world.sample(512, generator(seed, "transitions for exercises")).to(page.device)
latents = {name: (run.encode(batch.state), run.encode(batch.next_state)) for name, run in kept.items()}

# %% [markdown] tags=["exercise"]
# ### Exercise: Write the rival's objective
#
# Write `rival_loss(model, z, a, z_next, rng)`, the loss of LeWorldModel: the forward loss plus 0.09 times SIGReg, the
# mean of that of `z` and that of `z_next`, in this order. `model.predict(z, a)` predicts; `forward_loss` and
# `sigreg_loss` (which takes `generator=rng`) are imported above.


# %% tags=["solution"]
def rival_loss(model, z, a, z_next, rng):
    spread = (sigreg_loss(z, generator=rng) + sigreg_loss(z_next, generator=rng)) / 2
    return forward_loss(model.predict(z, a), z_next) + 0.09 * spread


# %% tags=["check"]
official = METHODS["sigreg"].objective
for name, judge in models.items():
    here, there, taken = latents[name][0][:64], latents[name][1][:64], batch.action[:64]
    with torch.no_grad():
        mine = rival_loss(judge, here, taken, there, generator(0, "directions", page.device)).item()
        wanted = official(judge, here, taken, there, generator(0, "directions", page.device))["loss"].item()
    assert abs(mine / wanted - 1) < 1e-4, f"On {labels[name]} the loss is {wanted:.4f}, yours is {mine:.4f}."
print("Right: your loss agrees with that of the library on the latents of all four models.")

# %% [markdown] tags=["solution"]
# There is no action in the second term. So SIGReg works where nobody acts, and the term itself cannot tell what the agent moves from the rest.

# %% [markdown] tags=["exercise"]
# ### Exercise: A read-out that cannot magnify
#
# A linear probe finds traces at any scale. Give every latent the same small blur, as a planner with finite precision
# would see it: add normal noise with a standard deviation of 0.01 to `latents[name][0]`. Define two dictionaries with
# the four names of `models` as keys: `blurred`, the noisy latents, and `blurred_r2`, the lower R² of the two
# coordinates of the controlled dot, `batch.state[:, :2]`, by `linear_r2`.

# %% tags=["solution"]
blurred, blurred_r2 = {}, {}
for method, (sharp, _) in latents.items():
    noise = 0.01 * torch.randn(sharp.shape, generator=generator(0, f"blur of {method}"))
    blurred[method] = sharp + noise.to(page.device)
    blurred_r2[method] = linear_r2(blurred[method], batch.state[:, :2]).min()

# %% tags=["check"]
assert set(blurred) == set(blurred_r2) == set(models), "Both dictionaries need one entry for each of the four models."
for name, (here, _) in latents.items():
    assert abs((blurred[name] - here).std().item() / 0.01 - 1) < 0.1, f"The noise on {labels[name]} is not 0.01."
    exact = min(linear_r2(blurred[name], batch.state[:, :2]))
    assert abs(exact - blurred_r2[name]) < 1e-3, f"The lower R² of {labels[name]} is another."
print("Right:", ", ".join(f"{labels[name]} {blurred_r2[name]:.2f}" for name in models))

# %% [markdown] tags=["solution"]
# What the forward-only model still held, it held a thousand times below this blur; the others lose nothing. Information
# can be there in principle and out of reach in practice, so this book shows variances.

# %% [markdown]
# ## What you have learned
#
# - Several terms keep a latent open, and they differ in what fills it.
# - What moves by chance costs forward loss, and is dropped under each of the four objectives whose latent stays open here.
# - A method that needs no action cannot tell what the agent controls; the inverse loss can, and needs actions that can be seen.
#
# ## Numbers and provenance
#
# The keys of the tables above; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
