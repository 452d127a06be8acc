"""Figures about actions that frames do not show: turns of a propeller and wirings of a dot."""

import numpy as np

from smwm_book.figures.style import GREY, INK, ORANGE, PALE, SMALL, SMWM, VERMILION, Figure, new_figure

MARKS = "sD^vP*X"
GAP = 2  # pixels between two frames


def amplitude_step(
    frames: np.ndarray, turns: dict[int, np.ndarray], others: dict[str, tuple[int, np.ndarray]], threshold: int
) -> Figure:
    """How well a latent tells an angle, against the largest turn that it was trained with.

    Arguments:
        frames: ``(F, 64, 64, 3)`` in [0, 1], drawn one above the other.
        turns: per largest turn in degrees the R² of each seed, ``(seeds,)``; drawn from 0 to 1.
        others: per label the largest turn and the R² of each seed, as single marks.
        threshold: where the theory has its step, in degrees.
    """
    figure, (picture, axis) = new_figure(6.3, 5.4, 1, 2, width_ratios=(1, 3))
    pad = np.full((len(frames), GAP, *frames.shape[2:]), 0.7)
    picture.imshow(np.concatenate([frames, pad], 1).reshape(-1, *frames.shape[2:])[:-GAP], interpolation="nearest")
    picture.set(xticks=[], yticks=[])
    picture.spines[["top", "right"]].set_visible(True)
    places = list(turns)
    axis.axvspan(0, threshold, color=PALE, alpha=0.35, linewidth=0)
    axis.plot(places, [values.clip(0, 1).mean() for values in turns.values()], color=SMWM, marker="o", label="SMWM")
    for place, values in turns.items():
        axis.plot(np.full(len(values), place), values.clip(0, 1), ".", color=SMWM, alpha=0.6)
    colours = (ORANGE, VERMILION, INK, GREY)
    for number, (label, (place, values)) in enumerate(others.items()):
        colour, marker = colours[number % len(colours)], MARKS[number % len(MARKS)]
        beside = place + 2.2 * (number - (len(others) - 1) / 2)  # or marks of one turn would hide each other
        axis.plot(beside, values.clip(0, 1).mean(), marker, color=colour, markersize=9, label=label)
        axis.plot(np.full(len(values), beside), values.clip(0, 1), ".", color=colour, alpha=0.6)
    axis.set(xlabel="largest turn in a step, degrees", ylabel="R² of the angle", ylim=(-0.04, 1.06))
    axis.set(xlim=(15, max(places) + 8), xticks=places)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure


def latent_circles(circles: dict[str, np.ndarray], marked: int) -> Figure:
    """Where a full turn leads in the plane of two principal components.

    Arguments:
        circles: per label ``(N, 2)``, in the order of the angle; each has a scale of its own.
        marked: three of the N, a third of the way apart, are marked; the first of them is this one.
    """
    figure, axes = new_figure(2.6 * len(circles), 3.2, 1, len(circles), squeeze=False)
    for axis, (label, points) in zip(axes[0], circles.items(), strict=True):
        axis.scatter(*points.T, c=np.arange(len(points)), cmap="twilight", s=14)
        thirds = points[(marked + np.arange(3) * len(points) // 3) % len(points)]
        for place, name, beside in zip(thirds, "123", ((8, 6), (-16, 6), (-4, -20)), strict=True):
            axis.plot(*place, "o", color=INK, markersize=11, markerfacecolor="none")
            axis.annotate(name, place, xytext=beside, textcoords="offset points", fontsize=SMALL)
        half = 1.25 * np.abs(points).max()
        axis.set(title=label, xticks=[], yticks=[], aspect="equal", xlim=(-half, half), ylim=(-half, half))
        axis.spines[["top", "right"]].set_visible(True)
    return figure


def wirings(shares: dict[float, np.ndarray], readouts: dict[str, np.ndarray]) -> Figure:
    """What is left of the inverse loss in a wiring that is swapped now and then, and what a valve leaves of a position.

    Arguments:
        shares: per chance to be swapped the inverse loss over Var(a) of each seed, ``(seeds,)``.
        readouts: per label the R² of each seed; drawn from 0 to 1.
    """
    figure, (left, right) = new_figure(9, 3.8, 1, 2, width_ratios=(1.25, 1))
    p = np.linspace(0, 0.5, 101)
    left.plot(p, 1 - (1 - 2 * p) ** 2, color=GREY, linestyle="--", label="1 − (1 − 2p)²")
    for number, (chance, values) in enumerate(shares.items()):
        label = "measured" if number == 0 else None
        left.plot(np.full(len(values), chance), values, "o", color=SMWM, label=label)
    left.set(xlabel="chance p that the wiring is swapped", ylabel="inverse loss / Var(a)", ylim=(-0.05, 1.15))
    left.legend(loc="lower right")
    for place, values in enumerate(readouts.values()):
        right.barh(place, values.clip(0, 1).mean(), color=PALE, height=0.6)
        right.plot(values.clip(0, 1), np.full(len(values), place), "o", color=SMWM)
    right.set(yticks=range(len(readouts)), yticklabels=list(readouts), xlim=(0, 1.04), xlabel="R² of the height y")
    right.invert_yaxis()
    return figure
