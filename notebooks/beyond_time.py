# %% [markdown]
# # What one frame and one step hide
#
# **The claim.** A latent can hold no more than its encoder sees, whatever the inverse model is asked: a velocity needs two frames.
# But seeing is not enough either. An action that arrives late does not show in the next frame, so a one-step inverse loss learns nothing from it, and the latent collapses. A second frame cures the first. Against the second, recovering the first action of several steps, or earlier actions, opens the latent; but actions still under way are in no frame.

# %% tags=["parameters", "remove-input"]
preset: str = "laptop"  # smoke: seconds · laptop: minutes on two cores · paper: a GPU
seed: int = 0  # the first seed
device: str = "auto"  # auto, cpu, cuda or cuda:N
recompute: bool = False  # False reads the published weights and results, True trains

# %% tags=["hide-input"]
import numpy as np
import torch

from smwm_book import figures
from smwm_book.experiments.measures import R2, Number, Scale
from smwm_book.experiments.page import Page
from smwm_book.tables.hypotheses import Hypothesis, display_hypotheses, display_verdicts
from smwm_book.tables.report import display_metrics, display_provenance
from smwm_core import Objective
from smwm_core.analysis.answers import left_open
from smwm_core.analysis.probes import linear_r2
from smwm_core.analysis.quotients import coarsest
from smwm_core.analysis.sensitivity import blurred_r2
from smwm_core.seeds import generator
from smwm_core.training.config import ToyConfig
from smwm_core.training.toy import build_model
from smwm_core.worlds import make_world

page = Page("beyond_time", "One frame, one step", preset, seed, device, recompute)
one = Objective(inverse=10)
first = Objective(inverse=10, inverse_steps=(1, 2, 3, 4))
lags = Objective(inverse=10, inverse_lags=3)
momentum, late = "blob/momentum", "blob/delay2"
arms = {  # world, question, frames that the encoder sees, actions before the present one that the forward model gets
    "momentum_one": (momentum, one, 1, 0),
    "momentum_first": (momentum, first, 1, 0),
    "momentum_lags": (momentum, lags, 1, 0),
    "momentum_pair_one": (momentum, one, 2, 0),
    "momentum_pair_first": (momentum, first, 2, 0),
    "direct_one": ("blob/direct", one, 1, 0),
    "direct_lags": ("blob/direct", lags, 1, 0),
    "delay_one": (late, one, 1, 2),
    "delay_first": (late, first, 1, 2),
    "delay_lags": (late, lags, 1, 2),
    "delay_pair_one": (late, one, 2, 2),
}
configs = {}
for name, (world, objective, frames, past) in arms.items():  # longer windows, fewer of them, for more steps
    steps = page.budget.comparison_steps * (2 if objective.question.window > 1 else 1)
    fewer = 2 * page.budget.batch_size // (objective.question.window + 1)
    configs[name] = ToyConfig(world, objective, steps=steps, batch_size=fewer, frames=frames, past_actions=past)

expected = (
    Hypothesis(
        "More steps do not replace history: from one frame no question gets the velocity.",
        tuple((f"momentum_{asked}.v_r2", "<", 0.4) for asked in ("one", "first", "lags")),
    ),
    Hypothesis("With two frames a single step is enough for the velocity.", (("momentum_pair_one.v_r2", ">", 0.95),)),
    Hypothesis(
        "And then it needs nothing else: with two frames, several steps hold the position better than one.",
        (("momentum_pair.x_r2_gained", ">", 0.1),),
    ),
    Hypothesis(
        "An action that arrives two steps late leaves the question about one step with all of Var(a), and the latent "
        "collapses to less than a hundredth of its variance without the delay.",
        (("delay_one.left_k1", ">", 0.98), ("delay_one.variance_kept", "<", 0.01)),
    ),
    Hypothesis("A second frame does not help against a delay.", (("delay_pair_one.left_k1", ">", 0.98),)),
    Hypothesis(
        "Asked for the first of k actions, the latent opens, and the loss is all of Var(a) up to k = 2, then 1 − 1/k "
        "of it, within 0.05.",
        (
            ("delay_first.left_k1", ">", 0.95),
            ("delay_first.left_k2", ">", 0.95),
            ("delay_first.left_k3", ">", 0.62),
            ("delay_first.left_k3", "<", 0.72),
            ("delay_first.left_k4", ">", 0.70),
            ("delay_first.left_k4", "<", 0.80),
        ),
    ),
    Hypothesis(
        "Heads for several lags read off the delay: nearly nothing is left at lag 2, nearly everything elsewhere.",
        (
            ("delay_lags.left_lag0", ">", 0.9),
            ("delay_lags.left_lag1", ">", 0.9),
            ("delay_lags.left_lag2", "<", 0.1),
            ("delay_lags.left_lag3", ">", 0.8),
        ),
    ),
    Hypothesis(
        "Without a delay the dip stands at lag 0.",
        (("direct_lags.left_lag0", "<", 0.1), ("direct_lags.left_lag1", ">", 0.8)),
    ),
)


# %%
def latents(model, world, states):
    """Trajectories (N, T, S) → a latent for every frame that has enough frames before it, (N, T + 1 − frames, Z)."""
    seen = states.unfold(1, model.frames, 1).transpose(2, 3)
    together = seen.flatten(0, 1) if model.frames > 1 else seen.flatten(0, 2)
    z = model.encode_states(world, together.to(next(model.parameters()).device))
    return z.unflatten(0, seen.shape[:2])


def from_places(*places, of):
    """R² of a linear read-out from true places, and from their third powers."""
    centred = torch.cat(places, 1) / 32 - 1
    return linear_r2(torch.cat([centred, centred**3], 1), of)


windows = {}
for s in page.seeds:
    for world in (momentum, "blob/direct", late):
        windows[world] = make_world(world).sample_trajectories(
            page.budget.held_out, 5, generator(s, "held-out windows")
        )
        states, actions = windows[world]
        place, name = states[..., :2], world.removeprefix("blob/").rstrip("2")
        for lag in range(4):
            told = from_places(place[:, 3], place[:, 4], of=actions[:, 3 - lag]).mean()
            page.add(s, f"places_{name}", **{f"told_lag{lag}": R2(told)})
        if world == momentum:
            page.add(s, "one_place", v_r2=R2(from_places(place[:, 1], of=states[:, 1, 2:]).min()))
            page.add(s, "two_places", v_r2=R2(from_places(place[:, 0], place[:, 1], of=states[:, 1, 2:]).min()))

    variance, position = {}, {}
    for name in page.some(arms, {}):
        run = page.run(configs[name], s, published=False)
        asked, seen = run.config.objective.question, run.model.frames
        states, actions = windows[run.config.world]
        z = latents(run.model, run.world, states[:, : asked.window + seen])
        left = left_open(asked, run.model.inverse_model, z, actions[:, seen - 1 : asked.window + seen - 1].to(z.device))
        for step, share in left.items():
            page.add(s, name, **{f"left_{'lag' if asked.lags else 'k'}{step}": Scale(share)})
        z_now, now = z[:, 2 - seen], states[:, 1]  # frame 0
        variance[name], position[name] = z_now.var(0).sum().item(), blurred_r2(z_now, now[:, :2]).min()
        page.add(s, name, x_r2=R2(position[name]), total_variance=Scale(variance[name], "latent units²"))
        if run.config.world == momentum:
            page.add(s, name, v_r2=R2(blurred_r2(z_now, now[:, 2:]).min()))
        if name == "delay_one":
            untrained = build_model(run.config, s).encode_states(run.world, now).var(0).sum().item()
            page.add(s, name, variance_kept=Scale(variance[name] / variance["direct_one"]))
            page.add(s, name, untrained_kept=Scale(variance[name] / untrained))
    if page.redo:
        gained = position["momentum_pair_first"] - position["momentum_pair_one"]
        page.add(s, "momentum_pair", x_r2_gained=Number(gained))

results = page.results()


# %% mystnb={"figure": {"name": "fig-lags", "caption": "What the inverse loss leaves of Var(a), on held-out windows. Over the lag: heads that are asked for the latest action and for the three before it, one frame per latent. A dip says when an action arrives: look for it at lag 0 and at lag 2. Dashed: what is left if the actions are guessed from the two true places and their cubes by a linear fit: about what an encoder of one frame can reach. Over the distance k: the dot whose actions arrive two steps late, asked for the first of k actions; the short lines are the prediction, which has no free parameter. Large marks: mean over seeds, points: seeds."}, "image": {"alt": "Three lines of the loss over lags 0 to 3, for actions that act at once, through a velocity and two steps late, with dashed lines from true places. Marks at distances 1 to 4 beside short lines at 1, 1, two thirds and three quarters.", "classes": "dark-light wide"}}
def per_seed(*names: str) -> np.ndarray:
    return np.stack([results.metric(name)["per_seed"] for name in names], -1)


def over_lags(name: str) -> np.ndarray:
    return per_seed(*(f"{name}{lag}" for lag in range(4)))


answering = {"at once": "direct", "through a velocity": "momentum", "two steps late": "delay"}
figures.left_by_lag(
    {
        label: (over_lags(f"{name}_lags.left_lag"), 1 - over_lags(f"places_{name}.told_lag"))
        for label, name in answering.items()
    },
    per_seed(*(f"delay_first.left_k{k}" for k in (1, 2, 3, 4))),
)

# %% [markdown]
# ## The experiment
#
# One soft red dot on a white frame, a Gaussian of 2 px, so that a move by part of a pixel shows. Actions $a$ are uniform in $[-1, 1]^2$ and
# independent at every step. Three worlds differ in how the dot answers:
#
# - **at once** (the control): $x_{t+1} = x_t + 4\,a_t$;
# - **two steps late**: $x_{t+1} = x_t + 4\,a_{t-2}$; the two actions on their way are in no frame;
# - **through a velocity**: $v_{t+1} = 0.8\,v_t + 2\,a_t$ and $x_{t+1} = x_t + v_{t+1}$.
#
# The encoder is the toy model's and sees one frame, or two. The inverse model is asked one of three things: the action of
# one step; the *first* of k actions for k = 1 to 4, as AC-State asks {cite:p}`lamb2022`; or, from two consecutive frames, the latest action and
# the three before it (*lags* 0 to 3). For the late actions, the forward model gets the three actions $a_{t-2}, a_{t-1}, a_t$, or it could not predict
# anything. The encoder never sees an action: {cite:t}`wu2024` show that past actions in the representation cut both ways, for an
# inverse model could then copy its answer from them.
#
# Frames are numbered from −1. Windows are as long as the question needs, and those with more frames come in smaller batches for twice as many
# steps, so that all arms see about as many windows. Read-outs are those of frame 0.
#
# ## What is expected, and why
#
# **What the frame bounds.** One frame shows the position and nothing else, so the best guess of the velocity is a function of the position. How good
# that is needs no training: `one_place` in the table is a read-out from the true position, with cubes, and `two_places` one from two of them. They are the oracles
# of this page; fast dots have come further, so the first is not zero. No question to the inverse model can lift an encoder above the best guess from what it sees; a read-out with cubes estimates that.
#
# **What one step needs.** With two frames, $a_t = (v_{t+1} - 0.8\,v_t)/2$, and $v_{t+1}$ follows from $v_t$ and $a_t$. The velocity alone suffices for both losses. To recover the first of several actions, the inverse model also needs how far the dot has moved, a difference of positions.
#
# **What a delay does.** Between two consecutive frames the late dot moves by $4\,a_{t-2}$, which says nothing about $a_t$. The best inverse
# loss is Var(a), whatever the latent holds, and a latent that is a point costs the forward loss nothing. An untrained encoder hardly sees so small
# a dot, so the yardstick of the collapse is the same model in the world without a delay.
#
# **What a longer question finds.** From $t$ to $t + k$ the late dot moves by $4\,(a_{t-2} + \dots + a_{t+k-3})$, which contains $a_t$ once $k \ge 3$. All
# k terms are alike and independent, so the best guess of $a_t$ is the sum over k, and $1 - 1/k$ of Var(a) is left: 2/3 and 3/4.
#
# **What lags find.** The head for lag 2 has its answer in plain sight. Those for lags 0 and 1 have none. The one for lag 3 has a trace of
# it: that action arrived a step before and is part of where the dot is. A start in [24, 40] and three
# moves make its share 1/7, so 6/7 is left. The same goes for lags 1 to 3 of the dot that moves at once. Hence the lower
# thresholds there; the [dashed lines](#fig-lags) say what the true positions leave.
#
# Trial runs on a seed that is not used here showed that the number of steps is enough, and drew our attention to the trace at lag 3. The thresholds
# are older than all other runs. What was expected:

# %% tags=["hide-input"]
display_hypotheses(expected)

# %% [markdown]
# And what came of it:

# %% tags=["hide-input"]
display_verdicts(expected, results)

# %% [markdown]
# ## What each latent holds of the dot with a velocity

# %% mystnb={"figure": {"name": "fig-held", "caption": "R² of velocity and position (the worse of the two axes) of the dot that answers through a velocity, read from latents with normal noise of 5 % of their spread. Above: encoders of one frame; no question should lift the velocity over the dashed line, which is what the true place tells. Below: encoders of two frames; compare the position between the two questions. Large marks: mean over seeds, points: seeds; below zero is drawn as zero."}, "image": {"alt": "Five rows of marks between 0 and 1: one frame with one step, first of k and lags; two frames with one step and first of k. Each has a mark for the velocity and one for the position; a dashed line shows what one true place tells about the velocity.", "classes": "dark-light"}}
rows = {
    "one frame, one step": "momentum_one",
    "one frame, first of k": "momentum_first",
    "one frame, lags": "momentum_lags",
    "two frames, one step": "momentum_pair_one",
    "two frames, first of k": "momentum_pair_first",
}
figures.held_by_arm(
    {label: tuple(per_seed(f"{name}.{what}")[:, 0] for what in ("v_r2", "x_r2")) for label, name in rows.items()},
    bound=results.metric("one_place.v_r2")["value"],
)

# %% [markdown]
# The [picture](#fig-held) separates what an encoder can see from what the question makes it keep. The number of frames decides about the velocity; between the questions the position differs little.
#
# ## How much the forward loss does: two tiny worlds, exactly
#
# In a world of a few places one can try every latent there is; nothing is trained. In the *periodic* world of {cite:t}`levine2024` place 0
# has a choice: one action leads around 1 and 2 back to 0, the other around 3 and 4. In the *gear*, 0 leads to 2 and 1 to 3 whatever is done; at 2
# and 3 an action chooses between 4 and 5, the other way round at 3; and from there it is back to 0 or 1. For each question, the classes of the coarsest best
# latent, in how many ways they can be had, and the first of them:

# %% tags=["nbval-check-output"]
periodic = np.array([[1, 2, 0, 4, 0], [3, 2, 0, 4, 0]])
gear = np.array([[2, 3, 4, 5, 0, 1], [2, 3, 5, 4, 0, 1]])
questions = {
    "one step alone": {"forward": 0.0},
    "first of 1 to 4 alone": {"forward": 0.0, "steps": (1, 2, 3, 4)},
    "SMWM: one step + forward": {},
    "first of 1 to 4 + forward": {"steps": (1, 2, 3, 4)},
}
for world, moves in {"periodic": periodic, "gear": gear}.items():
    for label, options in questions.items():
        ways = coarsest(moves, **options)
        kept = (max(ways[0]) + 1) / moves.shape[1]
        print(
            f"{world:8}  {label:26}{max(ways[0]) + 1} of {moves.shape[1]} classes ({kept:.1f}), {len(ways):2} ways, {ways[0]}"
        )

# %% [markdown]
# In the periodic world several steps alone do not separate what must be separated; with the forward loss they do. SMWM merges 2 and 4, which
# lead to the same place under all actions and differ only in where they came from. In the gear, one step alone asks nothing of 0 and 1, where
# the action does nothing, and four steps do not tell all places apart either; with the forward loss one step does, for 0 and 1 lead to places that must be told apart.
#
# For readers of the theory: **SMWM is the method of {cite:t}`levine2024`, ACDF, with K = 1.** In these two worlds its forward loss does
# the work of several steps: a place that leads to a place that matters comes to matter itself. The ring on the
# [page about unreadable actions](beyond_actions.ipynb) is where it does not: there a quotient satisfies both losses.
#
# ## The numbers
#
# Mean over seeds with a 95 % interval (the scorecard says how). `left_k…` and `left_lag…` are held-out inverse losses over Var(a), by distance
# and by lag; `places_…` are the R² of a linear guess from two true positions and their cubes. `untrained_kept` compares the collapsed variance
# with that of the untrained encoder. No weights are published with this page.

# %% tags=["hide-input"]
display_metrics(results, page.here)

# %% [markdown]
# ## What to notice
#
# - **Ask two questions of a missing quantity.** Is it in what the encoder sees? One position tells the velocity with an R² of 0.24, two tell all of it, and no encoder of one
#   frame got past 0.24. And does the objective need it? With two frames the question about one step was enough: 0.995.
# - **A question about several steps is no memory.** It changes what is kept of a frame, and nothing about what the frame shows: 0.19, 0.18 and 0.19 for three questions.
# - **Collapse has a third cause.** Beside a missing inverse loss and an unreadable action there is the action whose effect is not there yet: asked for it, the
#   inverse model is left with all of Var(a), and less than a thousandth of the variance of the same dot without a delay remains. (The scale is gone, not every trace: in two of three seeds a read-out that may magnify still finds the place.) If an inverse loss stays at Var(a), ask for earlier actions before you raise λ; `smwm checkup`
#   does that with recordings of several steps.
# - **Lags measure a delay.** The head for two steps ago leaves 0.01 of Var(a), the others 0.85 and more: read off the dip. One delay was tried, and no delay at all.
# - **With the question that reaches further the latent is open**: its variance is 0.13, where the question about one step left less than 0.00001 (without a delay it is 3.7). That arm had twice as many steps on smaller batches; what
#   twice the steps do for the question about one step was not tried. What it leaves is near the prediction, a little above it: 0.71 where 0.67 was predicted, 0.77 for 0.75. The first came too close to its bound to decide.
# - **One step asks for no position, and keeps most of it all the same.** We expected several steps to hold the position better, by more than 0.1 in R². It is better in every seed, but by 0.04:
#   1.00 instead of 0.95. And those runs had twice as many training steps, so even that may not be due to the question. What an objective does not need is not always dropped.
#
# ## Limits
#
# The dynamics are linear, the actions independent from step to step, and the delay is the same at all times. Actions that resemble the ones before
# would let a late effect tell something about the present action, and the dips would be wider. The late dot's state is not in its latent, with any of these
# questions: the actions on their way are in no frame, and a planner has to carry them along, as the forward model does here. Two frames are
# enough for a velocity and not for more. A planner shows it, too: with [two frames in Reacher](night_reacher.ipynb), one step of the simulator apart, SMWM reaches 78 % of the
# goals instead of 41 %; in [Push-T](night_pusht.ipynb) it does not help. And a linear read-out finds what lies in the latent by chance, too: blurring limits that and does not remove it.
#
# ## Prior work
#
# {cite:t}`efroni2022` and {cite:t}`lamb2022` introduced inverse models of several steps and proved what they find if single observations are enough.
# {cite:t}`levine2024` show that such a model alone can fail where it was claimed to work, and add a forward model (ACDF). {cite:t}`wu2024` extend several steps to
# finite memory, with past frames and past actions, and say when past actions hurt. {cite:t}`sobal2022` study what joint-embedding
# models hold on to when the objective is content with slow features.
#
# ## Exercises
#
# Each takes a few minutes and trains nothing; a check says whether you are right.
# [Versions for students](../book/teaching.md) come without the solutions.

# %% [markdown] tags=["exercise"]
# ### Exercise: The share that is left
#
# Actions arrive `late` steps late. Write `share_left(k, late)`, the least share of Var(a) that a guess of the first of k actions can leave, from the positions at the two ends. From which k on does anything show?


# %% tags=["solution"]
def share_left(k, late):
    return 1 - 1 / k if k > late else 1


# %% tags=["check"]
for late_by in (1, 3):
    trial = make_world(f"blob/delay{late_by}").sample_trajectories(20_000, 5, generator(0, "exercise"))
    for k in (1, 2, 3, 4, 5):
        way = trial[0][:, k, :2] - trial[0][:, 0, :2]
        measured = 1 - linear_r2(way, trial[1][:, 0]).mean()
        assert abs(share_left(k, late_by) - measured) < 0.03, (
            f"{late_by} late, k = {k}: the positions leave another share than {share_left(k, late_by):.2f}."
        )
print("Right: the question must reach further than the delay, and not much further.")

# %% [markdown] tags=["solution"]
# The move over k steps is a sum of k independent actions. It contains the first one if the delay is shorter than k, and then each of the k explains 1/k of
# the sum. The best distance is therefore the first that reaches beyond the delay.

# %% [markdown] tags=["exercise"]
# ### Exercise: What one step asks of two frames
#
# For the dot with a velocity, write `action_from(before, now, after)`: the action between `now` and `after`, from three consecutive positions
# ``(N, 2)`` in pixels. Then move all three positions by the same amount: what changes?


# %% tags=["solution"]
def action_from(before, now, after):
    return ((after - now) - 0.8 * (now - before)) / 2


# %% tags=["check"]
trial = make_world(momentum).sample_trajectories(500, 4, generator(0, "exercise"))
for t in (1, 2, 3):
    places = [trial[0][:, t + shift, :2] for shift in (-1, 0, 1)]
    gap = (action_from(*places) - trial[1][:, t]).abs().max().item()
    assert gap < 1e-3, f"An action is off by up to {gap:.2f}; remember what a step keeps of the velocity."
    moved = action_from(*(place + 5 for place in places))
    assert torch.allclose(moved, action_from(*places), atol=1e-3), "Where the dot is does not decide what was done."
print("Right: the same answer everywhere in the frame.")

# %% [markdown] tags=["solution"]
# Only differences of positions occur, so a latent of velocities answers as well as one that also knows where the dot is. The forward model does not need the position either.

# %% [markdown]
# ## What you have learned
#
# - What an encoder sees bounds what its latent holds; a read-out from the true state estimates that bound, without training.
# - The question decides what must be kept of what is seen; of the rest, much may stay: here the position.
# - An action that arrives late looks, to a question about one step, like no action at all; heads for several lags look for the step at which it arrives.
#
# Every word and symbol is explained in the [list of words and symbols](../book/glossary.md).

# %% [markdown]
# ## Provenance
#
# To train this page again: `smwm run beyond_time --preset laptop --recompute`.

# %% tags=["hide-input"]
display_provenance(results)
