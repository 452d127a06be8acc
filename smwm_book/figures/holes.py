"""Figures about planning through another distance, places without data, and how far a prediction holds."""

import numpy as np
from matplotlib.patches import Rectangle

from smwm_book.figures.style import FAINT, GREY, INK, ORANGE, PURPLE, SMALL, SMWM, VERMILION, Figure, new_figure
from smwm_core.worlds.simulators.two_room import DOOR, DOOR_HALF, FRAME, WALL, WALL_HALF

LOOKS = ((SMWM, "o", "-"), (ORANGE, "s", "--"), (GREY, "^", ":"), (VERMILION, "D", "-."))


def costs_compared(panels: dict[str, dict[str, dict[int, np.ndarray]]], oracle: dict[str, float]) -> Figure:
    """Success against samples, a line per cost.

    Arguments:
        panels: per title and label of a cost the percentages of each seed, ``(seeds,)``, by samples.
        oracle: per title, where it is known, the percentage that the search reaches with the true dynamics.
    """
    figure, axes = new_figure(9, 6.2, 2, 2)
    for axis, (title, costs) in zip(axes.flat, panels.items(), strict=True):
        for (colour, marker, line), (label, points) in zip(LOOKS, costs.items(), strict=True):
            samples = list(points)
            means = [values.mean() for values in points.values()]
            axis.plot(samples, means, color=colour, marker=marker, linestyle=line, label=label)
            for count, values in points.items():
                axis.plot(np.full(len(values), count), values, ".", color=colour, alpha=0.5)
        if title in oracle:
            axis.axhline(oracle[title], color=PURPLE, linestyle=":", zorder=0, label="true dynamics")
        axis.set_xscale("log")
        axis.minorticks_off()
        axis.set(title=title, ylim=(-3, 103), xticks=samples, xlabel="plans drawn per round", ylabel="goals reached, %")
        axis.set_xticklabels([str(count) for count in samples])
    axes[1, 0].legend(loc="upper right", fontsize=SMALL)  # in a panel, so that a phone can stack the panels
    return figure


def doubtful_goals(goals: np.ndarray, doubt: np.ndarray, missed: np.ndarray) -> Figure:
    """Goals in two rooms, coloured by how doubtful the plan to them was.

    Arguments:
        goals: ``(N, 2)`` in pixels of the published frame.
        doubt: ``(N,)``; drawn as a rank.
        missed: ``(N,)`` bool.
    """
    figure, axis = new_figure(6.4, 5.2)
    axis.add_patch(Rectangle((WALL, FRAME / 2), FRAME - WALL, FRAME / 2, color=FAINT, linewidth=0))
    for low, high in ((14, DOOR - DOOR_HALF), (DOOR + DOOR_HALF, FRAME - 14)):
        axis.add_patch(Rectangle((WALL - WALL_HALF, low), 2 * WALL_HALF, high - low, color=INK, linewidth=0))
    rank = doubt.argsort().argsort() / max(len(doubt) - 1, 1)
    points = axis.scatter(*goals.T, c=rank, cmap="viridis", s=46, edgecolors=INK, linewidths=0.5, vmin=0, vmax=1)
    axis.plot(*goals[missed].T, "x", color=VERMILION, markersize=10, markeredgewidth=2.2, label="missed")
    axis.set(xlim=(0, FRAME), ylim=(FRAME, 0), aspect="equal", xlabel="x, px", ylabel="y, px")
    axis.legend(loc="upper left", fontsize=SMALL)
    figure.colorbar(points, ax=axis, label="disagreement, rank", ticks=[0, 0.5, 1])
    return figure


def drift(panels: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Errors of rollouts over those of standing still.

    Arguments:
        panels: per title and label ``(seeds, blocks)``.
    """
    figure, axes = new_figure(9, 3.6, 1, len(panels), squeeze=False)
    highest = max(1.05, *(1.05 * ratios.max() for lines in panels.values() for ratios in lines.values()))
    for axis, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for colour, (label, ratios) in zip((SMWM, ORANGE), lines.items(), strict=True):
            blocks = np.arange(1, ratios.shape[1] + 1)
            axis.plot(blocks, ratios.T, ".", color=colour, alpha=0.5)
            axis.plot(blocks, ratios.mean(0), color=colour, label=label)
        axis.axhline(1, color=GREY, linestyle="--", linewidth=1)
        axis.set(title=title, xlabel="blocks predicted", ylabel="error / standing still", ylim=(0, highest))
    axes[0, -1].legend(loc="lower right", fontsize=SMALL)
    return figure
