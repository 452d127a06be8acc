# %% [markdown]
# # The shape of a latent (paper's Fig. 6 and Fig. 10)
#
# **The paper's claim.** With the inverse loss the latent of a control task lies close to a surface with about as many
# dimensions as the agent controls, and the surface has the shape of the physical state. With SIGReg it spreads over many more directions.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import numpy as np
import torch
from IPython.display import HTML, display

from smwm_book import figures
from smwm_book.experiments.measures import Count, Share
from smwm_book.experiments.page import Page
from smwm_book.experiments.presets import TASKS
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_book.widgets.turn import turn_the_latents
from smwm_core.analysis.probes import draw_states
from smwm_core.analysis.quantities import COLOURED_BY
from smwm_core.analysis.spectrum import PrincipalPlane, effective_rank, knee, spectrum, top_share
from smwm_core.seeds import generator
from smwm_core.worlds import make_world

AGAIN = ("tworoom", "pusht")  # encoded again whenever this page is executed
METHODS = {"smwm": "SMWM", "sigreg": "SIGReg"}
COLOURS = dict(zip(TASKS, ("dot's position", "two angles", "disc's position", "gripper's position"), strict=True))
page = Page("fig6_fig10_geometry", "Fig. 6 and 10", preset, seed, device, recompute, tasks=TASKS)
stored = page.stored()

# %%
for s in page.seeds:
    for task in page.some(TASKS, AGAIN):
        for method, run in page.planners(task, s, again=METHODS).items():
            if page.redo:
                drawn = generator(s, f"geometry of {task}")
                _, states = draw_states(run.config.make_world(), 0, page.budget.held_out, drawn)
            else:
                states = torch.from_numpy(stored[f"{task}.states"])
            z, of = run.encode(states), f"{task}.{method}"
            variances = spectrum(z)
            page.add(s, of, knee=Count(knee(variances)), effective_rank=Count(effective_rank(variances)))
            page.add(s, of, top2_share=Share(top_share(variances, 2)))
            page.arrays[f"{of}.spectrum"].append(variances)
            if page.redo and s == seed:
                page.arrays[f"{task}.states"] = states.numpy()
                page.arrays[f"{task}.place"] = COLOURED_BY[task](states).numpy()
                page.arrays[f"{of}.coordinates"] = PrincipalPlane(z, 3)(z).astype(np.float32)

results = page.results()

# %% tags=["hide-input"]
panels = {
    method: {
        title: {
            "state": results.arrays[f"{task}.place"],
            "coordinates": results.arrays[f"{task}.{method}.coordinates"],
            "spectrum": results.arrays[f"{task}.{method}.spectrum"],
            "elbow": knee(results.arrays[f"{task}.{method}.spectrum"][0]),
            "action_dim": make_world(task).simulator.action_dim,
        }
        for task, title in TASKS.items()
    }
    for method in METHODS
}
worlds = {
    title: {
        "state": results.arrays[f"{task}.place"],
        "coloured_by": COLOURS[task],
        "action_dim": panels["smwm"][title]["action_dim"],
        "latents": {label: panels[method][title] for method, label in METHODS.items()},
    }
    for task, title in TASKS.items()
}
display(HTML(turn_the_latents(worlds)))

# %% [markdown]
# Latents of the same frames with the inverse loss and with SIGReg, 2,048 frames per world, each latent in its own three
# principal components and at its own scale. Below: what gives the points their colours, and the spectra, thin lines for
# seeds, with the elbow of the first seed and the dimension of the action. [The same with the inverse
# loss](#fig-geometry) and [with SIGReg](#fig-geometry-sigreg), all worlds at once:

# %% mystnb={"figure": {"name": "fig-geometry", "caption": "The latent with the inverse loss. *State*: a part of the physical state, coloured by position (for Push-T and OGBench-Cube the place of the disc and of the gripper, for Reacher the two angles). *Latent*: the same frames in three principal components, in the same colours. *Spectrum*: the share of variance, thin lines for seeds, dots for the seed in the middle. Compare the ring, the elbow of that seed, with the dashed line after as many components as the action has dimensions: everywhere the elbow is the last dot before the line."}, "image": {"alt": "Three panels per world. The coloured square of states reappears in the latent as a coloured surface in three dimensions; in the spectrum the share of variance falls most steeply after the ringed component, the second and in OGBench-Cube the fifth, just before the dashed line of the action's dimension.", "classes": "dark-light wide"}}
figures.geometry(panels["smwm"])

# %% mystnb={"figure": {"name": "fig-geometry-sigreg", "caption": "The same with SIGReg instead of the inverse loss. It spreads the latents evenly over many directions, so three components show little of them, and the elbow lies at 14 or 15 in every world, far to the right of the dashed line: it does not depend on the action."}, "image": {"alt": "The same panels for SIGReg. The latents are clouds in which colours are mixed more; the spectra are flat past the dashed line at two or five components and fall only after the ringed one, the fourteenth or fifteenth.", "classes": "dark-light wide"}}
figures.geometry(panels["sigreg"])

# %% [markdown]
# Models of the [planning page](fig5_planning.ipynb), frames of held-out episodes. Each point is a frame: where the
# colours keep their order, the latent has the shape of that part of the state.

# %% tags=["nbval-check-output", "remove-cell"]
for task in AGAIN:
    for method, label in METHODS.items():
        share = page.here[f"{task}.{method}.top2_share"]
        print(f"{TASKS[task]:8} {label:7} two components hold {share:.2f} of the variance")

# %% [markdown]
# ## What to notice
#
# - **Turn them.** With the inverse loss three components hold 86 to 100 % of the variance, so that you turn nearly the
#   whole latent; with SIGReg 29 to 32 %, a shadow of it, whose crossings need not be there.
# - **Elbows where the action's effect ends, as in the paper.** With the inverse loss two components stand out in TwoRoom
#   and in Push-T, the position of the dot and of the disc, and five in OGBench-Cube, whose action has five dimensions:
#   in all three seeds, and the paper's numbers. The fall after them is sevenfold in TwoRoom and tenfold in Push-T, but
#   only 2.5-fold in OGBench-Cube, hardly more than the fall before it: that elbow is found by a narrow margin.
# - **A circle needs two directions.** Reacher's latent is a ring: the shoulder goes round it, and the wrist has hardly any variance in it.
#   Its spectrum falls after two components, the paper's after about four, two circles. At this budget the wrist has no two directions of its own, and [planning fails for it](fig5_planning.ipynb).
# - **SIGReg has its fall elsewhere.** It asks for equal variance in all 64 directions. After 1,600 steps some fourteen
#   have reached it, in every world.
#
# **Try it.** Encode the same frames with a freshly initialised model (`build_model`). How much of the shape is there
# before training?
#
# ## Exercises
#
# A check follows each, and nothing is trained; [versions for students](../book/teaching.md) have no solutions.

# %%
angle = 2 * torch.pi * torch.rand(2_000, generator=generator(0, "angles"))
little = 0.01 * torch.randn(2_000, 8, generator=generator(0, "little noise"))

# %% [markdown] tags=["exercise"]
# ### Exercise: One degree of freedom, many directions
#
# An arm with one joint has one degree of freedom, its angle. Build two latents of the 2,000 angles in `angle`, of shape
# `(2000, 8)` or wider, each a function of the angle plus the noise `little`, `(2000, 8)`: `ring`, whose spectrum has
# its knee at 2, and `coil`, whose knee is at 6.

# %% tags=["solution"]
ring = little.clone()
ring[:, :2] += torch.stack([angle.cos(), angle.sin()], 1)
coil = little.clone()
coil[:, :6] += torch.cat([torch.stack([(k * angle).cos(), (k * angle).sin()], 1) for k in (1, 2, 3)], 1)

# %% tags=["check"]
for asked, latent, wanted in (("ring", ring, 2), ("coil", coil, 6)):
    assert latent.shape[:-1] == (2_000,), f"{asked} needs one latent for each of the 2,000 angles."
    order = angle.argsort()
    jumps = (latent[order].roll(-1, 0) - latent[order]).norm(dim=1)
    assert jumps.median() < 0.2, f"{asked} must change little with the angle, and depend on nothing else."
    assert knee(spectrum(latent)) == wanted, f"The knee of {asked} is at {knee(spectrum(latent))}."
print("Right: one and the same degree of freedom fills two directions as a ring and six as a coil.")

# %% [markdown] tags=["solution"]
# A circle does not fit into a line, so an angle needs two linear directions, and a latent that bends more takes more. A
# knee is the number of degrees of freedom only where the latent is flat, as for the dots.

# %% [markdown]
# ## What you have learned
#
# - The shape of a latent shows which part of the state it encodes: a square for positions, a ring for an angle.
# - A spectrum counts linear directions, and curved things need more of them than they have degrees of freedom.
# - A latent that SIGReg keeps open fills directions because it is asked to, not because the world has them.
#
# ## Numbers and provenance
#
# Means over seeds, 95 % intervals; *here*: computed when this page was built; [list of words and
# symbols](../book/glossary.md).

# %% tags=["hide-input"]
display_metrics(results, page.here)
display_provenance(results)
