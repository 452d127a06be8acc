"""Figures of the page on biased policies: a predicted ratio against the measured one, and traces early in training."""

import numpy as np

from smwm_book.figures.dot_world import training_step_axis
from smwm_book.figures.style import GREY, INK, ORANGE, PALE, SMALL, SMWM, VERMILION, Figure, new_figure

MARKERS = {0.0: "o", 0.25: "s", 0.5: "D"}  # by slip
MIXED = {0.1: "^", 0.3: "v"}  # by share of random actions


def pull_against_prediction(frame: np.ndarray, cells: list[dict], absolute: float, relative: float) -> Figure:
    """The world beside the measured pull ratio against the predicted one.

    Arguments:
        frame: ``(64, 64, 3)`` in [0, 1].
        cells: per cell a dictionary with ``bias``, ``slip``, ``random_share``, ``predicted`` (mean over seeds) and
            ``measured`` ``(seeds,)``.
        absolute, relative: the tolerance, of which the larger counts; it is shaded.
    """
    figure, (left, right) = new_figure(9, 4.3, 1, 2, width_ratios=(1, 1.9))
    left.imshow(frame, extent=(0, 64, 64, 0), interpolation="nearest")
    left.set(xticks=[], yticks=[], title="The world")
    left.spines[["top", "right"]].set_visible(True)
    x = np.concatenate([[0], np.geomspace(0.01, 6, 200)])
    band = np.maximum(absolute, relative * x)
    right.fill_between(x, np.maximum(x - band, 0), x + band, color=PALE, alpha=0.5, linewidth=0)
    right.plot(x, x, color=GREY, linewidth=1, linestyle="--")
    colours = {0.0: PALE, 0.5: ORANGE, 0.9: VERMILION}
    for cell in cells:
        colour = SMWM if cell["random_share"] else colours[cell["bias"]]
        seeds = cell["measured"]
        place = np.full(len(seeds), cell["predicted"])
        marker = MIXED[cell["random_share"]] if cell["random_share"] else MARKERS[cell["slip"]]
        right.plot(place, seeds, linestyle="none", marker=marker, markersize=4, color=INK, alpha=0.5)
        name = f"ρ = {cell['bias']:g}, s = {cell['slip']:g}"
        if cell["random_share"]:
            name += f", {100 * cell['random_share']:g} % random"
        right.plot(
            cell["predicted"],
            seeds.mean(),
            linestyle="none",
            marker=marker,
            markersize=9,
            color=colour,
            markeredgecolor=INK,
            label=name,
        )
    for set_scale in (right.set_xscale, right.set_yscale):
        set_scale("symlog", linthresh=0.1, linscale=0.6)
    ticks = [0, 0.1, 0.3, 1, 3]
    right.set(xlim=(-0.01, 6), ylim=(-0.01, 6), xticks=ticks, yticks=ticks)
    right.set_xticklabels([f"{tick:g}" for tick in ticks])
    right.set_yticklabels([f"{tick:g}" for tick in ticks])
    right.minorticks_off()
    right.set(xlabel="predicted pull ratio, from the data alone", ylabel="measured pull ratio")
    right.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=SMALL)
    return figure


def early_traces(steps: np.ndarray, panels: dict[str, np.ndarray]) -> Figure:
    """How well a linear read-out finds dot and leaf while training, one panel per cell.

    Arguments:
        steps: ``(S,)`` training steps.
        panels: per title ``(seeds, S, 2)`` R² of dot and leaf, drawn from 0 on.
    """
    figure, axes = new_figure(9, 3.4, 1, len(panels), sharey=True, squeeze=False)
    for axis, (title, r2) in zip(axes[0], panels.items(), strict=True):
        for column, (colour, name) in enumerate(((SMWM, "dot"), (VERMILION, "leaf"))):
            values = r2[..., column].clip(min=0)
            axis.plot(steps, values.T, color=colour, linewidth=0.8, alpha=0.5)
            axis.plot(steps, values.mean(0), color=colour, marker="o", markersize=4, label=name)
        training_step_axis(axis, steps)
        axis.set(ylim=(-0.03, 1.05), ylabel="R² of the position")
        axis.tick_params(labelleft=True)  # a phone stacks the panels
        axis.set_title(title, fontsize="medium")
    axes[0, 0].legend(loc="upper left")
    return figure
