# %% [markdown]
# # What λ really sets
#
# **The claim.** Where the world is deterministic, the weight λ of the inverse loss sets how *large* the latent is, not what it holds. What
# survives changes only at an edge, below which the latent collapses. A second edge, above which a distractor leaks in, was expected as well and not
# found up to λ = 1000. Between the edges any λ will do, so λ can be left to a rule that never sees the task. The paper names the choice of λ as a
# limitation {cite:p}`smwm`; this page looks for both edges, moves one of them on purpose, and lets a constraint choose.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import math

import numpy as np
import torch

from smwm_book import figures
from smwm_book.experiments.measures import R2, Number, Scale
from smwm_book.experiments.oracle import oracle_r2
from smwm_book.experiments.page import Page
from smwm_book.tables.hypotheses import Hypothesis, display_hypotheses, display_verdicts
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.sensitivity import blurred_r2, pull
from smwm_core.losses.objective import HIGHEST, LOWEST
from smwm_core.seeds import generator
from smwm_core.training.adaptive_weight import AdaptiveWeight
from smwm_core.training.config import ToyConfig
from smwm_core.worlds import make_world

DOT, DISTRACTOR = (0, 1), (2, 3)  # columns of the state
APART, SHIFT = 12, 4  # px: dots of the frames in which one is moved, and how far
HELD, PULLED = 0.95, 0.1  # a latent works if the controlled dot's R² is at least, the pull ratio at most this
KAPPA = 0.05  # the share of the action's variance that the constraint allows

page = Page("beyond_lambda", "What λ sets", preset, seed, device, recompute, varies=["inverse"])
weights = [10.0**power for power in range(-3, 4)]
worlds = {16: "dots/distractor", 8: "dots/distractor/8", 4: "dots/distractor/4"}
constrained = Objective(inverse=1, constraint=KAPPA)
arms = {
    f"px{px}_lambda_{weight:g}": (world, Objective(inverse=weight))
    for px, world in worlds.items()
    for weight in weights
}
arms |= {f"px{px}_constraint": (world, constrained) for px, world in worlds.items()}
arms |= {f"px{px}_relative": (world, Objective(inverse=1, relative=True)) for px, world in worlds.items()}
arms["swapped_constraint"] = ("wiring/swapped40", constrained)
size = {"steps": page.budget.comparison_steps, "batch_size": page.budget.batch_size}
configs = {name: ToyConfig(*arm, **size) for name, arm in arms.items()}

expected = (
    Hypothesis(
        "In each world λ works over two decades at least: the controlled dot is held and the distractor hardly moves the latent.",
        tuple((f"px{px}.working_decades", ">", 2) for px in worlds),
    ),
    Hypothesis(
        "With steps a quarter as long, the lower edge lies at least a decade higher.",
        (("edges.shift_16_to_4", ">", 1),),
    ),
    Hypothesis(
        "λ sets the scale: from 0.1 to 100 the total variance grows tenfold or more, and the controlled dot is held at both ends.",
        (
            ("px16.variance_100_over_0.1", ">", 10),
            ("px16_lambda_0.1.controlled_r2", ">", HELD),
            ("px16_lambda_100.controlled_r2", ">", HELD),
        ),
    ),
    Hypothesis(
        "Far up the distractor leaks in: at λ = 1000 its pull ratio is above that at λ = 1.",
        tuple((f"px{px}.pull_1000_over_1", ">", 1) for px in worlds),
    ),
    Hypothesis(
        "A constraint with one κ works in all three worlds.",
        tuple(
            threshold
            for px in worlds
            for threshold in (
                (f"px{px}_constraint.controlled_r2", ">", HELD),
                (f"px{px}_constraint.pull_ratio", "<", PULLED),
            )
        ),
    ),
    Hypothesis(
        "Where the action cannot be read, the constraint's λ ends at its ceiling of 1000: an alarm.",
        (("swapped_constraint.final_lambda", ">", 900),),
    ),
    Hypothesis(
        "A forward loss without a scale is worse: at λ = 1 and 16 px it costs the controlled dot R².",
        (("px16.r2_lost_to_relative", ">", 0.05),),
    ),
)

# %%
for s in page.seeds:
    seen = {}
    for name in page.some(configs, {}):
        run = page.run(configs[name], s, published=False)
        held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
        state, a = held_out.state.float(), held_out.action
        z, z_next = run.encode(held_out.state), run.encode(held_out.next_state)
        missed = (run.model.inverse_model(z, z_next).cpu() - a).square().mean() / a.var(0).mean()
        readable, variance = blurred_r2(z, state), z.var(0).sum().item()
        page.add(s, name, controlled_r2=R2(readable[[*DOT]].min()), inverse_share=Scale(missed.item()))
        page.add(s, name, total_variance=Scale(variance, "latent units²"))
        ratio = math.nan
        if name != "swapped_constraint":
            apart = held_out.state[(state[:, DOT] - state[:, DISTRACTOR]).norm(dim=1) >= APART]
            pulls = [pull(run.model, run.world, apart, columns, by=SHIFT) for columns in (DISTRACTOR, DOT)]
            ratio = pulls[0] / max(pulls[1], 1e-12)  # a latent may have fallen to a point
            page.add(s, name, distractor_r2=R2(readable[[*DISTRACTOR]].min()), pull_ratio=Scale(ratio))
        if run.config.objective.constraint:
            page.arrays[f"{name}.lambda"].append(run.history["weight"])
            page.add(s, name, final_lambda=Scale(run.history["weight"][-1]))
        seen[name] = readable[[*DOT]].min(), ratio, variance

    edges = {}
    for px in page.some(worlds, ()):
        r2, ratio, variance = np.array([seen[f"px{px}_lambda_{weight:g}"] for weight in weights]).T
        for measure, values in (("r2", r2), ("pull", ratio), ("variance", variance)):
            page.arrays[f"px{px}.{measure}"].append(values)
        works = (r2 >= HELD) & (ratio <= PULLED)
        edges[px] = math.log10(weights[works.argmax()]) if works.any() else math.log10(HIGHEST) + 1
        page.add(s, f"px{px}", working_decades=Number(works.sum(), "decades"), lower_edge=Number(edges[px], "log10 λ"))
        at = dict(zip(weights, range(len(weights)), strict=True))
        page.add(s, f"px{px}", **{"variance_100_over_0.1": Scale(variance[at[100]] / variance[at[0.1]])})
        page.add(s, f"px{px}", pull_1000_over_1=Scale(ratio[at[1000]] / ratio[at[1]]))
        page.add(s, f"px{px}", r2_lost_to_relative=Number(r2[at[1]] - seen[f"px{px}_relative"][0]))
    if page.redo:
        page.add(s, "edges", shift_16_to_4=Number(edges[4] - edges[16], "decades"))
        told = oracle_r2(page, "oracle", worlds[16], torch.Tensor.float, s)
        page.add(
            s, "oracle", controlled_r2=R2(told[[*DOT]].min().item()), distractor_r2=R2(told[[*DISTRACTOR]].min().item())
        )

results = page.results()

# %% mystnb={"figure": {"name": "fig-lambda-map", "caption": "What the latent holds after training, for seven fixed λ (columns) and three lengths of a step (panels). Below each column: R² of the controlled dot (the worse coordinate, from slightly blurred latents; below zero is written as zero) and the pull ratio of the distractor, both as means over seeds; they decide the colour. Black: the λ that the constraint chose, from the first training step at the top to the last at the bottom, a line for each seed. Look for the left edge of the blue area, panel by panel, and for where the black lines end."}, "image": {"alt": "Three panels, for steps of up to 16, 8 and 4 pixels, each with seven coloured columns for lambda from 0.001 to 1000 and two numbers below each column. Black lines start at lambda 1 at the top of each panel and run down to a dot at the bottom.", "classes": "dark-light"}}
figures.weight_map(
    np.array(weights),
    {
        f"steps of up to {px} px": (
            results.arrays[f"px{px}.r2"],
            results.arrays[f"px{px}.pull"],
            results.arrays[f"px{px}_constraint.lambda"],
        )
        for px in worlds
    },
    least_r2=HELD,
    largest_pull=PULLED,
)

# %% [markdown]
# ## What is expected, and why
#
# **What the book knows already.** On the [single dot](collapse_explorer.ipynb), from λ = 0.01 to 100, position can be read
# off without loss while the total variance keeps growing. On the planning tasks, [the page on λ](fig7_lambda.ipynb) finds
# no single best value. Both fit one reading: λ turns a volume knob.
#
# **Why scale is free.** The dot's next position follows from its present one and the action. So both losses can be zero, at any scale of the latent, and no λ
# changes that. What λ changes is the way there. While the forward model is still poor, its error grows with
# the square of the scale and pulls the latent together; the inverse model finds its answer more easily in a large latent
# and pushes it apart. λ says where the two meet when training ends.
#
# **The lower edge.** Let a latent begin as a small copy of the positions. A forward model that knows nothing is wrong by the *spread* of the positions,
# and an inverse model can gain by the size of the *step*. Opening pays if λ times the variance of a step is above some multiple of the variance of
# positions. With the spread held fixed and steps a quarter as long, the edge should rise by a factor of $(16/4)^2 = 16$, or 1.2 decades.
#
# **The upper edge.** Nothing in the inverse loss removes the distractor; it merely has no use for it. By this argument only the forward loss does, because the distractor's jumps cannot be predicted. As λ grows, this pressure becomes a smaller and smaller part of the gradient.
#
# **The worlds** are `dots/distractor` with displacements of up to 16, 8 and 4 px. Actions are divided by that number, so they fill [−1, 1]
# in all three, and starts lie in [18, 45] throughout: the spread is the same.

# %% tags=["nbval-check-output"]
for world in worlds.values():
    steps = make_world(world).sample(10_000, generator(0, "how far steps go"))
    spread, far = steps.state.float().std(0)[0], (steps.next_state - steps.state).float().square().mean(0)[0].sqrt()
    print(f"{world:18} a step goes {far:.2f} px along an axis (root mean square); starts spread by {spread:.2f} px")

# %% [markdown]
# **The constraint.** One would rather say what is wanted of the inverse loss than what it weighs. Let ℓ be the running mean of
# $L_\text{inv}/\text{Var}(a)$, the share of the action that is missed. After each step
#
# $$\log \lambda \leftarrow \log \lambda + 0.02 \cdot \operatorname{clip}(\ell/\kappa - 1,\ -1,\ 1)$$
#
# with κ = 0.05 in every world, a start at λ = 1 and λ kept between 0.001 and 1,000: more weight while more than κ is missed, less afterwards. The share has no unit, so the
# same κ can serve worlds whose steps differ. It needs no state, no reward and no probe.
#
# **A loss without scale.** If scale is the nuisance, why not divide it out? The arm `relative` divides the forward loss by that of a
# prediction that the latent stays as it is, with gradients through both. Such a loss can also be lowered by making the denominator
# larger, that is by holding whatever moves fast, and it has no reason to let go of the distractor's jumps.
#
# **Wires that hide the action.** In the [swapped wiring](beyond_actions.ipynb) of 40 % almost nothing of the action can be read from the frames, so the constraint cannot be
# met. Then λ should rise to its ceiling and stay.
#
# A λ *works* if R² of the controlled dot is at least 0.95 and the pull ratio at most 0.1. `working_decades` counts those of the seven that do, and each stands for its
# decade. The lower edge is the smallest of them; if there is none, it counts as $10^4$. All of this was fixed before the runs:

# %% tags=["hide-input"]
display_hypotheses(expected)

# %% [markdown]
# And what came of it:

# %% tags=["hide-input"]
display_verdicts(expected, results)

# %% [markdown]
# ## Scale and contents
#
# [The same 21 runs](#fig-scale-and-leak) as lines. If λ were nothing but a volume knob, all lines of the variance would rise and all lines of the pull ratio would be flat.

# %% mystnb={"figure": {"name": "fig-scale-and-leak", "caption": "*Total variance* of the latent against λ, and its *pull ratio*: how far 4 px of the distractor move the latent over how far 4 px of the controlled dot do; dashed: the 0.1 that a working latent may have. Thick: geometric mean over seeds, thin: seeds; all axes are logarithmic. Where the latent has collapsed, this ratio compares two numbers that are both nearly zero. Compare how many decades each panel spans."}, "image": {"alt": "Two charts with logarithmic axes and three lines each, for steps of up to 16, 8 and 4 pixels: total variance over lambda, and pull ratio over lambda with a dashed line at 0.1.", "classes": "dark-light wide"}}
figures.scale_and_leak(
    np.array(weights),
    {f"{px} px": (results.arrays[f"px{px}.variance"], results.arrays[f"px{px}.pull"]) for px in worlds},
    largest_pull=PULLED,
)

# %% [markdown]
# ## A weight that finds its place, or rings a bell
#
# [The constraint's λ](#fig-lambda-paths) in the three worlds with a readable action, and in the one without. The rule moves it by 2 % a step at most, so from 1
# to either bound takes about 350 steps. Whoever records nothing but this number learns whether the inverse loss has anything to hold on to.

# %% mystnb={"figure": {"name": "fig-lambda-paths", "caption": "The λ that the constraint chose, step by step: in the three dot worlds, and with wires that are swapped in 40 % of all steps. Thick: geometric mean over seeds, thin: seeds; dashed: the floor and the ceiling. A line that turns has met its constraint; one that lies on the ceiling has not."}, "image": {"alt": "Four lines of lambda on a logarithmic axis over the steps of training, all starting at 1, between dashed lines at 0.001 and 1000.", "classes": "dark-light"}}
labels = {**{f"{px} px": f"px{px}" for px in worlds}, "swapped wires": "swapped"}
figures.weight_paths(
    {label: results.arrays[f"{name}_constraint.lambda"] for label, name in labels.items()}, (LOWEST, HIGHEST)
)

# %% [markdown]
# ## The numbers
#
# Mean over seeds with a 95 % interval (the scorecard says how). No weights are published with this page.

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# ## What to notice
#
# - **Read variance and R² together.** In the [map](#fig-lambda-map) R² says whether the dot is there, in the [lines](#fig-scale-and-leak) the variance says how large. A λ is not
#   better because its latent is larger.
# - **The lower edge belongs to the data.** It rises by one decade from 16 to 4 px, one cell of the grid and just what was asked for; the argument says 1.2. Network, objective and frames are the same in all three panels; only the length of a step differs. Whoever
#   records the same machine twice as often halves it, and may need another λ.
# - **The upper edge is not there.** The pull of the distractor falls with λ, over six decades ([pull ratio](#fig-scale-and-leak)); the expectation that it leaks in was wrong, and so may be the argument that only the forward loss keeps it out.
# - **`distractor_r2` and `pull_ratio` answer different questions.** The first asks whether the distractor can be found, the second how much
#   of the latent's distances is due to it. Planners minimise distances.
# - **The constraint may overshoot.** It raises λ until the latent opens, and lowers it only afterwards, slowly. The end of a black line is
#   therefore no estimate of the lower edge: a latent that is open may stay open at a λ that would not have opened it.
# - **Both dots are in the frames.** The same encoder without its tanh, told where they are while it trains (`oracle`), reads either in new frames at R² 1.000. What a
#   latent here lacks, the objective left out. This arm was added when the results of all others were known.
# - **A ceiling is a message.** If λ stands there, no weight will help: look at [what the frames tell of the action](beyond_actions.ipynb).
# - **`inverse_share`** is the share of the action's variance that is missed on held-out data. Compare it with κ in the arms with a constraint.
#
# ## Limits
#
# One value of λ a decade, so an edge is known to a decade only, and a shift between edges likewise; a lower edge at or below 0.001 would be cut off, and the shift
# with it. Both edges are those of short training: a latent that is still closed may open later, and a distractor that is still there may fade.
# The scale argument needs a deterministic world. Where the agent's own motion is noisy, the forward loss cannot vanish, and λ decides
# what is worth its price ([two faults](beyond_policy.ipynb)). With a step's length the distractor's jumps shrink as well, and short
# jumps are easier to predict. The rule has numbers of its own, κ, 0.02 and the two bounds; κ = 0.05 assumes that 95 % of the action can be read.
#
# ## Prior work
#
# The rule is that of {cite:t}`rezende2018`, who turn the weight of a variational autoencoder into a multiplier that grows while a constraint is
# missed; here its steps are clipped. {cite:t}`chen2018` balance the norms of the gradients of several tasks, another way not to choose weights,
# which this page does not try. {cite:t}`tang2023` study when self-prediction keeps from collapsing: with a stop-gradient and a predictor that learns fast. SMWM has
# no stop-gradient, so a second loss must hold the latent open, and the lower edge is where it fails to.
#
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: Where the edge goes
#
# A machine moves by up to `before` pixels in a step; you record it more often, and now it moves by up to `after`. By the argument above, how many decades does the lower edge rise? Write
# `edge_rise(before, after)`.


# %% tags=["solution"]
def edge_rise(before, after):
    return 2 * math.log10(before / after)


# %% tags=["check"]
def spread_over_step(largest):
    drawn = make_world(f"dots/distractor/{largest}").sample(20_000, generator(0, "edge"))
    positions, moved = drawn.state[:, DOT].float(), (drawn.next_state - drawn.state)[:, DOT].float()
    return (positions.var(0).mean() / moved.var(0).mean()).log10().item()


for many, few in ((16, 8), (16, 4), (12, 6), (8, 8)):
    drawn = spread_over_step(few) - spread_over_step(many)
    assert abs(edge_rise(many, few) - drawn) < 0.12, (
        f"From {many} to {few} px the variance of positions over that of steps rises by {drawn:.2f} decades."
    )
assert edge_rise(4, 16) < 0, "With longer steps the edge falls."
print(f"Right: {edge_rise(16, 4):.1f} decades from 16 to 4 px.")

# %% [markdown] tags=["solution"]
# Only variances enter, so lengths count squared: half the step needs four times the weight. Steps of whole pixels have slightly more variance than the formula says,
# which is the small difference that the check allows.

# %% [markdown] tags=["exercise"]
# ### Exercise: How long until the alarm
#
# The rule starts at λ = 1. Define `steps_up`, after how many steps λ is above 999 if nothing of the action can be read, and `steps_down`, how many it then takes back below 1 if the missed
# share is suddenly half of κ and the running mean follows at once. Why is the way down longer?

# %% tags=["solution"]
steps_up = math.ceil(math.log(999) / 0.02)
steps_down = math.ceil(math.log(1000) / (0.02 * 0.5)) + 1

# %% tags=["check"]
rule, batch = AdaptiveWeight(start=1, limit=KAPPA), torch.tensor([[-1.0], [1.0]])


def walk(share, until, most=5_000):
    for count in range(1, most):
        rule.missed.fill_(share)
        rule.adapt(share * batch.var(), batch)
        if until(rule.weight):
            return count
    return most


climb, descent = walk(1.0, lambda weight: weight > 999), walk(KAPPA / 2, lambda weight: weight < 1)
assert abs(steps_up - climb) <= 2, f"log λ rises by 0.02 a step; it takes {climb} of them."
assert abs(steps_down - descent) <= 5, f"Half of κ is half a step of the rule; down it takes {descent} of them."
print(f"Right: {climb} steps up, {descent} down.")

# %% [markdown] tags=["solution"]
# Upwards the clip is reached: a share of 1 is twenty times κ and counts as twice. Downwards ℓ/κ − 1 cannot fall below −1, which it reaches only at a perfect inverse model, and at half
# of κ the rule is half as fast. A weight that is too high for a while costs little; one that is too low lets the latent close.

# %% [markdown]
# ## What you have learned
#
# - Ask of λ two questions, how large the latent becomes and what it holds; the table says how far they have separate answers here.
# - The lower edge follows from a comparison of spread and step, so it belongs to the recording as much as to the model.
# - A constraint on the missed share of the action replaces λ by κ, which has no unit, and its λ says when the action cannot be read.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).
#
# ## Provenance
#
# To train this page again: `smwm run beyond_lambda --preset laptop --recompute`.

# %% tags=["hide-input"]
display_provenance(results)
