"""Figures about time: which action two frames tell, and what a latent of one or two frames holds."""

import numpy as np

from smwm_book.figures.style import BLUE, GREY, INK, ORANGE, SMALL, VERMILION, Figure, new_figure

LINES = ((BLUE, "o"), (ORANGE, "s"), (VERMILION, "D"))


def left_by_lag(lags: dict[str, tuple[np.ndarray, np.ndarray]], distances: np.ndarray) -> Figure:
    """What the inverse loss leaves of Var(a): for earlier actions, and for frames further apart.

    Arguments:
        lags: per world what a trained model leaves, ``(seeds, lags)`` from lag 0 on, and what the two true places
            leave, of the same shape.
        distances: what a model of the delayed world leaves at distances 1, 2, …, ``(seeds, distances)``, beside 1 − 1/k
            from k = 3 on and 1 before.
    """
    figure, (left, right) = new_figure(9.5, 4.3, 1, 2, width_ratios=(1.35, 1))
    for (label, (trained, places)), (colour, marker) in zip(lags.items(), LINES, strict=False):
        steps = np.arange(trained.shape[1])
        left.plot(steps, places.mean(0), color=colour, linestyle="--", linewidth=1.2)
        left.plot(steps, trained.mean(0), color=colour, marker=marker, markersize=8, label=label)
        left.plot(np.tile(steps, len(trained)), trained.flatten(), ".", color=colour, alpha=0.6)
    left.plot([], [], color=GREY, linestyle="--", linewidth=1.2, label="from the true places")
    left.set(xlabel="lag: steps before the latest action", ylabel="inverse loss / Var(a)", xticks=steps)
    left.set(ylim=(-0.05, 1.42), yticks=np.arange(0, 1.1, 0.25))
    left.legend(loc="upper center", ncols=2, fontsize=SMALL)
    steps = 1 + np.arange(distances.shape[1])
    predicted = np.where(steps > 2, 1 - 1 / steps, 1)
    right.plot(steps, predicted, "_", color=INK, markersize=30, markeredgewidth=1.5, label="predicted")
    right.plot(steps, distances.mean(0), "D", color=VERMILION, markersize=8, label="two steps late")
    right.plot(np.tile(steps, len(distances)), distances.flatten(), ".", color=VERMILION, alpha=0.6)
    right.set(xlabel="distance k between the two frames", xticks=steps, xlim=(0.5, len(steps) + 0.5))
    right.set(ylabel="inverse loss / Var(a)", ylim=(-0.05, 1.42), yticks=np.arange(0, 1.1, 0.25))
    right.legend(loc="upper center", ncols=2, fontsize=SMALL)
    return figure


def held_by_arm(arms: dict[str, tuple[np.ndarray, np.ndarray]], bound: float) -> Figure:
    """How well velocity and position can be read from each latent; what is below zero is drawn at zero.

    Arguments:
        arms: per label the R² of the velocity and of the position, ``(seeds,)`` each.
        bound: R² of the velocity from the true position.
    """
    figure, axis = new_figure(6.4, 0.62 * len(arms) + 1.7)
    rows = np.arange(len(arms))
    for which, (label, colour, marker) in enumerate((("velocity", VERMILION, "D"), ("position", BLUE, "o"))):
        shown = [values[which].clip(0, 1) for values in arms.values()]
        height = rows + (0.14 if which else -0.14)
        axis.plot([values.mean() for values in shown], height, marker, color=colour, markersize=9, label=label)
        for place, values in zip(height, shown, strict=True):
            axis.plot(values, np.full(len(values), place), ".", color=colour, alpha=0.6)
    axis.axvline(bound, color=GREY, linestyle="--", linewidth=1.2, label="velocity from one true position")
    for edge in rows[1:] - 0.5:
        axis.axhline(edge, color=GREY, linewidth=0.4, alpha=0.5)
    axis.set(yticks=rows, yticklabels=list(arms), xlim=(-0.03, 1.03), xlabel="R² from slightly blurred latents")
    axis.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=2, fontsize=SMALL)
    return figure
