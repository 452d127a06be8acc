"""Figures of two blobs: a transition, training from an open latent, and the latents it ends with."""

import numpy as np

from smwm_book.figures.dot_world import position_colours, training_step_axis
from smwm_book.figures.style import GREY, INK, ORANGE, PURPLE, SMWM, VERMILION, Figure, new_figure, seeds_and_mean

_COLOURS = {
    "λ = 0": VERMILION,
    "λ = 10": SMWM,
    "SIGReg": ORANGE,
    "inverse loss alone": PURPLE,
    "opened with λ = 10": SMWM,
    "opened with SIGReg": ORANGE,
}
_READINGS = ("total variance", "forward loss", "inverse loss")


def blob_transition(frame: np.ndarray, next_frame: np.ndarray, places: np.ndarray, moves: np.ndarray) -> Figure:
    """A frame and the next one, with arrows for what moved.

    Arguments:
        frame, next_frame: ``(2, S, S)``, a brightness in [0, 1] for each blob.
        places, moves: ``(4,)`` pixels, x and y of the controlled blob, then of the other.
    """
    figure, axes = new_figure(5.2, 2.75, 1, 2)
    inks = 1 - np.array([[0.0, 0.45, 0.70], [0.90, 0.62, 0.0]])  # what each colour takes from white
    for axis, blobs, title in zip(axes, (frame, next_frame), ("frame", "next frame"), strict=True):
        axis.imshow(np.clip(1 - np.einsum("bhw,bc->hwc", np.asarray(blobs), inks), 0, 1))
        axis.set(title=title, xticks=[], yticks=[])
        axis.spines[["top", "right"]].set_visible(True)
    for start, move, line in zip(np.reshape(places, (2, 2)), np.reshape(moves, (2, 2)), ("-", "--"), strict=True):
        arrow = {"arrowstyle": "->", "color": INK, "linestyle": line, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        axes[0].annotate("", start + move, start, arrowprops=arrow)
    return figure


def variance_and_losses(steps: np.ndarray, curves: dict[str, np.ndarray], floor: float, xlabel: str) -> Figure:
    """Variance and both losses while training, side by side.

    Arguments:
        steps: ``(R,)`` at which they were read; on a logarithmic axis if they are not evenly spaced.
        curves: per label ``(seeds, R, 3)`` readings: total variance, forward and inverse loss.
        floor: the inverse loss of a constant.
        xlabel: what is counted.
    """
    figure, axes = new_figure(8.6, 2.7, 1, 3)
    for label, readings in curves.items():
        for axis, values in zip(axes, np.moveaxis(readings, -1, 0), strict=True):
            seeds_and_mean(
                axis, steps, np.maximum(values, 1e-12), _COLOURS[label], geometric=True, label=label, marker=""
            )
    for axis, title in zip(axes, _READINGS, strict=True):
        if len(set(np.diff(steps))) > 1:
            training_step_axis(axis, steps)
            ticks = axis.get_xticks()[::2]  # so that a phone has room for them
            axis.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axis.set(title=title, yscale="log", xlabel=xlabel)
        axis.minorticks_off()
    axes[2].axhline(floor, color=GREY, linestyle="--", linewidth=1.2, zorder=0)
    axes[0].legend(loc="lower left", fontsize="small")
    return figure


def blob_latents(position: np.ndarray, planes: dict[str, np.ndarray]) -> Figure:
    """Latents of a grid of positions, each model on its own scale.

    Arguments:
        position: ``(P, 2)`` of the controlled blob.
        planes: per label ``(P, 2)`` coordinates of the latents.
    """
    figure, axes = new_figure(9.4, 2.8, 1, len(planes))
    colours = position_colours(np.asarray(position))
    for axis, (label, points) in zip(axes, planes.items(), strict=True):
        reach = 1.15 * np.abs(points).max()
        axis.scatter(*np.asarray(points).T, c=colours, s=22)
        axis.set(title=label, xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axis.set(xticks=[-reach / 2, 0, reach / 2], yticks=[])
        axis.set_xticklabels([f"{tick:.1g}" for tick in axis.get_xticks()])
        axis.spines[["top", "right"]].set_visible(True)
    return figure
