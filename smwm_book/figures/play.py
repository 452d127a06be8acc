"""Figures of the pages to play with: moves of the dot, and plans in TwoRoom with what became of them."""

import numpy as np

from smwm_book.figures.style import GREY, INK, ORANGE, SMALL, SMWM, VERMILION, Figure, new_figure


def driven_moves(cloud: np.ndarray, colours: np.ndarray, moves: list[dict[str, np.ndarray]]) -> Figure:
    """A column per move: the frame under its action, the latent below; a single move lies side by side.

    Arguments:
        cloud: latents of many places in the plane of two principal components, ``(P, 2)``.
        colours: of these places, ``(P, 3)`` in [0, 1].
        moves: with ``frame (H, W, 3)``; ``start, end, recovered (2,)`` in px, the last a displacement; ``z, z_next,
            predicted (2,)`` in the plane.
    """
    single = len(moves) == 1
    shape = (1, 2) if single else (2, len(moves))
    figure, axes = new_figure(2.8 * shape[1], 2.8 * shape[0], *shape, squeeze=False)
    for column, move in enumerate(moves):
        frame, plane = axes[0] if single else axes[:, column]
        frame.imshow(move["frame"])
        arrow = {"arrowstyle": "->", "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        frame.annotate("", move["end"], move["start"], arrowprops={**arrow, "color": INK})
        found = {**arrow, "color": VERMILION, "linestyle": (0, (3, 2))}
        frame.annotate("", move["start"] + move["recovered"], move["start"], arrowprops=found)
        frame.plot(*move["start"], "o", markersize=9, markerfacecolor="none", color=INK)
        plane.scatter(*cloud.T, c=colours, s=5, alpha=0.4)
        plane.plot(*np.array([move["z"], move["z_next"]]).T, color=INK)
        plane.plot(*np.array([move["z"], move["predicted"]]).T, color=VERMILION, linestyle="--", linewidth=1.5)
        plane.plot(*move["z"], "o", markersize=9, markerfacecolor="white", color=INK)
        plane.plot(*move["z_next"], "o", markersize=9, color=INK)
        plane.plot(*move["predicted"], "D", markersize=7, color=VERMILION)
        plane.set(aspect="equal")
        for axis in (frame, plane):
            axis.set(xticks=[], yticks=[])
            axis.spines[["top", "right"]].set_visible(True)
        right, down = np.rint(move["end"] - move["start"]).astype(int)
        frame.set_title(f"action ({right}, {down}) px", fontsize=SMALL, fontweight="normal", loc="center")
        for axis, name in ((frame, "frame"), (plane, "latent (2 PCs)")):
            if single:
                axis.set_xlabel(name, fontsize=SMALL)
            elif column == 0:
                axis.set_ylabel(name, fontsize=SMALL, rotation=0, ha="right", va="center", labelpad=8)
    return figure


def plans_in_room(axis, frame: np.ndarray, ways: np.ndarray, goal: np.ndarray, title: str) -> None:
    """Draw where plans lead, ``(M, steps, 2)`` px, and the goal ``(2,)`` over a frame of TwoRoom, 224 px wide."""
    axis.imshow(frame, extent=(0, 224, 224, 0))
    axis.plot(*np.moveaxis(ways, -1, 0).transpose(0, 2, 1), color=ORANGE, linewidth=0.7, alpha=0.5)
    axis.plot(*goal, marker="*", color=SMWM, markersize=14, markeredgecolor="white", zorder=3)
    axis.set(xticks=[], yticks=[], xlim=(0, 224), ylim=(224, 0))
    axis.set_title(title, fontsize=SMALL, fontweight="normal", loc="center")


def plans_and_ways(goal: np.ndarray, plans: list[dict[str, np.ndarray]], reached: float) -> Figure:
    """A panel per plan in TwoRoom, and the lowest cost of every round of the search.

    Arguments:
        goal: place ``(2,)`` in px.
        plans: in order, with the ``frame (H, W, 3)`` that was seen, which spans 224 px, ``ways (M, K + 1, 2)`` of
            sampled plans, the ``way (K + 1, 2)`` that was gone, and ``best (I,)``, the lowest cost of each round.
        reached: distance in px at which the goal counts as reached.
    """
    figure, axes = new_figure(3.1 * (len(plans) + 1.3), 3.2, 1, len(plans) + 1, width_ratios=[1] * len(plans) + [1.3])
    for number, (axis, plan) in enumerate(zip(axes, plans, strict=False), start=1):
        plans_in_room(axis, plan["frame"], plan["ways"], goal, f"plan {number}")
        axis.plot(*plan["way"].T, color=INK, linewidth=2)
        axis.plot(*plan["way"][-1], "o", color=VERMILION, markersize=8)
        around = np.linspace(0, 2 * np.pi, 60)
        axis.plot(goal[0] + reached * np.cos(around), goal[1] + reached * np.sin(around), color=SMWM, linewidth=1)
    colours = [SMWM, ORANGE, VERMILION, GREY]
    for number, plan in enumerate(plans, start=1):
        best = plan["best"]
        axes[-1].plot(range(1, len(best) + 1), best, color=colours[(number - 1) % 4], label=f"plan {number}")
    axes[-1].set(yscale="log", xlabel="round of the search")
    axes[-1].set_title("lowest cost", fontsize=SMALL, fontweight="normal", loc="center")
    axes[-1].legend()
    return figure
