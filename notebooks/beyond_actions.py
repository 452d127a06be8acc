# %% [markdown]
# # When the action cannot be read
#
# **The claim.** The inverse loss asks the latent for the action, not for the state. If the action can be told from less than the state,
# the rest of the state may be dropped, at no cost in either loss and with a training curve that looks perfect. And where the frames do not tell
# the action at all, the loss has nothing to hold the latent open with.

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
from smwm_book.experiments.measures import R2, Scale
from smwm_book.experiments.oracle import oracle_r2
from smwm_book.experiments.page import Page
from smwm_book.tables.hypotheses import Hypothesis, display_hypotheses, display_verdicts
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.quotients import coarsest
from smwm_core.analysis.sensitivity import blurred_r2, pull, pull_ratio
from smwm_core.analysis.spectrum import PrincipalPlane
from smwm_core.seeds import generator
from smwm_core.training.config import ToyConfig
from smwm_core.training.toy import build_model
from smwm_core.worlds import make_world
from smwm_core.worlds.propeller import on_circle

page = Page("beyond_actions", "Unreadable actions", preset, seed, device, recompute)
smwm, steps, batch_size = Objective(inverse=10), page.budget.comparison_steps, page.budget.batch_size
first = {k: Objective(inverse=10, inverse_steps=k) for k in ((1, 2, 4), (1, 4, 8))}
summed = Objective(inverse=10, inverse_steps=(1, 4, 8), inverse_target="sum")
turning = {
    **{f"turn_{degrees}": (f"propeller/{degrees}", smwm) for degrees in (30, 50, 65, 80, 120)},
    "first_50": ("propeller/50", first[1, 2, 4]),
    "first_30": ("propeller/30", first[1, 4, 8]),
    "sum_30": ("propeller/30", summed),
    "sigreg_30": ("propeller/30", Objective(inverse=0, sigreg=0.09)),
    "both_30": ("propeller/30", Objective(inverse=10, sigreg=0.09)),
    "bare_30": ("propeller/30-bare", summed),
}
wired = {
    **{kind: (f"wiring/{kind}", smwm) for kind in ("straight", "valve", "spare", "dropped")},
    "valve_moments": ("wiring/valve", Objective(inverse=10, inverse_target="moments")),
    **{f"swapped_{percent}": (f"wiring/swapped{percent}", smwm) for percent in (25, 40, 50)},
}
configs = {name: ToyConfig(*arm, steps=steps, batch_size=batch_size) for name, arm in wired.items()}
for name, (world, objective) in turning.items():  # longer windows, fewer of them: as many frames a step
    fewer = 2 * batch_size // (objective.question.window + 1)
    configs[name] = ToyConfig(world, objective, steps=2 * steps, batch_size=fewer)

expected = (
    Hypothesis(
        "Where no two turns of a step are a third apart, the angle is dropped.",
        (("turn_30.angle_r2", "<", 0.2, 0.5), ("turn_50.angle_r2", "<", 0.2, 0.5)),
    ),
    Hypothesis(
        "Well above that, it is held, with the same frames and the same objective.",
        (("turn_80.angle_r2", ">", 0.8), ("turn_120.angle_r2", ">", 0.8)),
    ),
    Hypothesis(
        "In the first case a third of a turn hardly moves the latent; in the second it moves it far.",
        (
            ("turn_30.pull_ratio", "<", 0.1),
            ("turn_50.pull_ratio", "<", 0.1),
            ("turn_80.pull_ratio", ">", 0.5),
            ("turn_120.pull_ratio", ">", 0.5),
        ),
    ),
    Hypothesis(
        "The first of several actions is enough at 50 degrees, but not at 30.",
        (("first_50.angle_r2", ">", 0.8), ("first_30.angle_r2", "<", 0.4)),
    ),
    Hypothesis("The sum of several actions is enough at 30 degrees.", (("sum_30.angle_r2", ">", 0.8),)),
    Hypothesis(
        "So is a term that needs no action, alone or added.",
        (("sigreg_30.angle_r2", ">", 0.8), ("both_30.angle_r2", ">", 0.8)),
    ),
    Hypothesis("Without the blue tip nothing can work, the sum neither.", (("bare_30.angle_r2", "<", 0.05),)),
    Hypothesis(
        "A valve hides the height; asked for moments the latent holds it, as it does without a valve.",
        (("valve.y_r2", "<", 0.4), ("valve_moments.y_r2", ">", 0.9), ("straight.y_r2", ">", 0.9)),
    ),
    Hypothesis(
        "Swapped wires leave 0.75, 0.96 and all of Var(a), within 0.05.",
        (
            ("swapped_25.inverse_share", ">", 0.70),
            ("swapped_25.inverse_share", "<", 0.80),
            ("swapped_40.inverse_share", ">", 0.91),
            ("swapped_40.inverse_share", "<", 1.01),
            ("swapped_50.inverse_share", ">", 0.95),
            ("swapped_50.inverse_share", "<", 1.05),
        ),
    ),
    Hypothesis("Swapped half of the time, the latent collapses.", (("swapped_50.variance_lost", ">", 100),)),
    Hypothesis(
        "Numbers without effect and dropped actions are harmless.",
        (("spare.y_r2", ">", 0.9), ("dropped.y_r2", ">", 0.9)),
    ),
)

# %%
circle = math.pi * torch.arange(-1, 1, 1 / 90)[:, None]
for s in page.seeds:
    for name in page.some(turning, {}):
        run = page.run(configs[name], s, published=False)
        state = run.world.sample(page.budget.held_out, generator(s, "held-out transitions")).state
        z = run.encode(state)
        page.add(s, name, angle_r2=R2(blurred_r2(z, on_circle(state)).min()))
        page.add(s, name, shape_r2=R2(blurred_r2(z, on_circle(state, turns=3)).min()))
        third, sixth = (pull(run.model, run.world, state, [0], math.radians(by)) for by in (120, 60))
        page.add(s, name, pull_ratio=Scale(third / sixth), total_variance=Scale(z.var(0).sum().item(), "latent units²"))
        if run.config.objective.inverse:
            page.add(s, name, inverse_loss=Scale(run.history["inverse"][-50:].mean()))
        if s == seed:
            page.arrays[f"{name}_circle"] = PrincipalPlane(run.encode(circle))(run.encode(circle))

    if page.redo:  # a control that was added when the first results were seen, see below
        world, fresh = make_world("propeller/80"), build_model(configs["turn_80"], s).eval().to(page.device)
        state = world.sample(page.budget.held_out, generator(s, "held-out transitions")).state
        z = fresh.encode_states(world, state.to(page.device))
        third, sixth = (pull(fresh, world, state, [0], math.radians(by)) for by in (120, 60))
        page.add(s, "untrained", angle_r2=R2(blurred_r2(z, on_circle(state)).min()))
        page.add(s, "untrained", pull_ratio=Scale(third / sixth))
        page.add(s, "untrained", total_variance=Scale(z.var(0).sum().item(), "latent units²"))
        for name in ("propeller/80", "propeller/30-bare"):  # as were these
            told = oracle_r2(page, f"oracle of {name}", name, on_circle, s)
            page.add(s, "oracle_bare" if name.endswith("bare") else "oracle", angle_r2=R2(told.min().item()))
        told = oracle_r2(page, "oracle of wiring", "wiring/straight", torch.Tensor.float, s)
        page.add(s, "oracle_wired", x_r2=R2(told[0].item()), y_r2=R2(told[1].item()))

    for name in page.some(wired, {}):
        run = page.run(configs[name], s, published=False)
        held_out = run.world.sample(page.budget.held_out, generator(s, "held-out transitions"))
        z, z_next, a = run.encode(held_out.state), run.encode(held_out.next_state), held_out.action[:, :2]
        x_r2, y_r2 = blurred_r2(z, held_out.state.float())
        missed = (run.model.inverse_model(z, z_next).cpu()[:, :2] - a).square().mean() / a.var(0).mean()
        page.add(s, name, x_r2=R2(x_r2), y_r2=R2(y_r2), inverse_share=Scale(missed.item()))
        page.add(s, name, pull_ratio=Scale(pull_ratio(run.model, run.world, held_out.state, [1], [0], by=4)))
        page.add(s, name, total_variance=Scale(z.var(0).sum().item(), "latent units²"))
        open_latent = z.var(0).sum() if name == "straight" else open_latent
        if name == "swapped_50":
            page.add(s, name, variance_lost=Scale((open_latent / z.var(0).sum()).item()))

results = page.results()

# %% mystnb={"figure": {"name": "fig-amplitude", "caption": "Left: three frames, a third of a turn apart; a latent that looks at the shape alone cannot tell them apart. Right: R² of the angle (the worse of cosine and sine, from slightly blurred latents) against the largest turn in the training data. Large marks: mean over seeds, small ones: seeds; below zero is drawn as zero. In the grey area no two turns of a step are a third of a circle apart, so the shape is enough to tell them. Single marks at 30 and 50 degrees, moved a little to the side: other questions to the inverse model, SIGReg, and a propeller without the blue tip."}, "image": {"alt": "Left: three pictures of a red three-bladed propeller; the blue tip is on another blade in each. Right: a line of R² over the largest turn, 30 to 120 degrees, with a grey area up to 60 degrees, and single marks for the other arms at 30 and 50 degrees.", "classes": "dark-light"}}
thirds = torch.tensor([[0.2 + k * 2 * math.pi / 3] for k in range(3)])
pictures = make_world("propeller/30").render(thirds).permute(0, 2, 3, 1).numpy()


def per_seed(name: str) -> np.ndarray:
    return np.array(results.metric(name)["per_seed"])


others = {
    "first action, k ≤ 4": (50, "first_50"),
    "first action, k ≤ 8": (30, "first_30"),
    "sum of actions, k ≤ 8": (30, "sum_30"),
    "SIGReg": (30, "sigreg_30"),
    "inverse + SIGReg": (30, "both_30"),
    "sum, no blue tip": (30, "bare_30"),
}
figures.amplitude_step(
    pictures,
    {degrees: per_seed(f"turn_{degrees}.angle_r2") for degrees in (30, 50, 65, 80, 120)},
    {label: (degrees, per_seed(f"{name}.angle_r2")) for label, (degrees, name) in others.items()},
    threshold=60,
)

# %% [markdown]
# ## What is expected, and why
#
# **The theory in three lines.** Let turns form a group, and let $S$ be those that a single step can make. Divide the circle by its thirds: the
# latent then says where the propeller stands up to a third of a turn. If no two elements of $S$ differ by a third, this quotient still tells all
# actions apart, so the inverse loss is zero; the next place in the quotient follows from the present one and the action, so
# the forward loss is zero as well. Theorem 1 holds, on the quotient. Turns up to δ lie at most 2δ apart: the step should be at
# **δ = 60°**.
#
# **The propeller.** Three blades, one with a blue tip. The state is its angle, the action a turn of up to δ. The tip is
# about 40 pixels of plain blue: whoever needs it can see it. The [control](#fig-amplitude) has no tip: there the angle is not in the frame.
#
# **Two ways out.** Several steps add up, and their sum does leave the sixty degrees. AC-State {cite:p}`lamb2022` asks for the *first* of k actions: but at small turns that one can hardly be told even if the right third is known. Asking for the *sum* of
# the k actions, over √k, asks for just what differs.
#
# **The valve** moves a dot by $16\,a_1$ to the right and by $16\,(2|a_2| - 1)$ down. The agent has full control of both, but the frames never show
# the sign of $a_2$. The best guess in squared error is $E[a_2 \mid \text{frames}] = 0$ wherever the dot went, so the height earns nothing.
# Asked for *moments*, $(a, 3a^2 - 1)$, the same head has something to find.
#
# **The swapped wires** turn every action into its opposite with a chance of p. The best guess is $(1 - 2p)$ times what the motion says, which leaves
# $1 - (1 - 2p)^2$ of Var(a). Two milder faults are controls: two numbers in the action that do nothing, and actions that are dropped half of the time.
#
# All of this is older than the runs. What was expected of them:

# %% tags=["hide-input"]
display_hypotheses(expected)

# %% [markdown]
# And what came of it:

# %% tags=["hide-input"]
display_verdicts(expected, results)

# %% [markdown]
# All read-outs are from latents with normal noise of 5 % of their spread. Without it a linear read-out magnifies whatever trace is left. And
# some trace may be left: what is useless for the action but easy to predict costs nothing either, and no loss drives it out. The pull says how
# large it is.
#
# ## What the latent looks like
#
# A full turn of the propeller in the plane of the first two components of each latent. If the angle is dropped, the
# [three marked places](#fig-circles) fall on one another, and a turn goes around three times.

# %% mystnb={"figure": {"name": "fig-circles", "caption": "Latents of a full turn, in steps of two degrees, in the plane of their first two principal components (first seed; colour: the angle; each panel has its own scale). The circles 1, 2 and 3 are a third of a turn apart: frames as on the left of the first figure."}, "image": {"alt": "Four panels with closed curves of coloured points, for SMWM with turns up to 30 and up to 80 degrees, for the sum of actions and for inverse plus SIGReg at 30 degrees; in each, three points are circled.", "classes": "dark-light wide"}}
shown = {"SMWM, 30°": "turn_30", "SMWM, 80°": "turn_80", "sum, 30°": "sum_30", "inverse + SIGReg, 30°": "both_30"}
figures.latent_circles({label: results.arrays[f"{name}_circle"] for label, name in shown.items()}, marked=10)

# %% [markdown]
# ## A dot behind a valve, and behind swapped wires

# %% mystnb={"figure": {"name": "fig-wirings", "caption": "Curve: the prediction, which has no free parameter, and the inverse loss on held-out data over the variance of the action, for wires that are swapped with a chance of p (points: seeds). Bars: R² of the height of the dot from slightly blurred latents (mean, points: seeds; below zero is drawn as zero)."}, "image": {"alt": "Points at swap chances 0, 0.25, 0.4 and 0.5 beside a dashed curve that rises from 0 to 1, and horizontal bars of the R² of the height for the straight wiring, the valve, the valve with moments, spare numbers and dropped actions.", "classes": "dark-light wide"}}
chances = {0.0: "straight", 0.25: "swapped_25", 0.4: "swapped_40", 0.5: "swapped_50"}
labels = {"straight": "straight", "valve": "valve", "valve_moments": "valve, moments", "spare": "two spare numbers"}
labels["dropped"] = "half of the actions dropped"
figures.wirings(
    {p: per_seed(f"{name}.inverse_share") for p, name in chances.items()},
    {label: per_seed(f"{name}.y_r2") for name, label in labels.items()},
)

# %% [markdown]
# ## The same, exactly
#
# In a world of a few places one can try every latent there is: a latent is a partition of the places, and both losses are
# entropies. Nothing is trained. On a ring of six places with steps −1, 0 and +1 this gives the coarsest partition of least loss:

# %% tags=["nbval-check-output"]
place = np.arange(6)
ring = np.stack([(place - 1) % 6, place, (place + 1) % 6])
for ahead in ((1,), (1, 2), (1, 2, 3)):
    best = coarsest(ring, inverse=10.0, forward=1.0, steps=ahead)
    print(f"weights 10.0 and 1.0, inverse model {ahead}: {max(best[0]) + 1} classes, {best[0]}")

# %% [markdown]
# One step leaves place modulo 3. More steps tell all six places apart: with exact entropies the *first* action is enough, for
# the distributions differ. A network that guesses a mean sees less of that difference, and the propeller shows how much less.
#
# ## The numbers
#
# Mean over seeds with a 95 % interval (the scorecard says how). No weights are published with this page.

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# ## What to notice
#
# - **A perfect training curve proves nothing.** Compare `inverse_loss` of the arms at 30° with `shape_r2` and `angle_r2`: the loss speaks of the action,
#   and the action can be told from the shape.
# - **A loss that stands at the variance of the action has learned nothing.** Var(a) is 1/3 here. With turns of up to 80° and 120° the inverse loss still stands
#   there at the end, in most seeds, and the latent is still shut: its total variance is below that of the untrained network. The action has not been found yet, and what can
#   be read of the angle can be read without any training (`untrained`, a control that was added when this was seen). So [the right half of the figure](#fig-amplitude) is no evidence for the theory.
#   The left half is: there the loss is 0.000, the shape is read perfectly and a third of a turn hardly moves the latent. What would open the latent is not known:
#   on a seed that is not reported, nearly three times as many steps did not, nor did an encoder without its tanh.
# - **The frames show the angle.** The same encoder without its tanh, told the angle of every frame while it trains (`oracle`), reads it in frames that it has not seen at R² 1.000, and so it does
#   with both coordinates of the wired dot (`oracle_wired`). Without the blue tip (`oracle_bare`) it reads nothing. What the other arms lack is not missing in the frames. These three were added with the results of all others known.
# - **Asking for sums was not enough here.** With 1,000 steps the angle is read at an R² of 0.39 [0.14, 0.65], where SIGReg, which asks for no action, gets all of it. Added to the
#   inverse loss, SIGReg gets it in two of three seeds.
# - **Squared error sees a mean.** Behind the valve the action has all the effect one could wish, and its mean given the frames has none. The height stays readable
#   all the same, because it is predictable; what shrinks is its pull. For the [wirings](#fig-wirings), `pull_ratio` is how far 4 px up or down move the latent, over how far 4 px to the side do.
#
# ## Limits
#
# One architecture, one λ, short runs, and worlds made for the question. The blue tip may be learned in passing, by chance, and then
# `pull_ratio` says how little the latent makes of it: the distance that a third of a turn moves it, over that of a sixth. SIGReg asks for everything
# that is predictable, whoever moves it; here nothing else moves, so its price does not show. The theory gives optima, and training need not find one.
#
# ## Prior work
#
# That one step of inverse dynamics is not enough to identify a state is known. {cite:t}`efroni2022` and {cite:t}`lamb2022` look several steps ahead for this
# reason, {cite:t}`rudolph2024` call one step myopic, {cite:t}`rakelly2021` show that inverse information can be insufficient for control, and
# {cite:t}`levine2024` construct processes in which several steps are not enough either, and add a forward model. That symmetries can only be learned by acting is the point of
# {cite:t}`caselles2019`, and {cite:t}`keurti2023` learn group structure from actions. We know of no earlier account of the step at
# half a symmetry, of the sum as a target, or of moments as a repair for an action whose mean does not show.
#
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: Predict the quotient
#
# Without computing: into how many classes does SMWM (`steps=(1,)`) divide the places of a ring with steps −1, 0 and +1, if the ring has 4, 5, 6, 7 or 8
# places? Define `classes`, a dictionary from the number of places to the number of classes. What has to divide what?

# %% tags=["solution"]
classes = {4: 4, 5: 5, 6: 3, 7: 7, 8: 4}

# %% tags=["check"]
for n, guess in classes.items():
    around = np.arange(n)
    exact = coarsest(np.stack([(around - 1) % n, around, (around + 1) % n]))
    assert guess == max(exact[0]) + 1, (
        f"On a ring of {n} places the coarsest best latent has other than {guess} classes."
    )
assert set(classes) == {4, 5, 6, 7, 8}, "classes has the keys 4 to 8."
print("Right: the smallest divisor of the ring that keeps three steps apart, so at least 3.")

# %% [markdown] tags=["solution"]
# A quotient of a ring is a smaller ring whose length divides it. Three different steps stay different as long as that length is at least 3; the smallest
# such divisor of 4, 5, 6, 7 and 8 is 4, 5, 3, 7 and 4.

# %% [markdown] tags=["exercise"]
# ### Exercise: Five blades
#
# A propeller has n blades, one of them marked, and turns by up to δ a step. Write `critical_turn(n)`, the largest δ in degrees up to which the shape alone
# tells every action. How far apart may two turns of one step be?


# %% tags=["solution"]
def critical_turn(n):
    return 360 / n / 2


# %% tags=["check"]
assert critical_turn(3) == 60, "Three blades: 60 degrees, as in the first figure."
for n in (2, 5, 8):
    period, turns = 360 / n, np.linspace(-1, 1, 2_001)
    below, above = (np.abs(turns * factor * critical_turn(n)).max() * 2 < period for factor in (0.99, 1.01))
    assert (below, above) == (True, False), (
        f"With {n} blades two turns look alike once they are {period:g} degrees apart."
    )
print("Right:", {n: critical_turn(n) for n in (2, 3, 5, 8)})

# %% [markdown] tags=["solution"]
# Two turns of one step are at most 2δ apart, and they look alike if they differ by 360°/n. Hence δ = 180°/n: the more symmetric a thing is, the smaller the
# steps in which its place can be forgotten.

# %% [markdown] tags=["exercise"]
# ### Exercise: What a squared error sees of a valve
#
# Draw `data = make_world("wiring/valve").sample(20_000, generator(0, "valve"))`. Define `mean_seen`, the share of the variance of $a_2$ that is explained by its
# mean given the vertical motion, and `square_seen`, the same for $a_2^2$.

# %% tags=["solution"]
data = make_world("wiring/valve").sample(20_000, generator(0, "valve"))
down, second = (data.next_state - data.state)[:, 1], data.action[:, 1]


def explained(target):
    guess = torch.zeros_like(target)
    for value in down.unique():
        guess[down == value] = target[down == value].mean()
    return (guess.var() / target.var()).item()


mean_seen, square_seen = explained(second), explained(second.square())

# %% tags=["check"]
assert 0 <= mean_seen < 0.01, "Either sign of a₂ leads to the same place, so its mean given the motion is nearly 0."
assert square_seen > 0.999, "The motion tells |a₂| exactly."
print(f"Right: {mean_seen:.3f} of the action, {square_seen:.3f} of its square.")

# %% [markdown] tags=["solution"]
# The inverse model could know everything but a sign, and squared error pays for none of it. A head for a whole distribution would do what the second moment does here.

# %% [markdown]
# ## What you have learned
#
# - The inverse loss needs the action, and the action may need less than the state: what is left is a quotient, and nothing in the losses shows it.
# - Larger steps, sums over several, and a term without actions each ask for what the quotient drops; in these short trainings only the last one got it.
# - What the frames tell of an action in the mean squared sense bounds what the inverse loss can hold open.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance
#
# To train this page again: `smwm run beyond_actions --preset laptop --recompute`.

# %% tags=["hide-input"]
display_provenance(results)
