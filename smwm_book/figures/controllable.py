"""Figures of the dot world's settings: what moves, what the latent keeps, what it drops."""

import numpy as np

from smwm_book.figures.dot_world import training_step_axis
from smwm_book.figures.style import GREY, INK, ORANGE, PALE, SMALL, SMWM, VERMILION, Figure, new_figure, seeds_and_mean


def controllable_worlds(panels: list[dict]) -> Figure:
    """Each setting's world beside the spectrum of its latent.

    Arguments:
        panels: per setting a dictionary with ``title``; ``frame`` ``(64, 64, 3)`` in [0, 1]; ``start`` and
            ``motion`` ``(dots, 2)`` in pixels; ``slots``, per dot the part of the action that moves it or
            ``None``; ``spectrum`` ``(seeds, Z)`` variances; ``true_dim``.
    """
    figure, axes = new_figure(7.2, 2.5 * len(panels), len(panels), 2, width_ratios=(1, 1.9))
    for (picture, bars), panel in zip(axes, panels, strict=True):
        _draw_world(picture, panel)
        _draw_spectrum(bars, panel)
    axes[-1, 1].set_xlabel("principal component")
    return figure


def _draw_world(axis, panel: dict) -> None:
    axis.imshow(panel["frame"], extent=(0, 64, 64, 0), interpolation="nearest")
    axis.set(xticks=[], yticks=[], title=panel["title"])
    axis.spines[["top", "right"]].set_visible(True)
    centre = panel["start"] + 0.5
    slots = panel["slots"]
    for i, (place, motion) in enumerate(zip(centre, panel["motion"], strict=True)):
        by_action = slots[i] is not None
        arrow = {"arrowstyle": "-|>", "color": INK if by_action else GREY, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
        if not by_action:
            arrow["linestyle"] = (0, (2, 1.5))
        axis.annotate("", place + motion, place, arrowprops=arrow)
        if not by_action:
            axis.text(*(place + motion * 1.35), "?", color=GREY, ha="center", va="center", weight="bold")
        partners = [j for j in range(i) if by_action and slots[j] == slots[i]]
        for j in partners:
            axis.plot(*zip(centre[i], centre[j], strict=True), color=INK, linewidth=1, linestyle=":")


def _draw_spectrum(axis, panel: dict, components: int = 10) -> None:
    shares = panel["spectrum"] / panel["spectrum"].sum(1, keepdims=True)
    x = np.arange(1, components + 1)
    colours = [SMWM if k <= panel["true_dim"] else PALE for k in x]
    axis.bar(x, shares[:, :components].mean(0), color=colours, width=0.7)
    for seed in shares:
        axis.plot(x, seed[:components], linestyle="none", marker="o", markersize=3.5, color=INK, alpha=0.6)
    axis.axvline(panel["true_dim"] + 0.5, color=GREY, linestyle="--", linewidth=1.2)
    label, above = f"action: {panel['true_dim']}-D", axis.get_xaxis_transform()
    axis.text(panel["true_dim"] + 0.65, 0.95, label, transform=above, va="top")
    axis.set(xticks=x, ylabel="variance share")


def distractor_filtering(
    steps: np.ndarray, controlled: np.ndarray, distractor: np.ndarray, base: np.ndarray, clouds: np.ndarray
) -> Figure:
    """How a distractor leaves the latent while training, and what is left of it at the end.

    Arguments:
        steps: ``(S,)`` training steps.
        controlled, distractor: ``(seeds, S)`` R² of the positions of the two dots.
        base: ``(G, 2)`` latents of a grid of positions of the controlled dot, in the plane of two
            principal components.
        clouds: ``(C, D, 2)`` latents for C positions of the controlled dot with D positions of the
            distractor each.
    """
    figure, (left, right) = new_figure(9, 4, 1, 2, width_ratios=(1.25, 1))
    for values, colour, name in ((controlled, SMWM, "controlled dot"), (distractor, VERMILION, "distractor")):
        seeds_and_mean(left, steps, values.clip(min=0), colour, label=name)
    training_step_axis(left, steps)
    left.set(ylabel="R² of the position", ylim=(-0.03, 1.05))
    left.legend(loc="upper left")
    right.scatter(*base.T, s=10, color=GREY, label="controlled dot moves")
    for number, cloud in enumerate(clouds):
        label = "only the distractor moves" if number == 0 else None
        right.scatter(*cloud.T, s=14, color=ORANGE, edgecolor=INK, linewidth=0.4, label=label)
    right.set(xlabel="PC 1", ylabel="PC 2", aspect="equal")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=SMALL)
    return figure


def found_one_by_one(steps: np.ndarray, losses: np.ndarray, floors: list[float]) -> Figure:
    """The inverse loss of a world of several controlled things: a staircase.

    Arguments:
        steps: ``(S,)`` training steps.
        losses: ``(seeds, S)`` inverse losses, averaged over some steps each.
        floors: the best loss with nothing found, with one thing found, with two, …
    """
    figure, axis = new_figure(7, 4)
    for floor, missing in zip(floors, range(len(floors), 0, -1), strict=True):
        axis.axhline(floor, color=GREY, linestyle="--", linewidth=1)
        label = f"{missing} missing" if missing < len(floors) else "nothing found: Var(a)"
        axis.text(steps[-1], floor, label, ha="right", va="bottom", fontsize=SMALL)
    for number, (loss, colour) in enumerate(zip(losses, (SMWM, ORANGE, VERMILION), strict=False)):
        axis.plot(steps, loss, color=colour, linewidth=1.6, label=f"seed {number + 1} of {len(losses)}")
    axis.set(xlabel="training step", ylabel="inverse loss", ylim=(0, floors[0] * 1.12), xlim=(0, steps[-1]))
    axis.xaxis.set_major_formatter("{x:,.0f}")
    axis.legend(loc="center", bbox_to_anchor=(0.55, 0.76))
    return figure
