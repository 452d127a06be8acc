"""Figures about what a latent has dropped: frames that look alike to it, what objectives keep, and collisions."""

import numpy as np

from smwm_book.figures.style import GREY, INK, ORANGE, PALE, SMALL, SMWM, VERMILION, Figure, new_figure


def confused_frames(frames: np.ndarray, ways: np.ndarray, lights: dict[str, np.ndarray], expected: float) -> Figure:
    """Two frames that a latent takes for one, with the way to a goal, and how well warning lights tell what is missing.

    Arguments:
        frames: ``(2, H, W, 3)`` in [0, 1].
        ways: from where to where, ``(2, 2)`` pixels, x before y.
        lights: per label the AUROC of each seed, ``(seeds,)``.
        expected: a threshold, drawn as a line.
    """
    figure, (one, other, axis) = new_figure(9.4, 3.2, 1, 3, width_ratios=(1, 1, 1.35))
    for picture, frame, title in zip((one, other), frames, ("in the way", "out of the way"), strict=True):
        picture.imshow(frame, interpolation="nearest")
        picture.plot(*ways.T, color=INK, linestyle=":", linewidth=1.5)
        picture.plot(*ways[1], "*", color=INK, markersize=13)
        picture.set(title=title, xticks=[], yticks=[])
    for value, style in ((0.5, ":"), (expected, "--")):
        axis.axvline(value, color=GREY, linestyle=style, linewidth=1.3)
    for place, values in enumerate(lights.values()):
        axis.plot(values, np.full(len(values), place), "o", color=SMWM, markersize=5, alpha=0.6)
        axis.plot(values.mean(), place, "D", color=SMWM, markersize=10)
    axis.set(yticks=range(len(lights)), yticklabels=list(lights), xlim=(-0.03, 1.03), xlabel="AUROC: dropped or kept?")
    axis.set(ylim=(len(lights) - 0.5, -0.5), xticks=(0, 0.25, 0.5, 0.75, 1))
    return figure


def kept_by_world(worlds: dict[str, tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]) -> Figure:
    """A panel per world: per objective, how well the latent tells either dot.

    Arguments:
        worlds: per title the R² of each seed by label, ``(seeds,)``, of dot 1 and of dot 2; drawn from 0 to 1. A label
            that a world lacks has no marks there.
    """
    labels = max((list(first) for first, _ in worlds.values()), key=len)
    figure, axes = new_figure(2.9 * len(worlds) + 1.2, 3.7, 1, len(worlds), squeeze=False)
    for number, (axis, (title, dots)) in enumerate(zip(axes[0], worlds.items(), strict=True)):
        for values, colour, marker, name in zip(dots, (SMWM, VERMILION), "oD", ("dot 1", "dot 2"), strict=True):
            for label, seeds in values.items():
                at = np.full(len(seeds), labels.index(label))
                axis.plot(seeds.clip(0, 1), at, marker, color=colour, markersize=4, alpha=0.6)
            places = [labels.index(label) for label in values]
            means = [seeds.clip(0, 1).mean() for seeds in values.values()]
            axis.plot(means, places, marker, color=colour, markersize=9, label=name)
        axis.set(
            title=title, xlim=(-0.06, 1.06), ylim=(len(labels) - 0.5, -0.5), xlabel="blurred R²", xticks=(0, 0.5, 1)
        )
        axis.set(yticks=range(len(labels)), yticklabels=labels if number == 0 else [""] * len(labels))
        axis.grid(axis="y", color=PALE, linewidth=0.6)
        axis.set_axisbelow(True)
    axes[0, 0].legend(loc="upper left", bbox_to_anchor=(-0.04, -0.2), ncols=2)  # a stacked picture keeps it whole
    return figure


def ends_of_episodes(worlds: dict[str, dict[str, tuple[float, float]]]) -> Figure:
    """A panel per world with a bar per planner: how its episodes end.

    Arguments:
        worlds: per title, per planner's label, the percentages that arrive and that collide; the rest does neither.
    """
    figure, axes = new_figure(4 * len(worlds) + 1.2, 3.6, 1, len(worlds), squeeze=False)
    for number, (axis, (title, planners)) in enumerate(zip(axes[0], worlds.items(), strict=True)):
        places = np.arange(len(planners))
        arrive, collide = np.array(list(planners.values())).T
        neither = 100 - arrive - collide
        axis.barh(places, arrive, color=SMWM, height=0.65, label="arrives")
        axis.barh(places, neither, left=arrive, color=PALE, height=0.65, label="neither")
        axis.barh(places, collide, left=100 - collide, color=ORANGE, hatch="//", height=0.65, label="collides")
        labels = list(planners) if number == 0 else [""] * len(planners)
        axis.set(title=title, yticks=places, yticklabels=labels, xlim=(-2, 102), xlabel="episodes (%)")
        axis.invert_yaxis()
    axes[0, 0].legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=3, fontsize=SMALL, columnspacing=1)
    figure.get_layout_engine().set(wspace=0.08)
    return figure
