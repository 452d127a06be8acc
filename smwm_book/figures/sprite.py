"""Figures of the sprite world: what an agent's latent still knows of the picture, and when it learned it."""

import numpy as np

from smwm_book.figures.dot_world import training_step_axis
from smwm_book.figures.style import GREY, ORANGE, PALE, SMWM, VERMILION, Figure, new_figure, seeds_and_mean


def decoded_frames(truth: np.ndarray, decoded: dict[str, np.ndarray]) -> Figure:
    """True frames above what decoders draw from each agent's latents of them.

    Arguments:
        truth: ``(F, 64, 64, 3)`` in [0, 1].
        decoded: per label the same shape.
    """
    rows = {"the frame": truth, **decoded}
    figure, axes = new_figure(1.3 * len(truth) + 1.5, 1.35 * len(rows), len(rows), len(truth))
    for row, (label, frames) in zip(axes, rows.items(), strict=True):
        for axis, frame in zip(row, frames, strict=True):
            axis.imshow(frame.clip(0, 1), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            for spine in axis.spines.values():
                spine.set(visible=True, color=PALE)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)
    return figure


def learning_order(steps: np.ndarray, r2: dict[str, np.ndarray], unordered: np.ndarray, curriculum: int) -> Figure:
    """How well each degree of freedom can be read from the latent while training.

    Arguments:
        steps: ``(S,)`` training steps.
        r2: per degree of freedom ``(seeds, S)``; at most three.
        unordered: ``(S,)`` the last of them in a run that drew its data in random order from the start.
        curriculum: number of steps that drew the easier transitions first; 0 draws no mark.
    """
    figure, axis = new_figure(7, 4.2)
    for (label, values), colour, marker in zip(r2.items(), (SMWM, ORANGE, VERMILION), "os^", strict=False):
        seeds_and_mean(axis, steps, values.clip(min=0), colour, marker=marker, markersize=5, label=label)
    axis.plot(steps, unordered.clip(min=0), color=GREY, linestyle=":", label="θ, random order")
    training_step_axis(axis, steps)
    axis.set(ylabel="R² of a linear read-out", ylim=(-0.03, 1.05))
    if curriculum:
        axis.axvline(curriculum, color=GREY, linestyle="--", linewidth=1.2)
    axis.legend(loc="center left", bbox_to_anchor=(0, 0.55))
    return figure
